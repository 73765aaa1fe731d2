from __future__ import annotations

import pytest

from retrieval.outbound.addresses import is_plain, is_safe, shown

PASSWORDS = ["https://ada:pw@a.example/v1", "https://pw@a.example", "https://@a.example", "http://a:b@localhost"]
NONE = [
    "",
    "a.example/v1",
    "ftp://a.example",
    "https://",
    "https://a.example:port",
    "https://[::1",
    "file:///etc/passwd",
    "javascript://a.example/%0aalert(1)",
    "https://a.example/\nb",
    "https://a.example/\u202eb",
    "https://a.example\\.b.example/",
    "https://a.example/a b",
]


@pytest.mark.parametrize("url", [*PASSWORDS, *NONE, "https://a.example/#x"])
def test_neither_plain_nor_safe(url: str) -> None:
    assert not is_plain(url)
    assert not is_safe(url)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1/v1", True),
        ("http://vllm.internal:8000/v1", False),
    ],
)
def test_plain(url: str, safe: bool) -> None:
    assert is_plain(url)
    assert is_safe(url) is safe


@pytest.mark.parametrize("url", [*PASSWORDS, "https://a.example/v1?token=pw"])
def test_what_is_shown_holds_no_password(url: str) -> None:
    assert shown(url) in ("a.example", "localhost")
