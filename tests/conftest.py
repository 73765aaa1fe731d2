"""What several packages' tests share: a real Weaviate, started once a session when a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import weaviate


@pytest.fixture(scope="session")
def weaviate_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[weaviate.Server]:
    """A running server. Missing: a failure with CI=true, a skip with the reason elsewhere."""
    with weaviate.running(tmp_path_factory.mktemp("weaviate")) as server:
        yield server
