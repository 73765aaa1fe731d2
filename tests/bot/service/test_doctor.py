"""`footnote doctor` asks the model something whose answer is known, and says what it got."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.service.doctor import examine
from bot.settings.values import Settings
from tests.servers.model import Answer, ModelServer, fails, picks, says


@pytest.mark.parametrize(
    ("answer", "fine", "says_what"),
    [
        pytest.param(
            picks(2), True, "chose 'A hotel room may cost at most 180 EUR for a night.' (100 tokens in)", id="ok"
        ),
        pytest.param(picks(1), False, "chose 'Train journeys are booked in second class.', not", id="another sentence"),
        pytest.param(says('{"units": []}'), False, "chose nothing, not", id="nothing"),
        pytest.param(fails(401), False, "refuses the key", id="no key"),
    ],
)
async def test_the_model_is_asked_what_is_known(tmp_path: Path, answer: Answer, fine: bool, says_what: str) -> None:
    async with ModelServer(answer) as server:
        findings = await examine(Settings(home=tmp_path / "home", model="tiny", model_base_url=server.url))
    [found] = [f for f in findings if f.check == "model"]
    assert found.ok is fine
    assert says_what in found.detail
