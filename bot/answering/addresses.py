"""A source's address as every platform takes it: in the characters of RFC 3986, whatever was written. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = "/:@!$&'()*+,;=~-._%"
_QUERY = _PATH + "?"
_UNSAFE_IN_MARKUP = str.maketrans({"(": "%28", ")": "%29", "'": "%27", "*": "%2A"})
"""Allowed by RFC 3986, but Markdown ends a link at a bracket."""


def web_address(address: str) -> str | None:
    """The address with all that a URL may not hold percent-encoded, once: what is encoded already stays as it is.

    None for what is no web address: without a host, with a user's name in it, or with control characters. Other
    schemes than http and https are left to the caller.
    """
    if not address.isprintable() or address != address.strip():
        return web_address(address.strip()) if address.strip().isprintable() and address.strip() else None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            return None
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    netloc = f"[{host}]" if ":" in host else quote(host, safe="-._~%")
    netloc += f":{port}" if port is not None else ""
    path, query, fragment = (
        quote(_LONE_PERCENT.sub("%25", part), safe=safe, errors="replace").translate(_UNSAFE_IN_MARKUP)
        for part, safe in ((parts.path, _PATH), (parts.query, _QUERY), (parts.fragment, _QUERY))
    )
    return urlunsplit((parts.scheme, netloc, path, query, fragment))
