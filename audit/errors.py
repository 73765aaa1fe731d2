"""Error tree of the audit log.

* AuditError
  - AuditUnavailable     the log cannot write (disk full, I/O error, too slow): nothing may be shown
    - AuditForbidden     this login may not do that in the log's database
  - AuditCorrupt         stored records, tree or checkpoint contradict each other
    - LogForked          the log does not extend a checkpoint that was kept outside
  - RecordInvalid        a record cannot be stored: a float, half a surrogate pair, too large
    - RecordExists       another record has this id
  - LogMissing           there is no log where one is looked for
  - RecordUnknown        no record of that id
  - ErasureRefused       a hold, the retention floor or the four-eyes rule forbids it
  - ExportFailed         an export cannot be written, or needs an extra that is not installed
"""

from __future__ import annotations


class AuditError(Exception):
    """Base of everything the audit log raises on purpose."""


class AuditUnavailable(AuditError):
    """The log cannot make a record durable; the caller must show nothing of the answer."""


class AuditForbidden(AuditUnavailable):
    """The database knows roles, and that of this login may not do this."""


class AuditCorrupt(AuditError):
    """What is stored contradicts the tree or the checkpoint; `footnote audit verify` says where."""


class LogForked(AuditCorrupt):
    """A checkpoint kept outside is of other records than the log's: it was forked, rolled back or founded anew."""


class LogMissing(AuditError):
    """There is no log in this place; verification never founds one."""


class RecordInvalid(AuditError):
    """The record cannot be stored as it is; the message names what to change."""


class RecordExists(RecordInvalid):
    """Another record with other content has this id already."""


class RecordUnknown(AuditError):
    """There is no record of that id."""


class ErasureRefused(AuditError):
    """A legal hold, the retention floor or the four-eyes rule forbids the erasure."""


class ExportFailed(AuditError):
    """An export cannot be written; the message says where and what to do next."""
