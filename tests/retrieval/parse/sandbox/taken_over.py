"""What code would try that has taken over a parser: each attempt returns when it worked, and raises when it did not.

`python -m tests.retrieval.parse.sandbox.taken_over TARGET` tries all of it without a sandbox.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retrieval.parse.blocks import Block, assemble
from retrieval.types import ParsedDocument

LIBC = ctypes.CDLL(None, use_errno=True)
WORD = ctypes.c_ulong
X86 = os.uname().machine == "x86_64"
# Numbers of these calls are the same on x86-64 and arm64 for those above 400; the others by name through libc.
IO_URING_SETUP, FSOPEN, PIDFD_OPEN, PIDFD_GETFD = 425, 430, 434, 438
ADD_KEY, KEYCTL, BPF, PERF_EVENT_OPEN, USERFAULTFD = (248, 250, 321, 298, 323) if X86 else (217, 219, 280, 241, 282)
EXECVEAT, RT_SIGQUEUEINFO, GET_ROBUST_LIST = (322, 129, 274) if X86 else (281, 138, 100)
SESSION_KEYRING, KEYCTL_GET_ID, AT_FDCWD = -3, 0, -100
PTRACE_SEIZE, PR_SET_DUMPABLE = 0x4206, 4  # seizing does not stop the process, and ends with its tracer
NEWUSER, NEWNS = 0x10000000, 0x00020000
SIGNAL = struct.pack("=iii", 0, 0, -1) + bytes(116)  # a siginfo_t: no signal, from sigqueue(3)
CONVERSATION = 3


def call(result: int) -> int:
    """The result of a C function, or its errno as an OSError."""
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attempts(target: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """`target`: "pid" of the process to reach (0: the parent), "file" and "folder" of its own, "port" it serves."""
    pid, file, folder = target["pid"] or os.getppid(), Path(target["file"]), Path(target["folder"])
    return {
        **_files(file, folder),
        **_processes(pid),
        **_network(target["port"]),
        "read the starter's memory": lambda: Path(f"/proc/{pid}/mem").open("rb"),
        "read the zygote's memory": lambda: Path(f"/proc/{os.getppid()}/mem").open("rb"),
        "read the starter's environment": lambda: Path(f"/proc/{pid}/environ").read_bytes(),
        "use a descriptor that was left open": _strange_descriptors,
        "make a pipe": os.pipe,
        "make a file in memory": lambda: os.memfd_create("x"),
        "io_uring": lambda: call(LIBC.syscall(IO_URING_SETUP, 8, bytes(120))),
        "userfaultfd": lambda: call(LIBC.syscall(USERFAULTFD, 1)),
        "a program for the kernel": lambda: call(LIBC.syscall(BPF, 0, bytes(72), 72)),
        "count events of the processor": lambda: call(LIBC.syscall(PERF_EVENT_OPEN, bytes(112), 0, -1, -1, 0)),
        "open a file system": lambda: call(LIBC.syscall(FSOPEN, b"tmpfs", 0)),
        "reach the session's keys": lambda: call(LIBC.syscall(KEYCTL, KEYCTL_GET_ID, SESSION_KEYRING, 0)),
        "leave a key": lambda: call(LIBC.syscall(ADD_KEY, b"user", b"x", b"x", WORD(1), SESSION_KEYRING)),
        "become root": lambda: os.setresuid(0, 0, 0) if os.getuid() else call(LIBC.unshare(NEWNS)),
        "a new user namespace": lambda: call(LIBC.unshare(NEWUSER)),
        "another root directory": lambda: os.chroot("/"),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        "shared memory of the system": lambda: call(LIBC.shmget(0, 4096, 0o1600)),
    }


def _files(file: Path, folder: Path) -> dict[str, Callable[[], object]]:
    return {
        "read a file": file.read_bytes,
        "write a file": lambda: file.open("ab"),
        "see that a file exists": file.stat,
        "empty a file": lambda: os.truncate(file, file.stat().st_size),
        "change a file's rights": lambda: file.chmod(0o600),
        "move a file": lambda: file.rename(file),
        "make a folder": (folder / f"made-{os.getpid()}").mkdir,
        "list a folder": lambda: list(Path("/").iterdir()),
        "delete a file": (folder / "spare").unlink,
    }


def _processes(pid: int) -> dict[str, Callable[[], object]]:
    here, there, size = ctypes.create_string_buffer(8), target_address(), 8
    mine = struct.pack("=QQ", ctypes.addressof(here), size)
    theirs, nowhere = struct.pack("=QQ", there, size), struct.pack("=QQ", 0, size)
    return {
        "signal the starter": lambda: os.kill(pid, 0),
        "trace the starter": lambda: call(LIBC.ptrace(PTRACE_SEIZE, pid, None, None)),
        "read memory of the starter": lambda: _reach(LIBC.process_vm_readv, pid, mine, theirs),
        "write memory of the starter": lambda: _reach(LIBC.process_vm_writev, pid, mine, nowhere),
        "find the starter's locks": lambda: call(LIBC.syscall(GET_ROBUST_LIST, pid, bytes(8), bytes(8))),
        "queue a signal for the starter": lambda: call(LIBC.syscall(RT_SIGQUEUEINFO, pid, 0, SIGNAL)),
        "bind the starter to a processor": lambda: os.sched_setaffinity(pid, os.sched_getaffinity(pid)),
        "change the starter's limits": lambda: resource.prlimit(
            pid, resource.RLIMIT_CORE, resource.prlimit(pid, resource.RLIMIT_CORE)
        ),
        "a handle of the starter": lambda: call(LIBC.syscall(PIDFD_OPEN, pid, 0)),
        "a descriptor of the starter": lambda: call(LIBC.syscall(PIDFD_GETFD, CONVERSATION, 0, 0)),
        "slow the starter down": lambda: os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid)),
        "start processes": _fork,
        "be traceable": lambda: call(LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)),
    }


def _reach(copy: Any, pid: int, mine: bytes, theirs: bytes) -> None:
    """A wrong address (EFAULT) is found out after the right to the memory is there (process_vm_readv(2))."""
    try:
        call(copy(pid, mine, WORD(1), theirs, WORD(1), WORD(0)))
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise


def target_address() -> int:
    """Some address that is mapped in the starter, if it was forked from the same process."""
    return ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "Py_Version"))


def _fork() -> None:
    for _ in range(20):
        if os.fork() == 0:
            os._exit(0)


def _network(port: int) -> dict[str, Callable[[], object]]:
    def connect() -> None:
        with socket.create_connection(("127.0.0.1", port), 5):
            pass

    def datagram() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.sendto(b"x", ("127.0.0.1", port))

    def abstract() -> None:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"\0taken-over-{os.getpid()}")

    return {
        "connect": connect,
        "send a datagram": datagram,
        "make a pair of sockets": socket.socketpair,
        "a name among the abstract sockets": abstract,
        "talk to the kernel": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    }


def _strange_descriptors() -> None:
    held = []
    for number in range(1024):
        try:
            found = os.fstat(number)
        except OSError:
            continue
        if not stat.S_ISCHR(found.st_mode) and number != CONVERSATION:
            held.append(number)
    if not held:
        raise OSError("none")


def _other_table() -> None:
    """Ask for the process id by the 32-bit door of x86-64, whose numbers no list of 64-bit calls holds."""
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\0\0\0\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret
    start = ctypes.addressof(ctypes.c_char.from_buffer(code))
    found = ctypes.CFUNCTYPE(ctypes.c_int)(start)()
    if found < 0:
        raise OSError(-found, os.strerror(-found))


def tried(target: dict[str, Any]) -> list[str]:
    """What worked."""
    worked = []
    for name, attempt in attempts(target).items():
        try:
            attempt()
        except (OSError, ValueError, RuntimeError):
            continue
        worked.append(name)
    return worked


def take_over(name: str, content: bytes) -> ParsedDocument:
    """In the place of a parser: the document says what to try."""
    target = json.loads(content)
    if name == "program.txt":
        os.execv("/bin/true", ["true"])  # ends without an answer when it works
    if name == "program-by-descriptor.txt":
        call(LIBC.syscall(EXECVEAT, AT_FDCWD, b"/bin/true", None, None, 0))
    if name == "program-in-memory.txt":
        made = os.memfd_create("x")
        os.write(made, Path("/bin/true").read_bytes())
        os.execve(made, ["true"], {})
    if name == "other-table.txt":
        _other_table()
    return assemble("tried", [Block(json.dumps(tried(target)))])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(tried(json.loads(sys.argv[1]))))
