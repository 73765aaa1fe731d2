"""Whatever a child that was taken over replies is a document of the right shape, or a reason for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.errors import DocumentUnreadable
from retrieval.parse import children
from retrieval.parse.sandbox import SandboxParser

ROOT = Path(__file__).resolve().parents[4]
# A zygote whose children reply with the document's bytes, whatever they are.
ECHO = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from retrieval.parse import wire, worker, zygote
def echo(child):
    child._receive()
    child._replies.write(wire.frame(child._receive()))
    child._replies.flush()
worker._Child.run = echo
zygote.main(int(sys.argv[1]), sys.argv[2])
"""
GOOD: dict[str, object] = {
    **{"title": "T", "text": "Text.", "sections": [], "places": [], "left_out": [], "attachments": []},
    **{"atomic": [], "joins": [], "notes": [], "wholes": [], "heads": []},
}
LOADS: list[object] = [[1], {}, 7, "nonsense", "text", ["pdf"]]
ERRORS: list[object] = [[1], {}, "SystemExit", "KeyboardInterrupt", None]
REASONS: list[dict[str, object]] = [{}, {"reason": 7}, {"reason": ["a"]}]
PARSED: list[object] = [None, [], {}, {**GOOD, "title": 7}, {**GOOD, "text": ["a"]}]
SPANS: list[object] = [[0, 9], [-1, 2], [3, 1], ["0", 1], [0, 10**30]]
REPLIES = [
    *("", "7", "null", "[]", "{}", "\ud800", "[" * 100_000, "9" * 5_000, "NaN", '{"a": 1'),
    *(json.dumps({"load": what}) for what in LOADS),
    *(json.dumps({"error": what, "reason": "r"}) for what in ERRORS),
    *(json.dumps({"error": "ParserLimit", **more}) for more in REASONS),
    *(json.dumps({"parsed": what}) for what in PARSED),
    *(json.dumps({"parsed": {**GOOD, "atomic": [span]}}) for span in SPANS),
    json.dumps({"parsed": {**GOOD, "attachments": [["a", "no base64"]]}}),
]


async def test_only_a_document_or_a_reason_comes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_START", ECHO)
    async with SandboxParser() as parser:
        assert (await parser.parse("a.txt", json.dumps({"parsed": GOOD}).encode())).text == "Text."
        for reply in REPLIES:
            with pytest.raises(DocumentUnreadable):
                await parser.parse("a.txt", reply.encode("utf-8", "surrogatepass"))


async def test_a_reason_is_not_longer_than_people_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_START", ECHO)
    reply = json.dumps({"error": "ParserLimit", "reason": "r" * 1_000_000})
    async with SandboxParser() as parser:
        with pytest.raises(DocumentUnreadable) as refused:
            await parser.parse("a.txt", reply.encode())
    assert len(str(refused.value)) <= 1_000
