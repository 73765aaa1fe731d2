"""What an address may be, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_plain(url: str) -> bool:
    """Whether it is an http or https address of a host, without a name, a password or a #: those belong elsewhere."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    clear = url.isprintable() and " " not in url and "\\" not in url  # what urlsplit drops or others read as "/"
    known = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return bool(host) and clear and known and not parts.fragment


def is_endpoint(address: str, schemes: Sequence[str]) -> bool:
    """Whether it is a host, with a port, a path and one of the schemes or without, and nothing else."""
    scheme, there, rest = address.partition("://")
    return (not there or scheme in schemes) and is_plain("https://" + (rest if there else address)) and "?" not in rest


def is_safe(url: str) -> bool:
    """Whether secrets may be sent there: `is_plain`, and https unless it is this machine."""
    parts = urlsplit(url) if is_plain(url) else None
    return parts is not None and (parts.scheme == "https" or is_loopback(parts.hostname))


def shown(url: str) -> str:
    """Host and port of an address, for messages and records: a password may stand before them, a token behind."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return "an address that cannot be read"
