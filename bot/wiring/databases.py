"""The audit log and the inbox that the settings name, for the service and for every command.

In PostgreSQL where the settings say so, else in the home. The log's signing key, its exports and the
lock of a start are in the home's folder `audit` either way.
"""

from __future__ import annotations

from audit.log import TransparencyLog
from bot.queue.inbox_store import InboxStore, PostgresStore, SqliteStore
from bot.settings.values import Settings


async def open_audit_log(settings: Settings) -> TransparencyLog:
    """Raises AuditUnavailable, AuditCorrupt."""
    folder = settings.home / "audit"
    if settings.database_url is None:
        return await TransparencyLog.open(folder)
    from audit.postgres import PostgresDatabase  # psycopg loads libpq

    return await TransparencyLog.open(folder, database=PostgresDatabase(settings.secret("database_url")))


def inbox_store(settings: Settings) -> InboxStore:
    """Raises AuditUnavailable when the address of the database is none."""
    if settings.database_url is None:
        return SqliteStore(settings.home / "inbox.db")
    return PostgresStore(settings.secret("database_url"))
