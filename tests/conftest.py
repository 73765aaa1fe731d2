"""What several packages' tests share: real servers, each started once a session when a test asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from audit import log
from tests import fuzz
from tests.memory import in_memory
from tests.servers import postgres, weaviate
from tests.waiting import STUCK_S

fuzz.load()
if (memory := in_memory()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)  # of `tmp_path`; whoever set it wants to look at the files


@pytest.fixture(scope="session", autouse=True)
def patient_log() -> Iterator[None]:
    """A busy machine is no log that is down: an append may take longer here than anybody would wait for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "PATIENCE", STUCK_S)
        yield


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
