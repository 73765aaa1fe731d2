"""Where state lies and what `footnote serve` listens on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class HomeSettings(BaseModel):
    home: Path = Field(default=Path(".footnote"), description="Folder of all state")


class DatabaseSettings(BaseModel):
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL for audit log and inbox, postgresql://…; unset: SQLite in the home"
    )


class ServiceSettings(BaseModel):
    host: str = Field(default="127.0.0.1", description="Address that `footnote serve` listens on")
    port: int = Field(
        default=3978, ge=0, le=65535, description="Port that `footnote serve` listens on; 0: any free one"
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https://[^\s/?#]+(/[^\s?#]*)?|http://(127\.0\.0\.1|localhost)(:\d+)?/?)?$",
        description="Where the platforms reach `footnote serve`, https://…; `footnote doctor` goes that way, too",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="Address that metrics are served on, in Prometheus' form"
    )
    metrics_port: int = Field(default=0, ge=0, le=65535, description="Port that metrics are served on; 0: none")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged: debug, info, warning, error"
    )
