"""The composition root: the only module that knows all parts. Tests build the product here too."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from audit.events import operating_system_user
from audit.log import TransparencyLog
from audit.record import new_record_id
from bot.answering.ask import Ask, Replied, Request
from bot.answering.audience import AudienceRules
from bot.answering.commands import Commands
from bot.answering.experts import ExpertDesk, ExpertRule, Experts
from bot.answering.history import LoggedHistory
from bot.answering.memory import ThreadMemory
from bot.answering.render import plain
from bot.answering.repeats import Repeats
from bot.answering.viewer import RecordViewer
from bot.directory.build import build as build_directory
from bot.directory.file import AtOnce, Groups
from bot.errors import SettingsError
from bot.keys import ChannelKey, ThreadKey
from bot.queue.admission import Admission
from bot.queue.inbox import Inbox
from bot.queue.worker import Worker, WorkerLimits
from bot.settings.values import Settings
from bot.types import Expert
from bot.wiring.channel_rules import channel_rules, limits, styled
from bot.wiring.databases import open_audit_log
from bot.wiring.indexes import engine
from bot.wiring.revalidation import Revalidator
from bot.wiring.styles import answer_form, house_style
from bot.wiring.syncing import Syncing
from connectors.kinds import title_rules
from connectors.ports import Source
from connectors.report import SyncReport
from connectors.state import StateStore
from connectors.sync import SyncEngine
from retrieval.answering import Answering
from retrieval.embed.cache import CachedEmbedder
from retrieval.embed.recent import RecentEmbedder
from retrieval.generate.checker import ModelChecker
from retrieval.generate.prompt import HouseStyle
from retrieval.mending import Mending
from retrieval.parse import formats
from retrieval.parse.sandbox import Ocr, SandboxParser
from retrieval.people import Audience, AudienceKind, Principal
from retrieval.ports import Embedder, Index, Parser
from retrieval.retrieve import Retriever
from retrieval.select.embedded import EmbeddedSelector
from retrieval.select.model import ModelSelector
from retrieval.thread import FollowUps
from retrieval.types import Question, Turn

if TYPE_CHECKING:
    from retrieval.generate.endpoint import ChatEndpoint, Limits

TERMINAL: Mapping[str, str] = {"platform": "cli", "tenant": "local", "channel": "terminal", "channel_kind": "direct"}
CLI_THREAD = ThreadKey(ChannelKey("cli", "local", "terminal"))


@dataclass(frozen=True, slots=True)
class App:
    """The product, put together. Made by `open_app`."""

    settings: Settings
    state: StateStore
    index: Index
    embedder: Embedder
    engine: SyncEngine
    audit: TransparencyLog
    directory: Groups
    ask: Ask
    model: ModelSelector | None

    @property
    def syncing(self) -> Syncing:
        """What follows sources."""
        return Syncing(self.settings, self.state, self.engine)

    async def sync(
        self, source: Source, *, full: bool = False, dry_run: bool = False, confirm_deletes: bool = False
    ) -> SyncReport:
        """Follow one source once, and remember how it went. Raises what `SyncEngine.run` raises."""
        return await self.syncing.sync(source, full=full, dry_run=dry_run, confirm_deletes=confirm_deletes)

    async def ask_as(
        self, text: str, user: str | None, memory: tuple[Turn, ...] = (), ask: Ask | None = None
    ) -> Replied:
        """A question from the terminal. `user` is an e-mail; None: nobody in particular. `ask`: not from what is now.

        Whoever it is asked as, the record says who asked: the user of the operating system.
        """
        person = Principal("cli", "local", user or "anyone", email=user or "")
        asker = Principal("cli", "local", person.user, person.email, await self.directory.fresh(person))
        return await (ask or self.ask)(
            Request(
                record_id=new_record_id(),
                question=Question(text, datetime.now(UTC), memory),
                asker=asker,
                audience=Audience(AudienceKind.PRIVATE, frozenset({asker.entries})),
                private=None,
                thread=CLI_THREAD,
                place={**TERMINAL, "by": operating_system_user()},
                render=lambda outcome: {"text": plain(outcome)},
            )
        )

    def viewer(self) -> RecordViewer:
        """What stands behind the platforms' "Show the passage" buttons."""
        return RecordViewer(self.audit, self.state, AtOnce(self.directory))

    def worker(self, memory: ThreadMemory, inbox: Inbox) -> Worker:
        """The worker that answers what the chat platforms bring; attach the platforms to it."""
        channels = channel_rules(self.settings)
        rules = AudienceRules(self.directory, channels, guests=self.settings.guests, asking=AtOnce(self.directory))
        desk = ExpertDesk(experts(self.settings), self.audit, LoggedHistory(self.audit))
        return Worker(
            inbox,
            self.ask,
            self.audit,
            rules,
            memory,
            {},
            experts=desk,
            admission=Admission(channels, limits(self.settings)),
            limits=WorkerLimits(self.settings.workers),
        )


@contextmanager
def open_state(settings: Settings) -> Iterator[StateStore]:
    """The state store alone: for commands that only look."""
    state = StateStore(settings.home / "state.db")
    try:
        yield state
    finally:
        state.close()


@asynccontextmanager
async def parser(settings: Settings) -> AsyncIterator[SandboxParser]:
    """Parsers in child processes; scanned pages are read when the settings say so."""
    folder = os.environ.get("TESSDATA_PREFIX")  # Tesseract's own variable: children of the sandbox have none
    ocr = Ocr(settings.ocr_language, folder) if settings.ocr else None
    reader = SandboxParser(ocr=ocr, keep_struck=settings.keep_struck_text)
    try:
        yield reader
    finally:
        await reader.close()


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    memory: ThreadMemory | None = None,
    wrap_parser: Callable[[Parser], Parser] = lambda parser: parser,
    wrap_embedder: Callable[[Embedder], Embedder] = lambda embedder: embedder,
) -> AsyncIterator[App]:
    """Build the product on a home; everything is closed at the end. Raises the parts' errors."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"The home {settings.home} cannot be made: {error.strerror}. Choose another.") from error
    style = house_style(settings)
    styles = {channel: house_style(there) for channel, there in styled(settings).items()}
    async with AsyncExitStack() as stack:
        directory = build_directory(settings)
        stack.push_async_callback(directory.close)
        state = stack.enter_context(open_state(settings))
        embedder = wrap_embedder(_embedder(settings))
        index = engine(settings).build(settings, embedder)
        stack.push_async_callback(index.close)
        reader = await stack.enter_async_context(parser(settings))
        audit = await open_audit_log(settings)
        stack.push_async_callback(audit.close)
        asking = RecentEmbedder(embedder)  # a question is searched and judged by the same vector
        chat, second = _model(settings), _checker(settings)
        for endpoint in (chat, second):
            if endpoint is not None:
                stack.push_async_callback(endpoint.close)

        def answerer(style: HouseStyle) -> Answering:
            return Answering(
                EmbeddedSelector(asking),
                ModelSelector(chat, style) if chat is not None else None,
                style.form,
                compressed=style.compressed,
                checker=ModelChecker(second) if second is not None else None,
                believed=settings.model_abstains,
                deadline=float(settings.model_timeout_s),
            )

        # Documents' vectors are kept, so that no clause is embedded twice; a question's are not.
        cached = CachedEmbedder(embedder, settings.home / "embeddings.db")
        version_of_reading = formats.VERSION + (f"+ocr.{settings.ocr_language}" if settings.ocr else "")
        version_of_reading += "+struck" if settings.keep_struck_text else ""
        titles = {source.name: title_rules(source) for source in settings.sources}
        syncing = SyncEngine(state, index, cached, wrap_parser(reader), version_of_reading, titles)
        confirm = Revalidator(settings, state, Syncing(settings, state, syncing))
        stack.push_async_callback(confirm.close)
        commands = Commands(state, memory.forget if memory else lambda _: 0, LoggedHistory(audit))
        retriever = Retriever(index, asking, state)
        ask = Ask(
            library=state,
            retriever=retriever,
            answerer=answerer(style),
            audit=audit,
            commands=commands,
            question_limit=settings.question_limit,
            disclaimer=settings.style.disclaimer,
            version=version("footnote"),
            configuration_sha256=configuration_sha256(settings),
            experts=experts(settings).offered,
            styled={name: answerer(style) for name, style in styles.items()},
            repeats=Repeats(memory, audit, state) if memory is not None and settings.point_to_answers else None,
            follow=FollowUps(retriever, EmbeddedSelector(asking), Mending(retriever, whole_words)),
            confirm=confirm,
        )
        model = ModelSelector(chat, style) if chat is not None else None
        yield App(settings, state, index, embedder, syncing, audit, directory, ask, model)


def _embedder(settings: Settings) -> Embedder:
    """The built-in model, or the endpoint that is set."""
    if settings.embedding_model:
        from retrieval.embed.openai_embedder import OpenAIEmbedder

        return OpenAIEmbedder(
            model=settings.embedding_model,
            dimensions=settings.embedding_dimensions,
            batch=settings.embedding_batch,
            base_url=settings.embedding_base_url,
            api_key=settings.secret("embedding_api_key"),
        )
    from retrieval.embed.minilm import OF_THE_PROCESS, MiniLM

    return MiniLM(settings.home / "models", network=OF_THE_PROCESS)


def whole_words() -> frozenset[str]:
    """What the built-in model knows as words, whichever model embeds."""
    from retrieval.embed import whole_words as pieces

    return pieces.whole_words()


def _model(settings: Settings) -> ChatEndpoint | None:
    """The model that is set; None: the embedded selector chooses."""
    if not settings.model:
        return None
    from retrieval.generate.endpoint import ChatEndpoint

    return ChatEndpoint(
        settings.model,
        api_key=settings.secret("model_api_key") or None,
        base_url=settings.model_base_url,
        limits=_limits(settings),
    )


def _checker(settings: Settings) -> ChatEndpoint | None:
    """The model of the second opinion, where one is set and a model words answers."""
    if not settings.checker_model or not settings.model:
        return None
    from retrieval.generate.endpoint import ChatEndpoint

    return ChatEndpoint(
        settings.checker_model,
        api_key=settings.secret("checker_api_key") or settings.secret("model_api_key") or None,
        base_url=settings.checker_base_url or settings.model_base_url,
        limits=_limits(settings),
    )


def _limits(settings: Settings) -> Limits:
    from retrieval.generate.endpoint import Limits

    return Limits(timeout=float(settings.model_timeout_s), deadline=float(settings.model_timeout_s))


def experts(settings: Settings) -> Experts:
    """Who may be asked, as the settings say."""
    return Experts(
        [ExpertRule(Expert(e.name, e.addresses), frozenset(e.channels), e.words, e.at_once) for e in settings.experts]
    )


def configuration_sha256(settings: Settings) -> str:
    """Names the settings without their secrets, and the answer forms, for the record of each answer."""
    forms = [answer_form(where) for where in (settings, *styled(settings).values())]
    named = settings.model_dump_json() + (repr(forms) if any(forms) else "")
    return hashlib.sha256(named.encode()).hexdigest()
