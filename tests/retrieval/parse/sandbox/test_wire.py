"""A parsed document as JSON: the same on both sides, and nothing else is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from retrieval.parse.blocks import Block, assemble
from retrieval.parse.wire import decode, dumps, encode
from retrieval.types import Attachment, LeftOut, ParsedDocument

PARSED = assemble(
    "Tïtle",
    [
        Block("1 A-\nb", level=1, label="1", heading="A", page=1, printed="i", joins=(3,)),
        Block("x | y", table=1, page=2),
        Block("\U0001f600", level=2, heading="smile", locator="line 3", anchor="#x"),
    ],
    left_out=[LeftOut("chart", "page 2")],
    attachments=[Attachment("a.bin", bytes(range(256)))],
)


def test_what_goes_in_comes_out() -> None:
    assert decode(json.loads(dumps(encode(PARSED)))) == PARSED
    assert decode(json.loads(dumps(encode(ParsedDocument("", "", ()))))) == ParsedDocument("", "", ())


def test_a_lone_surrogate_keeps_its_place() -> None:
    parsed = decode(json.loads(dumps(encode(assemble("t", [Block("a\ud800b")])))))
    assert parsed.text == "a?b"


def _set(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda message: message.update({key: value})


@pytest.mark.parametrize(
    "change",
    [
        _set("text", "short"),
        _set("text", None),
        _set("title", 3),
        _set("places", [[5, 2, 1, None, None]]),
        _set("places", [[0, 1, 1, None, None, "more"]]),
        _set("atomic", [[-1, 2]]),
        _set("joins", [10_000]),
        _set("sections", [["id"]]),
        _set("attachments", [["a", "no base64!"]]),
        _set("places", [[0, 1, "one", None, None]]),
        _set("places", [[True, 1, None, None, None]]),
        _set("left_out", [[{"a": "dict"}, "page 1"]]),
        _set("sections", [["id", None, 5, [], 0, 1]]),
        _set("sections", [["id", None, "heading", "a path", 0, 1]]),
        _set("joins", "12"),
        _set("notes", [[0, 1]]),
        lambda message: message.pop("sections"),
    ],
)
def test_another_shape_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    message = json.loads(dumps(encode(PARSED)))
    change(message)
    with pytest.raises(ValueError):
        decode(message)
