"""What the audit log is told to do by itself."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from connectors.kinds import SettingsTable


class RetentionSettings(SettingsTable):
    """Audit records older than `days` lose their fields; the log's proofs stay."""

    days: int = Field(ge=1, description="Age, in days; below 184 it needs a confirmation")
    tenant: str | None = Field(default=None, description="Only this tenant's records")
    channel: str | None = Field(default=None, description="Only this channel's records")
    below_floor: bool = Field(default=False, description="Confirms a period below the six months of the EU AI Act")
    below_floor_confirmed: bool = Field(default=False, description="Confirms a period below 184 days")


class AuditSettings(BaseModel):
    heartbeat_every_s: int = Field(
        default=3_600, ge=0, le=86_400, description="A heartbeat goes to the audit log this often, in seconds; 0: never"
    )
    checkpoint_folder: Path | None = Field(
        default=None, description="Folder outside the home (a mounted bucket, another machine) for signed checkpoints"
    )
    checkpoint_every_s: int = Field(default=3_600, ge=60, le=604_800, description="How often, in seconds")
    retention: tuple[RetentionSettings, ...] = Field(
        default=(), description="Rules for old audit records: days, tenant, channel"
    )
