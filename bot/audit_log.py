"""The audit log that the settings name, for the service and for every command that reads it."""

from __future__ import annotations

from audit.log import TransparencyLog
from bot.settings import Settings


async def open_audit_log(settings: Settings) -> TransparencyLog:
    """In PostgreSQL where the settings say so, else in the home. Raises AuditUnavailable, AuditCorrupt.

    The signing key, exports and the lock of a start are in the home's folder `audit` either way.
    """
    folder = settings.home / "audit"
    if settings.database_url is None:
        return await TransparencyLog.open(folder)
    from audit.postgres import PostgresDatabase  # psycopg loads libpq

    return await TransparencyLog.open(folder, database=PostgresDatabase(settings.database_url.get_secret_value()))
