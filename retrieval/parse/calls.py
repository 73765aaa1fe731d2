"""The system calls that reading a document takes: the only module that imports pyseccomp (libseccomp's binding).

A list of what is allowed, since a list of what is refused is never whole. Everything else fails with EPERM.
Names that a processor's table lacks are left out.
"""

from __future__ import annotations

import errno
import os
from importlib import import_module
from typing import Any, Self

_ALLOWED = (
    # the conversation with the parent, over descriptors that are open already
    *("read", "write", "readv", "writev", "recvfrom", "sendto", "close", "lseek", "fstat"),
    # memory, and threads' locks
    *("brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "futex", "sched_yield", "membarrier", "rseq"),
    # signals to itself, its own limits and times
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall"),
    *("getrusage", "getrlimit", "clock_gettime", "clock_getres", "gettimeofday", "time", "times"),
    *("nanosleep", "clock_nanosleep", "getrandom", "getcpu", "sched_getaffinity", "sysinfo", "uname"),
    *("getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid"),
    *("exit", "exit_group"),
)
_NOT_KNOWN = -1  # __NR_SCMP_ERROR, of a name that no processor has


class Calls:
    """The filter, made once; a process that forks takes it along."""

    def __init__(self, seccomp: Any) -> None:
        self._seccomp = seccomp
        self._filter = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
        for name in _ALLOWED:
            if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != _NOT_KNOWN:
                self._filter.add_rule(seccomp.ALLOW, name)

    @classmethod
    def find(cls) -> Self | None:
        """None where libseccomp is not installed, or does not know this processor."""
        try:
            return cls(import_module("pyseccomp"))
        except (ImportError, OSError, RuntimeError):
            return None

    def enforce(self) -> None:
        """From here on, for this process. Raises OSError when the kernel refuses the filter."""
        own = os.getpid()
        arg, allow, equal = self._seccomp.Arg, self._seccomp.ALLOW, self._seccomp.EQ
        self._filter.add_rule(allow, "tgkill", arg(0, equal, own))  # how abort(3) ends a process
        for itself in (0, own):
            self._filter.add_rule(allow, "prlimit64", arg(0, equal, itself))
        self._filter.load()
