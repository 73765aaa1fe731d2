"""Four contracts: facility agreement, marked-up draft, German supply contract, and bylaws."""

from __future__ import annotations

from tests.retrieval.parse.docx.builder import (
    MARK_GONE,
    MARK_HIDDEN,
    abstract,
    b,
    docx,
    gone,
    heading,
    ins,
    lvl,
    num,
    p,
    restart,
    row,
    style,
    t,
    tbl,
)
from tests.retrieval.parse.docx.judge import Contract, Labels

# --- 5. Facility agreement: restarts, overrides, levels that run on, numbered schedules ----------------

_FACILITY_NUMBERING = (
    abstract(
        0,
        lvl(0, "upperLetter", "Part %1"),
        lvl(1, "decimal", "Clause %2.", '<w:lvlRestart w:val="0"/>'),
        lvl(2, "decimal", "%2.%3"),
        lvl(3, "lowerLetter", "(%4)", '<w:lvlRestart w:val="2"/>'),
    )
    + abstract(1, lvl(0, "decimal", "Schedule %1"), lvl(1, "decimal", "%2."), lvl(2, "decimal", "%2.%3"))
    + abstract(2, lvl(0, "lowerLetter", "(%1)"), lvl(1, "lowerRoman", "(%2)", start=3))
    + num(1, 0)
    + num(2, 1)
    + num(3, 2)
    + num(4, 2, restart(0))
    + num(5, 2, restart(0, 4) + restart(1, 8))
    + num(6, 2, f'<w:lvlOverride w:ilvl="0">{lvl(0, "upperLetter", "(%1)")}</w:lvlOverride>')
)
_FACILITY_BODY = (
    p("The Facility", num=(1, 0))
    + p("Commitment", num=(1, 1))
    + p("The Lender lends.", num=(1, 2))
    + p("in one amount,", num=(1, 3))
    + p("The Borrower borrows.", num=(1, 2))
    + p("in euros,", num=(1, 3))
    + p("Purpose", num=(1, 1))
    + p("The loan pays for the mill.", num=(1, 2))
    + p("Repayment", num=(1, 0))
    + p("Dates", num=(1, 1))
    + p("The first date is 1 May:", num=(1, 2))
    + p("if it is a business day,", num=(3, 0))
    + p("or else", num=(3, 0))
    + p("the next one,", num=(3, 1))
    + p("or the one before.", num=(3, 1))
    + p("The second date is 1 June:", num=(1, 2))
    + p("restarted by an override,", num=(4, 0))
    + p("and going on.", num=(4, 0))
    + p("The third date is 1 July:", num=(1, 2))
    + p("starting at four,", num=(5, 0))
    + p("starting at eight.", num=(5, 1))
    + p("Capital letters, counting on.", num=(6, 0))
    + p("Conditions", num=(2, 0))
    + p("Papers", num=(2, 1))
    + p("The deed.", num=(2, 2))
    + p("The Form", num=(2, 0))
    + p("Signature", num=(2, 1))
)
_FACILITY_LABELS: Labels = (
    ("Part A", "Part A The Facility"),
    ("Clause 1", "Clause 1. Commitment"),
    ("1.1", "1.1 The Lender lends"),
    ("1.1(a)", "(a) in one amount"),
    ("1.2", "1.2 The Borrower"),
    ("1.2(b)", "(b) in euros"),
    ("Clause 2", "Clause 2. Purpose"),
    ("2.1", "2.1 The loan"),
    ("Part B", "Part B Repayment"),
    ("Clause 3", "Clause 3. Dates"),
    ("3.1", "3.1 The first date"),
    ("3.1(a)", "(a) if it is"),
    ("3.1(b)", "(b) or else"),
    ("3.1(b)(iii)", "(iii) the next one"),
    ("3.1(b)(iv)", "(iv) or the one before"),
    ("3.2", "3.2 The second date"),
    ("3.2(a)", "(a) restarted"),
    ("3.2(b)", "(b) and going on"),
    ("3.3", "3.3 The third date"),
    ("3.3(d)", "(d) starting at four"),
    ("3.3(d)(viii)", "(viii) starting at eight"),
    ("3.3(E)", "(E) Capital letters"),
    ("Schedule 1", "Schedule 1 Conditions"),
    ("Schedule 1, 1", "1. Papers"),
    ("Schedule 1, 1.1", "1.1 The deed"),
    ("Schedule 2", "Schedule 2 The Form"),
    ("Schedule 2, 1", "1. Signature"),
)

# --- 6. Marked-up draft: insertions, deletions, moves, hidden text, style separators -------------------

_DRAFT_NUMBERING = abstract(
    0,
    lvl(0, "decimal", "%1.", '<w:pStyle w:val="Heading1"/>'),
    lvl(1, "decimal", "%1.%2"),
    lvl(2, "lowerLetter", "(%3)"),
) + num(1, 0)
_MOVED = '<w:moveFrom w:id="4" w:author="A"><w:r><w:t>The moved clause.</w:t></w:r></w:moveFrom>'
_DRAFT_BODY = (
    p("Scope", "Heading1")
    + p("The first clause stays.", num=(1, 1))
    + p(gone("The second clause goes."), num=(1, 1), props=MARK_GONE)
    + p(ins(t("The inserted clause counts.")), num=(1, 1), props='<w:rPr><w:ins w:id="9" w:author="A"/></w:rPr>')
    + p(_MOVED, num=(1, 1), props='<w:rPr><w:moveFrom w:id="5" w:author="A"/></w:rPr>')
    + p(t("A clause with a ") + gone("deleted ") + ins(t("new ")) + t("word."), num=(1, 1))
    + p(gone("Gone heading"), "Heading1", props=MARK_GONE)
    + p("Price", "Heading1")
    + p(t("The price is "), num=(1, 1), props=MARK_GONE)
    + p("EUR 500, joined by a deleted mark.", num=(1, 1))
    + p(
        '<w:moveTo w:id="6" w:author="A"><w:r><w:t>The moved clause.</w:t></w:r></w:moveTo>',
        num=(1, 1),
        props='<w:rPr><w:moveTo w:id="7" w:author="A"/></w:rPr>',
    )
    + p(t("A hidden clause.", "<w:vanish/>"), num=(1, 1), props="<w:rPr><w:vanish/></w:rPr>")
    + p("A clause after a hidden one:", num=(1, 1))
    + p("an item;", num=(1, 2))
    + tbl(
        row(p("A row of a deleted list", num=(1, 2)), "x", props='<w:del w:id="8" w:author="A"/>'),
        row("kept", "row"),
    )
    + p("the next item.", num=(1, 2))
    + p("Delivery", "Heading1", props=MARK_HIDDEN)
    + p("The goods are delivered on Monday.")
    + p(b("Place."), num=(1, 1), props=MARK_HIDDEN)
    + p(" At the door.")
    + p(gone("all of it"), num=(1, 1))
    + p("Numbered after an empty clause.", num=(1, 1))
)
_DRAFT_LABELS: Labels = (
    ("1", "1. Scope"),
    ("1.1", "1.1 The first clause"),
    ("1.2", "1.2 The inserted clause"),
    ("1.3", "1.3 A clause with a new word."),
    ("2", "2. Price"),
    ("2.1", "2.1 The price is EUR 500, joined"),
    ("2.2", "2.2 The moved clause"),
    ("2.3", "2.3 A clause after a hidden"),
    ("2.3(a)", "(a) an item"),
    ("2.3(b)", "(b) the next item"),
    ("3", "3. Delivery The goods"),
    ("3.1", "3.1 Place. At the door."),
    ("3.2", "3.2"),
    ("3.3", "3.3 Numbered after"),
)

# --- 7. German supply contract: paragraphs with §, linked list styles ---------------------------------

_GERMAN_NUMBERING = (
    abstract(
        3,
        lvl(0, "decimal", "§ %1", '<w:suff w:val="space"/>'),
        lvl(1, "decimal", "(%2)"),
        lvl(2, "decimal", "%3."),
        lvl(3, "lowerLetter", "%4)"),
        link='<w:styleLink w:val="Vertragsliste"/>',
    )
    + abstract(4, link='<w:numStyleLink w:val="Vertragsliste"/>')
    + num(8, 3)
    + num(9, 4)
)
_GERMAN_STYLES = (
    '<w:style w:type="numbering" w:styleId="Vertragsliste"><w:name w:val="Vertragsliste"/>'
    '<w:pPr><w:numPr><w:numId w:val="8"/></w:numPr></w:pPr></w:style>'
    + style("berschrift1", '<w:numPr><w:numId w:val="9"/></w:numPr><w:outlineLvl w:val="0"/>', name="heading 1")
    + style("Absatz", '<w:numPr><w:ilvl w:val="1"/><w:numId w:val="9"/></w:numPr>')
)
_GERMAN_BODY = (
    p("Gegenstand", "berschrift1")
    + p("Der Lieferant liefert die Ware.", "Absatz")
    + p("Die Ware besteht aus", "Absatz")
    + p("Schrauben,", num=(9, 2))
    + p("Muttern:", num=(9, 2))
    + p("aus Stahl,", num=(9, 3))
    + p("aus Messing.", num=(9, 3))
    + p("Der Kunde nimmt sie ab.", "Absatz")
    + p("Preis", "berschrift1")
    + p("Der Preis beträgt 10 EUR.", "Absatz")
    + p("Er ist fällig", "Absatz")
    + p("sofort oder", num=(9, 2))
    + p("in 30 Tagen.", num=(9, 2))
    + p("Gewährleistung", "berschrift1")
    + p("Schlussbestimmungen", "berschrift1")
    + p("Es gilt deutsches Recht.", "Absatz")
)
_GERMAN_LABELS: Labels = (
    ("1", "§ 1 Gegenstand"),
    ("1(1)", "(1) Der Lieferant"),
    ("1(2)", "(2) Die Ware"),
    ("1(2)(1)", "1. Schrauben"),
    ("1(2)(2)", "2. Muttern"),
    ("1(2)(2)(a)", "a) aus Stahl"),
    ("1(2)(2)(b)", "b) aus Messing"),
    ("1(3)", "(3) Der Kunde"),
    ("2", "§ 2 Preis"),
    ("2(1)", "(1) Der Preis"),
    ("2(2)", "(2) Er ist fällig"),
    ("2(2)(1)", "1. sofort oder"),
    ("2(2)(2)", "2. in 30 Tagen"),
    ("3", "§ 3 Gewährleistung"),
    ("4", "§ 4 Schlussbestimmungen"),
    ("4(1)", "(1) Es gilt"),
)

# --- 8. Bylaws: numbers in words, ordinals, separate lists, bullets, a list that runs on ---------------

_CUSTOM = (
    '<mc:AlternateContent><mc:Choice Requires="w14"><w:numFmt w:val="custom" w:format="001, 002, 003, ..."/>'
    '</mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback></mc:AlternateContent>'
)
_BYLAWS_NUMBERING = (
    abstract(0, lvl(0, "cardinalText", "Article %1", '<w:pStyle w:val="Heading1"/>'))
    + abstract(1, lvl(0, "ordinal", "%1", indent=360), lvl(1, "decimalEnclosedCircle", "%2"))
    + abstract(2, lvl(0, "bullet", "\uf0b7"))
    + abstract(3, lvl(0, "lowerLetter", "(%1)", indent=360))
    + abstract(4, lvl(0, "lowerRoman", "(%1)", indent=720))
    + abstract(5, lvl(0, "decimal", "%1.", indent=360))
    + abstract(6, f'<w:lvl w:ilvl="0"><w:start w:val="1"/>{_CUSTOM}<w:lvlText w:val="Rule %1"/></w:lvl>')
    + abstract(7, lvl(0, "ordinalText", "%1:", indent=360))
    + num(1, 0)
    + num(2, 1)
    + num(3, 2)
    + num(4, 3)
    + num(5, 4)
    + num(6, 5)
    + num(7, 6)
    + num(8, 3, restart(0))
    + num(9, 7)
    + num(10, 4, restart(0))
)
_BYLAWS_BODY = (
    p("Members", "Heading1")
    + p("Everyone may join who", num=(6, 0))
    + p("is of age,", num=(4, 0))
    + p("is able to row:", num=(4, 0))
    + p("alone, or", num=(5, 0))
    + p("in a team,", num=(5, 0))
    + p("pays the fee.", num=(4, 0))
    + p("A bullet opens no section.", num=(3, 0))
    + p("Nobody may join twice.", num=(6, 0))
    + p("Meetings", "Heading1")
    + p("Members meet in May:", num=(6, 0))
    + p("at noon,", num=(8, 0))
    + p("in the hall, or", num=(10, 0))
    + p("in the yard.", num=(10, 0))
    + p("at night.", num=(8, 0))
    + p("Order of Business", "Heading1")
    + p("The chair opens.", num=(9, 0))
    + p("The members vote.", num=(9, 0))
    + p("Rules of Debate", "Heading1")
    + p("Speak briefly.", num=(7, 0))
    + p("Speak once.", num=(7, 0))
    + p("Prizes", "Heading1")
    + p("Gold for rowing,", num=(2, 0))
    + p("alone,", num=(2, 1))
    + p("in pairs.", num=(2, 1))
    + p("Silver for trying.", num=(2, 0))
)
_BYLAWS_LABELS: Labels = (
    ("Article One", "Article One Members"),
    ("1", "1. Everyone may join"),
    ("1(a)", "(a) is of age"),
    ("1(b)", "(b) is able to row"),
    ("1(b)(i)", "(i) alone, or"),
    ("1(b)(ii)", "(ii) in a team"),
    ("1(c)", "(c) pays the fee"),
    ("2", "2. Nobody may join"),
    ("Article Two", "Article Two Meetings"),
    ("3", "3. Members meet"),
    ("3(a)", "(a) at noon"),
    ("3(a)(i)", "(i) in the hall"),
    ("3(a)(ii)", "(ii) in the yard"),
    ("3(b)", "(b) at night"),
    ("Article Three", "Article Three Order of Business"),
    ("Article Three, First", "First: The chair"),
    ("Article Three, Second", "Second: The members"),
    ("Article Four", "Article Four Rules of Debate"),
    ("Article Four, Rule 001", "Rule 001 Speak briefly"),
    ("Article Four, Rule 002", "Rule 002 Speak once"),
    ("Article Five", "Article Five Prizes"),
    ("Article Five, 1st", "1st Gold"),
    ("Article Five, 1st.①", "① alone"),
    ("Article Five, 1st.②", "② in pairs"),
    ("Article Five, 2nd", "2nd Silver"),
)

DRAFTS = (
    Contract("facility", docx(_FACILITY_BODY, _FACILITY_NUMBERING), _FACILITY_LABELS),
    Contract("draft", docx(_DRAFT_BODY, _DRAFT_NUMBERING, heading(1, 1), headings=False), _DRAFT_LABELS),
    Contract("german", docx(_GERMAN_BODY, _GERMAN_NUMBERING, _GERMAN_STYLES, headings=False), _GERMAN_LABELS),
    Contract("bylaws", docx(_BYLAWS_BODY, _BYLAWS_NUMBERING, heading(1, 1), headings=False), _BYLAWS_LABELS),
)
