"""How much is answered at once, and for whom."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    workers: int = Field(default=8, ge=1, le=64, description="Questions answered at the same time")
    person_limit: int = Field(
        default=30, ge=0, le=100_000, description="Questions per person answered in limit_minutes; 0: no limit"
    )
    channel_limit: int = Field(
        default=120, ge=0, le=100_000, description="Questions per channel answered in limit_minutes; 0: no limit"
    )
    limit_minutes: int = Field(default=10, ge=1, le=1_440, description="The period of these limits, in minutes")
    queue_limit: int = Field(default=2_000, ge=1, le=20_000, description="Questions that may be waiting in all")
    queue_per_person: int = Field(
        default=100, ge=1, le=20_000, description="Questions of one person that may be waiting"
    )
    memory_hours: int = Field(default=24, ge=0, le=720, description="How long a thread is remembered, in hours")
    question_limit: int = Field(default=4_000, ge=100, le=20_000, description="Longest question, in characters")
