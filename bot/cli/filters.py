"""The options that choose records of the log: written once, given to the commands that filter."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from audit.search import Filter

Since = Annotated[datetime | None, typer.Option(help="At or after this time (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Before this time (UTC).")]
Person = Annotated[str | None, typer.Option(help="User id, platform:user, or e-mail.")]
Channel = Annotated[str | None, typer.Option(help="The platform's channel id.")]
DocumentOption = Annotated[str | None, typer.Option(help="A document that was cited, by its id.")]
SectionOption = Annotated[str | None, typer.Option(help="Label or heading of a cited section.")]
OutcomeOption = Annotated[str | None, typer.Option(help="answered, abstained, refused or failed.")]
EventOption = Annotated[str | None, typer.Option(help="question, delivery, feedback, access, ...")]
Text = Annotated[str | None, typer.Option(help="Only records in which all of these words occur.")]

CHOSEN = "chosen"
OPTIONS = {
    "since": Since,
    "until": Until,
    "person": Person,
    "channel": Channel,
    "document": DocumentOption,
    "section": SectionOption,
    "outcome": OutcomeOption,
    "event": EventOption,
    "text": Text,
}
"""By the name of the filter's field, in the order of the help text."""

Command = Callable[..., None]


def utc(time: datetime | None) -> datetime | None:
    """A time without a zone is UTC."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def wanted(
    since: datetime | None = None,
    until: datetime | None = None,
    person: str | None = None,
    channel: str | None = None,
    document: str | None = None,
    section: str | None = None,
    outcome: str | None = None,
    event: str | None = None,
    text: str | None = None,
) -> Filter:
    """The filter that options ask for; times without a zone are UTC."""
    from audit.search import Filter

    return Filter(
        since=utc(since),
        until=utc(until),
        person=person,
        channel=channel,
        document=document,
        section=section,
        outcome=outcome,
        event=event,
        text=text,
    )


def filtered(**defaults: str) -> Callable[[Command], Command]:
    """Gives a command all of OPTIONS in the place of its parameter `chosen`, which gets the filter they ask for.

    `defaults` are those of single options. Typer reads a command's parameters from its signature: so the
    command that is returned has one with the options in it.
    """

    def give(command: Command) -> Command:
        known: dict[str, Any] = get_type_hints(command, localns={"Filter": object}, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(command).parameters.values():
            if parameter.name == CHOSEN:
                parameters += [_option(name, kind, defaults.get(name)) for name, kind in OPTIONS.items()]
            else:
                parameters.append(parameter.replace(annotation=known[parameter.name]))

        def run(**given: Any) -> None:
            asked = {name: given.pop(name) for name in OPTIONS}
            command(**given, **{CHOSEN: wanted(**asked)})

        run.__name__, run.__doc__, run.__module__ = command.__name__, command.__doc__, command.__module__
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        vars(run)["__signature__"] = inspect.Signature(parameters)
        return run

    return give


def _option(name: str, kind: object, default: str | None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=kind)
