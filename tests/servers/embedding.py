"""The embedding model for homes that commands of a test make: each would convert it again, at a second and more."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from retrieval.embed.minilm import Network


def lend_model(home: Path) -> None:
    """Give a new home the embedding model that this process has converted: a command would convert it again."""
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "models").symlink_to(_converted())


@cache
def _converted() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="footnote-models-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Network().loaded(folder)
    return folder
