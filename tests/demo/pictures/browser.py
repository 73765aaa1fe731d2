"""A page as a PNG, by headless Chromium without a network; and the one JavaScript library, by npm."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from pathlib import Path

from tests.servers.npmtools import ADAPTIVE_CARDS, NotFetched, fetch

WIDTH, SCALE = 720, 1.25  # CSS pixels; the picture is WIDTH * SCALE pixels wide
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
MEASURE = "<script>document.title = Math.ceil(document.body.getBoundingClientRect().height)</script>"


class Unavailable(Exception):
    """Chromium or npm is missing or failed; the message says what to install."""


async def adaptive_cards() -> str:
    """The source of the browser build, fetched once into the cache folder. Raises Unavailable."""
    try:
        folder = await asyncio.to_thread(fetch, ADAPTIVE_CARDS)
    except NotFetched as error:
        raise Unavailable(f"The Teams picture cannot be drawn: {error}") from error
    return (folder / "dist" / "adaptivecards.min.js").read_text("utf-8").replace("</script", "<\\/script")


def chromium() -> str:
    """The browser's path. Raises Unavailable."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise Unavailable("Chromium is not installed: apt-get install --no-install-recommends chromium")


async def picture(page: str, target: Path) -> None:
    """Draw a page as high as it is. Raises Unavailable."""
    browser = chromium()
    with tempfile.TemporaryDirectory(prefix="footnote-pictures-") as scratch:
        source = Path(scratch) / "page.html"
        source.write_text(page + MEASURE, "utf-8")
        common = (browser, *FLAGS, f"--user-data-dir={scratch}/profile", f"--force-device-scale-factor={SCALE}")
        told = await _run(*common, f"--window-size={WIDTH},1000", "--dump-dom", source.as_uri())
        found = re.search(r"<title>(\d+)</title>", told)
        if found is None:
            raise Unavailable("Chromium did not draw the page; run it by hand to see why.")
        size = f"--window-size={WIDTH},{int(found[1]) + 8}"
        await _run(*common, size, f"--screenshot={scratch}/page.png", source.as_uri())
        shutil.copyfile(f"{scratch}/page.png", target)


async def _run(*command: str) -> str:
    """Standard output of a program. Raises Unavailable when it fails or takes more than two minutes."""
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(child.communicate(), 120)
    except TimeoutError as error:
        child.kill()
        await child.wait()
        raise Unavailable(f"{command[0]} took more than two minutes.") from error
    if child.returncode != 0:
        raise Unavailable(f"{command[0]} failed: {err.decode(errors='replace')[-500:]}")
    return out.decode("utf-8", "replace")
