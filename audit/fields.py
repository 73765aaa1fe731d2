"""Every field of every record: the one list from which the documentation's table and the JSON Schema come.

`python -m audit.fields table` and `python -m audit.fields schema` print them; a test compares both
with docs/audit.md and docs/schema/audit-record.schema.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from audit.record import Json

TEXT: dict[str, Json] = {"type": "string"}
NUMBER: dict[str, Json] = {"type": "integer"}
COUNT: dict[str, Json] = {"type": "integer", "minimum": 0}
FLAG: dict[str, Json] = {"type": "boolean"}
TEXTS: dict[str, Json] = {"type": "array", "items": {"type": "string"}}
HASH: dict[str, Json] = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}
OBJECT: dict[str, Json] = {"type": "object"}


def optional(schema: dict[str, Json]) -> dict[str, Json]:
    return {"anyOf": [schema, {"type": "null"}]}


def shape(required: dict[str, dict[str, Json]], later: dict[str, dict[str, Json]] | None = None) -> dict[str, Json]:
    """A closed object: exactly these keys, and those of `later`, which records of earlier versions lack."""
    properties: dict[str, Json] = {**required, **(later or {})}
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def listed(items: dict[str, Json]) -> dict[str, Json]:
    return {"type": "array", "items": items}


SECTION = shape(
    {
        "id": TEXT,
        "label": optional(TEXT),
        "heading": TEXT,
        "path": TEXTS,
        "start": COUNT,
        "end": COUNT,
        "page_start": optional(NUMBER),
        "page_end": optional(NUMBER),
        "locator": optional(TEXT),
        "anchor": optional(TEXT),
    },
    {"sign": TEXT},
)
PLACE = shape(
    {"start": COUNT, "end": COUNT, "page": optional(NUMBER), "locator": optional(TEXT), "printed": optional(TEXT)}
)
_SPOT: dict[str, dict[str, Json]] = {
    "document": TEXT,
    "version": TEXT,
    "section": SECTION,
    "chunk_id": TEXT,
    "start": COUNT,
    "end": COUNT,
}
DOCUMENT = shape(
    {
        "id": TEXT,
        "version": TEXT,
        "title": TEXT,
        "uri": TEXT,
        "sha256": TEXT,
        "acl_id": TEXT,
        "source": TEXT,
        "media_type": TEXT,
        "modified_at": TEXT,
        "url": optional(TEXT),
        "effective_from": optional(TEXT),
        "effective_to": optional(TEXT),
    }
)
_FOUND: dict[str, dict[str, Json]] = {"id": TEXT, **_SPOT, "places": listed(PLACE), "context": FLAG}
PASSAGE = shape(
    {**_FOUND, "text_sha256": HASH, "score_millionths": NUMBER, "acl_id": TEXT, "cited": FLAG},
)
NEAR = shape({**_FOUND, "text": TEXT, "score": NUMBER, "sections": listed(SECTION)})
CITATION = shape(
    {"n": NUMBER, **_SPOT, "quote": TEXT, "page": optional(NUMBER), "locator": optional(TEXT)}, {"more": TEXT}
)
SNAPSHOT = shape({"document": TEXT, "version": TEXT, "start": COUNT, "end": COUNT, "text": TEXT, "sha256": HASH})
QUOTE = shape({"passage_id": TEXT, "text": TEXT})
_REMEMBERED = {
    "about": TEXT,
    "shown": listed(shape({"document_id": TEXT, "start": COUNT, "end": COUNT, "row": FLAG})),
}
_LATER = {
    "part": TEXT,
    "wording": TEXT,
    "source_text": TEXT,
    "highlights": listed(listed(COUNT)),
    "more": TEXT,
    "translation": TEXT,
}
OPINION = shape({"text": TEXT, "quote": TEXT, "follows": FLAG, "reason": TEXT, "model": TEXT})
DROPPED = shape(
    {"text": TEXT, "quotes": listed(QUOTE), "verdict": TEXT, "reason": TEXT},
    {"part": TEXT, "value": TEXT, "source_text": TEXT},
)
PART = shape({"name": TEXT, "title": TEXT, "kind": TEXT, "required": FLAG, "whole": FLAG, "value": TEXT})
CONFIRMED = shape({"document": TEXT, "version": TEXT, "standing": TEXT, "at": optional(TEXT), "overdue": FLAG})
ENTRIES = shape({"allow": TEXTS, "deny": TEXTS})


@dataclass(frozen=True, slots=True)
class Field:
    """`events` are those that carry it; `personal` says that it may name or describe a person."""

    name: str
    events: tuple[str, ...]
    schema: dict[str, Json]
    personal: bool
    meaning: str


Q = ("question",)
CHAT = ("question", "delivery", "feedback", "expert", "ignored")
FIELDS: tuple[Field, ...] = (
    Field("platform", (*CHAT, "access"), TEXT, False, "`slack`, `teams` or `cli`"),
    Field("tenant", (*CHAT, "access", "retention"), TEXT, False, "workspace or directory of the asker; of the rule"),
    Field("user", (*CHAT, "access"), TEXT, True, "user id on the platform"),
    Field("email", Q, TEXT, True, "e-mail address, when the platform vouches for one; else empty"),
    Field("groups", Q, TEXTS, True, "all groups, nested ones resolved, when the question was asked"),
    Field("member", Q, FLAG, True, "member of an allowed tenant, no guest"),
    Field("channel", (*CHAT, "retention"), TEXT, True, "conversation id; of the rule"),
    Field("channel_kind", CHAT, TEXT, False, "`direct`, `group`, `channel` or `private_channel`"),
    Field("thread", CHAT, TEXT, True, "id of the thread's first message"),
    Field("message", CHAT, TEXT, True, "message id of the question, or of the event"),
    Field("reply_message", ("delivery",), TEXT, True, "message id of the reply"),
    Field("shown_at", ("delivery",), TEXT, False, "when the reply was shown (UTC)"),
    Field("form", ("delivery",), TEXT, False, "how much of the reply the platform took, where not all of its form"),
    Field("team", ("delivery",), TEXT, False, "of a channel in Teams: the id of the team's group or thread"),
    Field("key", CHAT, TEXT, True, "what makes deliveries of one message one question"),
    Field("audience", Q, shape({"kind": TEXT, "readers": listed(TEXTS), "reason": TEXT}), True,
          "who could read the reply: kind, the access entries of each kind of reader, why when refused"),
    Field("question", Q, TEXT, True, "as asked, word for word"),
    Field("searched", Q, TEXT, True, "as searched"),
    Field("asked_at", ("question", "feedback", "ignored"), TEXT, False, "when the platform received it (UTC)"),
    Field("memory", Q, listed(shape({"question": TEXT, "document_ids": TEXTS}, _REMEMBERED)), True,
          "earlier questions of the thread: documents shown, words they are about, quotes that stood first"),
    Field("documents", Q, listed(DOCUMENT), False, "every document version that was retrieved, cited or shown"),
    Field("access_lists", Q, {"type": "object", "additionalProperties": ENTRIES}, True,
          "readers of those documents: allow and deny entries by access list id"),
    Field("passages", Q, listed(PASSAGE), False,
          "every retrieved passage: place, score in millionths, in the model's context or not, cited or not"),
    Field("statements", Q, optional(listed(shape({"text": TEXT, "citations": listed(NUMBER)}, _LATER))), True,
          "the answer's sentences: their citations, part of the form, whose words they are, what was asked for in them "
          "(offsets); null without an answer"),
    Field("parts", Q, listed(PART), True,
          "the parts of the organisation's answer form, as shown: title, kind, what was chosen, whole or not"),
    Field("structured", Q, optional({"type": "object", "additionalProperties": {"anyOf": [TEXT, TEXTS]}}), True,
          "the answer as an object of the organisation's own schema; null without a form, or where it lacks a part"),
    Field("citations", Q, listed(CITATION), False,
          "number, document version, section, verbatim quote and its code-point offsets"),
    Field("sections", Q, listed(SNAPSHOT), False, "the cited sections' text as it stood, with offsets and SHA-256"),
    Field("dropped", Q, listed(DROPPED), True,
          "sentences of a model that the gate refused, and why; their quotes stand in their place"),
    Field("opinions", Q, listed(OPINION), True,
          "what a second model said of the sentences that passed: whether the quote says the same, and why"),
    Field("text", ("question", "feedback", "expert", "ignored"), TEXT, True,
          "what was shown instead of an answer; the vote and its reason; what an expert was asked; what the event was"),
    Field("notice", Q, TEXT, False, "the line shown with the answer"),
    Field("private", ("question", "delivery"), FLAG, False, "shown to the asker alone"),
    Field("expert", ("question", "expert"), TEXT, True, "the person or group that was offered for help; asked for it"),
    Field("link", Q, TEXT, True, "where an earlier answer stands that the reply points to instead of giving it again"),
    Field("nearest", Q, listed(NEAR), False, "passages shown with an abstention"),
    Field("shown_question", Q, TEXT, True, "the question as the reply repeats it"),
    Field("posted", Q, TEXT, True, "the exact bytes of the payload (UTF-8; canonical JSON)"),
    Field("posted_sha256", Q, HASH, True, "their SHA-256"),
    Field("layout", Q, COUNT, False, "the form of the message; only a version with the same one makes the same bytes"),
    Field("generator", Q, TEXT, False, "`extractive` (the embedded selector chose), `openai` (a model did), or `none`"),
    Field("model", Q, TEXT, False, "the model's name"),
    Field("parameters", Q, {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}, False,
          "the model's parameters; no floats"),
    Field("template_sha256", Q, HASH, False, "SHA-256 of the prompt's template"),
    Field("prompt_sha256", Q, HASH, False, "SHA-256 of the prompt as sent"),
    Field("tokens_in", Q, COUNT, False, "tokens of the prompt"),
    Field("tokens_out", Q, COUNT, False, "tokens of the reply"),
    Field("fallback", Q, TEXT, False, "what was said of the embedded selector standing in for the model"),
    Field("timings_us", Q, {"type": "object", "additionalProperties": COUNT}, False, "microseconds by step"),
    Field("confirmed", Q, listed(CONFIRMED), False,
          "what the sources said of the quoted versions before the reply: still there (`same`), or no word (`unknown`) "
          "and when they were last known to be"),
    Field("as_of", Q, TEXT, False, "the day whose versions answered (`2026-03-31`); empty: those of then"),
    Field("software", ("question", "configuration", "heartbeat"), TEXT, False, "version of Footnote"),
    Field("configuration_sha256", ("question", "configuration"), HASH, False, "SHA-256 of the settings in force"),
    Field("trace_id", Q, TEXT, False, "W3C trace id, when tracing is on"),
    Field("error", Q, TEXT, False, "what failed, for operators"),
    Field("reason", ("erasure", "hold", "retention", "key", "gap", "alarm"), TEXT, True,
          "why: of the refusal, the gap, the alarm"),
    Field("by", ("question", "access", "review", "hold", "retention", "configuration"), TEXT, True,
          "who did it; of a question at a terminal, the operating system's user"),
    Field("note", ("review",), TEXT, True, "the reviewer's words"),
    Field("what", ("access",), TEXT, False, "`list`, `show`, `search`, `export`, `verify`, `replay`, `passage`, ..."),
    Field("filter", ("access",), OBJECT, True, "what was asked for"),
    Field("citation", ("access",), COUNT, False, "the number of the citation whose passage was shown"),
    Field("found", ("access",), COUNT, False, "how many records were shown"),
    Field("format", ("access",), TEXT, False, "of an export"),
    Field("target", ("access",), TEXT, False, "where an export was written"),
    Field("first", ("access",), COUNT, False, "of an export: the position of the first record in it"),
    Field("last", ("access",), COUNT, False, "of an export: the position of the last record in it"),
    Field("records", ("erasure", "retention"), TEXTS, False, "ids of the records meant"),
    Field("names", ("erasure", "retention"), TEXTS, False, "the fields meant; `*` is every one"),
    Field("digests", ("erasure",),
          {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": TEXT}}, False,
          "by record and field: the digests that fall, and no others; none where every field falls"),
    Field("parts", ("erasure",), listed(shape({"names": TEXTS, "records": TEXTS})), False,
          "of a person: which of these fields are meant of which records"),
    Field("person", ("erasure",), OBJECT, True,
          "whom a request is about: accounts, addresses, names, own records; gone when it is carried out"),
    Field("places", ("erasure",), {"type": "object", "additionalProperties": COUNT}, False,
          "what was found of a person, by place; in the certificate what was removed"),
    Field("stays", ("erasure",), {"type": "object", "additionalProperties": COUNT}, False,
          "records that name the person and stay as they are, by the reason"),
    Field("left", ("erasure",), TEXTS, False, "where copies may be left, for people to see to"),
    Field("certificate", ("erasure",), TEXT, False, "what was done, as a signed note"),
    Field("ground", ("erasure", "hold", "retention", "key"), TEXT, True, "on what ground"),
    Field("requested_by", ("erasure", "hold", "retention", "key"), TEXT, True, "the first person"),
    Field("approved_by", ("erasure", "hold", "retention", "key"), TEXT, True, "the second person"),
    Field("request", ("hold",), TEXT, False, "the record that asked for the hold to be lifted"),
    Field("matter", ("hold",), TEXT, True, "what the hold is for"),
    Field("covers", ("hold",), OBJECT, True, "the filter of the records it keeps"),
    Field("positions", ("hold",), listed({"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2}), False,
          "first and last position of each run of records that it kept when it was set"),
    Field("age_days", ("retention",), COUNT, False, "the rule's age"),
    Field("below_floor", ("retention",), FLAG, False, "the rule is meant, though below six months"),
    Field("changes", ("configuration",), OBJECT, False,
          "by setting: `from`, `to`; of a table, the entries added, removed and changed; never a secret"),
    Field("settings", ("configuration",), OBJECT, False,
          "what later changes are compared with: values, or SHA-256 of what is long or names people"),
    Field("old_key", ("key",), TEXT, False, "the public key until now"),
    Field("new_key", ("key",), TEXT, False, "the public key from now on"),
    Field("signature", ("key",), TEXT, False, "the old key's signature over the new one, the size and what is revoked"),
    Field("size", ("key",), COUNT, False, "from a tree of so many records on, the new key signs"),
    Field("revoked", ("key",), COUNT, False, "the old key was lost: it is believed up to a tree of so many records"),
    Field("checkpoint", ("alarm",), TEXT, False, "the log's own signed checkpoint when the alarm was raised"),
    Field("since", ("gap",), TEXT, False, "when writing first failed"),
    Field("refused", ("gap",), COUNT, False, "how many records were refused"),
    Field("refused_records", ("gap",), TEXTS, False, "their ids (at most 1,000); none of them was acknowledged"),
)  # fmt: skip

OUTCOMES: dict[str, tuple[str, ...]] = {
    "question": ("answered", "abstained", "refused", "failed"),
    "delivery": ("delivered", "withheld", "unconfirmed"),
    "feedback": ("recorded",),
    "expert": ("asked", "none", "refused"),
    "review": (),
    "erasure": ("requested", "approved", "refused", "certified"),
    "hold": ("set", "lift_requested", "lifted", "refused"),
    "retention": ("requested", "approved", "refused", "done"),
    "access": ("shown", "refused"),
    "configuration": ("changed",),
    "key": ("requested", "rotated", "refused"),
    "gap": ("recovered", "failed"),
    "alarm": ("raised",),
    "heartbeat": ("alive",),
    "ignored": ("recorded",),
}
"""By event; () where the outcome is free text."""


def table() -> str:
    """The documentation's table, in Markdown."""
    lines = ["| field | in records of | type | personal | meaning |", "|---|---|---|---|---|"]
    for field in FIELDS:
        personal = "yes" if field.personal else ""
        lines.append(
            f"| `{field.name}` | {', '.join(field.events)} | {_kind(field.schema)} | {personal} | {field.meaning} |"
        )
    return "\n".join(lines) + "\n"


def schema() -> dict[str, Json]:
    """JSON Schema (2020-12) of a record as JSONL exports hold it."""
    events: list[Json] = []
    for event, outcomes in OUTCOMES.items():
        fields: dict[str, Json] = {f.name: f.schema for f in FIELDS if event in f.events}
        properties: dict[str, Json] = {
            "event": {"const": event},
            "outcome": {"enum": [*outcomes]} if outcomes else TEXT,
            "fields": {"type": "object", "properties": fields, "additionalProperties": False},
        }
        events.append({"properties": properties})
    texts: dict[str, Json] = {"type": "object", "additionalProperties": TEXT}
    common: dict[str, Json] = {
        "id": {**TEXT, "description": "opaque; sorts by time"},
        "event": {"enum": [*OUTCOMES]},
        "time": {**TEXT, "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "outcome": TEXT,
        "refers_to": {**optional(TEXT), "description": "the record this one is about"},
        "fields": OBJECT,
        "erased": {**texts, "description": "names of erased fields, each with the record of its erasure"},
        "index": {**COUNT, "description": "position in the tree"},
        "leaf": {**TEXT, "description": "the leaf's exact text; hash it with a 0x00 byte before it (RFC 6962)"},
        "salts": {**texts, "description": "the salt of each field, base64url of 128 bits"},
        "proof": {**TEXTS, "description": "inclusion proof under the export's checkpoint, base64"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record of Footnote's audit log, as a line of a JSONL export",
        "type": "object",
        "required": [*common],
        "properties": common,
        "additionalProperties": False,
        "oneOf": events,
    }


def _kind(part: dict[str, Json]) -> str:
    if isinstance(options := part.get("anyOf"), list) and isinstance(options[0], dict):
        return f"{_kind(options[0])} or null"
    if part.get("type") == "array" and isinstance(items := part.get("items"), dict):
        kind, rest = (_kind(items), "") if items.get("type") != "array" else ("list", _kind(items)[len("list") :])
        return f"list of {kind}s{rest}"
    return {"string": "text", "integer": "integer", "boolean": "flag"}.get(str(part.get("type")), "object")


def main(arguments: list[str]) -> int:
    if arguments == ["table"]:
        sys.stdout.write(table())
    elif arguments == ["schema"]:
        sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
    else:
        sys.stderr.write("usage: python -m audit.fields table|schema\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
