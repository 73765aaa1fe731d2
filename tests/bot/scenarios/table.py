"""The table: what happens in a chat, and what it must end in, in Slack and in Teams alike.

Each row says which messages of the bot the asker and another member of the place see at the end
(each is given by words that stand in it, in order, and there are no others), and which records the
log holds. An accepted question has exactly one outcome that the asker sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.answering.channels import DAYS
from bot.settings.chat import ExpertSettings, StyleSettings
from bot.texts import (
    CHANNEL_LIMITED,
    EXPERT_CALL,
    EXPERT_ELSEWHERE,
    HELP,
    MEMBERS_ONLY,
    NO_EXPERT,
    NO_QUESTION,
    NOT_FOUND,
    NOT_FOUND_PRIVATE,
    NOTHING_TO_EXPLAIN,
    PERSON_LIMITED,
    POINTER,
    POINTER_DIRECT,
    PRIVATE_BEFORE,
    PRIVATE_NOTE,
    QUEUE_FULL,
    READERS_UNKNOWN,
    SHARED_CHANNEL,
    SHOWN_BEFORE,
    UNRECORDED,
)
from retrieval.answering import MODEL_DOWN
from tests.bot.scenarios.stage import HOSTILE
from tests.bot.scenarios.steps import (
    Again,
    BreakOff,
    CallExpert,
    CloseAll,
    Delete,
    Edit,
    IndexDown,
    LogDown,
    Mend,
    ModelDown,
    OnlyStatus,
    Recorded,
    Replica,
    Restart,
    Robot,
    Say,
    SecondReplica,
    ShowPassage,
    SlowModel,
    Step,
    Thumb,
    Trouble,
)

PLATFORMS = ("slack", "teams")
HOTELS = "Hotels cost at most 180 EUR a night."
FLIGHTS = "Flights are booked in economy class."
BONUS = "The bonus pool is EUR 1.35 million."
ASK = Say("What do hotels cost a night?")
SECRET = Say("What is the bonus pool?", who="tom")
ANSWERED = ("question answered", "delivery delivered")
UNCONFIRMED = ("question answered", "delivery unconfirmed")
ABSTAINED = ("question abstained", "delivery delivered")
REFUSED = ("question refused", "delivery delivered")
FAILED = ("question failed", "delivery delivered")
IGNORED = ("ignored recorded",)
ASKED_LATER = Say("What do hotels cost a night?", settle=False)


@dataclass(frozen=True, slots=True)
class Row:
    """`others` sees what the asker sees unless told. `only` names platforms where the end differs, and how."""

    name: str
    place: str
    steps: tuple[Step, ...]
    asker_sees: tuple[str, ...]
    records: tuple[str, ...]
    others_see: tuple[str, ...] | None = None
    asker: str = "ada"
    other: str = "bob"
    members: tuple[str, ...] = ("ada", "bob")
    model: bool = False
    follow: bool = True
    by_http: bool = False  # over signed HTTP, too, where the platform has another way as well
    only: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    never: tuple[str, ...] = ()  # words that the bot sends nowhere
    shared: bool = False  # inbox and log in PostgreSQL, for several replicas
    made: Mapping[str, Any] = field(default_factory=dict)  # settings
    rule: Mapping[str, Any] = field(default_factory=dict)  # the rule of the channel; "id" for another's
    inert: tuple[str, ...] = ()  # words that it sends nowhere where the platform reads mark-up


def _where() -> list[Row]:
    """Places and threads."""
    return [
        Row("a mention in a channel", "channel", (ASK,), (HOTELS,), ANSWERED, by_http=True),
        Row("a mention in a private channel", "private channel", (ASK,), (HOTELS,), ANSWERED),
        Row("a direct message", "direct", (ASK,), (HOTELS,), ANSWERED, (), members=("ada",), by_http=True),
        Row("a group message", "group", (ASK,), (HOTELS,), ANSWERED),
        Row(
            "a mention in the thread of others",
            "channel",
            (Say("Lunch?", who="bob", mention=False), Say(ASK.text, reply=True)),
            (HOTELS,),
            ANSWERED,
            only={"teams": ((HOTELS,), (*IGNORED, *ANSWERED))},  # Teams tells of every message
        ),
        Row(
            "a follow-up with a mention",
            "channel",
            (ASK, Say("How are flights booked?", reply=True)),
            (HOTELS, FLIGHTS),
            ANSWERED * 2,
        ),
        Row(
            "a follow-up without a mention",
            "channel",
            (ASK, Say("How are flights booked?", reply=True, mention=False)),
            (HOTELS, FLIGHTS),
            ANSWERED * 2,
        ),
        Row(
            "a follow-up without a mention, where one is needed",
            "channel",
            (ASK, Say("How are flights booked?", reply=True, mention=False)),
            (HOTELS,),
            ANSWERED,
            follow=False,
            only={"teams": ((HOTELS,), (*ANSWERED, *IGNORED))},
        ),
        Row("nobody mentions the bot", "channel", (Say(ASK.text, mention=False),), (), (),
            only={"teams": ((), IGNORED)}),
    ]  # fmt: skip


def _events() -> list[Row]:
    """What is no new question."""
    return [
        Row("an edited question", "channel", (ASK, Edit("How are flights booked?")), (FLIGHTS,), ANSWERED * 2),
        Row("a deleted question", "channel", (ASK, Delete()), (HOTELS,), (*ANSWERED, *IGNORED)),
        Row("the same event again", "channel", (ASK, Again(), Again()), (HOTELS,), ANSWERED, by_http=True),
        Row(
            "the same event again while it is answered",
            "channel",
            (SlowModel(), ASKED_LATER, OnlyStatus(), Again(), Mend(), Recorded("delivery")),
            (HOTELS,),
            ANSWERED,
            model=True,
            by_http=True,
        ),
        Row("the same event after a restart", "channel", (ASK, Restart(), Again()), (HOTELS,), ANSWERED),
        Row("another bot's mention", "channel", (Robot(ASK.text),), (), IGNORED),
        Row("a thumb", "channel", (ASK, Thumb(up=True)), (HOTELS,), (*ANSWERED, "feedback recorded")),
        Row(
            "a thumb after a restart",
            "channel",
            (ASK, Restart(), Thumb(up=False)),
            (HOTELS,),
            (*ANSWERED, "feedback recorded"),
        ),
        Row(
            "a thumb under a private reply after a restart",
            "channel",
            (SECRET, Restart(), Thumb(up=True)),
            (PRIVATE_NOTE, BONUS),
            (*ANSWERED, "feedback recorded"),
            asker="tom",
            members=("tom", "bob"),
        ),
        Row(
            "the connection breaks and the event comes again",
            "channel",
            (SlowModel(), ASKED_LATER, OnlyStatus(), BreakOff(), Mend(), Recorded("delivery")),
            (HOTELS,),
            ANSWERED,
            model=True,
        ),
        Row("an empty mention", "channel", (Say(""),), (HELP.partition("\n")[0],), ANSWERED),
        Row("what can you answer from", "channel", (Say("sources"),), ("Travel Policy",), ANSWERED, never=("Minutes",)),
    ]


def _replicas() -> list[Row]:
    """Several services for the same people."""
    return [
        Row(
            "a second replica on the same home",
            "channel",
            (SlowModel(), ASKED_LATER, OnlyStatus(), Replica(), Again(), Mend(), Recorded("delivery")),
            (HOTELS,),
            ANSWERED,
            model=True,
        ),
        Row(
            "the same event at two replicas",
            "channel",
            (SlowModel(), ASKED_LATER, OnlyStatus(), SecondReplica(), Again(), Again(), Mend(), Recorded("delivery")),
            (HOTELS,),
            ANSWERED,
            model=True,
            shared=True,
            by_http=True,
        ),
        Row(
            "a question to each of two replicas",
            "channel",
            (ASK, SecondReplica(), Say("How are flights booked?"), Thumb(up=True)),
            (HOTELS, FLIGHTS),
            (*ANSWERED, *ANSWERED, "feedback recorded"),
            shared=True,
            by_http=True,
        ),
    ]


def _readers() -> list[Row]:
    """Who may read the reply."""
    return [
        Row(
            "what the channel may not read",
            "channel",
            (SECRET,),
            (PRIVATE_NOTE, BONUS),
            ANSWERED,
            asker="tom",
            members=("tom", "bob"),
        ),
        Row("what the asker may not read", "direct", (Say(SECRET.text),), (NOT_FOUND_PRIVATE,), ABSTAINED, (),
            members=("ada",), never=("1.35 million", "Minutes")),
        Row("what nobody here may read", "channel", (Say(SECRET.text),), (NOT_FOUND,), ABSTAINED,
            never=("1.35 million", "Minutes")),
        Row("a guest asks", "channel", (Say(ASK.text, who="gil"),), (MEMBERS_ONLY,), REFUSED, asker="gil",
            members=("gil", "bob"), never=("180 EUR",)),
        Row("a guest listens", "channel", (ASK,), (PRIVATE_NOTE, HOTELS), ANSWERED,
            members=("ada", "gil"), other="gil"),
        Row("a channel shared with others", "shared channel", (ASK,), (SHARED_CHANNEL,), REFUSED,
            members=("ada", "bob", "sam"), never=("180 EUR",)),
        Row(
            "somebody of an unknown tenant",
            "direct",
            (Say(ASK.text, who="sam"),),
            (MEMBERS_ONLY,),
            REFUSED,
            (),
            asker="sam",
            members=("sam",),
            never=("180 EUR",),
        ),
        Row("a person without any readable document", "direct", (CloseAll(), ASK, Say("sources")),
            (NOT_FOUND_PRIVATE, "There is no document"), (*ABSTAINED, *ANSWERED), (), members=("ada",),
            never=("180 EUR", "Travel Policy")),
        Row("a follow-up after the right has gone", "channel",
            (ASK, CloseAll(), Say("How are flights booked?", reply=True), Say("why", reply=True)),
            (HOTELS, NOT_FOUND, "Why I gave no answer"), (*ANSWERED, *ABSTAINED, *ANSWERED), never=("economy",)),
        Row("the platform does not say who is here", "channel", (Trouble("down", "people"), ASK), (READERS_UNKNOWN,),
            REFUSED, only={"slack": ((PRIVATE_NOTE, HOTELS), ANSWERED)}),  # Slack tells of the asker apart
    ]  # fmt: skip


def _failures() -> list[Row]:
    """Something is slow, down, or killed."""
    late = (SlowModel(), ASKED_LATER, OnlyStatus(), Mend(), Recorded("delivery"))
    rows = [
        Row("the model is slow", "channel", late, (HOTELS,), ANSWERED, model=True),
        Row("the model is down", "channel", (ModelDown(), ASK), (MODEL_DOWN,), ANSWERED, model=True),
        Row("the index is down", "channel", (IndexDown(), ASK), ("the search index is down",), FAILED,
            never=("index.db", "footnote index")),
        Row("the log is down", "channel", (LogDown(), ASK, Mend(), Recorded("gap", "failed")),
            (UNRECORDED.partition("{")[0].strip(),), ("gap recovered", "gap failed"), never=("180 EUR",)),
        Row(
            "killed between acknowledgement and answer",
            "channel",
            (SlowModel(), ASKED_LATER, OnlyStatus(), Restart(), Mend(), Recorded("delivery")),
            (HOTELS,),
            ANSWERED,
            model=True,
            by_http=True,
        ),
        Row(
            "killed between record and delivery",
            "channel",
            (Trouble("down", "answer"), ASK, OnlyStatus(asked=False), Restart(), Mend(), Recorded("delivery")),
            (HOTELS,),
            ANSWERED,
        ),
    ]  # fmt: skip
    for kind in ("busy", "error", "hangs", "drops", "lost"):
        for what in ("status", "answer"):
            steps = (Trouble(kind, what), ASKED_LATER, Recorded("delivery"))
            # Where Teams says nothing to an answer, and shows us no thread, it is not sent a second time.
            told = {"hangs": (SHOWN_BEFORE,), "drops": (SHOWN_BEFORE,), "lost": (HOTELS, SHOWN_BEFORE)}.get(kind)
            only = {"teams": (told, UNCONFIRMED)} if told and what == "answer" else {}
            rows.append(Row(f"the platform {kind} at the {what}", "channel", steps, (HOTELS,), ANSWERED, only=only))
    for kind in ("error", "drops", "lost"):
        private = (Trouble(kind, "private"), replace(SECRET, settle=False), Recorded("delivery"))
        rows.append(Row(f"the platform {kind} at a private reply", "channel", private, (PRIVATE_NOTE, BONUS), ANSWERED,
                        asker="tom", members=("tom", "bob")))  # fmt: skip
    for what in ("status", "answer"):
        long = (Trouble("down", what), ASK, Mend(), Recorded("delivery"))
        rows.append(Row(f"the platform is down for long at the {what}", "channel", long, (HOTELS,), ANSWERED))
    return rows


def _content() -> list[Row]:
    """What documents and people write."""
    bicycle = Say("What is the EUR a kilometre of a bicycle?")
    row = ("Vehicle | EUR a kilometre | Note", "Bicycle | 0.05 | own")
    shown = (*ANSWERED, "access shown")
    return [
        Row("the passage of a source", "channel", (ASK, ShowPassage((HOTELS,), "4.2 Hotels")), (HOTELS,), shown),
        Row("the passage of a private reply", "channel", (SECRET, ShowPassage((BONUS,), "3 Bonus", who="tom")),
            (PRIVATE_NOTE, BONUS), shown, asker="tom", members=("tom", "bob")),
        Row("the passage of a table's row", "channel", (bicycle, ShowPassage(row, "Motorcycle | 0.20")),
            ("[1] Mileage",), shown),
        Row("the passage after the right has gone", "channel",
            (ASK, CloseAll(), ShowPassage((), "You cannot read this passage")), (HOTELS,),
            (*ANSWERED, "access refused")),
        Row("as many citations as there may be, of one section", "channel", (Say("What does each item cost?"),),
            ("[1] Catalogue",), ANSWERED, never=("[2]",), model=True, made={"style": StyleSettings(statements=12)}),
        Row("an answer longer than a message", "channel", (Say("Which clause binds both parties?"),),
            ("[1] Long Agreement",), ANSWERED, model=True),
        Row("a document full of mark-up", "channel", (Say("How long is the parking badge valid?"),), (HOSTILE,),
            ANSWERED, inert=("<!channel>", "<@U0BOB>", "<https://evil.example")),
        Row("a question that is too long", "channel", (Say("hotels " * 1_000),), ("characters; I read at most",),
            REFUSED),
        Row("a question full of mark-up", "channel", (Say("*What* do _hotels_ cost a `night`?"),), (HOTELS,), ANSWERED),
    ]  # fmt: skip


def _help() -> list[Row]:
    """How an answer was found, and who may know more."""
    why, expert = Say("why", reply=True), Say("expert", reply=True)
    bob = {"experts": (ExpertSettings(name="Bob", slack="U0BOB", teams="bob@example.com"),)}
    unknown = Say("What does parental leave cost?")
    asked = f"{EXPERT_CALL}\n{unknown.text}"
    call, nobody = "expert asked", "expert none"
    return [
        Row("why", "channel", (ASK, why), (HOTELS, "How I found the last answer here:\nQuoted: Travel Policy"),
            ANSWERED * 2),
        Row("why, in a direct chat", "direct", (ASK, Say("why")), (HOTELS, "Quoted: Travel Policy"), ANSWERED * 2, (),
            members=("ada",)),
        Row("why, without an answer", "channel", (unknown, why), (NOT_FOUND, "Why I gave no answer"),
            (*ABSTAINED, *ANSWERED)),
        Row("why, before any question", "channel", (Say("why"),), (NOTHING_TO_EXPLAIN,), ANSWERED),
        Row("why, after a private answer", "channel", (SECRET, replace(why, who="tom")),
            (PRIVATE_NOTE, _start(PRIVATE_BEFORE), BONUS), ANSWERED * 2, (PRIVATE_NOTE, _start(PRIVATE_BEFORE)),
            asker="tom", members=("tom", "bob")),
        Row("an expert, by the word", "channel", (unknown, expert), (NOT_FOUND, asked), (*ABSTAINED, call), made=bob),
        Row("an expert, by the button", "channel", (ASK, CallExpert(), CallExpert(who="bob")),
            (HOTELS, f"{EXPERT_CALL}\n{ASK.text}"), (*ANSWERED, call), made=bob),
        Row("an expert, at once", "channel", (unknown, CallExpert()), (NOT_FOUND, asked), (*ABSTAINED, call),
            made={"experts": tuple(e.model_copy(update={"at_once": True}) for e in bob["experts"])}),
        Row("an expert, in a direct chat", "direct", (unknown, expert), (NOT_FOUND_PRIVATE, _named("Bob")),
            (*ABSTAINED, call), (), members=("ada",), made=bob),
        Row("an expert who is not here", "channel", (unknown, expert), (NOT_FOUND, _named("Tom")), (*ABSTAINED, call),
            made={"experts": (ExpertSettings(name="Tom", slack="U0TOM", teams="tom@example.com"),)},
            only={"slack": ((NOT_FOUND, f"@U0TOM {asked}"), (*ABSTAINED, call))}),  # Slack mentions anybody
        Row("an expert, before any question", "channel", (Say("expert"),), (NO_QUESTION,), (nobody,), made=bob),
        Row("an expert, where none is set up", "channel", (unknown, expert), (NOT_FOUND, NO_EXPERT),
            (*ABSTAINED, nobody)),
        Row("an expert, called by a guest", "channel", (unknown, replace(expert, who="gil")), (NOT_FOUND, MEMBERS_ONLY),
            (*ABSTAINED, "expert refused"), made=bob, members=("ada", "gil"), other="gil"),
    ]  # fmt: skip


def _named(expert: str) -> str:
    return EXPERT_ELSEWHERE.format(name=expert)


def _manners() -> list[Row]:
    """How much is answered, and how often the same."""
    flights = Say("How are flights booked?")
    # The one that is turned away is over, its delivery recorded, before the model lets the others go on.
    turned_away = (ASKED_LATER, Recorded("delivery"))
    crowd = (SlowModel(), ASKED_LATER, OnlyStatus(), ASKED_LATER, *turned_away, Mend())
    return [
        Row("a person asks more than is answered", "channel", (ASK, flights), (HOTELS, _start(PERSON_LIMITED)),
            (*ANSWERED, *REFUSED), made={"person_limit": 1}, never=(FLIGHTS,)),
        Row("a retry is not counted", "channel", (ASK, Again(), Again(), flights), (HOTELS, FLIGHTS), ANSWERED * 2,
            made={"person_limit": 2, "channel_limit": 2}, by_http=True),
        Row("a channel asks more than is answered", "channel", (ASK, replace(flights, who="bob")),
            (HOTELS, _start(CHANNEL_LIMITED)), (*ANSWERED, *REFUSED), rule={"limit": 1}, never=(FLIGHTS,)),
        Row("more questions than can wait", "channel", crowd, (QUEUE_FULL, HOTELS, HOTELS), (*REFUSED, *ANSWERED * 2),
            made={"workers": 1, "queue_limit": 1}, model=True),
        Row("a question repeated in its thread", "channel", (ASK, Say("what do HOTELS cost  a night", reply=True)),
            (HOTELS, _start(POINTER)), ANSWERED * 2),
        Row("a question repeated by somebody else", "channel", (ASK, replace(ASK, who="bob", reply=True)),
            (HOTELS, _start(POINTER)), ANSWERED * 2),
        Row("a question repeated in a direct chat", "direct", (ASK, ASK), (HOTELS, _start(POINTER_DIRECT)),
            ANSWERED * 2, (), members=("ada",)),
        Row("a question repeated in another thread", "channel", (ASK, ASK), (HOTELS, HOTELS), ANSWERED * 2),
        Row("a question repeated where each is answered", "channel", (ASK, replace(ASK, reply=True)),
            (HOTELS, HOTELS), ANSWERED * 2, made={"point_to_answers": False}),
        Row("a question repeated after forget", "channel",
            (ASK, Say("forget", reply=True), replace(ASK, reply=True)), (HOTELS, "I have forgotten", HOTELS),
            ANSWERED * 3),
    ]  # fmt: skip


def _rules() -> list[Row]:
    """What an administrator says of the channel."""
    unmentioned = replace(ASK, mention=False)
    follow_up = Say("How are flights booked?", reply=True, mention=False)
    others_hours = {"hours": {"zone": "Europe/Paris", "days": (DAYS[(datetime.now(UTC).weekday() + 3) % 7],)}}
    return [
        Row("outside a channel's hours", "channel", (ASK,), ("Here I answer",), REFUSED, rule=others_hours,
            never=("180 EUR",)),
        Row("outside the hours of direct chats", "direct", (ASK,), ("Here I answer",), REFUSED, (), members=("ada",),
            rule={"id": "direct", **others_hours}, never=("180 EUR",)),
        Row("in a direct chat at any hour", "direct", (ASK,), (HOTELS,), ANSWERED, (), members=("ada",),
            rule={"id": "of another", **others_hours}),
        Row("a channel of one source", "channel", (Say("Which shoes are worn in the kitchen?"), ASK, Say("sources")),
            ("Closed shoes are worn in the kitchen.", NOT_FOUND, "Dress Code"),
            (*ANSWERED, *ABSTAINED, *ANSWERED), rule={"sources": ("handbook",)}, never=("180 EUR", "Travel Policy")),
        Row("a channel that needs no mention", "channel", (unmentioned,), (HOTELS,), ANSWERED,
            rule={"without_mention": "always"}, follow=False, by_http=True),
        Row("a group that needs no mention", "group", (unmentioned,), (HOTELS,), ANSWERED,
            rule={"without_mention": "always"}, follow=False),
        Row("a channel where follow-ups need no mention", "channel", (ASK, follow_up), (HOTELS, FLIGHTS),
            ANSWERED * 2, rule={"without_mention": "threads"}, follow=False),
        Row("a channel where everything needs a mention", "channel", (ASK, follow_up), (HOTELS,), ANSWERED,
            rule={"without_mention": "never"}, only={"teams": ((HOTELS,), (*ANSWERED, *IGNORED))}),
        Row("a channel with a line of its own", "channel", (ASK,), (f"{HOTELS}\nNo legal advice.",), ANSWERED,
            rule={"style": {"disclaimer": "No legal advice."}}),
    ]  # fmt: skip


def _start(text: str) -> str:
    """The words of a text before its first variable part."""
    return text.partition("{")[0].strip()


ROWS = (*_where(), *_events(), *_replicas(), *_readers(), *_failures(), *_content(), *_help(), *_manners(), *_rules())
