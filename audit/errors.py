"""Error tree of the audit log.

* AuditError
  - AuditUnavailable     the log cannot write (disk full, I/O error, too slow): nothing may be shown
  - AuditCorrupt         stored records, tree or checkpoint contradict each other
  - RecordUnknown        no record of that id
  - ErasureRefused       a hold, the retention floor or the four-eyes rule forbids it
"""

from __future__ import annotations


class AuditError(Exception):
    """Base of everything the audit log raises on purpose."""


class AuditUnavailable(AuditError):
    """The log cannot make a record durable; the caller must show nothing of the answer."""


class AuditCorrupt(AuditError):
    """What is stored contradicts the tree or the checkpoint; `footnote audit verify` says where."""


class RecordUnknown(AuditError):
    """There is no record of that id."""


class ErasureRefused(AuditError):
    """A legal hold, the retention floor or the four-eyes rule forbids the erasure."""
