"""What marks negation, duty, bounds and exceptions in English, as data.

A line is one phrase: a regular expression in which a blank stands for any white space.
"""

from __future__ import annotations

import re

from retrieval.text.words import stem, word_set

_AMOUNT = (
    r"(?= ([$€£(]?\s?\d|[A-Z]{3}\s?\d|(one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|"
    r"forty|fifty|sixty|ninety|hundred)\b))"
)
MODAL = (
    r"must|shall|may|should|can|could|might|will|would|cannot|mustn't|shan't|can't|won't|shouldn't|needn't|"
    r"(?:is|are|be|was|were)\s+(?:not\s+)?(?:required|obliged|obligated|permitted|allowed|entitled|prohibited|forbidden)|"
    r"ha(?:s|ve)\s+to"
)

_NEUTRAL = r"""
whether or not
not only
not limited to
without (limitation|limiting|prejudice|regard)( to)?
no\. ?(?=\d)
not[\s-]for[\s-]profit
no doubt
if not sooner
no \d
"""
_MOST = rf"""
(must|shall|may|can|should|will|do|does|would) (not|never) (be )?(exceed\w*|(more|greater|higher|longer) than)
(cannot|not|never)( to)? (be )?(exceed\w*|(more|greater|higher|longer) than)
(no|not) (more|later|greater|longer|higher|larger) than
at (the )?(most|latest)
(up to|maximum( of)?|under|below|less than|fewer than|capped at|limited to|within){_AMOUNT}
or (less|fewer)
a maximum of
"""
_NOT_LESS = r"""
(no|not) (less|fewer|earlier|lower|shorter|sooner) than
"""
_LEAST = rf"""
at (the )?least
or (more|longer)
(minimum( of)?|over|above|more than|greater than|exceed(s|ing|ed)?|longer than){_AMOUNT}
a minimum of
"""
_EXEMPT = r"""
(not|never) (be )?(required|obliged|obligated|bound|necessary)
needs? not
needn't
(no|any) (obligation|duty|need|requirement)
(do|does|did) not (have|need) to
(don't|doesn't|didn't) (have|need) to
under no (obligation|duty)
unnecessary
optional(ly)?
exempt(ed|ion|ions)?
"""
_ONLY = r"""
(only|solely|exclusively) (with|if|when|where|upon|after|in|to the extent|on|for|under)
provided that
"""
_EXCEPT = r"""
unless
except(ing|ions?)?
other than
save (for|as|that|where)
excluding
but not
until
without (\w+ ){0,4}?(consent|approval|permission|authori[sz]ation|agreement)
"""
_CONSENT = r"""
(with|after|upon|subject to) (\w+ ){0,4}?(consent|approval|permission|authori[sz]ation)
"""
_FORBID = r"""
(must|shall|may|can|should|will|would|could) (not|never|neither|no longer)
(cannot|can't|mustn't|shan't|shouldn't|won't)
(not|never) (be )?(permitted|allowed|entitled|authori[sz]ed|eligible)
(isn't|aren't|wasn't|weren't) (permitted|allowed|entitled|authori[sz]ed|eligible)
(prohibit\w*|forbid\w*|forbad\w*|barred|banned|disallow\w*|not acceptable|refrain\w*|precluded?)
"""
_OBLIGE = r"""
(must|shall|required|requires?|obliged|obligated|obligation|mandatory|compulsory|ha(s|ve) to|needs? to)
"""
_PERMIT = r"""
(may|can|might|could|allow(s|ed)?|permit(s|ted)?|entitled|entitles|authori[sz]ed|eligible|free to|right to)
"""
_ADVISE = r"""
(should|recommend(s|ed)?|ought|encouraged?|advised?)
"""
_NOT = r"""
(not|no|never|none|neither|nor|nobody|nothing|nowhere|without|fail(s|ed|ure)? to|unable|lacks?)
\w+n't
"""


def _compile(phrases: str) -> re.Pattern[str]:
    lines = [re.sub(r"\((?!\?)", "(?:", line) for line in phrases.strip().splitlines()]
    return re.compile(rf"\b(?:{'|'.join(lines)})(?!\w)".replace(" ", r"\s+"), re.IGNORECASE)


RULES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kind, tuple(sign.replace("_", " ") for sign in signs.split()), _compile(phrases))
    for kind, signs, phrases in (
        ("", "whether not without no", _NEUTRAL),
        ("least", "less fewer earlier lower shorter sooner", _NOT_LESS),
        ("most", "exceed than most latest up maximum under below less fewer capped limited within", _MOST),
        ("least", "least or minimum over above more greater exceed longer", _LEAST),
        ("exempt", "not never need obligation duty requirement n't necessary optional exempt", _EXEMPT),
        ("only", "only solely exclusively provided", _ONLY),
        ("except", "unless except other save excluding but until without", _EXCEPT),
        ("consent", "consent approval permission authori", _CONSENT),
        ("forbid", "not n't never neither no_longer no prohibit forb barred banned disallow refrain preclud", _FORBID),
        ("oblige", "must shall requir oblig mandatory compulsory ha need", _OBLIGE),
        ("permit", "may can might could allow permit entitle authori eligible free right", _PERMIT),
        ("advise", "should recommend ought encourage advise", _ADVISE),
        ("not", "no never neither nor without fail unable lack n't", _NOT),
    )
)
"""(kind, signs, pattern), read in this order: what a rule has read is blanked out for the next.

The kind "" marks nothing. A text without any of the signs needs no look at the pattern.
"""

_PAIRS = word_set(
    """increase/decrease increase/reduce increase/fall rise/fall rise/decline grow/shrink grow/decline
    high/low higher/lower before/after include/exclude accept/reject approve/reject approve/deny grant/deny
    internal/external buyer/seller lessor/lessee landlord/tenant licensor/licensee lender/borrower employer/employee
    profit/loss gain/loss debit/credit public/private written/oral written/verbal direct/indirect mandatory/optional
    begin/end start/end open/close enable/disable always/never exclusive/nonexclusive
    asset/liability inflow/outflow long/short senior/junior first/last
    domestic/foreign temporary/permanent majority/minority renew/terminate retain/destroy retain/delete keep/destroy
    controller/processor purchaser/vendor supplier/customer upper/lower strengthen/weaken succeed/fail
    prior/subsequent early/late earlier/later more/less best/worst hire/dismiss"""
)
OPPOSITES: dict[str, list[tuple[str, str]]] = {}
"""Stem of a word that a claim may not say where its quotes say its opposite alone -> (word, the opposite's stem)."""
for _pair in sorted(_PAIRS):
    _left, _, _right = _pair.partition("/")
    OPPOSITES.setdefault(stem(_left), []).append((_left, stem(_right)))
    OPPOSITES.setdefault(stem(_right), []).append((_right, stem(_left)))
