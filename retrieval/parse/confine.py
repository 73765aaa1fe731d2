"""How a child of the sandbox gives up its rights: limits, no network, no other program.

Three walls against the network, since systems differ in what they allow: a network namespace, a filter
on system calls (seccomp(2), the numbers of x86-64 and of arm64), and no way to gain privileges.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import resource
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIGKILL = 9
_OPEN_FILES = 48

# Classic BPF (linux/filter.h, linux/seccomp.h) and the calls refused: socket, socketpair, connect, execve,
# execveat, ptrace, io_uring_setup.
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refuse: EPERM
_CALLS = {
    "x86_64": (0xC000003E, (41, 53, 42, 59, 322, 101, 425)),
    "aarch64": (0xC00000B7, (198, 199, 203, 221, 281, 117, 425)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confine(memory: int, cpu_seconds: int) -> None:
    """Confine this process for good. `memory` is address space in bytes.

    What the system refuses (namespaces in most containers) is done without; limits always hold on Linux.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
        _filter_calls(libc)
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        _, most = resource.getrlimit(limit)
        bounded = value if most == resource.RLIM_INFINITY else min(value, most)
        # macOS refuses some; the product runs on Linux, a developer may not.
        with contextlib.suppress(*(() if sys.platform == "linux" else (ValueError, OSError))):
            resource.setrlimit(limit, (bounded, bounded))


def _filter_calls(libc: ctypes.CDLL) -> None:
    """Refuse some system calls; a call of another architecture's table ends the process."""
    if platform.machine() not in _CALLS:
        return
    architecture, calls = _CALLS[platform.machine()]
    lines = [
        struct.pack("=HBBI", _LOAD, 0, 0, 4),  # seccomp_data.arch
        struct.pack("=HBBI", _JUMP_IF_EQUAL, 1, 0, architecture),
        struct.pack("=HBBI", _RETURN, 0, 0, _KILL),
        struct.pack("=HBBI", _LOAD, 0, 0, 0),  # seccomp_data.nr
    ]
    for left, call in enumerate(calls):
        lines.append(struct.pack("=HBBI", _JUMP_IF_EQUAL, len(calls) - left, 0, call))
    lines.append(struct.pack("=HBBI", _RETURN, 0, 0, _ALLOW))
    lines.append(struct.pack("=HBBI", _RETURN, 0, 0, _REFUSE))
    program = _Program(len(lines), b"".join(lines))
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
