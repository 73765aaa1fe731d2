"""The setting that keeps struck-out text reaches the parser, as `inspect` shows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.servers.commands import MAIN, run


@pytest.mark.parametrize(
    ("setting", "text", "left_out"),
    [
        pytest.param("false", "EUR 600", [{"what": "struck-out text", "where": "line 1"}], id="left out"),
        pytest.param("true", "[struck out: EUR 500] EUR 600", [], id="kept"),
    ],
)
def test_struck_text_is_read_as_the_settings_say(
    tmp_path: Path, setting: str, text: str, left_out: list[dict[str, str]]
) -> None:
    (tmp_path / "fee.md").write_text("~~EUR 500~~ EUR 600\n")
    environment = {**os.environ, "FOOTNOTE_KEEP_STRUCK_TEXT": setting}
    done = run(MAIN, "inspect", "fee.md", "--json", cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    tree = json.loads(done.stdout)
    assert (tree["text"], tree["left_out"]) == (text, left_out)
