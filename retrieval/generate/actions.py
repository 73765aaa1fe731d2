"""Who does what to whom, as far as it can be told from where words stand: for questions about deeds. Pure.

"Who founded Acme?" is answered by a sentence in which somebody founds it, not by one that has both words;
"what happens if I do not pay?" by one that says what follows, and from not paying.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retrieval.generate.thesaurus import RELATED
from retrieval.text.words import STOP, stem, word_set, words

_REACH = 6  # words from a verb to what it is done to
_DENIED = 5  # words from a negation to the verb that it denies
_OPENS, _SOON = 3, 8  # words in which a sentence names who acts, and in which the verb follows
_BE = word_set(
    """is are was were be been being remain remains remained belong belongs belonged become becomes
    require requires required need needs needed subject"""
)
_AGENT = word_set("by of to from")  # "is reviewed by", "is the property of", "needs approval from"
_NOUN = word_set(
    "our your their its his her my the a an this that each any no such all these those"
)  # before a noun: "our audits"
_DOING = word_set("i we you they who which that and or not only also jointly personnel people staff")  # before a verb
_TO_COME = word_set("shall will may must would can could should might to")
_PAST = re.compile(r"\w{2,}ed|bought|built|made|wrote|sold|won|began|led|took|gave|drew|drove|found|did")
_WHO = re.compile(r"(?:^\s*|[;:]\s*)who\s+(?:else\s+|first\s+|\w+ly\s+)?([a-z]+)\b", re.IGNORECASE)
_FOLLOWS = re.compile(
    r"\bwhat\s+(?:(?:will|would)\s+)?happens?\s+(?:to\s+(?:\w+\s+){1,3})?(?:if|when|should|in\s+case|unless)\b|^\s*what\s+if\b",
    re.IGNORECASE,
)
_UNDONE = re.compile(
    r"\b(?:if|when)\b[^,;?]{1,60}?\b(?:(?:do|does|did|can|could)(?:n['’]t|\s*not)|can['’]t|fails?\s+to|never)\s+(?:\w+ly\s+)?(\w+)",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|where|in the event|in case|upon|unless|until|after|once|otherwise|"
    r"should (?:you|the|any|an?)|fail(?:s|ed|ing|ure)?|"
    r"results?|leads?|consequences?|without|penalt\w+|liab\w+|entitl\w+|remed\w+|"
    r"suspen\w+|terminat\w+|remov\w+|disabl\w+)\b",
    re.IGNORECASE,
)
_DENIES = word_set("not no never fail fails failed failing failure unable without unless non nor neither lack cannot")
_LATE = re.compile(r"\b(?:overdue|past due|arrears|delinquen\w+|late|unpaid|default(?:s|ed)?)\b", re.IGNORECASE)
_ROLE_ACTS = re.compile(
    r"(?:(?:The|Each|Any|Every|An?|All)\s+)?(?P<who>[A-Z]\w*(?:\s+[A-Z]\w+)?)\s+(?:must|may|shall|agrees?|should|can|will)\b"
)
_FORBIDS = re.compile(
    r"\b(?:do\s+not|don['’]t|does\s+not|must\s+not|may\s+not|shall\s+not|cannot|can['’]t|never|no\s+one|prohibit\w*|forbid\w*|"
    r"not\s+(?:allow|tolerate|permit|accept)\w*)\b|\b(?:means?|refers?\s+to|is\s+(?:an?|any|the)|are\s+(?:any|the))\b",
    re.IGNORECASE,
)
_SELVES = word_set("i we our us it they this that these those there nothing no one nobody company")


def deed(question: str) -> str:
    """The stem of the verb of a question like "who founded Acme?"; "" for another question."""
    found = _WHO.search(question)
    verb = found.group(1).casefold() if found else ""
    return "" if verb in STOP else stem(verb)


def is_past(question: str) -> bool:
    """Whether such a question asks about a deed that was done."""
    found = _WHO.search(question)
    return found is not None and _PAST.fullmatch(found.group(1).casefold()) is not None


def asks_what_follows(question: str) -> bool:
    return _FOLLOWS.search(question) is not None


def undone(question: str) -> str:
    """The stem of what is not done in "what happens if I don't pay?"; "" where nothing is left undone."""
    found = _UNDONE.search(question)
    return stem(found.group(1).casefold()) if found and found.group(1).casefold() not in STOP else ""


def says_who(verb: str, objects: Iterable[str], text: str, *, past: bool) -> bool:
    """Whether a sentence says who does something to something: the verb with what it is done to close behind it,
    or behind "is" with "by", "of" or "to" close after it ("is reviewed by staff", "is the property of the owner").
    """
    things = _alike(objects)
    said = words(text)
    stems = [stem(w) for w in said]
    for at in (n for n, s in enumerate(stems) if s in _alike((verb,))):
        if _noun(said, at):
            continue
        if past and not _TO_COME.isdisjoint(said[max(0, at - 2) : at]):
            continue
        by = said[at + 1 : at + 2] in (["by"], ("by",))
        if at and not by and not things.isdisjoint(stems[at + 1 : at + 1 + _REACH]):
            return True
        passive = not _BE.isdisjoint(said[max(0, at - 4) : at + 1]) and not _AGENT.isdisjoint(said[at + 1 : at + 5])
        if passive and not things.isdisjoint(stems[:at]):
            return True
    return False


def says_what_follows(verb: str, text: str) -> bool:
    """Whether a sentence has a condition or a consequence, and speaks of what is left undone."""
    if not _CONDITION.search(text):
        return False
    if not verb:
        return True
    said = words(text)
    at = [n for n, w in enumerate(said) if stem(w) in _alike((verb,))]
    denied = any(w in _DENIES or w.endswith("n't") for n in at for w in said[max(0, n - _DENIED) : n])
    return denied or (bool(at) and _LATE.search(text) is not None)


def of_another(names: Iterable[Sequence[str]], text: str) -> bool:
    """Whether a sentence says what somebody else than these may or must do: "Developer must not sell data"."""
    acts = _ROLE_ACTS.match(text)
    who = set(words(acts["who"])) if acts else set()
    return bool(who) and who.isdisjoint(_SELVES) and who.isdisjoint(w for name in names for w in name)


def acts(names: Iterable[Sequence[str]], verb: str, text: str) -> bool:
    """Whether a sentence begins with what these do, or "we": "GitHub personnel may only access ..."."""
    said = words(text)
    begun = said[:_OPENS]
    mine = {"we"}.union(*names)
    verbs = _alike((verb,))
    soon = (n for n in range(1, min(_SOON, len(said))) if stem(said[n]) in verbs and not _noun(said, n))
    return not mine.isdisjoint(begun) and next(soon, None) is not None


def forbids_or_defines(text: str) -> bool:
    """Whether a statement at the head of a text says what its title is, or that it must not be."""
    return _FORBIDS.search(text) is not None


def _noun(said: Sequence[str], at: int) -> bool:
    """Whether a word that may be a verb is none: "our audits", "a critical audit matter"; but "the owner of"."""
    before = said[at - 1] if at else ""
    if said[at + 1 : at + 2] in (["of"], ("of",)):
        return False
    if before in _NOUN:
        return True
    plain = said[at] in (stem(said[at]), f"{stem(said[at])}e")
    return plain and not (before in _TO_COME | _DOING or before.endswith("s"))


def _alike(stems: Iterable[str]) -> frozenset[str]:
    given = frozenset(stems)
    return given.union(*(RELATED.get(s, frozenset()) for s in given))
