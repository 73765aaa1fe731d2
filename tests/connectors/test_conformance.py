"""The conformance tests over what needs no server: a folder, and a service that tells changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.testing.suite import Conformance
from tests.connectors.worlds import FolderWorld, ShelfWorld


class TestFolder(Conformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FolderWorld:
        return FolderWorld(tmp_path)


class TestShelf(Conformance):
    @pytest.fixture
    def world(self) -> ShelfWorld:
        return ShelfWorld()
