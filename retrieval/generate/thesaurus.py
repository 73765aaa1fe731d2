"""Words that answer each other in policies, contracts and filings: asked with one, written with the other.

For choosing sentences only. The quote gate has a shorter list of its own: there a wrong pair would let
a wrong claim pass, here it only finds a sentence that is printed word for word.
"""

from __future__ import annotations

import re

from retrieval.text.words import stem

_GROUPS = """
employee staff worker personnel colleague
representative agent advisor adviser consultant contractor attorney accountant counsel affiliate subcontractor
share disclose disclosure provide divulge reveal transmit communicate release publish convey
retain keep store archive preserve
destroy destruction delete erase dispose shred
return surrender redeliver
notify notice inform tell advise report alert
report declare declaration
verbal verbally oral orally spoken
write written writing
survive continue remain effect expiry expiration
terminate termination end expire cancel cease
mark marked identify identified designate designated label legend expressly
copy copies reproduce duplicate reproduction photocopy
develop develops independent independently
acquire obtain receive receipt possession
similar same comparable
solicit soliciting recruit hire entice employ
grant grants license licence right rights title interest
engineer decompile disassemble reverse
law regulation statute court judicial subpoena legal order
technical technology knowhow
fact existence discussion negotiation negotiate
cost price fee charge expense
pay reimburse compensate compensation remuneration
reimburse refund repay repayment
salary wage pay
buy purchase procure acquire
sell sale disposal
vacation holiday leave
sick sickness illness
travel trip journey
hotel accommodation lodging
car vehicle taxi
limit cap maximum ceiling
approve approval authorise authorize authorisation authorization consent sign
supplier vendor
customer client buyer
start begin commence commencement effective
fire dismiss dismissal
breach violation infringement
penalty fine sanction
gift hospitality entertainment
password credential
phone telephone mobile
year annual annually yearly
month monthly
revenue sale turnover
profit income earning
capex capital expenditure
debt borrowing
staff headcount
child minor age aged
age aged old
fly flight air airline
europe european eu
america american usa
britain british uk
germany german
france french
switzerland swiss
die death deceased
file record
length character
allowance budget
money cash
duty obligation responsibility
last survive remain continue
talk speak communicate communication discuss discussion
media press journalist
spend expense expenditure cost
raise increase rise grow growth
drop decrease decline fall reduce reduction
restore reinstate reinstatement recover recovery enable
suspend suspension disable ban block deactivate
appeal dispute contest challenge
close cancel cancellation terminate
login sign
signup sign register registration enrol enroll
employee workforce headcount employ person personnel
union unionised unionized unionize
boss manager supervisor
ban prohibit prohibition forbid forbidden
answer reply respond response
complain complaint grievance
maternity paternity parental
lawyer attorney counsel
damage broken defect defective
late delay overdue
theft steal stolen
send submit deliver deliver forward
ask request apply application
check verify verification inspect inspection
choose select
read view access
scrape scraping crawl crawler automated
fix repair remedy cure correct
help support assist assistance
hurt injury injure harm
job position employment
quit resign resignation
error mistake
secret confidential
protect safeguard
hear heard jurisdiction court venue arbitration
bill invoice charge
change modify amend update
stop cease discontinue
renew renewal extend extension
owner ownership own belong property
remove removal delete takedown
illegal unlawful
warn warning
lend loan borrow
guarantee warranty warrant
bid tender proposal rfp
headquarters office
shareholder stockholder
battle lawsuit litigation proceeding dispute
ongoing pending
drive drove cause
primary main principal
quantity amount
forecast expect outlook guidance anticipate plan
founder founded
auditor audit
establish establishment incorporate incorporation inception
colour color
cyclic cyclical cyclicality
geography region country
category segment
"""
RELATED: dict[str, frozenset[str]] = {}
"""Stem -> the stems that may stand for it."""
for _line in _GROUPS.strip().splitlines():
    _stems = frozenset(map(stem, _line.split()))
    for _one in _stems:
        RELATED[_one] = RELATED.get(_one, frozenset()) | (_stems - {_one})

# Abbreviations of offices and accounts, as a question writes them, and what documents write out.
SPELLED = tuple(
    (re.compile(rf"(?<![\w&]){short}(?![\w&])", re.IGNORECASE if short.islower() else 0), long)
    for short, long in (
        (r"PP&E|PPNE|PPE", "property plant and equipment"),
        (r"COGS", "cost of sales"),
        (r"EBITDA", "ebitda"),
        (r"EBIT", "operating income"),
        (r"EPS", "earnings per share"),
        (r"R&D", "research and development"),
        (r"SG&A", "selling general and administrative expenses"),
        (r"D&A", "depreciation and amortization"),
        (r"P&L", "statement of income"),
        (r"FX", "foreign exchange"),
        (r"AGM", "annual meeting"),
        (r"cap[ -]?ex|CAPEX|CapEx", "capital expenditures"),
        (r"founded", "established"),  # "founded" and "found" have one stem
        (r"CEO", "chief executive officer"),
        (r"CFO", "chief financial officer"),
        (r"COO", "chief operating officer"),
        (r"VAT", "vat"),
        (r"GAAP", "gaap"),
        (r"2fa|2FA", "two-factor authentication"),
        (r"mfa|MFA", "multi-factor authentication"),
    )
)
