"""Step 6 of the gate: who and what a claim names is named where its quotes stand.

Names, parties, addresses and links of a claim are in the quotes, the headings above them or the
document's title; and who has a duty in the claim has it in the quotes. (Years and quarters: step 3.)
"""

from __future__ import annotations

import re

from retrieval.gate.evidence import Evidence, Problem
from retrieval.gate.marks import MODAL
from retrieval.gate.projection import project
from retrieval.gate.support import ALIKE, alike, check_rest, initials
from retrieval.text.words import STOP, stem, stem_set, word_set, words
from retrieval.types import VerdictClass

_LINK = re.compile(
    r"(?:https?|ftp|mailto|javascript|data|file|slack|msteams):\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.[\w.]+|<[@!#][^>]*>"
    r"|(?<![\w@])@\w[\w.-]*|\b[\w-]+\.(?:com|org|net|io|example|test|dev|co|info|biz|ru|cn|xyz|app)\b(?:/\S*)?",
    re.IGNORECASE,
)
_LINKED = re.compile(r":\S|@|www\.|<[#!]|\w\.[a-z]", re.IGNORECASE)  # a glance before the slow look
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[\"“(]|\n)\s*$")
_CAPITAL = re.compile(r"\b[A-Z][\w&’'-]*(?:\.[A-Z]\b\.?)*")
_COMMON = word_set(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec section sections article clause
    paragraph chapter part schedule annex appendix exhibit note item page table figure rule fy cy q1 q2 q3 q4 h1 h2
    usd eur gbp chf jpy i ii iii iv english mr mrs ms dr no yes document policy agreement contract"""
)
_PRONOUNS = word_set(
    """it they he she we you i this that which who such each any no neither either all both there these those what
    nothing nobody everyone anyone"""
)
_MODAL = re.compile(rf"(?<!\S)(?:{MODAL})\b", re.IGNORECASE)
_PLAIN = re.compile(r"[\w'’&.-]+$")

_PHRASE = re.compile(r"[.;:,]\s+|\b(?:and|or|but|if|when|where|that|which|of|to|by|for|in|on|with|from)\s+")


def check_entities(evidence: Evidence) -> Problem | None:
    return check_links(evidence) or _names(evidence) or _subjects(evidence) or check_rest(evidence)


def check_links(evidence: Evidence) -> Problem | None:
    """Addresses, links and mentions of a claim stand in its quotes."""
    if not _LINKED.search(evidence.claim):
        return None
    for match in _LINK.finditer(evidence.claim):
        if project(match.group()).key not in project(evidence.quotes).key:
            return Problem(VerdictClass.UNSUPPORTED, f"“{match.group()}” is not in the quotes")
    return None


def _names(evidence: Evidence) -> Problem | None:
    around = f"{evidence.quotes}\n{evidence.context}"
    held = stem_set(around)
    for match in _CAPITAL.finditer(evidence.claim):
        name = match.group()
        plain = name.casefold().replace("’", "'").removesuffix("'s")
        first = bool(_SENTENCE_START.search(evidence.claim[: match.start()]))
        if plain in STOP or plain in _COMMON or any(c.isdigit() for c in name) or (first and not _named(name)):
            continue
        parts = [stem(w) for w in words(plain) if w not in STOP]
        if all(alike(p, held) for p in parts) or name.replace(".", "").casefold() in initials(around):
            continue
        return Problem(VerdictClass.UNSUPPORTED, f"“{name}” is not named in the quotes, the headings or the title")
    return None


def _named(word: str) -> bool:
    """Whether the form alone shows a name: "ACME", "GitHub", "A&B"."""
    return len(word) > 1 and any(c.isupper() for c in word[1:])


def _subjects(evidence: Evidence) -> Problem | None:
    """Who must, may or shall in the claim does so in the quotes.

    Silent where either side has a pronoun or no plain subject: lists and passives are left to step 4.
    """
    ours, theirs = _agents(evidence.claim), _agents(evidence.quotes)
    if not ours or not theirs or any(agent & _PRONOUNS for agent in theirs):
        return None
    held = set().union(*theirs)
    quoted = stem_set(evidence.quotes)
    for agent in ours:
        if agent & _PRONOUNS:
            continue
        strange = {a for a in agent if not alike(a, held) and a not in initials(evidence.quotes)}
        if strange and not any(alike(a, quoted) for a in strange):
            return Problem(VerdictClass.UNSUPPORTED, f"the quotes do not say this of “{' '.join(sorted(strange))}”")
        if any(_party(a, evidence.quotes) for a in strange):
            return Problem(VerdictClass.UNSUPPORTED, "another party has the duty or the right in the quotes")
    return None


def _agents(text: str) -> list[frozenset[str]]:
    """The stems of the words right before each modal verb, back to the start of the phrase."""
    found = []
    last = 0
    for match in _MODAL.finditer(text):
        before = _PHRASE.split(_run_up(text[last : match.start()]) + " ")
        last = match.start()
        phrase = [p for p in before if p.strip()]
        tokens = words(phrase[-1]) if phrase else []
        agent = frozenset(stem(t) if t not in _PRONOUNS else t for t in tokens if t in _PRONOUNS or t not in STOP)
        if agent:
            found.append(agent)
    return found


def _run_up(text: str) -> str:
    """The last words of a text, seven at most, that nothing but blanks parts."""
    if not text[-1:].isspace():
        return ""
    taken: list[str] = []
    for word in reversed(text.split()[-7:]):
        plain = _PLAIN.search(word)
        if plain is None:
            break
        taken.append(plain.group())
        if plain.start():
            break
    return " ".join(reversed(taken))


def _party(part: str, quotes: str) -> bool:
    """Whether a stem names a party: a role, or a word that the quotes write with a capital in mid-sentence only."""
    if part in ALIKE or part == stem("party"):
        return True
    forms = [m for m in re.finditer(r"[^\W\d_]+", quotes) if stem(m.group().casefold()) == part]
    inner = [m for m in forms if not _SENTENCE_START.search(quotes[: m.start()])]
    return bool(inner) and all(m.group()[0].isupper() for m in forms)
