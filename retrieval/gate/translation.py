"""Claims beside their quotes in other languages than English, and claims that translate what stands on quotes.

A claim in the language of its quotes, where that is not English: figures are read in English, and polarity is
compared by that language's own marks.

A translation: what it translates (`source_text`) has passed the whole gate against the quotes. The translation is
held against it on what can be checked without a dictionary: figures in both directions, negations, bounds,
conditions and duties, roles and names in both directions, links, and its length. What else its words say nobody
checks here; so the reply marks it, and the quote stands below in the original.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from retrieval.gate.entities import check_links
from retrieval.gate.evidence import Evidence, Problem
from retrieval.gate.injection import speaks_to_machine
from retrieval.gate.language.base import flat
from retrieval.gate.language.detect import ENGLISH, LANGUAGES, language_of
from retrieval.gate.language.figures import in_english
from retrieval.gate.language.profile import contrary, difference, profile
from retrieval.gate.language.roles import meanings
from retrieval.gate.marks import MODAL
from retrieval.gate.numbers import check_numbers
from retrieval.gate.polarity import check_polarity
from retrieval.text.quantities import quantities
from retrieval.text.words import SENTENCE, STOP, content_set, word_set, words
from retrieval.types import VerdictClass

_LONGER = 1.6  # times as many words as what is translated, and a few more
_FEW = 4
_CLAUSE = re.compile(rf"{SENTENCE.pattern}|;\s+|,\s+(?:und|aber|oder|et|mais|ou|y|pero|o|e|ma|mas|en|maar|of)\s+")
_START = re.compile(r"(?:^|[.!?:;]\s+|[\"“(])\s*$")
_WORD = re.compile(r"\b[^\W\d_](?:[\w&’'.-]*\w)?")
_SPAN = re.compile(
    r"\b(?:business days?|days?|nights?|hours?|weeks?|months?|quarters?|years?(?!\s+(?:de\s+|del\s+)?(?:19|20)\d\d))\b"
)
_NAMED_ON = re.compile(r"\s+[A-Z]")
_ACTS = re.compile(rf"\s+(?:{MODAL})\b")
_ENDINGS = 2  # letters that an ending may add to a name ("Globex", "Globexs")
# Written with a capital in contracts and policies, and named otherwise in other languages.
_TRANSLATABLE = word_set(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday section sections article articles clause clauses paragraph chapter part schedule
    annex appendix exhibit page table figure item note rule rules i eu un us usa uk vat ceo cfo hr it legal
    agreement contract policy policies code report handbook manual procedure guideline guidelines deed act terms
    conditions form memorandum annual confidential information personal data controller processor party parties
    company group corporation committee management department team office officer head chief executive financial
    finance sales marketing purchasing compliance risk human resources internal external audit operations security
    travel hotel hotels gift gifts leave training effective date term fee fees price services service product products
    goods invoice invoices order orders law laws government state court authority commission parliament council union
    republic kingdom states united european europe germany german france french spain spanish italy italian portugal
    portuguese netherlands dutch austria austrian switzerland swiss belgium belgian britain british ireland irish
    england english america american china chinese japan japanese brazil mexico poland world north south east west
    central general data protection regulation directive minister ministry board director directors secretary president
    euro euros dollar dollars eur usd gbp chf jpy no yes business day days net total section"""
)


def check_figures(evidence: Evidence) -> Problem | None:
    """Step 3 in any language that is known."""
    return check_numbers(evidence if evidence.language == ENGLISH else _figures(evidence, evidence.language))


def check_direction(evidence: Evidence) -> Problem | None:
    """Step 5 in any language that is known: each sentence of the claim against the clause it shares most words with."""
    if evidence.language == ENGLISH or evidence.verbatim:
        return check_polarity(evidence)
    quoted = [part for part in _CLAUSE.split(evidence.quotes) if part.strip()]
    for said in SENTENCE.split(evidence.claim):
        mine = content_set(said)
        beside = max(quoted, key=lambda part: (len(mine & content_set(part)), -len(part)), default="")
        if mine & content_set(beside):
            why = contrary(profile(said, evidence.language), profile(beside, evidence.language))
            if why:
                return Problem(VerdictClass.REVERSED, why)
    return None


def languages(said: str, source: Evidence) -> tuple[str, str]:
    """The languages of a translation and of what it translates; "" for one that is not known."""
    return language_of(said), language_of(source.claim) or language_of(source.surroundings)


def check_translation(said: str, code: str, source: Evidence, original: str) -> Problem | None:
    """Whether a translation says what its `source` says, as far as that can be checked. Codes as in LANGUAGES."""
    return (
        _same_figures(said, code, source, original)
        or _same_direction(said, code, source, original)
        or _same_roles(said, code, source, original)
        or _same_names(said, code, source, original)
        or check_links(replace(source, claim=said))
        or _no_longer(said, code, source, original)
    )


def _english(text: str, code: str) -> str:
    return text if code == ENGLISH else in_english(text, LANGUAGES[code])


def _figures(evidence: Evidence, code: str) -> Evidence:
    return replace(
        evidence,
        claim=_english(evidence.claim, code),
        quotes=_english(evidence.quotes, code),
        context=_english(evidence.context, code),
    )


def _same_figures(said: str, code: str, source: Evidence, original: str) -> Problem | None:
    ours, theirs = _english(said, code), _english(source.claim, original)
    figures = replace(source, verbatim=False, surroundings=theirs, context=_english(source.context, original))
    problem = check_numbers(replace(figures, claim=ours, quotes=theirs))
    if problem is not None:
        return problem
    lost = check_numbers(replace(figures, claim=theirs, quotes=ours, surroundings=ours, context=""))
    if lost is not None:
        return replace(lost, reason=f"what is translated says more: {lost.reason}")
    if _spans(ours) != _spans(theirs):
        return Problem(VerdictClass.WRONG_NUMBER, "the units of time are not those of what is translated")
    if _in_order(ours) != _in_order(theirs):
        return Problem(VerdictClass.WRONG_NUMBER, "the figures stand in another order than in what is translated")
    return None


def _spans(text: str) -> frozenset[str]:
    """The units of time that a text names, also where no number stands before them: "a month"."""
    return frozenset(match.group().rstrip("s") for match in _SPAN.finditer(text.casefold()))


def _in_order(text: str) -> dict[str, list[object]]:
    """The amounts of each unit as they follow each other."""
    found: dict[str, list[object]] = {}
    for amount in sorted(quantities(text).amounts, key=lambda a: a.at):
        found.setdefault(amount.unit, []).append(amount.values)
    return {unit: values for unit, values in found.items() if len(values) > 1}


def _same_direction(said: str, code: str, source: Evidence, original: str) -> Problem | None:
    why = difference(profile(said, code), profile(source.claim, original))
    return Problem(VerdictClass.REVERSED, why) if why else None


def _same_roles(said: str, code: str, source: Evidence, original: str) -> Problem | None:
    ours, theirs = meanings(said, code), meanings(source.claim, original)
    for name in sorted(ours ^ theirs):
        where = "the translation" if name in ours else "what is translated"
        return Problem(VerdictClass.UNSUPPORTED, f"only {where} speaks of “{name}”")
    return None


def _same_names(said: str, code: str, source: Evidence, original: str) -> Problem | None:
    """Names of what is translated stand in the translation, and no others do."""
    mine = words_of(said)
    translated = 0
    for name, plain in _names(source.claim, original, source.surroundings):
        if _stands(plain, mine):
            continue
        if _translatable(plain) or meanings(name, original):
            translated += 1
            continue
        return Problem(VerdictClass.UNSUPPORTED, f"“{name}” is not named in the translation")
    theirs = words_of(f"{source.claim}\n{source.quotes}\n{source.context}")
    for name, plain in _names(said, code, said):
        if _stands(plain, theirs) or _translatable(plain) or meanings(name, code) or _ordinary(plain, code):
            continue
        translated -= 1  # a defined term: "Vertrauliche Informationen"
        if translated < 0:
            return Problem(VerdictClass.UNSUPPORTED, f"“{name}” is not named in what is translated")
    return None


def _names(text: str, code: str, around: str) -> Iterator[tuple[str, str]]:
    """What is written as a name: a capital within a sentence, or capitals within a word."""
    nouns = code != ENGLISH and LANGUAGES[code].nouns
    for match in _WORD.finditer(text):
        name = match.group()
        plain = flat(name).removesuffix("'s")
        if name.islower() or plain in STOP or any(c.isdigit() for c in name):
            continue
        shaped = len(name) > 1 and any(c.isupper() for c in name[1:])
        first = _START.search(text[: match.start()]) is not None
        if shaped or (not nouns and (not first or _leads(name, text[match.end() :], around))):
            yield name, plain


def _leads(name: str, rest: str, around: str) -> bool:
    """Whether the first word of a sentence is a name: it is one elsewhere, another one follows, or it is a
    singular without an article that must or may do something.
    """
    if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", around):
        return False
    return _within(name, around) or bool(_NAMED_ON.match(rest)) or (bool(_ACTS.match(rest)) and name[-1] != "s")


def _within(name: str, around: str) -> bool:
    """Whether a word that begins a sentence also stands within one, with its capital."""
    stands = re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", around)
    return any(_START.search(around[: m.start()]) is None for m in stands)


def _translatable(plain: str) -> bool:
    return all(part in _TRANSLATABLE for part in re.split(r"[-.]", plain) if part)


def _ordinary(plain: str, code: str) -> bool:
    return code != ENGLISH and plain in LANGUAGES[code].common


def words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w&]+(?:[.'-][\w&]+)*", flat(text))) | frozenset(words(text))


def _stands(plain: str, held: frozenset[str]) -> bool:
    parts = [p for p in re.split(r"[-.]", plain) if p]
    return plain in held or all(any(w.startswith(p) and len(w) <= len(p) + _ENDINGS for w in held) for p in parts)


def _no_longer(said: str, code: str, source: Evidence, original: str) -> Problem | None:
    if speaks_to_machine(said):
        return Problem(VerdictClass.UNSUPPORTED, "the translation gives orders to a language model")
    ours, theirs = _english(said, code), _english(source.claim, original)
    longer = len(words(ours)) > _LONGER * len(words(theirs)) + _FEW
    shorter = len(words(theirs)) > _LONGER * len(words(ours)) + _FEW
    if longer or shorter or len(SENTENCE.split(ours)) > len(SENTENCE.split(theirs)):
        which = "less" if shorter else "more"
        return Problem(VerdictClass.UNSUPPORTED, f"the translation says {which} than what is translated")
    return None
