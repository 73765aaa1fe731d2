"""Error tree of the core.

* RetrievalError
  - DocumentUnreadable        a document cannot be made searchable (reason is for people)
    - UnsupportedFormat
    - EncryptedDocument
    - ParserLimit             a parser hit its memory, CPU, size or time limit
  - IndexUnavailable          the search index cannot be reached or is damaged
  - IndexMismatch             the index was built with another embedder; rebuild it
  - EmbedderUnavailable       the embedding model is missing or cannot be reached
  - GeneratorUnavailable      the language model cannot be reached, or answers nonsense
  - FormInvalid               the organisation's answer form says what Footnote does not understand

Messages say what happened, where, and what to do next. Vendor errors are translated
in the adapter modules; one that escapes is a bug.
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Base of everything the core raises on purpose."""


class DocumentUnreadable(RetrievalError):
    """A document cannot be made searchable. `str(error)` is a short reason for people."""


class UnsupportedFormat(DocumentUnreadable):
    """The file is of a type that no parser reads."""


class EncryptedDocument(DocumentUnreadable):
    """The file needs a password."""


class ParserLimit(DocumentUnreadable):
    """Reading the file took more memory, time or space than a document may take."""


class IndexUnavailable(RetrievalError):
    """The search index cannot be reached, or its files are damaged."""


class IndexMismatch(RetrievalError):
    """The index holds vectors of another embedder; `footnote index rebuild` mends it."""


class EmbedderUnavailable(RetrievalError):
    """The embedding model is not installed, or its endpoint cannot be reached."""


class GeneratorUnavailable(RetrievalError):
    """The language model cannot be reached, refuses, or answers in another form than asked."""


class FormInvalid(RetrievalError):
    """An answer form says something that is not understood. `place` is a JSON pointer into its file."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
