"""What is held under these names since 0.1.0 must be found again: their text is fixed here, letter by letter."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.answering.memory import ThreadMemory
from bot.keys import ANY, ChannelKey, ExpertKey, RecordRef, ThreadKey
from bot.types import ChannelKind
from retrieval.types import Turn
from tests.bot.fakes import incoming

CHANNEL = ChannelKey("slack", "T1", "C1")


def test_their_text_is_that_of_earlier_homes() -> None:
    assert str(ThreadKey.of(incoming("?"))) == "slack:T1:C1:1.1"
    assert str(ThreadKey.of(incoming("?", where=ChannelKind.DIRECT))) == "slack:T1:C1:"
    assert str(ExpertKey(CHANNEL, "0198-ab")) == "slack:T1:C1:expert:0198-ab"
    assert (str(RecordRef("0198-ab")), str(RecordRef("0198-ab", 2))) == ("0198-ab", "0198-ab:2")


@pytest.mark.parametrize("text", ["0198-ab", "0198-ab:2"])
def test_a_reference_is_read_as_it_was_written(text: str) -> None:
    assert str(RecordRef.read(text)) == text


@pytest.mark.parametrize(
    "text", ["", ":2", "a b", "0198-ab:", "0198-ab:-1", "0198-ab:\u0662", "x" * 65, "a:1:2", "a\n"]
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert RecordRef.read(text) is None


def test_a_thread_is_known_by_its_whole_name(tmp_path: Path) -> None:
    """A chat's ids are the chat's: none of their characters has a meaning of ours."""
    memory = ThreadMemory(tmp_path / "memory.db", timedelta(hours=1))
    for channel in ("C1", "C*", "C[1]"):
        memory.remember(ThreadKey(ChannelKey("slack", "T1", channel), "1.1"), "U1", Turn("?", ()))
    known = {
        (tenant, channel, thread)
        for tenant in ("T1", "T2", ANY)
        for channel in ("C1", "C2", "C*", "C[1]", "C?")
        for thread in ("1.1", "1*", "")
        if memory.knows(ThreadKey(ChannelKey("slack", tenant, channel), thread))
    }
    assert known == {(t, c, "1.1") for t in ("T1", ANY) for c in ("C1", "C*", "C[1]")}
    memory.close()
