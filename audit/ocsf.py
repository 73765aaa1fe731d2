"""A record as an event of the Open Cybersecurity Schema Framework 1.8.0.

Class API Activity (6003) with the profile `ai_operation`; https://schema.ocsf.io/1.8.0/classes/api_activity.
It is for a SIEM: who asked what, where, with what outcome and from which documents. The proof, the
quotes and the texts stay in the log; `metadata.uid` and `unmapped` say where to find them.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit.disclosure import microseconds
from audit.reading import Stored
from audit.record import Json
from audit.register import REQUESTS
from audit.tree import leaf_hash

OCSF_VERSION = "1.8.0"
_CLASS, _CATEGORY = 6003, 6
_ACTIVITY = {
    "question": 2,
    "access": 2,
    "erasure": 4,
    "retention": 4,
    "configuration": 3,
    "key": 3,
    "hold": 3,
}  # else 1
_NAMES = {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}
_SEVERITY = {"gap": 3, "alarm": 5}  # Medium, Critical; else 1, Informational
_STATUS = {"failed": 2, "refused": 2}  # else 1, Success


def ocsf_event(stored: Stored, origin: str) -> dict[str, Json]:
    """One event; validates against the published schema with the profile `ai_operation`."""
    record, fields = stored.record, stored.record.fields
    asked = (record.event, record.outcome) in REQUESTS  # nothing is done yet, or ever: that takes a second person
    activity = 1 if asked else _ACTIVITY.get(record.event, 1)
    status = 99 if asked else _STATUS.get(record.outcome, 1)
    platform = _text(fields.get("platform")) or "footnote"
    event: dict[str, Json] = {
        "activity_id": activity,
        "activity_name": _NAMES[activity],
        "actor": _actor(fields),
        "api": {
            "operation": f"{record.event} request" if asked else record.event,
            "service": {"name": "footnote", "version": _text(fields.get("software")) or "unknown"},
            "request": {"uid": record.id},
        },
        "category_uid": _CATEGORY,
        "category_name": "Application Activity",
        "class_uid": _CLASS,
        "class_name": "API Activity",
        "type_uid": _CLASS * 100 + activity,
        "severity_id": _SEVERITY.get(record.event, 1),
        "status_id": status,
        "status": {1: "Success", 2: "Failure", 99: "Requested"}[status],
        "status_detail": record.outcome,
        "time": microseconds(record.time) // 1000,
        "src_endpoint": {"name": _text(fields.get("channel")) or platform, "svc_name": platform},
        "metadata": {
            "version": OCSF_VERSION,
            "profiles": ["ai_operation"],
            "product": {"name": "Footnote", "vendor_name": "Footnote", "feature": {"name": "audit log"}},
            "uid": record.id,
            "sequence": stored.index,
            "log_name": origin,
        },
        "resources": _resources(fields),
        "message_context": _message(fields),
        "unmapped": {
            "leaf_hash": leaf_hash(stored.leaf).hex(),
            "refers_to": record.refers_to,
            "erased": [*record.erased],
        },
    }
    trace, model = _text(fields.get("trace_id")), _text(fields.get("model"))
    if trace and isinstance(event["metadata"], dict):
        event["metadata"]["correlation_uid"] = trace
    event["ai_model"] = {"ai_provider": _text(fields.get("generator")) or "none", "name": model or "none"}
    return event


def _actor(fields: Mapping[str, Json]) -> Json:
    name = _text(fields.get("user")) or _text(fields.get("by"))
    if not name:
        return {"app_name": "footnote"}
    user: dict[str, Json] = {"uid": name, "type_id": 1}
    if email := _text(fields.get("email")):
        user["email_addr"] = email
    groups = fields.get("groups")
    if isinstance(groups, list):
        user["groups"] = [{"name": str(group)} for group in groups]
    if tenant := _text(fields.get("tenant")):
        user["org"] = {"uid": tenant, "name": tenant}
    return {"user": user, "app_name": "footnote"}


def _resources(fields: Mapping[str, Json]) -> Json:
    """The cited documents."""
    citations = fields.get("citations")
    seen: dict[tuple[str, str], Json] = {}
    for item in citations if isinstance(citations, list) else []:
        if isinstance(item, dict):
            document, version = str(item.get("document")), str(item.get("version"))
            seen[document, version] = {"uid": document, "name": document, "version": version, "type": "document"}
    return [*seen.values()]


def _message(fields: Mapping[str, Json]) -> Json:
    context: dict[str, Json] = {"application": {"name": "footnote"}, "ai_role_id": 2}
    tokens_in, tokens_out = fields.get("tokens_in"), fields.get("tokens_out")
    if isinstance(tokens_in, int) and isinstance(tokens_out, int):
        context |= {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
        context["total_tokens"] = tokens_in + tokens_out
    if message := _text(fields.get("message")):
        context["uid"] = message
    return context


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
