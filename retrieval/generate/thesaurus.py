"""Words that answer each other in policies, contracts and filings: asked with one, written with the other.

For choosing sentences only. The quote gate has a shorter list of its own: there a wrong pair would let
a wrong claim pass, here it only finds a sentence that is printed word for word.
"""

from __future__ import annotations

from retrieval.gate.words import stem

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
"""
RELATED: dict[str, frozenset[str]] = {}
"""Stem -> the stems that may stand for it."""
for _line in _GROUPS.strip().splitlines():
    _stems = frozenset(map(stem, _line.split()))
    for _one in _stems:
        RELATED[_one] = RELATED.get(_one, frozenset()) | (_stems - {_one})
