"""The audit log and the inbox that the settings name, for the service and for every command.

In PostgreSQL where the settings say so, else in the home. The log's signing key, its exports and the
lock of a start are in the home's folder `audit` either way.
"""

from __future__ import annotations

from audit.database import Database
from audit.keyring import Paths
from audit.log import TransparencyLog
from audit.sqlite import SqliteDatabase
from audit.verify_home import Home
from bot.queue.inbox_store import InboxStore, PostgresStore, SqliteStore
from bot.settings.values import Settings


async def open_audit_log(settings: Settings) -> TransparencyLog:
    """Raises AuditUnavailable, AuditCorrupt."""
    return await TransparencyLog.open(settings.home / "audit", database=audit_database(settings))


def audit_database(settings: Settings) -> Database:
    """Where the log's records are; nothing is opened. Raises AuditUnavailable when the address of it is none."""
    if settings.database_url is None:
        return SqliteDatabase(settings.home / "audit")
    from audit.postgres import PostgresDatabase  # psycopg loads libpq

    return PostgresDatabase(settings.secret("database_url"))


def audit_home(settings: Settings) -> Home:
    """For verification: where the log lies, and what else says that there was one."""
    traces = [name for name in ("inbox.db", "memory.db") if (settings.home / name).exists()]
    return Home(Paths(settings.home / "audit"), audit_database(settings), settings.checkpoint_folder, traces)


def inbox_store(settings: Settings) -> InboxStore:
    """Raises AuditUnavailable when the address of the database is none."""
    if settings.database_url is None:
        return SqliteStore(settings.home / "inbox.db")
    return PostgresStore(settings.secret("database_url"))
