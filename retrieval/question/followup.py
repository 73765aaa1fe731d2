"""Makes a follow-up question stand alone, with what the thread said before. Pure, by rule.

Three shapes are recognised, all against the last question of the thread that stood alone:

* a swapped part: "And for London?", "What about contractors?" -> the earlier question with that part
  exchanged where one of the same kind is found, else added;
* a pronoun: "Who must approve it?" -> the earlier question's subject in its place;
* an ellipsis: "Why?", "How much?", "And by when?" -> the earlier question after it.

Anything else stands alone already and is returned word for word. A wrong guess costs a worse search,
never a wrong answer: quotes are checked whatever was searched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.text.words import STOP, stem, word_set, words
from retrieval.types import Question

_OPENERS = re.compile(
    r"^\s*(?:(?:and|but|ok(?:ay)?|so|then|also|or|now|thanks|thank you|great|right)\b[\s,.!]*)+", re.IGNORECASE
)
_SWAP = re.compile(
    r"^(?:(?:and|but|or|so)\s+)?(?:what|how)\s+about\s+(?P<about>.+?)\s*\?*$"
    r"|^(?:and|but|or)\s+(?P<and>(?:(?:for|in|at|to|with|under|by|on|of|from|during|after|before)\s+)?[^?]{1,80}?)\s*\?+$"
    r"|^(?:the\s+)?same\s+(?:question\s+)?(?P<same>(?:for|in|at|with|under)\s+.+?)\s*\?*$"
    r"|^(?P<bare>(?:for|in|at|with|under|during)\s+[^?]{1,60}?)\s*\?+$",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"^(?P<word>for|in|at|to|with|under|by|on|of|from|during|after|before)\s+(?P<rest>.+)$", re.IGNORECASE
)
_PHRASE_END = (
    r"(?=\s+(?:for|in|at|to|with|under|by|on|of|from|during|after|before|and|or|if|when|that|which|is|are|a|per)\b"
    r"|\s*[?.,;]|\s*$)"
)
_PROPER = r"(?:[A-Z][\w&-]*|\d{4})(?:\s+(?:[A-Z][\w&-]*|\d{4}))*"  # "New York", "Q2 2023"
_NOUNS = r"polic\w+|rules?|limits?|clauses?|sections?|documents?|agreements?|contracts?|amounts?|periods?|cases?|ones?"
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|hers?)\b"
    rf"|\b(?:this|that|these|those)\b(?=\s*[?.,]|\s*$|\s+(?:{_NOUNS})\b"
    r"|\s+(?:appl|mean|includ|cost|cover|chang|happen|differ|hold|work|expir|is|are|was|were|still|also|need|have|has)\w*)"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )(?<!be )\bthere\b(?=\s*[?.,]|\s*$)",
    re.IGNORECASE,
)
_ASKING = word_set(
    """what who whom whose which when where why how much many long often far soon exactly else about by to for from in
    with at on"""
)
_LEADS = word_set(
    """what who whom whose which when where why how is are was were do does did can could may must shall should will
    would has have had much many long often if i we you my our your need get be been tell me please give explain say
    says happens happen there""",
)
_LIMIT = 600  # characters of an earlier question that are carried on


def standalone(question: Question) -> str:
    """The question as it should be searched: as asked where it stands alone, else with the thread's words."""
    before = ""
    for turn in question.memory:
        before = _follow(turn.question[:_LIMIT], before, keep=True)
    return _follow(question.text, before, keep=False)


def _follow(asked: str, before: str, *, keep: bool) -> str:
    """A question made to stand alone after `before`. With `keep`, as what a later question refers to:
    "Why?" then adds nothing to the question before it.
    """
    text = " ".join(asked.split())
    if not before or not text:
        return text or (before if keep else "")
    swap = _SWAP.match(text)
    part = next(filter(None, swap.groupdict().values()), "") if swap is not None else ""
    if part and not _complete(part):
        return _swapped(part, before)
    plain = _OPENERS.sub("", text) or text
    if _elliptic(plain):
        return before if keep else f"{_marked(plain)} ({before.rstrip('?. ')})"
    resolved = _resolved(plain, before)
    return text if resolved == plain else resolved


def _complete(part: str) -> bool:
    """Whether "and ..." goes on as a whole question of its own ("and who approves travel?")."""
    tokens = words(part)
    return bool(tokens) and (tokens[0] in _LEADS or len(tokens) > 8) and len(_content(part)) > 1


def _elliptic(text: str) -> bool:
    """Nothing but question words: "Why?", "How much?", "By when exactly?"."""
    tokens = words(text)
    return 0 < len(tokens) <= 6 and all(t in _ASKING for t in tokens)


def _swapped(part: str, before: str) -> str:
    """The earlier question with a part of it exchanged: after the same preposition, or of the same kind."""
    part = part.strip()
    lead = _PREPOSITION.match(part)
    if lead is not None:
        again = re.compile(rf"\b(?i:{lead['word']})\s+(?:{_PROPER}|.+?{_PHRASE_END})")
        if again.search(before):
            return _marked(again.sub(lambda m: part, before, count=1))
        return f"{before.rstrip('?. ')} {part}?"
    alike = _of_kind(part, before)
    if alike is not None:
        return _marked(before[: alike[0]] + part + before[alike[1] :])
    return f"{before.rstrip('?. ')}: {part}?"


def _of_kind(part: str, before: str) -> tuple[int, int] | None:
    """Where the earlier question has something of the part's kind: a year, a name, a shared head word."""
    if re.fullmatch(r"(?:FY\s?)?(?:19|20)\d\d|Q[1-4](?:\s+(?:19|20)\d\d)?", part, re.IGNORECASE):
        year = re.search(r"\b(?:Q[1-4]\s+)?(?:FY\s?)?(?:19|20)\d\d\b|\bQ[1-4]\b", before, re.IGNORECASE)
        return year.span() if year else None
    shared = {stem(w) for w in _content(part)} & {stem(w) for w in _content(before)}
    if shared:
        return None  # "What about hotel breakfasts?" narrows, it does not exchange
    if part[:1].isupper() and not part.isupper():
        name = re.search(r"(?<!^)(?<![.?!] )\b[A-Z][\w&-]*(?:\s+[A-Z][\w&-]*)*", before)
        return name.span() if name else None
    group = re.search(
        r"\b(?:employees|staff|contractors|managers|directors|interns|customers|suppliers|visitors|partners|vendors|"
        r"part-time employees|full-time employees|temporary staff|consultants|flights|hotels|trains|taxis|meals)\b",
        before,
        re.IGNORECASE,
    )
    return group.span() if group and len(words(part)) <= 3 and part.split()[-1].endswith("s") else None


def _resolved(text: str, before: str) -> str:
    """A question with a pronoun that nothing in it explains, beside the earlier question; others as they are."""
    match = _PRONOUN.search(text)
    explained = match is not None and match.group().casefold() != "there" and len(_content(text[: match.start()])) >= 2
    if match is None or explained:
        return text  # "If a supplier is late, may it ...?" explains itself
    missing = {stem(w) for w in _content(before)} - {stem(w) for w in words(text)}
    return f"{_marked(text)} ({before.rstrip('?. ')})" if missing else text


def _content(text: str) -> Sequence[str]:
    return [w for w in words(text) if w not in STOP and w not in _LEADS]


def _marked(text: str) -> str:
    text = text.strip()
    return text if text.endswith("?") else text.rstrip(" .") + "?"
