"""How property tests look for examples: the same ones in every `make test`, new ones in `make fuzz`.

What `make fuzz` finds is kept as an `@example` beside the mended fault.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EFFORT = int(os.environ.get("FOOTNOTE_FUZZ", "0"))
"""0: the same examples in every run. Else random ones, so many times as many."""

DEFAULT_TRIES = 100
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure


def load() -> None:
    """Make it the profile of this run."""
    if EFFORT:
        settings.register_profile("footnote", _COMMON, max_examples=DEFAULT_TRIES * EFFORT)
    else:
        settings.register_profile("footnote", _COMMON, derandomize=True, database=None)
    settings.load_profile("footnote")


def tries(count: int) -> settings:
    """For a test whose examples cost more, or find more, than most do: so many instead of DEFAULT_TRIES."""
    return settings(max_examples=count * max(EFFORT, 1))
