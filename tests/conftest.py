"""What several packages' tests share: real servers, each started once a session when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import fuzz
from tests.servers import postgres, weaviate

fuzz.load()


@pytest.fixture(scope="session")
def weaviate_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Server]:
    """A running server. Missing: a failure with CI=true, a skip with the reason elsewhere."""
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A running server. Missing: a failure with CI=true, a skip with the reason elsewhere."""
    with postgres.running() as server:
        yield server
