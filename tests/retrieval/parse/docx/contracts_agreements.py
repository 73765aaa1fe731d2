"""Four contracts: services agreement, merger agreement, lease, and a policy with typed numbers."""

from __future__ import annotations

from tests.retrieval.parse.docx.builder import (
    abstract,
    b,
    docx,
    heading,
    lvl,
    num,
    p,
    style,
    t,
)
from tests.retrieval.parse.docx.judge import Contract, Labels

# --- 1. English services agreement: levels linked to styles, numbers at all depths -------------------

_SERVICES_NUMBERING = abstract(
    0,
    lvl(0, "decimal", "%1.", '<w:pStyle w:val="Heading1"/>'),
    lvl(1, "decimal", "%1.%2", '<w:pStyle w:val="Clause2"/>'),
    lvl(2, "lowerLetter", "(%3)", '<w:pStyle w:val="Clause3"/>'),
    lvl(3, "lowerRoman", "(%4)", '<w:pStyle w:val="Clause4"/>'),
) + num(1, 0)
_SERVICES_STYLES = (
    heading(1, 1)
    # Clause2 names a wrong level on purpose: w:pStyle decides (17.9.23). Clause3 and Clause4 inherit the list.
    + style("Clause2", '<w:numPr><w:ilvl w:val="3"/><w:numId w:val="1"/></w:numPr>')
    + style("Clause3", '<w:numPr><w:ilvl w:val="2"/></w:numPr>', based="Clause2")
    + style("Clause4", based="Clause3")
    + style("Clause2Plain", '<w:numPr><w:numId w:val="0"/></w:numPr>', based="Clause2")
)
_SERVICES_BODY = (
    p("Services Agreement", "Title")
    + p("This agreement is made between the parties.")
    + p("Definitions", "Heading1")
    + p("In this agreement:", "Clause2")
    + p("words in the singular include the plural;", "Clause3")
    + p("headings are for convenience.", "Clause3")
    + p("Services", "Heading1")
    + p(b("Standard.") + t(" The Supplier shall perform with care."), "Clause2")
    + p(t("Personnel", '<w:u w:val="single"/>') + t(": the Supplier shall employ staff who"), "Clause2")
    + p("are trained, which means that they", "Clause3")
    + p("hold a certificate; and", "Clause4")
    + p("have renewed it;", "Clause4")
    + p("are polite.", "Clause3")
    + p("This paragraph continues without a number.", "Clause2Plain")
    + p("The Customer shall cooperate.", "Clause2")
    + p("and pay,", "Clause3")
    + p("Fees", "Heading1")
    + p("Fees are due in 30 days.", "Clause2")
    + p("Late fees bear interest.", "Clause2")
    + p("An unnumbered heading of the first level", "Heading1", (0, 0))
    + p("Termination", "Heading1")
    + p("Either party may terminate.", "Clause2")
    + p("Notice must be written.", "Clause2")
)
_SERVICES_LABELS: Labels = (
    ("1", "1. Definitions"),
    ("1.1", "1.1 In this agreement:"),
    ("1.1(a)", "(a) words in the singular"),
    ("1.1(b)", "(b) headings are"),
    ("2", "2. Services"),
    ("2.1", "2.1 Standard. The Supplier"),
    ("2.2", "2.2 Personnel: the Supplier"),
    ("2.2(a)", "(a) are trained"),
    ("2.2(a)(i)", "(i) hold a certificate"),
    ("2.2(a)(ii)", "(ii) have renewed"),
    ("2.2(b)", "(b) are polite"),
    ("2.3", "2.3 The Customer shall"),
    ("2.3(a)", "(a) and pay"),
    ("3", "3. Fees"),
    ("3.1", "3.1 Fees are due"),
    ("3.2", "3.2 Late fees"),
    (None, "An unnumbered heading"),
    ("4", "4. Termination"),
    ("4.1", "4.1 Either party"),
    ("4.2", "4.2 Notice must"),
)

# --- 2. American merger agreement: articles, legal numbering with leading zeros -----------------------

_MERGER_NUMBERING = abstract(
    5,
    lvl(0, "upperRoman", "ARTICLE %1", '<w:pStyle w:val="Heading1"/><w:suff w:val="space"/>'),
    lvl(1, "decimalZero", "Section %1.%2.", '<w:pStyle w:val="Heading2"/><w:isLgl/>'),
    lvl(2, "lowerLetter", "(%3)"),
    lvl(3, "lowerRoman", "(%4)"),
    lvl(4, "upperLetter", "(%5)"),
) + num(7, 5)
_MERGER_BODY = (
    p("AGREEMENT AND PLAN OF MERGER", "Title")
    + p(t("THE MERGER"), "Heading1")
    + p(b("Closing") + t(". The closing takes place at noon.", '<w:b w:val="0"/>'), "Heading2")
    + p("Effective Time", "Heading2")
    + p("Subject to the terms", num=(7, 2))
    + p("the filing is made;", num=(7, 3))
    + p("the fee is paid, being", num=(7, 3))
    + p("the basic fee, and", num=(7, 4))
    + p("the surcharge.", num=(7, 4))
    + p("As agreed", num=(7, 2))
    + p("REPRESENTATIONS", "Heading1")
    + p("Organization", "Heading2")
    + p("Authority", "Heading2")
    + p("The board has approved", num=(7, 2))
    + p("COVENANTS", "Heading1")
    + p("CONDITIONS", "Heading1")
    + "".join(p(f"Condition number {n}", "Heading2") for n in range(1, 11))
)
_MERGER_LABELS: Labels = (
    ("ARTICLE I", "ARTICLE I THE MERGER"),
    ("1.01", "Section 1.01. Closing. The closing"),
    ("1.02", "Section 1.02. Effective Time"),
    ("1.02(a)", "(a) Subject to"),
    ("1.02(a)(i)", "(i) the filing"),
    ("1.02(a)(ii)", "(ii) the fee is paid"),
    ("1.02(a)(ii)(A)", "(A) the basic fee"),
    ("1.02(a)(ii)(B)", "(B) the surcharge"),
    ("1.02(b)", "(b) As agreed"),
    ("ARTICLE II", "ARTICLE II REPRESENTATIONS"),
    ("2.01", "Section 2.01. Organization"),
    ("2.02", "Section 2.02. Authority"),
    ("2.02(a)", "(a) The board"),
    ("ARTICLE III", "ARTICLE III COVENANTS"),
    ("ARTICLE IV", "ARTICLE IV CONDITIONS"),
    ("4.01", "Section 4.01. Condition number 1"),
    ("4.02", "Section 4.02. Condition number 2"),
    ("4.03", "Section 4.03. Condition number 3"),
    ("4.04", "Section 4.04. Condition number 4"),
    ("4.05", "Section 4.05. Condition number 5"),
    ("4.06", "Section 4.06. Condition number 6"),
    ("4.07", "Section 4.07. Condition number 7"),
    ("4.08", "Section 4.08. Condition number 8"),
    ("4.09", "Section 4.09. Condition number 9"),
    ("4.10", "Section 4.10. Condition number 10"),
)

# --- 3. Lease in Harvard outline: each level prints its own number alone ------------------------------

_LEASE_NUMBERING = abstract(
    1,
    lvl(0, "upperRoman", "%1."),
    lvl(1, "upperLetter", "%2."),
    lvl(2, "decimal", "%3."),
    lvl(3, "lowerLetter", "%4)", '<w:suff w:val="space"/>'),
    lvl(4, "decimal", "(%5)", '<w:suff w:val="nothing"/>'),
) + num(2, 1)
_LEASE_BODY = (
    p("Lease")
    + p("Premises", num=(2, 0))
    + p("Description", num=(2, 1))
    + p("The shop on the ground floor.", num=(2, 2))
    + p("The cellar,", num=(2, 2))
    + p("with its stairs,", num=(2, 3))
    + p("with its lights:", num=(2, 3))
    + p("ceiling lights,", num=(2, 4))
    + p("wall lights.", num=(2, 4))
    + p("The yard.", num=(2, 2))
    + p("Condition", num=(2, 1))
    + p("As seen on the day of signing.", num=(2, 2))
    + p("Rent", num=(2, 0))
    + p("Amount", num=(2, 1))
    + p("EUR 1,000 a month.", num=(2, 2))
    + p("Indexation", num=(2, 1))
    + p("Term", num=(2, 0))
    + p("Use", num=(2, 0))
)
_LEASE_LABELS: Labels = (
    (None, "Lease"),
    ("I", "I. Premises"),
    ("I.A", "A. Description"),
    ("I.A.1", "1. The shop"),
    ("I.A.2", "2. The cellar"),
    ("I.A.2(a)", "a) with its stairs"),
    ("I.A.2(b)", "b) with its lights"),
    ("I.A.2(b)(1)", "(1)ceiling lights"),
    ("I.A.2(b)(2)", "(2)wall lights"),
    ("I.A.3", "3. The yard"),
    ("I.B", "B. Condition"),
    ("I.B.1", "1. As seen"),
    ("II", "II. Rent"),
    ("II.A", "A. Amount"),
    ("II.A.1", "1. EUR 1,000"),
    ("II.B", "B. Indexation"),
    ("III", "III. Term"),
    ("IV", "IV. Use"),
)

# --- 4. Travel policy with numbers typed as text ------------------------------------------------------

_TYPED_BODY = (
    p("Travel Policy", "Title")
    + p("1 Purpose", "Heading1")
    + p("30 days before a trip the employee asks for approval.")
    + p("2. Scope", "Heading1")
    + p("2.1\tEmployees", "Heading2")
    + p("2.2 Contractors", "Heading2")
    + p("2.5 million euros were spent on travel last year.")
    + p("3 Expenses", "Heading1")
    + p("3.1 Hotels. The employee may book a hotel:")
    + p("(a) near the site,")
    + p("(i) by phone, or")
    + p("(ii) by mail,")
    + p("(b) or elsewhere.")
    + p("3.2\tMeals are paid by receipt.")
    + "".join(p(f"({c}) item {c} of the list,") for c in "abcdefghij")
    + p("(a) above applies to guests too.")
    + p("3.2.1 Tips are included.")
    + p("2024 Budget", "Heading2")
    + p("SCHEDULE 1 – Rates", "Heading1")
    + p("1. Berlin costs more.")
    + p("2. Bonn costs less.")
    + p("SCHEDULE 2 – Forms", "Heading1")
    + p("1. Ask for the form.")
    + p("2. Fill it in.")
    + p("Appendix C: Contacts", "Heading1")
)
_TYPED_LABELS: Labels = (
    (None, "Travel Policy"),
    ("1", "1 Purpose"),
    ("2", "2. Scope"),
    ("2.1", "2.1 Employees"),
    ("2.2", "2.2 Contractors"),
    ("3", "3 Expenses"),
    ("3.1", "3.1 Hotels. The employee"),
    ("3.1(a)", "(a) near the site"),
    ("3.1(a)(i)", "(i) by phone"),
    ("3.1(a)(ii)", "(ii) by mail"),
    ("3.1(b)", "(b) or elsewhere"),
    ("3.2", "3.2 Meals are paid"),
    ("3.2(a)", "(a) item a"),
    ("3.2(b)", "(b) item b"),
    ("3.2(c)", "(c) item c"),
    ("3.2(d)", "(d) item d"),
    ("3.2(e)", "(e) item e"),
    ("3.2(f)", "(f) item f"),
    ("3.2(g)", "(g) item g"),
    ("3.2(h)", "(h) item h"),
    ("3.2(i)", "(i) item i"),
    ("3.2(j)", "(j) item j"),
    ("3.2.1", "3.2.1 Tips"),
    (None, "2024 Budget"),
    ("SCHEDULE 1", "SCHEDULE 1 – Rates"),
    ("SCHEDULE 1, 1", "1. Berlin"),
    ("SCHEDULE 1, 2", "2. Bonn"),
    ("SCHEDULE 2", "SCHEDULE 2 – Forms"),
    ("SCHEDULE 2, 1", "1. Ask for"),
    ("SCHEDULE 2, 2", "2. Fill it in"),
    ("Appendix C", "Appendix C: Contacts"),
)

AGREEMENTS = (
    Contract(
        "services",
        docx(_SERVICES_BODY, _SERVICES_NUMBERING, _SERVICES_STYLES, headings=False),
        ((None, "Services Agreement"), *_SERVICES_LABELS),
    ),
    Contract(
        "merger",
        docx(_MERGER_BODY, _MERGER_NUMBERING, heading(1, 7) + heading(2, 7, 1), headings=False),
        ((None, "AGREEMENT AND PLAN"), *_MERGER_LABELS),
    ),
    Contract("lease", docx(_LEASE_BODY, _LEASE_NUMBERING), _LEASE_LABELS),
    Contract(
        "typed", docx(_TYPED_BODY.replace("\t", '</w:t></w:r><w:r><w:tab/><w:t xml:space="preserve">')), _TYPED_LABELS
    ),
)
