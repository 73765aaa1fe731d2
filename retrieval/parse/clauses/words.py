"""Words that stand before the number of a part, and how high such a part stands.

A document's outline follows its own nesting; ranks decide only where nothing else does. A word that is not
here is still read where headings count it up: "Bolag 1", "Bolag 2".
"""

from __future__ import annotations

_BY_RANK = (
    "schedule annex annexure appendix exhibit attachment anlage anhang annexe anexo apéndice adjunto bijlage allegato "
    "disposición disposição disposizione",
    "part title book volume teil titel buch partie titre livre tome parte título libro tomo deel boek titolo livro",
    "chapter kapitel hauptstück chapitre capítulo hoofdstuk capitolo capo",
    "division subpart subchapter abschnitt unterabschnitt sección subsección afdeling paragraaf sezione secção seção",
    "article artikel artículo articolo artigo item",
    "section sec clause klausel cláusula § paragraph ziffer rule",
    "note",
)
_SHORT = {"art": "article", "arts": "article", "sect": "section", "sections": "section", "§§": "§"}

RANK = {word: rank for rank, words in enumerate(_BY_RANK) for word in words.split()}
"""0 stands outermost."""

ATTACHMENTS = frozenset(_BY_RANK[0].split())
"""Parts that follow the body of a contract and belong to none of its clauses."""

OUTER = ATTACHMENTS | frozenset(_BY_RANK[1].split())
"""Parts that number their clauses anew: "1.1" of Schedule 1 is not Clause 1.1."""

ALONE = "annex|annexure|appendix|anlage|anhang|annexe|anexo|apéndice|bijlage|allegato|disposición|disposizione"
"""An alternation of those that may stand without a number, as the only one."""

CHAPTERS = frozenset(_BY_RANK[2].split() + _BY_RANK[3].split())
ARTICLES = RANK["article"]
NOTE = RANK["note"]
DROPPED = frozenset(("section", "sec", "§"))
"""Words that a label leaves out, since a reply writes "Section" before it."""

NUMBERED = "Teil|Buch|Hauptstück|Abschnitt|Unterabschnitt|Kapitel|Titel"
"""An alternation of the words that German writes behind a number: "1. Abschnitt"."""

PATTERN = "|".join(sorted(({*RANK, *_SHORT} - {"§", "§§"}), key=len, reverse=True))
"""An alternation of the words, without the sign."""

FILING = frozenset(("item", "note"))
"""Parts of a company's filing: plain numbers in them count footnotes and exhibits."""

DIVISION, SECTION = RANK["division"], RANK["section"]
UNKNOWN = RANK["article"]  # a word that only its counting tells


def family(word: str) -> str:
    """A word as it is compared: "Art." and "ARTICLE" are "article"."""
    low = word.casefold().rstrip(".").strip()
    return _SHORT.get(low, low)


def rank_of(word: str) -> int:
    """How high the parts of a family stand, 0 outermost."""
    return RANK.get(word, UNKNOWN)
