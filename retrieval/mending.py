"""A question as it was meant: words that no document has, read as those that the documents have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from retrieval.question.spelling import LONG, Typed, cased, halves, joined, slips, spelled_out, stems_of, typed
from retrieval.text.stems import STOP_WORDS, stems
from retrieval.types import Passage, Question

_MOST = 4  # words that are mended; a text with more is none of the documents' language
_LONGEST = 24  # letters of a word that is mended: its readings grow with its length
_COUNTED = 25  # chunks; what stands in more is as likely as what stands in these


class Searches(Protocol):
    """See `retrieval.retrieve.Retriever`."""

    async def retrieve(
        self, question: Question, acl_ids: frozenset[str], *, sources: frozenset[str] | None = None
    ) -> tuple[Passage, ...]: ...

    async def known(
        self, words: Sequence[str], acl_ids: frozenset[str], *, sources: frozenset[str] | None = None, most: int = 1
    ) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class _Reading:
    """A stretch of the question read anew. `told`: it is another word, which the asker is told."""

    at: Typed
    read: str
    told: bool


@dataclass(frozen=True, slots=True)
class Mending:
    """Reads a word that neither the documents know nor `whole_words` as one of theirs that is one slip away.

    Only documents that the whole audience may read are asked, in the index and again in what is then found: a word
    that stands in others alone is never read into a question. `whole_words` gives words that are real though no
    document has them: they are what was meant.
    """

    retriever: Searches
    whole_words: Callable[[], frozenset[str]]

    async def __call__(self, question: Question, acl_ids: frozenset[str], sources: frozenset[str] | None) -> Question:
        """The question as it is to be read, with what was changed in `mended`.

        Raises IndexUnavailable, EmbedderUnavailable.
        """
        whole = await asyncio.to_thread(self.whole_words)
        if not whole or not acl_ids:
            return question
        real = _all_stems(whole)
        text = spelled_out(question.text, lambda word: _stem(word) in real)
        question = replace(question, text=text)
        words = typed(text)
        together = list(joined(words, text))
        stem = stems_of([*(w.word.lower() for w in words), *(one for _, one in together)])
        known = await self.retriever.known([*stem.values()], acl_ids, sources=sources)
        strange = [w for w in words if _is_strange(stem.get(w.word.lower(), ""), known, real)]
        if not strange or len(strange) > _MOST:
            return question
        readings = [_Reading(at, one, told=False) for at, one in together if stem.get(one) in known]
        readings = [r for r in readings if any(r.at.start <= w.start and w.end <= r.at.end for w in strange)]
        left = [w for w in strange if not any(r.at.start <= w.start and w.end <= r.at.end for r in readings)]
        readings += await self._read([w for w in left if len(w.word) <= _LONGEST], acl_ids, sources, whole)
        return await self._held(question, readings, acl_ids, sources)

    async def _read(
        self, strange: Sequence[Typed], acl_ids: frozenset[str], sources: frozenset[str] | None, whole: frozenset[str]
    ) -> list[_Reading]:
        """The likeliest reading of each word: one word of the documents, else the two that it is made of."""
        near = {w: slips(w.word) for w in strange}
        parts = {w: halves(w.word) for w in strange}
        stem = stems_of(dict.fromkeys([n for kinds in near.values() for each in kinds for n in each]))
        stem |= stems_of(dict.fromkeys([p for each in parts.values() for pair in each for p in pair]))
        wanted = list(dict.fromkeys(stem.values()))
        known = await self.retriever.known(wanted, acl_ids, sources=sources, most=_COUNTED) if wanted else {}
        count = {word: known[one] for word, one in stem.items() if one in known}
        found = []
        for w in strange:
            held = [(n in whole, -kind, count[n], n) for kind, each in enumerate(near[w]) for n in each if n in count]
            if held:
                *_, best = max(held, key=lambda one: one[:3])
                found.append(_Reading(w, cased(best, w.word), told=stem[best] not in STOP_WORDS))
                continue
            made = [pair for pair in parts[w] if all(p in count for p in pair)]
            if made:
                pair = max(made, key=lambda p: (len("".join(p)), min(count[p[0]], count[p[1]])))
                found.append(_Reading(w, cased(" ".join(pair), w.word), told=False))
        return found

    async def _held(
        self, question: Question, readings: Sequence[_Reading], acl_ids: frozenset[str], sources: frozenset[str] | None
    ) -> Question:
        """With the readings that stand in a passage in force that everyone here may read, found with them."""
        if not readings:
            return question
        read = _with(question, readings)
        passages = await self.retriever.retrieve(read, acl_ids, sources=sources)
        texts = [_stems(p) for p in passages]
        return _with(question, [r for r in readings if any(_stands(r.read, text) for text in texts)])


def _with(question: Question, readings: Iterable[_Reading]) -> Question:
    text, mended = question.text, []
    for r in sorted(readings, key=lambda r: -r.at.start):
        text = text[: r.at.start] + r.read + text[r.at.end :]
        if r.told:
            mended.append((r.at.word, r.read))
    return replace(question, text=text, mended=tuple(reversed(mended)))


def _is_strange(stem: str, known: Mapping[str, int], real: frozenset[str]) -> bool:
    return bool(stem) and stem not in known and stem not in real and stem not in STOP_WORDS


def _stem(word: str) -> str:
    return next(iter(stems(word)), "")


@lru_cache(maxsize=2)
def _all_stems(words: frozenset[str]) -> frozenset[str]:
    return frozenset(stems(" ".join(words)))


def _stands(read: str, text: str) -> bool:
    """Whether a reading stands in a text of stems: short words beside each other, long ones anywhere."""
    own = stems(read)
    apart = all(len(word) >= LONG for word in read.split())
    return all(f" {s} " in text for s in own) if apart else f" {' '.join(own)} " in text


def _stems(passage: Passage) -> str:
    return " {} ".format(" ".join(stems("\n".join((passage.document.title, *passage.section.path, passage.text)))))
