"""What changed in the settings since the service last started, for the audit log: never a secret, and nobody's name.

Values stand as they are where they are short and single. Of tables (sources, groups, channels, experts) and long texts
stand digests, which show that something changed: of tables which entry, by its name or id where that names no person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import SecretStr

from audit.canonical import canonical
from audit.record import Json
from bot.settings.values import Settings

LONGEST = 200  # characters of a value that stands as it is
_OF_PEOPLE = frozenset({"experts"})
"""Tables whose entries are called after people."""

Snapshot = Mapping[str, Json]


def snapshot(settings: Settings) -> dict[str, Json]:
    """By setting: its value, whether a secret is set, or digests. Without those that are as nobody set them."""
    plain: dict[str, Json] = settings.model_dump(mode="json")
    kept: dict[str, Json] = {}
    for name, field in Settings.model_fields.items():
        value = plain[name]
        if isinstance(getattr(settings, name), SecretStr):
            kept[name] = "set"
        elif value not in (None, "", [], {}) and getattr(settings, name) != field.get_default(
            call_default_factory=True, validated_data={}
        ):
            kept[name] = _kept(name, value)
    return kept


def changes(before: Snapshot, after: Snapshot) -> dict[str, Json]:
    """What differs: `from` and `to`, or of a table the entries added, removed and changed."""
    found: dict[str, Json] = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) or isinstance(new, dict):
            found[name] = _entries(old if isinstance(old, dict) else {}, new if isinstance(new, dict) else {})
        else:
            found[name] = {"from": old, "to": new}
    return found


def _entries(old: Mapping[str, Json], new: Mapping[str, Json]) -> Json:
    changed = {"added": new.keys() - old.keys(), "removed": old.keys() - new.keys()}
    changed["changed"] = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    return {verb: [*sorted(names)] for verb, names in changed.items() if names}


def _kept(name: str, value: Json) -> Json:
    if isinstance(value, dict):
        return {_entry(name, key): _digest(inner) for key, inner in value.items()}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return {_entry(name, _named(item, n)): _digest(item) for n, item in enumerate(value, 1)}
    if isinstance(value, float) or len(str(value)) > LONGEST:
        return _digest(str(value))
    return value


def _named(item: Json, number: int) -> str:
    known = item if isinstance(item, dict) else {}
    return str(known.get("name") or known.get("id") or known.get("kind") or number)


def _entry(table: str, key: str) -> str:
    return _digest(key)[:16] if table in _OF_PEOPLE else key


def _digest(value: Json) -> str:
    return f"sha256 {hashlib.sha256(canonical(_plain(value))).hexdigest()}"


def _plain(value: Json) -> Json:
    """Without the numbers that canonical JSON has no form for."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) else value
