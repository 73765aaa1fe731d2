"""How a child of the sandbox gives up its rights, in layers, since systems differ in what they allow.

Always: no new descriptor (so no file, socket or pipe can be opened), no process, no privileges to gain, and
limits on memory and time. Beside that, where the system has it:

user        another user and group id, when started as root
namespace   a network and IPC namespace of its own; of a user namespace's, when not started as root
root        an empty root directory (chroot(2)); needs the namespace or root
landlock    no file by its path, no TCP, no signal to another process (landlock(7), the version that is there)
seccomp     the system calls that reading a document takes, and no other (retrieval/parse/calls.py)

Each is tried, and what holds is reported; one alone stops most, and `seccomp` all of what we could think of.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Collection

from retrieval.parse.calls import Calls

LAYERS = ("user", "namespace", "root", "landlock", "seccomp")

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_SIGKILL = 9
_EMPTY = "/proc/self/fdinfo"  # a directory that is always there: it tells of the process's own descriptors alone
_CAPABILITY_VERSION = 0x20080522

# Ids of nobody: one of its own for each child, so that children cannot reach each other. Where a container maps few
# ids, the customary one.
_FIRST_ID = 2_000_000_000
_NOBODY = 65534

# linux/landlock.h: create_ruleset and restrict_self have these numbers on every architecture.
_CREATE_RULESET, _RESTRICT_SELF, _ABI_VERSION = 444, 446, 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many, by version of the interface; 16 since 5
_NET_RIGHTS, _SCOPES = 0b11, 0b11  # bind and connect TCP (4); abstract sockets and signals (6)


def shield() -> None:
    """No other process of the same user may read this one's memory (PR_SET_DUMPABLE); for those that hold secrets."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def confine(memory: int, cpu_seconds: tuple[int, int], layers: Collection[str], calls: Calls | None) -> list[str]:
    """Confine this process for good; which of `layers` are in force, in the order of LAYERS.

    `memory` is address space in bytes, `cpu_seconds` the processor time after which the process gets a signal, and
    that after which it is killed. `calls` is made before, since its library must be found.
    """
    held: list[str] = []
    if sys.platform != "linux":
        _limit(memory, cpu_seconds)
        return held
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if "namespace" in layers and _namespace(libc):
        held.append("namespace")
    if "root" in layers and _empty_root():
        held.append("root")
    if "user" in layers and _other_user():
        held.insert(0, "user")
    _drop_capabilities(libc)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)  # after the change of user, which clears it
    if os.getppid() != parent:
        os._exit(1)
    if "landlock" in layers and _landlock(libc):
        held.append("landlock")
    _limit(memory, cpu_seconds)
    if "seccomp" in layers and calls is not None:
        calls.enforce()
        held.append("seccomp")
    return held


def _limit(memory: int, cpu_seconds: tuple[int, int]) -> None:
    for limit, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_CPU, *cpu_seconds),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
    ):
        _, most = resource.getrlimit(limit)
        bound = (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
        # macOS refuses some; the product runs on Linux, a developer may not.
        with contextlib.suppress(*(() if sys.platform == "linux" else (ValueError, OSError))):
            resource.setrlimit(limit, bound)


def _namespace(libc: ctypes.CDLL) -> bool:
    kinds = _CLONE_NEWNET | _CLONE_NEWIPC
    return bool(libc.unshare(kinds if os.geteuid() == 0 else kinds | _CLONE_NEWUSER) == 0)


def _empty_root() -> bool:
    try:
        os.chroot(_EMPTY)
        os.chdir("/")
    except OSError:
        return False
    return True


def _other_user() -> bool:
    if os.geteuid() != 0:
        return False
    for identity in (_FIRST_ID + os.getpid(), _NOBODY):
        try:
            os.setgroups([])
            os.setresgid(identity, identity, identity)
            os.setresuid(identity, identity, identity)
        except OSError:
            continue
        return True
    return False


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Of root that stayed root, and of a user namespace."""
    libc.capset(struct.pack("=II", _CAPABILITY_VERSION, 0), bytes(24))


def _landlock(libc: ctypes.CDLL) -> bool:
    """Handle all that this kernel can refuse, and allow none of it."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ABI_VERSION)
    if version < 1:
        return False
    rights = struct.pack("=Q", (1 << _FILE_RIGHTS.get(version, 16)) - 1)
    if version >= 4:
        rights += struct.pack("=Q", _NET_RIGHTS)
    if version >= 6:
        rights += struct.pack("=Q", _SCOPES)
    rules = libc.syscall(_CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
    if rules < 0:
        return False
    held = libc.syscall(_RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return bool(held)
