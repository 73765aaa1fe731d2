"""The words of the sample company's documents."""

from __future__ import annotations

H, C, S = "Heading1", "Clause", "SubClause"

TRAVEL_POLICY = [
    ("Title", "Travel Policy"),
    ("Normal", "Harbour & Pine Ltd. Owner: People Operations. In force from 1 September 2026."),
    (H, "Purpose and scope"),
    (C, "This policy applies to every employee and contractor who travels on behalf of Harbour & Pine Ltd."),
    (C, "Travel that can be replaced by a video meeting should not be booked."),
    (H, "Approval"),
    (C, "Line manager. Every trip must be approved by the line manager before anything is booked."),
    (
        C,
        "International travel. Trips outside the European Union must also be approved by the Finance Director at "
        "least 14 days before departure.",
    ),
    (C, "Unapproved bookings. Costs of a trip that was not approved are not reimbursed."),
    (H, "Booking"),
    (C, "All flights, trains and hotels must be booked through the Meridian travel portal."),
    (C, "Bookings made outside the portal are reimbursed only if the portal was unavailable."),
    (H, "Travel"),
    (C, "Air travel. Economy class is booked for all flights."),
    (S, "For flights longer than six hours premium economy may be booked."),
    (S, "Business class must not be booked unless the Chief Executive has agreed in writing."),
    (
        C,
        "Hotels. The limits for hotels are set out in the expense limits sheet; a stay may exceed the limit by no "
        "more than 15% during a trade fair.",
    ),
    (S, "Breakfast is included in the hotel limit."),
    (S, "Minibar and laundry are not reimbursed for stays of fewer than five nights."),
    (C, "Rail. First class rail travel is allowed for journeys longer than three hours."),
    (C, "Cars. A rental car may be booked only when public transport would take twice as long."),
    (H, "Expenses"),
    (
        C,
        "Claims. Expense claims must be submitted within 30 days of the end of the trip, with receipts for every item "
        "above 20 EUR.",
    ),
    (C, "Late claims. Claims submitted later than 90 days after the trip are not paid."),
    (C, "Payment. Approved claims are paid with the next monthly payroll."),
    (H, "Safety"),
    (C, "Travellers must register their trip with the security desk before departure."),
    (C, "In an emergency call the security desk at extension 4455, at any hour."),
]


def nda(term: str) -> list[tuple[str, str]]:
    return [
        ("Title", "Mutual Non-Disclosure Agreement (Template)"),
        ("Normal", "Use this template for talks with suppliers and partners. Changes need the approval of Legal."),
        (H, "Definitions"),
        (
            C,
            "“Confidential Information” means all information that a party discloses in connection with the "
            "Purpose, in writing, orally or by inspection.",
        ),
        (
            C,
            "Confidential Information does not include information that is or becomes public without breach of this "
            "Agreement.",
        ),
        (H, "Obligations"),
        (C, "Use. The Receiving Party shall use Confidential Information only for the Purpose."),
        (C, "Disclosure. The Receiving Party shall not disclose Confidential Information to third parties except to:"),
        (S, "its employees who need to know it for the Purpose;"),
        (S, "its professional advisers, who are bound by a duty of confidence."),
        (C, "Copies. The Receiving Party may keep one copy for its legal archive."),
        (H, "Term"),
        (
            C,
            f"Duration. The obligations of confidentiality under this Agreement last for {term} from the date of "
            "disclosure.",
        ),
        (
            C,
            "Return. On request the Receiving Party shall return or destroy all Confidential Information within "
            "30 days.",
        ),
        (H, "General"),
        (C, "Law. This Agreement is governed by the laws of Ireland."),
        (C, "Assignment. Neither party may assign this Agreement without the written consent of the other."),
    ]


SUPPLY_AGREEMENT: list[object] = [
    ("Title", "Northwind Supply Agreement"),
    (
        "BodyText",
        "between Harbour & Pine Ltd, Dublin (the “Buyer”) and Northwind Timber AS, Bergen (the “Supplier”), "
        "dated 12 January 2026.",
    ),
    ("Heading2", "1. Supply"),
    ("BodyText", "1.1 The Supplier shall deliver the Goods listed in Schedule A to the Buyer's warehouse in Cork."),
    ("BodyText", "1.2 Deliveries shall be made within 21 days of each purchase order."),
    ("BodyText", "1.3 Title to the Goods passes to the Buyer on delivery."),
    ("Heading2", "2. Price and payment"),
    ("BodyText", "2.1 The prices in Schedule A are fixed until 31 December 2026 and exclude value added tax."),
    ("BodyText", "2.2 The Buyer shall pay each correct invoice within 45 days of its receipt."),
    ("BodyText", "2.3 Late payments bear interest at 4% a year above the base rate of the European Central Bank."),
    None,
    ("Heading2", "3. Quality"),
    (
        "BodyText",
        "3.1 The Buyer may reject Goods that do not meet the specification within 10 working days of delivery.",
    ),
    ("BodyText", "3.2 The Supplier shall replace rejected Goods at its own cost within 14 days."),
    ("Heading2", "4. Liability"),
    ("BodyText", "4.1 Neither party excludes its liability for death, personal injury or fraud."),
    (
        "BodyText",
        "4.2 The Supplier's total liability under this Agreement shall not exceed EUR 2,500,000 in any calendar year.",
    ),
    ("BodyText", "4.3 Neither party is liable for loss of profit."),
    None,
    ("Heading2", "5. Term and termination"),
    ("BodyText", "5.1 This Agreement starts on 1 February 2026 and runs for three years."),
    ("BodyText", "5.2 Either party may terminate this Agreement by giving six months' written notice."),
    (
        "BodyText",
        "5.3 Either party may terminate at once if the other commits a material breach and does not remedy it "
        "within 30 days of a written request.",
    ),
    ("Heading2", "6. General"),
    ("BodyText", "6.1 This Agreement is governed by the laws of Ireland."),
    (
        "BodyText",
        "6.2 Disputes shall be settled by arbitration in Dublin under the rules of the International Chamber of "
        "Commerce.",
    ),
]

QUARTERLY_REPORT: list[object] = [
    ("Title", "Quarterly Report Q3 2026"),
    ("BodyText", "Harbour & Pine Ltd. Three months ended 30 September 2026. All amounts in EUR thousand."),
    ("Heading2", "1. Highlights"),
    ("BodyText", "Revenue in the third quarter of 2026 was EUR 48.6 million, up 12% on the same quarter of 2025."),
    ("BodyText", "The order book stood at EUR 71.2 million at the end of the quarter."),
    ("Heading2", "2. Income statement"),
    [
        ["EUR thousand", "Q3 2026", "Q3 2025"],
        ["Revenue", "48,600", "43,390"],
        ["Cost of sales", "(29,140)", "(26,870)"],
        ["Gross profit", "19,460", "16,520"],
        ["Operating expenses", "(12,310)", "(11,480)"],
        ["Operating profit", "7,150", "5,040"],
    ],
    None,
    ("Heading2", "3. Segments"),
    [
        ["Segment", "Revenue Q3 2026", "Revenue Q3 2025", "Change"],
        ["Furniture", "27,900", "24,100", "15.8%"],
        ["Flooring", "14,200", "13,600", "4.4%"],
        ["Services", "6,500", "5,690", "14.2%"],
    ],
    ("Heading2", "4. Cash and debt"),
    ("BodyText", "Cash at the end of the quarter was EUR 9.8 million. Net debt fell to EUR 14.3 million."),
    ("BodyText", "The revolving credit facility of EUR 25 million was undrawn."),
    ("Heading2", "5. Outlook"),
    ("BodyText", "Management expects revenue for the full year 2026 between EUR 188 million and EUR 192 million."),
]

GIFTS: list[object] = [
    ("Title", "Gifts and Hospitality Policy"),
    ("Heading2", "1. Principle"),
    ("BodyText", "1.1 Nobody may give or accept a gift that could influence a business decision."),
    ("Heading2", "2. Limits"),
    ("BodyText", "2.1 Gifts worth up to 50 EUR may be accepted without approval."),
    ("BodyText", "2.2 Gifts worth more than 50 EUR must be declared to Compliance within five working days."),
    ("BodyText", "2.3 Cash and gift cards must never be accepted, whatever their value."),
    ("Heading2", "3. Public officials"),
    (
        "BodyText",
        "3.1 Nothing of value may be given to a public official without the written approval of the Compliance "
        "Officer.",
    ),
    ("Heading2", "4. Register"),
    ("BodyText", "4.1 Compliance keeps a register of all declared gifts for seven years."),
]

EXPENSE_LIMITS: list[list[str | int]] = [
    ["City", "Hotel per night", "Meals per day", "Breakfast"],
    ["Amsterdam", 190, 65, 18],
    ["Berlin", 160, 60, 16],
    ["Dublin", 185, 65, 18],
    ["London", 220, 75, 20],
    ["Madrid", 150, 55, 14],
    ["Oslo", 200, 85, 22],
    ["Paris", 210, 75, 20],
    ["Warsaw", 120, 45, 12],
]
MILEAGE: list[list[str | float]] = [["Vehicle", "Rate per km"], ["Car", 0.42], ["Motorcycle", 0.25], ["Bicycle", 0.1]]

ONBOARDING = [
    ("Your First Week", ["Welcome to Harbour & Pine.", "This deck says what happens in your first five days."]),
    (
        "Day one",
        ["Collect your laptop and badge at the IT desk on floor 2.", "Meet your buddy at 10:00 in the canteen."],
    ),
    (
        "Training",
        [
            "Complete the information security training within your first 10 days.",
            "The compliance training is due within 30 days.",
        ],
    ),
]

RENEWAL_HEADERS = {
    "From": "Ingrid Solberg <ingrid@northwind.example>",
    "To": "Maeve Byrne <maeve.byrne@harbourpine.example>",
    "Date": "Thu, 03 Sep 2026 10:12:00 +0000",
    "Subject": "Northwind renewal: our offer for 2027",
}
RENEWAL_BODY = """\
Dear Maeve,

as discussed on the phone: for 2027 we offer a price increase of 2.5% instead of the 4% in our first letter.
The offer is valid until 30 November 2026.

Kind regards
Ingrid
"""

HANDBOOK = """\
# Employee Handbook

Harbour & Pine Ltd. This handbook is for everyone who works here.

## Working hours

The normal working week has 38 hours. Core hours are from 10:00 to 15:00.

## Holidays

### Annual leave

Every employee has 27 days of annual leave a year. Up to 5 days carry over to the next year and must
be taken by 31 March.

### Public holidays

Public holidays are those of the country of the employment contract.

## Parental leave

Parents may take 26 weeks of parental leave at full pay after two years of service. Employees with less
service may take 16 weeks.

## Sickness

Report sickness to your line manager before 10:00 on the first day. A medical certificate is needed from the third day.

## Training budget

| Level | Budget per year |
| --- | --- |
| Junior | 1,000 EUR |
| Senior | 1,500 EUR |
| Lead | 2,000 EUR |
"""

REMOTE = """\
<!doctype html>
<html lang="en"><head><title>Remote Work</title></head>
<body>
<nav>Home &gt; People &gt; Remote Work</nav>
<h1 id="remote-work">Remote Work</h1>
<p>This page explains how remote work is done at Harbour &amp; Pine.</p>
<h2 id="days">Days at home</h2>
<p>Employees may work from home up to three days a week. Teams agree on one common day in the office.</p>
<h2 id="abroad">Working from abroad</h2>
<p>Working from another country of the European Union is allowed for up to 20 days a year and must be approved by HR.
Working from outside the European Union is not allowed.</p>
<h2 id="equipment">Equipment</h2>
<p>The company pays 400 EUR once for a desk and a chair at home.</p>
</body></html>
"""

SECURITY = """\
Information Security Policy

1. Passwords
1.1 Passwords must have at least 14 characters.
1.2 Passwords must be changed at once when they may have become known.
1.3 Every account must use a second factor.
\f2. Devices
2.1 Laptops must be encrypted and locked when unattended.
2.2 A lost or stolen device must be reported to the security desk within 4 hours.
\f3. Data classes
3.1 There are three classes: public, internal and restricted.
3.2 Restricted data must not be sent by e-mail outside the company.
"""

RETENTION = """\
Record,Retention period,Owner
Invoices,10 years,Finance
Employment contracts,6 years after leaving,HR
Job applications,12 months,HR
CCTV recordings,30 days,Security
Gift register,7 years,Compliance
"""

BOARD = """\
# Board Minutes, 17 September 2026

Present: all directors. Restricted to members of the board.

## 1. Bonus pool

The board resolved to set the executive bonus pool for 2026 at EUR 1.35 million.

## 2. Acquisition

The board discussed Project Lantern, the possible purchase of Fjord Flooring AS, and asked
management for a valuation by 31 October 2026.
"""

PLAIN = {
    "hr/handbook.md": HANDBOOK,
    "intranet/remote-work.html": REMOTE,
    "it/security-policy.txt": SECURITY,
    "compliance/retention-schedule.csv": RETENTION,
    "board/minutes-2026-09.md": BOARD,
}
