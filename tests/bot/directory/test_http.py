"""An organisation's own endpoint."""

from __future__ import annotations

import json
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.directory.client import Patience
from bot.directory.file import LONGEST_NAME, MOST_GROUPS, DirectoryDown
from bot.directory.http import HttpConfig, HttpDirectory
from bot.errors import DirectoryUnavailable, SettingsError
from tests.bot.directory.servers import ADA, BEN, HANG_S, IMPATIENT_S, SECRET, FakeEndpoint, Fault, serving

QUICK = Patience(timeout=60, first_pause=0.01, longest_wait=0.2, most_bytes=1_000_000)


def patience_for(faults: list[Fault]) -> Patience:
    """Less of it where the server hangs."""
    return replace(QUICK, timeout=IMPATIENT_S) if any(fault.hang for fault in faults) else QUICK


@asynccontextmanager
async def endpoint(
    secret: str = SECRET, prefix: str = "http:", patience: Patience = QUICK
) -> AsyncIterator[tuple[FakeEndpoint, HttpDirectory]]:
    fake = FakeEndpoint({ADA.email: ["legal", "board"]})
    async with serving(*fake.routes()) as origin:
        directory = HttpDirectory(HttpConfig(f"{origin}/groups", secret, prefix, patience))
        try:
            yield fake, directory
        finally:
            await directory.close()


async def test_a_person_is_asked_for_as_the_platform_vouches() -> None:
    async with endpoint() as (fake, directory):
        assert await directory.groups(ADA) == {"http:legal", "http:board"}
        assert await directory.groups(BEN) == set()
        assert fake.received[0] == {"platform": "slack", "tenant": "T1", "user": "U1", "email": "ada@example.com"}
        assert await directory.check() == []


async def test_without_a_prefix_the_names_are_those_of_the_settings() -> None:
    async with endpoint(prefix="") as (fake, directory):
        assert await directory.groups(ADA) == {"legal", "board"}
        for name in ("slack:board", "graph:x", "user:ada@example.com", "group:board"):
            fake.answer = json.dumps({"groups": [name]}).encode()
            with pytest.raises(DirectoryUnavailable, match="colon"):
                await directory.groups(ADA)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "something else"),
        (b"null", "something else"),
        (b"[]", "something else"),
        (b"{}", "something else"),
        (b'{"groups": "legal"}', "something else"),
        (b'{"groups": {"legal": true}}', "something else"),
        (b'{"groups": [1]}', "no text"),
        (b'{"groups": [null]}', "no text"),
        (b'{"groups": ["legal", ""]}', "no text"),
        (b'{"groups": [" legal"]}', "no text"),
        (b'{"groups": ["legal\\n"]}', "no text"),
        (b'{"groups": ["le\\ngal"]}', "cannot be printed"),
        (b'{"groups": ["\\ud800"]}', "cannot be printed"),
        (b'{"groups": ["board\\u202e"]}', "cannot be printed"),
        (b'{"groups": ["a\\u0000"]}', "cannot be printed"),
        (json.dumps({"groups": ["x" * (LONGEST_NAME + 1)]}).encode(), "no text"),
        (json.dumps({"groups": [f"g{n}" for n in range(MOST_GROUPS + 1)]}).encode(), "are the limit"),
        (b'{"groups": [' + b" " * 1_000_001, "more than 1000000 bytes"),
        (b"[" * 100_000, "something else"),
    ],
)
async def test_an_answer_of_another_shape_makes_nobody(answer: bytes, said: str) -> None:
    async with endpoint() as (fake, directory):
        fake.answer = answer
        with pytest.raises(DirectoryUnavailable, match=said):
            await directory.groups(ADA)
        (problem,) = await directory.check()
        assert said in problem


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([Fault(500)] * 3, "failed"),
        ([Fault(429, {"Retry-After": "9"})], "asks to wait"),
        ([Fault(404)], "status 404"),
        ([Fault(204, body=b"")], "status 204"),
        ([Fault(301, {"Location": "/groups"})], "redirect"),
        ([Fault(hang=HANG_S)] * 3, "cannot be reached"),
    ],
)
async def test_failures_make_nobody(faults: list[Fault], said: str) -> None:
    async with endpoint(patience=patience_for(faults)) as (fake, directory):
        fake.faults.extend(faults)
        with pytest.raises(DirectoryDown, match=said):
            await directory.groups(ADA)
        assert len(fake.received) == len(faults)


async def test_a_passing_failure_is_tried_again() -> None:
    async with endpoint() as (fake, directory):
        fake.faults.extend([Fault(503, {"Retry-After": "0.1"}), Fault(500)])
        assert await directory.groups(ADA) == {"http:legal", "http:board"}


async def test_a_wrong_secret_is_told_and_not_shown() -> None:
    async with endpoint(secret="wrong-secret") as (_, directory):
        with pytest.raises(DirectoryDown, match="Check FOOTNOTE_DIRECTORY_SECRET") as down:
            await directory.groups(ADA)
        assert "wrong-secret" not in "".join(traceback.format_exception(down.value)) + repr(directory._config)


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("http://directory.example.com/groups", SECRET, "https"),
        ("https://me:pw@directory.example.com/", SECRET, "https"),
        ("https://directory.example.com/#x", SECRET, "https"),
        ("ftp://localhost/", SECRET, "https"),
        ("http://localhost.example.com/", SECRET, "https"),
        ("http://127.0.0.1.example.com/", SECRET, "https"),
        ("https:///groups", SECRET, "https"),
        ("https://[bad/", SECRET, "https"),
        ("https://directory.example.com/", "", "FOOTNOTE_DIRECTORY_SECRET"),
        ("https://directory.example.com/", "two words", "FOOTNOTE_DIRECTORY_SECRET"),
        ("https://directory.example.com/", "a\r\nX-Admin: 1", "FOOTNOTE_DIRECTORY_SECRET"),
    ],
)
def test_wrong_settings_are_told(url: str, secret: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as wrong:
        HttpConfig(url, secret)
    assert not secret or secret not in str(wrong.value)


@pytest.mark.parametrize("url", ["https://directory.example.com/g?x=1", "http://localhost:9/", "http://[::1]/g"])
def test_safe_addresses(url: str) -> None:
    assert HttpConfig(url, SECRET).url == url


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8), lambda j: st.lists(j, max_size=4))


@given(JSON | st.fixed_dictionaries({"groups": JSON | st.lists(st.text(max_size=8), max_size=5)}))
async def test_whatever_is_answered_gives_exactly_those_groups_or_nobody(answer: object) -> None:
    async with endpoint() as (fake, directory):
        fake.answer = json.dumps(answer).encode()
        try:
            groups = await directory.groups(ADA)
        except DirectoryUnavailable:
            return
        assert isinstance(answer, dict)
        assert groups == {f"http:{name}" for name in answer["groups"]}
        assert all(group.encode() and group.isprintable() for group in groups)
