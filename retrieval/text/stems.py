"""From text to the stems that both indexes search: the same words in SQLite and in Weaviate.

tantivy's analyser splits on everything but letters and digits, lower-cases, drops accents and
stems English (Porter 2, snowballstem.org). Characters of scripts without spaces are words of one character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import tantivy

_UNSPACED = re.compile("([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_LONGEST = 64  # bytes; longer runs are hashes and encoded data, not words

_ANALYZER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.remove_long(_LONGEST))
    .filter(tantivy.Filter.lowercase())
    .filter(tantivy.Filter.ascii_fold())
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)


def stems(text: str) -> list[str]:
    """The stems of a text in order, e.g. "The hotels' costs" -> ["the", "hotel", "cost"]."""
    if not text.isascii():
        text = _UNSPACED.sub(r" \1 ", text.encode("utf-8", "replace").decode("utf-8"))
    found: list[str] = _ANALYZER.analyze(text)
    return found


# Words that frame a question or carry grammar: they would rank a document by how chatty it is.
STOP_WORDS = frozenset(
    stem
    for stem in stems(
        """
        a an the this that these those there here and or but if then than so as of at by for from in into on onto
        to with within about over under between during until upon per via is are was were be been being am do does
        did doing done have has had having can could shall should will would may might must i me my mine we us our
        ours you your yours he him his she her hers it its they them their theirs what which who whom whose when
        where why how many much any some each such other another same very too also just only please tell show
        give find explain describe let know need want like s t d ll re ve
        """
    )
)


def asked(text: str) -> list[str]:
    """The distinct stems of a question, without stop words unless there is nothing else."""
    found = list(dict.fromkeys(stems(text)))
    return [stem for stem in found if stem not in STOP_WORDS] or found


def title_stems(title: str) -> list[str]:
    """The stems of a title, which may be a file's name: "NDA-SeaTrust_v2" holds "sea" and "trust" too."""
    apart = _HUMP.sub(" ", title)
    return stems(title if apart == title else f"{title} {apart}")


def pairs(text_stems: Sequence[str]) -> list[str]:
    """Each two content stems that follow each other, as one word: ["right", "of", "parti"] -> ["right_parti"].

    Stop words between them do not part them. No stem holds "_", so pairs and stems never mix.
    """
    content = [stem for stem in text_stems if stem not in STOP_WORDS]
    return [f"{first}_{second}" for first, second in pairwise(content)]
