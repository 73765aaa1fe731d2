"""The index engines. A new one is a module that implements `retrieval.ports.Index`, and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.settings.values import Settings
from retrieval.ports import Embedder, Index


@dataclass(frozen=True, slots=True)
class IndexEngine:
    """`build` raises IndexUnavailable. `apart` are the settings that keep a home's index apart from others' on the
    same server, by a name of ASCII letters and digits."""

    name: str
    chosen: Callable[[Settings], bool]
    build: Callable[[Settings, Embedder], Index]
    apart: Callable[[str], Mapping[str, object]] = lambda name: {}


def _weaviate(settings: Settings, embedder: Embedder) -> Index:
    from retrieval.index.weaviate import WeaviateIndex

    return WeaviateIndex(
        settings.weaviate_url or "",
        embedder.fingerprint,
        grpc_port=settings.weaviate_grpc_port,
        api_key=settings.secret("weaviate_api_key"),
        name=settings.weaviate_collection,
    )


def _embedded(settings: Settings, embedder: Embedder) -> Index:
    from retrieval.index.embedded import EmbeddedIndex

    return EmbeddedIndex(settings.home / "index", embedder.fingerprint)


ENGINES = (
    IndexEngine("weaviate", lambda s: bool(s.weaviate_url), _weaviate, lambda name: {"weaviate_collection": name}),
    IndexEngine("embedded", lambda s: True, _embedded),
)
"""The first that the settings choose is the one."""


def engine(settings: Settings) -> IndexEngine:
    """The engine of these settings."""
    return next(e for e in ENGINES if e.chosen(settings))
