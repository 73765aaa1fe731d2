"""The image: built on a base that is named by its digest, or told that it is not."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

DOCKERFILE = Path(__file__).parents[1] / "Dockerfile"


@pytest.mark.parametrize(
    ("base", "told"),
    [("python:3.11-slim", True), (f"python:3.11-slim@sha256:{'a' * 64}", False)],
    ids=["tag", "digest"],
)
def test_a_base_that_is_named_by_a_tag_is_told(base: str, told: bool) -> None:
    assert (f"WARNING: the base image {base} is named by a tag" in _said(base)) is told


def test_the_base_is_named_by_its_digest_unless_another_is_given() -> None:
    text = DOCKERFILE.read_text()
    (base,) = re.findall(r"^ARG BASE=(.*)$", text, re.MULTILINE)
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
    assert re.findall(r"^FROM (.*)$", text, re.MULTILINE) == ["${BASE}"]
    assert _said(base) == ""


def _said(base: str) -> str:
    """What the build's own check of its base prints."""
    found = re.search(r"^ARG BASE\nRUN (case .*)$", DOCKERFILE.read_text(), re.MULTILINE)
    assert found is not None
    ran = subprocess.run(
        ["/bin/sh", "-c", found[1]], env={**os.environ, "BASE": base}, capture_output=True, text=True, check=True
    )
    return ran.stderr
