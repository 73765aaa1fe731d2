"""Start-up of `footnote --help`, beside a Python that does nothing: `python -m bench.startup`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "footnote --help": [
        sys.executable,
        "-c",
        "import sys; sys.argv = ['footnote', '--help']; import bot.cli as c; c.main()",
    ],
}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            seconds[name].append(time.perf_counter() - began)
    for name, runs in seconds.items():
        print(f"{name:18} p50 {statistics.median(runs):.3f} s  max {max(runs):.3f} s")


if __name__ == "__main__":
    main()
