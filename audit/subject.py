"""The person an erasure is about: who that is in the log, and which fields of which records name them.

Records say it in many ways: as who asked, in who could read somebody else's answer, in access lists, in a filter that
somebody searched with, in what somebody wrote. No list of fields is asked where the person may stand: every value of
every record is read. Pure, but for `traces`, which reads the log.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from audit.fields import FIELDS
from audit.reading import Reader, Stored
from audit.record import AuditRecord, Json
from audit.register import ACCOUNTABLE, ALL, KEPT_EVENTS, RELEASED, Register

PERSONAL = tuple(dict.fromkeys(field.name for field in FIELDS if field.personal))
"""What an erasure takes of a person's own records when nothing else is said."""

_NOBODY = frozenset({"anyone", ""})
"""Who asks at the terminal without a name: that is no person."""
_PLATFORM = re.compile(r"[a-z]{2,10}")
_ACTORS = ("user", "email", "by")
_ABOUT = frozenset({"review", "expert", "feedback"})


@dataclass(frozen=True)
class Person:
    """Whoever has one of these `users` ("platform:id") or `mails`, or is called one of `names` in a text. Folded.

    A user id without a platform is a name among `users` of no platform: ":id".
    """

    users: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def called(cls, who: str, also: Iterable[str] = ()) -> Person:
        """As an operator names them: an e-mail address, "platform:user" or a user id; `also` in texts."""
        flat, others = fold(who), frozenset(fold(one) for one in also) - _NOBODY
        platform, _, user = flat.partition(":")
        if "@" in flat and not flat.startswith(("slack:", "teams:", "cli:")):
            return cls(frozenset(), frozenset({flat}), others)
        if user and _PLATFORM.fullmatch(platform):
            return cls(frozenset({flat}), frozenset(), others)
        return cls(frozenset({f":{flat}"}), frozenset(), others)

    def joined(self, other: Person) -> Person:
        return Person(self.users | other.users, self.mails | other.mails, self.names | other.names)

    @property
    def said(self) -> list[str]:
        """Everything they are called, for people to read."""
        return sorted({one.removeprefix(":") for one in self.users} | self.mails | self.names)

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """What to look for in texts, folded."""
        ids = {one.partition(":")[2] for one in self.users}
        return tuple(sorted((ids | self.mails | self.names) - _NOBODY, key=len, reverse=True))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Whole names alone: "eve@example.com" is not in "steve@example.com", nor in "eve@example.com.au".
        any_of = "|".join(re.escape(needle) for needle in self.needles) or "(?!)"
        return re.compile(rf"(?<![\w.+-])(?:{any_of})(?![\w-]|\.\w)")

    def named_in(self, text: str) -> bool:
        """Is one of their names in a text, whole?"""
        return self._pattern.search(fold(text)) is not None

    def in_value(self, value: Json) -> bool:
        """Likewise in any text of a value, keys included."""
        return any(map(self.named_in, _texts(value)))

    def acted(self, record: AuditRecord) -> bool:
        """Is the record theirs: did they ask, click, read?"""
        fields = record.fields
        user, platform = fields.get("user"), fields.get("platform")
        if isinstance(user, str) and self.is_user(platform if isinstance(platform, str) else "", user):
            return True
        said = [fold(value) for name in _ACTORS if isinstance(value := fields.get(name), str)]
        return any(one in self.mails or f":{one}" in self.users or one in self.users for one in said)

    def is_user(self, platform: str, user: str) -> bool:
        """Is this their account on a platform?"""
        who = fold(user)
        return who not in _NOBODY and (f"{fold(platform)}:{who}" in self.users or f":{who}" in self.users)

    def known_by(self, record: AuditRecord) -> Person:
        """What a record of theirs says of who they are: the platform vouched for account and address together."""
        user, email, platform = (fold(str(record.fields.get(name) or "")) for name in ("user", "email", "platform"))
        users = {f"{platform}:{user}"} if user not in _NOBODY and platform not in ("", "cli") else set()
        return Person(frozenset(users), frozenset({email} - _NOBODY), frozenset())


def fold(text: str) -> str:
    """Without case and the ways to write one letter."""
    return unicodedata.normalize("NFKC", text).casefold().strip() if not text.isascii() else text.lower().strip()


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


@dataclass(slots=True)
class Traces:
    """Where a person stands in the log. `fall`: by record, the fields that go; `stay`: those that name them and stay,
    with the reason. `own` are the ids of their own records, `asked` what they asked and what was made of it when
    others followed up in the same thread, folded.
    """

    person: Person
    own: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    fall: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stay: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def keep(self, record: str, names: Iterable[str], why: str) -> None:
        for name in names:
            self.stay.setdefault(f"{name}: {why}", []).append(record)


def traces(view: Reader, person: Person, names: Sequence[str] = ()) -> Traces:
    """Read the whole log for a person. With `names`, no other fields go (ALL: every one of their own records)."""
    size = view.size()
    # 1. Who they are: each record of theirs may name an account or address that finds more.
    while True:
        found = Traces(person)
        for stored in _rows(view, person, size):
            if stored.record.event == "question" and person.acted(stored.record):
                person = person.joined(person.known_by(stored.record))
                found.asked |= _asked(stored.record)
            if person.acted(stored.record):
                found.own.add(stored.record.id)
        if person == found.person:
            break
    # 2. Every record that names them, refers to one of theirs, or remembers what they asked.
    register = view.register()
    for stored in _rows(view, person, size, found):
        _look(found, stored, register, names)
    return found


def _look(found: Traces, stored: Stored, register: Register, names: Sequence[str]) -> None:
    record, person = stored.record, found.person
    mentioned = [name for name, value in record.fields.items() if person.in_value(value)]
    if record.event in KEPT_EVENTS:
        free = [name for name in mentioned if name in RELEASED and not _stands(record, register)]
        found.keep(record.id, [n for n in mentioned if n in ACCOUNTABLE], "who requested and approved is kept")
        standing = [n for n in mentioned if n in RELEASED and n not in free]
        found.keep(record.id, standing, "a hold that stands says so; lift it first")
    elif record.id in found.own:
        free = [name for name in record.fields if _may_fall(name) or name in names or ALL in names]
    else:
        free = [name for name in mentioned if _may_fall(name)]
        if record.refers_to in found.own and record.event in _ABOUT:
            free += [name for name in ("note", "text") if name in record.fields]
        if record.event == "question" and _asked_before(record) & found.asked:
            free += _followed_up(found, record)
    if record.event not in KEPT_EVENTS:
        found.keep(record.id, [n for n in mentioned if not _may_fall(n)], "documents of the organisation say so")
    if names and ALL not in names:
        free = [name for name in free if name in names]
    if free:
        found.fall[record.id] = tuple(dict.fromkeys(free))
        what = f"their own {record.event} records"
        if record.id not in found.own:
            what = f"others' {record.event} records that name them: {', '.join(sorted(found.fall[record.id]))}"
        found.counts[what] = found.counts.get(what, 0) + 1


def _may_fall(name: str) -> bool:
    return name in PERSONAL


def _stands(record: AuditRecord, register: Register) -> bool:
    return record.id in register.holds


def _asked(record: AuditRecord) -> set[str]:
    return {fold(value) for name in ("question", "searched") if isinstance(value := record.fields.get(name), str)} - {
        ""
    }


def _followed_up(found: Traces, record: AuditRecord) -> list[str]:
    """What another's question took from theirs: the memory of it, and where it was made to stand alone, that."""
    searched = record.fields.get("searched")
    if not isinstance(searched, str) or searched == record.fields.get("question"):
        return ["memory"]
    found.asked.add(fold(searched))
    return ["memory", "searched"]


def _asked_before(record: AuditRecord) -> set[str]:
    memory = record.fields.get("memory")
    turns = memory if isinstance(memory, list) else []
    return {fold(str(turn.get("question"))) for turn in turns if isinstance(turn, dict)}


def _rows(view: Reader, person: Person, size: int, found: Traces | None = None) -> Iterator[Stored]:
    """The records that may be about them, each proved; the others are passed over by their bytes."""
    for record_id, refers_to, body in view.bodies(size):
        text = fold(body.decode("utf-8", "replace"))
        about = found is not None and (record_id in found.own or refers_to in found.own)
        remembers = found is not None and found.asked and '"memory",[{' in text
        if about or remembers or any(needle in text for needle in person.needles):
            stored = view.proved(record_id)
            if stored is not None:
                yield stored
