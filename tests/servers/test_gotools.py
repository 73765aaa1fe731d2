"""A program that cannot be had is said in a sentence, not a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import gotools


def test_a_build_that_outlasts_its_limit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\nexec sleep 60\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(gotools.NotBuilt, match=r"tool was not built within 1 seconds \(`go install x@v1`\)"):
        gotools.build("tool", ["install", "x@v1"], limit_s=0.6, cache=tmp_path / "cache")
