"""The sandbox: whatever happens in a child, the parent gets a document or a reason, and the next one is read."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from retrieval.errors import DocumentUnreadable, ParserLimit, UnsupportedFormat
from retrieval.parse.formats import parse_content
from retrieval.parse.sandbox import SandboxLimits, SandboxParser
from tests.retrieval.parse.children import a_child, gone, parser_children, zygotes
from tests.waiting import until

GOOD = b"# Travel\n\nBook early.\n\n## 4.2 Hotels\n\nAt most 180 EUR a night.\n"
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
    async with SandboxParser(SandboxLimits(cpu_seconds=1)) as parser:
        with pytest.raises(ParserLimit, match="processor time"):
            await parser.parse("deep.html", DEEP)
        assert (await parser.parse("a.md", GOOD)).title == "Travel"


async def test_time_on_the_wall_is_limited() -> None:
    async with SandboxParser(SandboxLimits(wall_seconds=0.8), children=1) as parser:
        with pytest.raises(ParserLimit, match="longer than 1 s"):
            await parser.parse("deep.html", DEEP)


async def test_memory_is_limited() -> None:
    async with SandboxParser(SandboxLimits(memory=200 * 1024 * 1024)) as parser:
        with pytest.raises(ParserLimit, match="memory"):
            await parser.parse("large.txt", b"1. word\n" * 4_000_000)
        assert (await parser.parse("a.md", GOOD)).title == "Travel"


async def test_the_size_of_a_file_and_of_its_text_is_limited() -> None:
    async with SandboxParser(SandboxLimits(file=1000, reply=2000)) as parser:
        with pytest.raises(ParserLimit, match="larger than"):
            await parser.parse("a.txt", b"x" * 1001)
        with pytest.raises(ParserLimit, match="text is larger"):
            await parser.parse("a.txt", b"1. A\n" * 150)


async def test_a_cancelled_parse_ends_its_child_and_frees_its_place() -> None:
    async with SandboxParser(children=1) as parser:
        task = asyncio.create_task(parser.parse("deep.html", DEEP))
        await until(lambda: bool(parser_children()))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await parser.parse("a.md", GOOD)).title == "Travel"
        assert not parser_children()
    assert not zygotes()


async def test_each_document_has_a_child_of_its_own(parser: SandboxParser) -> None:
    """So that one which is taken over learns and changes nothing of the next document."""
    for number in range(3):
        assert (await parser.parse(f"{number}.md", GOOD)).title == "Travel"
        assert not parser_children()


async def test_a_zygote_that_was_killed_is_replaced(parser: SandboxParser) -> None:
    await parser.parse("a.md", GOOD)
    (zygote,) = zygotes()
    os.kill(zygote, 9)
    await gone(zygote)
    assert (await parser.parse("a.md", GOOD)).title == "Travel"
    assert zygotes() != [zygote]


async def test_a_zygote_that_dies_takes_its_children_along(parser: SandboxParser) -> None:
    reading = asyncio.create_task(parser.parse("deep.html", DEEP))
    child = await a_child()
    os.kill(zygotes()[0], 9)
    with pytest.raises(DocumentUnreadable):
        await reading
    await gone(child)
    assert (await parser.parse("a.md", GOOD)).title == "Travel"


async def test_a_child_asks_for_what_the_name_did_not_tell(parser: SandboxParser) -> None:
    html = "<html><meta charset=windows-1251><h1>Отпуск</h1>".encode("cp1251")
    assert (await parser.parse("a.docx", html)).title == "Отпуск"


async def test_closing_ends_the_processes() -> None:
    parser = SandboxParser()
    await asyncio.gather(parser.parse("a.md", GOOD), parser.parse("b.md", GOOD))
    await parser.close()
    assert not zygotes()
    with pytest.raises(DocumentUnreadable, match="closed"):
        await parser.parse("a.md", GOOD)


@contextlib.asynccontextmanager
async def reading(parser: SandboxParser) -> AsyncIterator[int]:
    """A child that reads a document which takes it minutes."""
    task = asyncio.create_task(parser.parse("deep.html", DEEP))
    yield await a_child()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_child_has_no_rights(parser: SandboxParser) -> None:
    async with reading(parser) as child:
        limits = _proc(child, "limits")
        environment = _proc(zygotes()[0], "environ")
        assert "NoNewPrivs:\t1" in _proc(child, "status")
    values = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
    assert values["Max address space"] == [str(1024**3)] * 2
    for none in ("file size", "core file size", "open files", "processes"):
        assert values[f"Max {none}"] == ["0", "0"]
    assert environment == "OPENBLAS_NUM_THREADS=1\0"


def _proc(pid: int, name: str) -> str:
    return Path("/proc", str(pid), name).read_text("utf-8")


async def test_a_child_has_no_network_where_the_system_allows_that(parser: SandboxParser) -> None:
    if "namespace" not in (await parser.confinement()).layers:
        pytest.skip("this system refuses network namespaces")
    async with reading(parser) as child:
        devices = [line.split(":")[0].strip() for line in _proc(child, "net/dev").splitlines()[2:]]
    assert devices == ["lo"]
