"""Eight contracts with different numbering styles, and their labels written down by hand."""

from __future__ import annotations

from tests.retrieval.parse.docx.contracts_agreements import AGREEMENTS
from tests.retrieval.parse.docx.contracts_drafts import DRAFTS

CONTRACTS = (*AGREEMENTS, *DRAFTS)
