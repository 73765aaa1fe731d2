"""The sandbox: whatever happens in a child, the parent gets a document or a reason, and the next one is read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retrieval.errors import DocumentUnreadable, ParserLimit, UnsupportedFormat
from retrieval.parse.formats import parse_content
from retrieval.parse.sandbox import Limits, SandboxParser
from tests.retrieval.parse.children import parser_children

GOOD = b"# 4 Travel\n\nBook early.\n\n## 4.2 Hotels\n\nAt most 180 EUR a night.\n"
DEEP = b"<html>" + b"<div>" * 150_000 + b"x"  # takes an HTML parser minutes


@pytest.fixture
async def parser() -> AsyncIterator[SandboxParser]:
    async with SandboxParser() as made:
        yield made


async def test_a_document_crosses_the_pipe_whole(parser: SandboxParser) -> None:
    table = "| Rôle | Limit |\n|---|---|\n| A\U0001f600 | 1 |\n<!-- out -->\n".encode()
    assert await parser.parse("a.md", GOOD + table) == parse_content("a.md", GOOD + table)


async def test_reasons_cross_the_pipe(parser: SandboxParser) -> None:
    with pytest.raises(UnsupportedFormat, match="PNG image"):
        await parser.parse("a.png", b"\x89PNG\r\n\x1a\n")


async def test_documents_are_read_side_by_side(parser: SandboxParser) -> None:
    parsed = await asyncio.gather(*(parser.parse(f"{n}.md", GOOD) for n in range(12)))
    assert {p.text for p in parsed} == {parse_content("a.md", GOOD).text}


async def test_processor_time_is_limited() -> None:
    async with SandboxParser(Limits(cpu_seconds=1)) as parser:
        with pytest.raises(ParserLimit, match="processor time"):
            await parser.parse("deep.html", DEEP)
        assert (await parser.parse("a.md", GOOD)).title == "Travel"


async def test_time_on_the_wall_is_limited() -> None:
    async with SandboxParser(Limits(wall_seconds=0.8), children=1) as parser:
        with pytest.raises(ParserLimit, match="longer than 1 s"):
            await parser.parse("deep.html", DEEP)


async def test_memory_is_limited() -> None:
    async with SandboxParser(Limits(memory=200 * 1024 * 1024)) as parser:
        with pytest.raises(ParserLimit, match="memory"):
            await parser.parse("large.txt", b"1. word\n" * 4_000_000)
        assert (await parser.parse("a.md", GOOD)).title == "Travel"


async def test_the_size_of_a_file_and_of_its_text_is_limited() -> None:
    async with SandboxParser(Limits(file=1000, reply=2000)) as parser:
        with pytest.raises(ParserLimit, match="larger than"):
            await parser.parse("a.txt", b"x" * 1001)
        with pytest.raises(ParserLimit, match="text is larger"):
            await parser.parse("a.txt", b"1. A\n" * 150)


async def test_a_cancelled_parse_ends_its_child_and_frees_its_place() -> None:
    async with SandboxParser(children=1) as parser:
        task = asyncio.create_task(parser.parse("deep.html", DEEP))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await parser.parse("a.md", GOOD)).title == "Travel"
    assert not parser_children()


async def test_children_are_replaced_after_some_documents() -> None:
    async with SandboxParser(Limits(documents=2), children=1) as parser:
        for number in range(5):
            assert (await parser.parse(f"{number}.md", GOOD)).title == "Travel"
            assert len(parser_children()) == (number + 1) % 2


async def test_a_child_that_was_killed_while_idle_is_replaced() -> None:
    async with SandboxParser(children=1) as parser:
        await parser.parse("a.md", GOOD)
        for child in parser_children():
            os.kill(child, 9)
        assert (await parser.parse("a.md", GOOD)).title == "Travel"


async def test_closing_ends_theparser_children() -> None:
    parser = SandboxParser()
    await asyncio.gather(parser.parse("a.md", GOOD), parser.parse("b.md", GOOD))
    await parser.close()
    assert not parser_children()
    with pytest.raises(DocumentUnreadable, match="closed"):
        await parser.parse("a.md", GOOD)


async def test_a_child_has_no_rights(parser: SandboxParser) -> None:
    await parser.parse("a.md", GOOD)
    (child,) = parser_children()
    limits = _proc(child, "limits")
    values = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
    assert values["Max address space"] == [str(1024**3)] * 2
    assert values["Max file size"] == ["0", "0"]
    assert values["Max core file size"] == ["0", "0"]
    assert values["Max open files"] == ["48", "48"]
    assert _proc(child, "environ") == "OPENBLAS_NUM_THREADS=1\0"
    assert "NoNewPrivs:\t1" in _proc(child, "status")


def _proc(pid: int, name: str) -> str:
    return Path("/proc", str(pid), name).read_text("utf-8")


async def test_a_child_has_no_network_where_the_system_allows_that(parser: SandboxParser) -> None:
    await parser.parse("a.md", GOOD)
    (child,) = parser_children()
    if _network("self") == _network(child):
        pytest.skip("this system refuses network namespaces")
    devices = [line.split(":")[0].strip() for line in _proc(child, "net/dev").splitlines()[2:]]
    assert devices == ["lo"]


def _network(pid: int | str) -> Path:
    return Path(f"/proc/{pid}/ns/net").readlink()
