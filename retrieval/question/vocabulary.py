"""Tables of question analysis: framing, and names that mean the same in accounts. All rules are general."""

from __future__ import annotations

import re

from retrieval.text.stems import stems


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_THING = r"(?:document|agreement|contract|policy|text|report|filing|rules?|nda)"

# Whole phrases that say how to answer, or that an answer is wanted; the words in them may matter elsewhere.
FRAMES = (
    _rule(
        rf"\b(?:does|do|is|are|can|may|must|shall) (?:the|this|that|these|an?) {_THING} (?:\w+ly )?"
        r"(?:state|say|mention|indicate|provide|specify|stipulate|require|allow|permit|restrict|contain|include|"
        r"describe|address)?(?: (?:that|whether|for))?\b"
    ),
    _rule(r"^\s*consider(?:ing)?\b"),
    _rule(r"\bunder (?:what|which) circumstances\b|\bunder certain circumstances\b|\bin (?:what|which) cases?\b"),
    _rule(r"\b(?:please )?(?:round|give|state|provide) (?:your |the )?(?:answer|response|result)s?\b[^.?!]*"),
    _rule(r"\banswer in (?:units of )?[^.?!]*"),
    _rule(r"\bin units of (?:percents?|\w+)(?: and round to [\w ]+ (?:decimals?|places?)(?: places?)?)?"),
    _rule(r"\b(?:answer|address|approach|respond to) the (?:following )?question(?: asked)?\b"),
    _rule(r"\bassuming the (?:perspective|standpoint|role) of [^.?!]*?\bwho only has access to\b"),
    _rule(r"\bto the best of your (?:abilities|ability|knowledge)\b"),
    _rule(r"\bbase your (?:judge?ments?|answers?) on the information provided(?: primarily)?(?: in)?\b"),
    _rule(
        r"\b(?:by )?(?:using|utilizing) (?:only )?(?:the )?(?:information|line items|data)(?: \w+){0,4} (?:in|within)\b"
    ),
    _rule(r"\bif [^.?!]*?\bnot (?:an? )?(?:relevant|useful|meaningful|explicitly)\b[^.?!]*"),
)

# Words of questions and requests that would rank a passage by how much it talks.
FRAMING = frozenset(
    stem
    for stem in stems(
        """
        provide clarify clarification guidance elaborate outline detail details detailed specific specifically
        regarding example examples question ensure context
        """
    )
)

# What accounts and rules call one thing by several names: (what a question says, what a statement's page may say).
GLOSSARY = tuple(
    (_rule(rf"\b(?:{said})\b"), names)
    for said, names in (
        (
            r"cap(?:ital)?[ -]?ex(?:penditures?)?|capital[ -]intensive",
            "capital expenditures purchases of property plant and equipment",
        ),
        (r"pp&e|ppne|ppe|fixed[ -]assets?", "property plant and equipment net"),
        (r"cogs", "cost of goods sold cost of sales cost of revenue products sold"),
        (r"cost of (?:sales|goods sold|revenues?)", "cost of sales cost of goods sold cost of revenue"),
        (r"d&a", "depreciation and amortization"),
        (r"ebitda", "operating income depreciation and amortization"),
        (r"ebit", "operating income"),
        (
            r"balance sheets?|financial position",
            "consolidated balance sheets statement of financial position total assets total liabilities",
        ),
        (
            r"income statements?|statements? of income|p&l|profit and loss",
            "consolidated statements of income operations earnings",
        ),
        (
            r"cash flow statements?|statements? of cash flows?",
            "consolidated statements of cash flows operating activities investing activities financing activities",
        ),
        (r"cash flows? from (?:operations|operating activities)", "net cash provided by operating activities"),
        (r"working capital", "total current assets total current liabilities balance sheets"),
        (
            r"current liabilities|current assets|quick ratio|current ratio",
            "balance sheets total current assets total current liabilities",
        ),
        (r"dpo|days payables? outstanding|accounts payable", "accounts payable balance sheets cost of sales"),
        (r"dso|days sales outstanding", "accounts receivable net balance sheets"),
        (r"dio|days inventory outstanding|inventory turnover", "inventories balance sheets cost of products sold"),
        (r"gross (?:profit|margins?)", "gross profit cost of sales net sales"),
        (r"operating (?:margins?|profit|income)", "operating income statements of income operations"),
        (r"net (?:income|profit|earnings)", "net income earnings attributable statements of income operations"),
        (r"revenues?|top[ -]line|net sales|turnover", "net sales revenues"),
        (r"eps", "earnings per share diluted"),
        (r"r&d", "research and development"),
        (r"sg&a", "selling general and administrative"),
        (r"legal battles?|lawsuits?|litigations?", "legal proceedings litigation contingencies"),
        (r"effective tax rate|tax rate", "effective income tax rate provision for income taxes"),
        (r"agm|annual meeting|shareholder vote", "annual meeting of shareholders votes for against proposal"),
        (r"\d{1,3}[ -]years?[ -]olds?|under[ -]?age|how old (?:must|should|do|does)", "minimum age"),
        (r"how many (?:people|employees|staff|workers)|headcount|workforce", "employed employees people workforce"),
        (r"acquisitions?|acquired", "acquisitions acquired business combinations"),
    )
)
