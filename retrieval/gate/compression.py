"""Is a sentence an ordered compression of one unit? Pure; it knows no word of any language but function words.

The words that say something are the unit's own, in its order (Clarke and Lapata 2008, doi:10.1613/jair.2433: sentence
compression by deletion), and what is left out takes nothing along: no negation, condition, duty, bound or time; no head
whose complement stays; no part of a name or of an amount; no member of one pair for that of another. How often it errs,
by kind of error, stands in docs/answers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrieval.gate.function_words import JOINS, TURNS, Kind
from retrieval.gate.match import FREE, Match, matches, moved_whole, orders, strange, with_weak
from retrieval.gate.tokens import Token, language_of, tokens
from retrieval.text.connectives import goes_on
from retrieval.text.words import SENTENCE
from retrieval.verdicts import Problem, VerdictClass

_PREPOSITIONS = frozenset({Kind.LINK, Kind.WEAK})
_DUTIES = frozenset({Kind.DUTY, Kind.MAY})
_ENDS = ".;!?"


def stands(text: str, quote: str) -> Problem | None:
    """Why `text` may not stand over `quote`, which is one unit as it is shown; None where it may."""
    return _judged(text, quote, _RULES)


def says(value: str, quote: str) -> bool:
    """Whether a unit says a value, which is no sentence: its words in order, with nothing that turns them round."""
    return _judged(value, quote, (_denied, _conditions)) is None


Rule = Callable[[Match], Problem | None]


def _judged(text: str, quote: str, rules: Sequence[Rule]) -> Problem | None:
    language = language_of(quote)
    said, source = tokens(text, language), tokens(quote, language)
    listed = [n for n, token in enumerate(said) if token.kind not in FREE]
    if not any(said[n].kind in (Kind.WORD, Kind.NUMBER, *_DUTIES) for n in listed):
        return Problem(VerdictClass.UNSUPPORTED, "it states nothing that can be checked")
    unknown = strange([said[n] for n in listed], source)
    if unknown is not None:
        return unknown
    problem = None
    for order in orders(said, listed):
        for kept in matches([said[n] for n in order], source):
            match = Match(source, with_weak(said, order, source, kept), quote)
            if order is not listed and not moved_whole(said, order, kept, match):
                continue
            found = next((why for rule in rules if (why := rule(match)) is not None), None)
            if found is None:
                return None
            problem = problem or found
    return problem or Problem(VerdictClass.SPLICED, "its words stand in another order in the quote")


# --- what may not be left out ---------------------------------------------------------------


def _turned(match: Match) -> Problem | None:
    """A word that turns the statement round, between its words or in the clause before them."""
    return _left_out(match, TURNS, TURNS - {Kind.TIME, Kind.WHO})


def _denied(match: Match) -> Problem | None:
    """The same of a value: what denies or bounds it; who must or may, and when, is another matter."""
    before = match.neighbour(match.first, -1)
    if before is not None and match.source[before].kind is Kind.BOUND:
        return _reversed(match.source[before])
    return _left_out(match, TURNS - {Kind.TIME, Kind.WHO, *_DUTIES}, frozenset({Kind.NOT, Kind.CONDITION}))


def _left_out(match: Match, within: frozenset[Kind], before: frozenset[Kind]) -> Problem | None:
    source = match.source
    for _, run, _ in match.runs:
        for n in run:
            if source[n].kind in within:
                return _reversed(source[n])
    for n in range(match.first - 1, -1, -1):
        if any(mark in source[n + 1].gap for mark in _ENDS) or (n == match.first - 1 and _begins_clause(match, n)):
            break
        if source[n].kind in before:
            return _reversed(source[n])
    beyond = match.neighbour(match.last, 1)
    if beyond is not None and source[beyond].kind is Kind.NOT:
        return _reversed(source[beyond])
    return None


def _begins_clause(match: Match, before: int) -> bool:
    """Whether the match begins a clause of its own: ", and the losing party shall ..."."""
    while before > 0 and match.source[before].kind is Kind.IDLE and not match.source[before].gap:
        before -= 1
    joined = match.source[before].kind in JOINS and bool(match.source[before].gap)
    return joined and match.says(*_DUTIES) and match.source[match.first].kind not in _DUTIES


def _operated(match: Match) -> Problem | None:
    """What is denied, conditioned or said of all is whole: without a part of it more would be denied, or less asked."""
    source = match.source
    for at in match.kept:
        operator = source[at].kind
        if operator not in (Kind.NOT, Kind.CONDITION, Kind.ALL):
            continue
        for before, run, _ in match.runs:
            if before < at or any(source[n].gap for n in range(at + 1, run[0] + 1)):
                continue
            if operator is Kind.ALL and any(source[n].kind in _DUTIES for n in range(at, run[0])):
                continue
            allowed = JOINS if operator is Kind.ALL else {Kind.OR}
            if source[run[0]].kind not in allowed and source[run[-1]].kind not in allowed:
                return Problem(
                    VerdictClass.UNSUPPORTED,
                    f"“{source[run[0]].word}” is left out of what “{source[at].word}” is said of",
                )
    return None


def _alternatives(match: Match) -> Problem | None:
    """One of two alternatives: of what may be, may not be, or holds for all, each holds; else only one of them does."""
    source = match.source
    edges = [n for n in (match.neighbour(match.first, -1), match.neighbour(match.last, 1)) if n is not None]
    for n in [*(n for _, run, _ in match.runs for n in run), *edges]:
        if source[n].kind is not Kind.OR or n in match.held:
            continue
        before = {source[k].kind for k in match.kept if k < n}
        owed = any(source[k].kind in _DUTIES for k in match.kept if k > n)
        if not before & {Kind.MAY, Kind.NOT, Kind.CONDITION} and not (Kind.ALL in before and owed):
            return Problem(VerdictClass.UNSUPPORTED, "an alternative is left out")
    return None


def _conditions(match: Match) -> Problem | None:
    """A condition or exception anywhere in the unit; a sentence that takes something back."""
    own = _own_clause(match)
    for n in match.left_out:
        if match.source[n].kind is Kind.CONDITION and n < own:
            return _reversed(match.source[n])
    behind, opened = match.neighbour(match.last, 1), [n for n in match.kept if match.source[n].kind is Kind.CONDITION]
    within = bool(opened) and not any(match.source[n].gap for n in range(opened[-1] + 1, match.last + 1))
    if within and behind is not None and match.source[behind].kind in JOINS:
        return Problem(VerdictClass.REVERSED, "a part of its condition is left out")
    for sentence in SENTENCE.split(match.quote)[1:]:
        said = {t.form for t in tokens(sentence, language_of(match.quote)) if t.kind not in FREE}
        if goes_on(sentence) and not said <= {match.source[n].form for n in match.kept}:
            return Problem(VerdictClass.REVERSED, "the quote goes on with an exception")
    return None


def _own_clause(match: Match) -> int:
    """From where on what follows the match is a clause of its own, with its own "and" and its own duty."""
    joined = False
    for n in range(match.last + 1, len(match.source)):
        joined = joined or match.source[n].kind in JOINS
        if joined and match.source[n].kind in _DUTIES:
            return n
    return len(match.source)


def _paired(match: Match) -> Problem | None:
    """Of two lists that are read side by side, and of two clauses alike, nothing changes sides."""
    if match.left_out and any(token.kind is Kind.TOGETHER for token in match.source):
        return Problem(VerdictClass.SPLICED, "the quote pairs the members of two lists")
    kept = {match.source[n].form for n in match.kept if match.source[n].kind is Kind.WORD}
    for before, run, after in match.runs:
        parts = [n for n in run[1:] if match.source[n].kind in JOINS or match.source[n].gap.strip('"')]
        if not parts or parts == [run[-1]]:
            continue
        plain = all(match.source[n].kind in (Kind.WORD, *JOINS, Kind.ALL) for n in range(before + 1, after))
        if not plain or match.source[before].kind not in (Kind.WORD, Kind.NUMBER):
            return Problem(VerdictClass.SPLICED, "what it joins stands apart in the quote")
        again = next((n for n in run if match.source[n].form in kept), None)
        if again is not None:
            return Problem(VerdictClass.SPLICED, f"the quote says “{match.source[again].word}” of two things")
    return None


def _together(match: Match) -> Problem | None:
    """One of several that a figure is of together ("floods and landslides killed 3,185")."""
    if match.says(*_DUTIES) or not match.says(Kind.NUMBER):
        return None
    before = match.neighbour(match.first, -1)
    ends = [before, *(run[-1] for _, run, _ in match.runs if not match.source[run[0]].gap)]
    if any(n is not None and match.source[n].kind is Kind.AND for n in ends):
        return Problem(VerdictClass.SPLICED, "its figure is of several together")
    return None


def _whole_names(match: Match) -> Problem | None:
    """A part of a name, of a defined term, of what stands in quotation marks, or the owner for what it owns."""
    for n in match.kept:
        if match.source[n].owns and n + 1 < len(match.source) and n + 1 not in match.held:
            return Problem(VerdictClass.UNSUPPORTED, f"what belongs to “{match.source[n].word}” is left out")
    marks = _quotations(match.source)
    for said in set(marks) - {0}:
        parts = [n for n, mark in enumerate(marks) if mark == said and match.source[n].kind is not Kind.IDLE]
        if 0 < sum(n in match.held for n in parts) < len(parts):
            return Problem(VerdictClass.UNSUPPORTED, "a part of what stands in quotation marks is left out")
    for n in match.kept:
        if not match.source[n].name:
            continue
        for step in (-1, 1):
            beside = match.touching(n, step)
            if beside is not None and match.source[beside].kind in JOINS:
                beside = match.touching(beside, step)
            if beside is not None and beside not in match.held and match.source[beside].name:
                return Problem(VerdictClass.UNSUPPORTED, f"“{match.source[beside].word}” belongs to the name")
    return None


def _quotations(source: Sequence[Token]) -> list[int]:
    """For each word the number of the quotation that it stands in; 0 outside of any."""
    marks: list[int] = []
    count, quoted = 0, False
    for token in source:
        for mark in token.gap:
            if mark in '"«„' and not quoted:
                quoted, count = True, count + 1
            elif mark in '"»' and quoted:
                quoted = False
        marks.append(count if quoted else 0)
    return marks


def _whole_amounts(match: Match) -> Problem | None:
    """A number without what it counts, or without its bound or currency."""
    for n in match.kept:
        if match.source[n].kind is not Kind.NUMBER:
            continue
        for step in (-1, 1):
            beside = match.touching(n, step)
            if beside is None or beside in match.held:
                continue
            if match.source[beside].kind is Kind.AND and step < 0:
                run = next((run for _, run, after in match.runs if after == n), ())
                if any(match.source[k].kind is Kind.NUMBER for k in run):
                    return Problem(VerdictClass.WRONG_NUMBER, "a part of the amount is left out")
            if match.source[beside].kind in (Kind.WORD, Kind.NUMBER, Kind.BOUND):
                return Problem(
                    VerdictClass.WRONG_NUMBER, f"“{match.source[n].word}” without “{match.source[beside].word}”"
                )
    return None


def _governed(match: Match) -> Problem | None:
    """A head is left out whose complement stays ("the parent of the Supplier"), or the head of a word that stays."""
    source = match.source
    for at in match.kept:
        before = match.neighbour(at, -1)
        if before is None or before in match.held or source[before].kind not in _PREPOSITIONS:
            continue
        if source[at].kind not in _PREPOSITIONS:
            return Problem(
                VerdictClass.UNSUPPORTED, f"what stands before “{source[before].word} {source[at].word}” is left out"
            )
    beside = match.touching(match.first, -1)
    if beside is not None and source[beside].kind is Kind.WORD and source[match.first].kind is Kind.WORD:
        return Problem(
            VerdictClass.UNSUPPORTED, f"“{source[beside].word}” is left out before “{source[match.first].word}”"
        )
    beside = match.touching(match.last, 1)
    if beside is not None and source[beside].kind is Kind.WORD and source[match.last].kind is Kind.WORD:
        return Problem(
            VerdictClass.UNSUPPORTED, f"“{source[beside].word}” is left out behind “{source[match.last].word}”"
        )
    return None


def _within(match: Match) -> Problem | None:
    """What is only mentioned: in quotation marks or brackets, or behind a colon, with nothing of what is around it."""
    inside = outside = 0
    for n, depth in enumerate(_depths(match.source)):
        if n in match.held:
            inside = max(inside, 1) if depth else 9
        elif match.source[n].kind is not Kind.IDLE and not depth:
            outside = 1
    if inside == 1 and outside:
        return Problem(VerdictClass.UNSUPPORTED, "the quote only mentions it, in quotation marks or brackets")
    colon = next((n for n in range(match.first, 0, -1) if ":" in match.source[n].gap), None)
    if colon is not None:
        return Problem(VerdictClass.UNSUPPORTED, "what introduces it in the quote is left out")
    return None


def _depths(source: Sequence[Token]) -> list[int]:
    depths: list[int] = []
    brackets = 0
    for token, quoted in zip(source, _quotations(source), strict=True):
        for mark in token.gap:
            brackets = max(0, brackets + (mark in "([") - (mark in ")]"))
        depths.append(brackets + bool(quoted))
    return depths


def _narrowed(match: Match) -> Problem | None:
    """What narrows its subject, its object or the whole of it stays, where it would say more without."""
    source = match.source
    behind = match.neighbour(match.last, 1)
    denials = [n for n in match.kept if source[n].kind is Kind.NOT]
    denied = bool(denials) and not any(source[n].gap for n in range(denials[-1] + 1, match.last + 1))
    if behind is not None and behind not in match.held:
        open_ended = match.says(Kind.ALL, Kind.MAY) or denied
        always = source[behind].kind in (Kind.WHO, Kind.BOUND) or (denied and source[behind].kind is not Kind.OR)
        if always or (open_ended and source[behind].kind in (*_PREPOSITIONS, Kind.TIME)):
            return Problem(VerdictClass.UNSUPPORTED, f"“{source[behind].word} …” narrows it in the quote")
    opening = next((n for n in range(match.first) if source[n].kind is not Kind.IDLE), None)
    if opening is not None and source[opening].kind in (*_PREPOSITIONS, Kind.TIME) and source[match.first].gap:
        return Problem(VerdictClass.UNSUPPORTED, f"“{source[opening].word} …” stands before it in the quote")
    for n in match.kept:
        beside = match.neighbour(n, 1)
        counted = source[n].kind in (Kind.ALL, Kind.NOT) and beside is not None and beside not in match.held
        if counted and beside is not None and source[beside].kind is Kind.WORD:
            return Problem(VerdictClass.UNSUPPORTED, f"“{source[n].word}” is said of “{source[beside].word}” alone")
    return _wider_subject(match)


def _wider_subject(match: Match) -> Problem | None:
    """Whoever "all", "no" or a word without a name speaks of: what tells which of them is meant stays."""
    source = match.source
    duty = next((n for n in match.kept if source[n].kind in _DUTIES), None)
    if duty is None or not any(source[n].kind in (Kind.ALL, Kind.NOT) for n in range(match.first, duty)):
        return None
    for _, run, after in match.runs:
        if (
            after <= duty
            and any(source[n].kind in _PREPOSITIONS for n in run)
            and not (source[run[0]].gap and source[after].gap)
        ):
            return Problem(VerdictClass.UNSUPPORTED, f"“{source[run[0]].word} …” narrows its subject in the quote")
    return None


def _reversed(token: Token) -> Problem:
    return Problem(VerdictClass.REVERSED, f"“{token.word}” is left out")


_RULES: tuple[Rule, ...] = (
    _turned,
    _operated,
    _alternatives,
    _conditions,
    _paired,
    _together,
    _whole_names,
    _whole_amounts,
    _governed,
    _within,
    _narrowed,
)
