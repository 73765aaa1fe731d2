"""The same tests over both databases of the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from audit.database import Database
from audit.postgres import PostgresDatabase
from audit.sqlite import SqliteDatabase
from tests.audit.fixtures import Opener
from tests.servers import postgres


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Callable[[Path], Database]:
    """The database of the log in a folder: the same one for the same folder."""
    if request.param == "sqlite":
        return SqliteDatabase
    server: postgres.Server = request.getfixturevalue("postgres_server")
    made: dict[Path, PostgresDatabase] = {}

    def of(folder: Path) -> Database:
        if folder not in made:
            made[folder] = PostgresDatabase(server.create(f"log_{uuid4().hex}"))
        return made[folder]

    return of


@pytest.fixture
def open_log(database: Callable[[Path], Database]) -> Opener:
    return Opener(database)
