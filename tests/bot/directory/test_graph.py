"""Microsoft Entra's groups, against a local Graph that checks what it receives."""

from __future__ import annotations

import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.directory.client import Patience
from bot.directory.file import DirectoryDown
from bot.directory.graph import GraphConfig, GraphDirectory
from bot.errors import DirectoryUnavailable, SettingsError
from retrieval.people import Principal
from tests.bot.directory.servers import (
    ADA,
    ADA_ID,
    BEN_ID,
    BOARD,
    HANG_S,
    IMPATIENT_S,
    LEGAL,
    SECRET,
    TEAMS_ADA,
    TENANT,
    FakeGraph,
    Fault,
    serving,
)

QUICK = Patience(timeout=60, first_pause=0.01, longest_wait=0.2)


@asynccontextmanager
async def graph(
    clock: Callable[[], float] = time.monotonic, **settings: Any
) -> AsyncIterator[tuple[FakeGraph, GraphDirectory]]:
    """A tenant with Ada in legal, and the directory in front of it."""
    fake = FakeGraph()
    fake.add_group(LEGAL, "Legal")
    fake.add_group(BOARD, "Board", security=False)
    fake.add_user(ADA_ID, "Ada@Example.com", LEGAL, BOARD)
    fake.add_user(BEN_ID, "ben@example.com")
    async with serving(*fake.routes()) as origin:
        fake.origin = origin
        changed = {"secret": SECRET, "patience": QUICK, **settings}
        config = GraphConfig(TENANT, "app", base_url=f"{origin}/v1.0", login_url=origin, **changed)
        directory = GraphDirectory(config, clock=clock)
        try:
            yield fake, directory
        finally:
            await directory.close()
    assert fake.complaints == []


@pytest.mark.parametrize(
    ("person", "groups"),
    [
        (TEAMS_ADA, {f"graph:{LEGAL}"}),
        (Principal("teams", TENANT.upper(), ADA_ID.upper()), {f"graph:{LEGAL}"}),
        (ADA, {f"graph:{LEGAL}"}),
        (Principal("cli", "local", "ADA@example.com", "ADA@example.com"), {f"graph:{LEGAL}"}),
        (Principal("teams", TENANT, BEN_ID), set()),
    ],
    ids=["by id", "ids in capitals", "by mail", "on the terminal", "in no group"],
)
async def test_people_are_found(person: Principal, groups: set[str]) -> None:
    async with graph() as (_, directory):
        assert await directory.groups(person) == groups


@pytest.mark.parametrize(
    ("person", "calls"),
    [
        (Principal("slack", "T1", "U1"), 0),
        (Principal("slack", "T1", "U1", "nobody@example.com"), 1),
        (Principal("slack", "T1", "U1", "o'neil' or mail eq 'ada@example.com"), 1),
        (Principal("slack", "T1", "U1", "ada@example.com&$filter=x#+%27"), 1),
        (Principal("slack", "T1", "U1", "ad\u0430@example.com"), 0),
        (Principal("teams", TENANT, "aaaaaaaa-0000-4000-8000-00000000000f"), 1),
        (Principal("teams", TENANT, "29:1abc"), 0),
        (Principal("teams", TENANT, f"{ADA_ID}/../{BEN_ID}"), 0),
        (Principal("teams", "22222222-2222-4222-8222-222222222222", ADA_ID, member=False), 0),
    ],
    ids=["no mail", "unknown", "quotes", "signs", "Cyrillic", "unknown id", "no id", "a path", "foreign tenant"],
)
async def test_who_is_not_known_is_in_no_group(person: Principal, calls: int) -> None:
    async with graph() as (fake, directory):
        assert await directory.groups(person) == set()
        assert len(fake.calls) == calls


async def test_a_guest_is_found_by_the_id_here() -> None:
    async with graph() as (_, directory):
        guest = Principal("teams", "22222222-2222-4222-8222-222222222222", ADA_ID, "ada@partner.example", member=False)
        assert await directory.groups(guest) == {f"graph:{LEGAL}"}


@pytest.mark.parametrize("how", ["two people", "disabled"])
async def test_an_address_that_proves_nothing_makes_nobody(how: str) -> None:
    async with graph() as (fake, directory):
        if how == "two people":
            fake.add_user(BEN_ID, "ADA@example.com")
        else:
            fake.users[0]["accountEnabled"] = False
        with pytest.raises(DirectoryUnavailable, match="several users in Microsoft Entra, or to a disabled one"):
            await directory.groups(ADA)


async def test_groups_not_for_security_count_when_set() -> None:
    async with graph(security_groups_only=False) as (_, directory):
        assert await directory.groups(TEAMS_ADA) == {f"graph:{LEGAL}", f"graph:{BOARD}"}


@pytest.mark.parametrize("only", [True, False])
async def test_more_groups_than_one_answer_holds_are_read_page_by_page(only: bool) -> None:
    async with graph(security_groups_only=only) as (fake, directory):
        fake.roles = {"77777777-0000-4000-8000-00000000000f"}
        more = [f"55555555-0000-4000-8000-{n:012d}" for n in range(7)]
        for n, group in enumerate(more):
            fake.add_group(group, f"Group {n}")
        fake.members[ADA_ID] += more
        fake.most = 3
        wanted = {LEGAL, *more} | (set() if only else {BOARD})
        assert await directory.groups(TEAMS_ADA) == {f"graph:{group}" for group in wanted}
        assert len(fake.calls) == 1 + 5


async def test_a_next_page_elsewhere_is_not_asked_for() -> None:
    async with graph() as (fake, directory), serving() as elsewhere:
        fake.most, fake.page, fake.leads_to = 0, 1, elsewhere
        with pytest.raises(DirectoryDown, match="another server"):
            await directory.groups(TEAMS_ADA)


@pytest.mark.parametrize("names", [(), ("Legal",), ("Legal", "Nothing"), ("LEGAL",)])
async def test_display_names_that_are_set(names: tuple[str, ...]) -> None:
    async with graph(display_names=frozenset(names)) as (fake, directory):
        wanted = {f"graph:{LEGAL}"} | ({"graph:Legal"} if "Legal" in names else set())
        for _ in range(3):
            assert await directory.groups(TEAMS_ADA) == wanted
        assert len(fake.calls) == 3 + len(names), "what they belong to is remembered for a while"


async def test_a_second_group_of_the_name_grants_nothing_and_loses_no_denial() -> None:
    """Anybody may call a group as they like."""
    now = [0.0]
    async with graph(lambda: now[0], display_names=frozenset({"Legal", "L'égal"})) as (fake, directory):
        forged = "66666666-0000-4000-8000-00000000000a"
        assert await directory.groups(TEAMS_ADA) == {f"graph:{LEGAL}", "graph:Legal"}
        fake.add_group(forged, "Legal")
        fake.members[BEN_ID] = [forged]
        ben = Principal("teams", TENANT, BEN_ID)
        assert await directory.groups(ben) == {f"graph:{forged}"}
        now[0] += 31
        for person in (ben, TEAMS_ADA):
            with pytest.raises(DirectoryUnavailable, match="2 groups in Microsoft Entra are called 'Legal'"):
                await directory.groups(person)
        assert await directory.check() == [
            '0 groups in Microsoft Entra are called "L\'égal"; exactly one must be',
            "2 groups in Microsoft Entra are called 'Legal'; exactly one must be",
        ]


async def test_a_token_serves_many_calls_and_a_refused_one_is_fetched_anew() -> None:
    async with graph() as (fake, directory):
        await directory.groups(TEAMS_ADA)
        await directory.groups(ADA)
        assert fake.tokens_given == 1
        fake.token = "changed"
        assert await directory.groups(TEAMS_ADA) == {f"graph:{LEGAL}"}
        assert fake.tokens_given == 2


@pytest.mark.parametrize(
    ("faults", "calls"),
    [
        ([Fault(503)], 2),
        ([Fault(500), Fault(502)], 3),
        ([Fault(429, {"Retry-After": "0.05"})], 2),
        ([Fault(429, {"Retry-After": "Tue, 24 Nov 2026 10:00:00 GMT"})], 1),
        ([Fault(429, {"Retry-After": "nan"})], 1),
        ([Fault(hang=HANG_S)], 2),
    ],
    ids=["503", "500 and 502", "429", "a date", "no number", "silence"],
)
async def test_passing_failures(faults: list[Fault], calls: int) -> None:
    """A Retry-After that cannot be read counts as a second, which is more than is waited for here."""
    impatient = replace(QUICK, timeout=IMPATIENT_S)
    async with graph(patience=impatient if faults[0].hang else QUICK) as (fake, directory):
        fake.faults.extend(faults)
        if calls == 1:
            with pytest.raises(DirectoryDown, match="asks to wait") as down:
                await directory.groups(TEAMS_ADA)
            assert down.value.retry_after == 1.0
        else:
            assert await directory.groups(TEAMS_ADA) == {f"graph:{LEGAL}"}
        assert len(fake.calls) == calls


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(500), "failed"),
        (Fault(429, {"Retry-After": "600"}), "asks to wait"),
        (Fault(302, {"Location": "https://elsewhere.example/"}), "redirect"),
        (Fault(404, body=b"<html>not here</html>"), "status 404"),
        (Fault(200, body=b"<html>a proxy</html>"), "status 200"),
        (Fault(200, body=b'{"value": 3}'), "not its own"),
        (Fault(200, body=b'{"value": ["admin"]}'), "no id"),
        (Fault(200, body=b'{"value": [null]}'), "no id"),
        (Fault(200, body=b'{"value": [], "@odata.nextLink": 7}'), "not its own"),
        (Fault(200, body=b'{"value": [], "@odata.nextLink": "http://[::bad"}'), "another server"),
        (Fault(200, body=b"[" * 200_000), "status 200"),
        (Fault(200, body=b" " * 4_100_000), "more than"),
        (Fault(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"), "status 200"),
    ],
)
async def test_lasting_failures_make_nobody(fault: Fault, said: str) -> None:
    async with graph() as (fake, directory):
        fake.faults.extend([fault] * 3)
        with pytest.raises(DirectoryUnavailable, match=said):
            await directory.groups(TEAMS_ADA)


async def test_endless_pages_end() -> None:
    async with graph() as (fake, directory):
        onward = f'{{"value": [], "@odata.nextLink": "{fake.origin}/v1.0/users"}}'
        fake.faults.extend([Fault(200, body=onward.encode())] * 300)
        with pytest.raises(DirectoryUnavailable, match="250 pages"):
            await directory.groups(TEAMS_ADA)
        fake.faults.clear()


@pytest.mark.parametrize("right", ["User.Read.All", "GroupMember.Read.All"])
async def test_a_missing_right_is_told(right: str) -> None:
    async with graph() as (fake, directory):
        assert await directory.check() == []
        fake.rights -= {right}
        (problem,) = await directory.check()
        assert "Authorization_RequestDenied" in problem
        assert right in problem


async def test_a_wrong_secret_is_told_and_not_shown() -> None:
    async with graph(secret="another-secret", settings="FOOTNOTE_GRAPH_CLIENT_SECRET") as (_, directory):
        with pytest.raises(DirectoryDown) as down:
            await directory.groups(TEAMS_ADA)
        assert str(down.value) == (
            "Microsoft Graph: Microsoft gives the bot no token (invalid_client). Check FOOTNOTE_GRAPH_CLIENT_SECRET."
        )
        shown = "".join(traceback.format_exception(down.value)) + repr(directory._config)
        assert "another-secret" not in shown
        assert SECRET not in shown


@pytest.mark.parametrize(
    "fault", [Fault(500), Fault(403, body=b'{"error": {"code": "x y", "message": "%s"}}' % SECRET.encode())]
)
async def test_no_failure_shows_secrets_or_graphs_text(fault: Fault) -> None:
    async with graph() as (fake, directory):
        fake.faults.extend([fault] * 3)
        with pytest.raises(DirectoryDown) as down:
            await directory.groups(ADA)
        shown = "".join(traceback.format_exception(down.value))
        assert SECRET not in shown
        assert "token-1" not in shown


async def test_nobody_listens() -> None:
    async with serving() as gone:
        pass
    directory = GraphDirectory(
        GraphConfig(TENANT, "app", SECRET, base_url=f"{gone}/v1.0", login_url=gone, patience=QUICK)
    )
    with pytest.raises(DirectoryDown, match="cannot be reached"):
        await directory.groups(TEAMS_ADA)
    assert len(await directory.check()) == 1
    await directory.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tenant": ""}, "id of a tenant"),
        ({"tenant": "example.com"}, "id of a tenant"),
        ({"client_id": ""}, "client id"),
        ({"base_url": "http://graph.microsoft.com/v1.0"}, "https"),
        ({"login_url": "https://me:hunter2@login.example"}, "https"),
        ({"display_names": frozenset({LEGAL})}, "no display name"),
        ({"display_names": frozenset({"Board\u202e"})}, "no display name"),
    ],
)
def test_wrong_settings_are_told(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as wrong:
        GraphConfig(**{"tenant": TENANT, "client_id": "app", **changes})
    assert "hunter2" not in str(wrong.value)


@given(st.emails() | st.text(max_size=20).map(lambda name: f"{name}@example.com"))
async def test_no_address_finds_another_person(email: str) -> None:
    async with graph() as (_, directory):
        groups = await directory.groups(Principal("slack", "T1", "U1", email))
        assert groups == set()


async def test_it_tells_which_of_its_groups_there_are() -> None:
    gone = "99999999-0000-4000-8000-0000000000ff"
    async with graph(display_names=frozenset({"Legal", "Lost"})) as (_, directory):
        names = {f"graph:{i}" for i in (LEGAL, BOARD, gone, "Legal", "Lost", "Never Set")} | {"legal"}
        assert await directory.unknown(frozenset(names)) == {f"graph:{gone}", "graph:Lost", "graph:Never Set"}
