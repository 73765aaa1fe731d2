"""What parsers import while they read files: a child of the sandbox can load nothing then. Prints the names as JSON.

`python -m tests.retrieval.parse.sandbox.imports FOLDER`: every file in it is read, with what a child has loaded.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from retrieval.errors import DocumentUnreadable
from retrieval.parse.formats import detect, read
from retrieval.parse.worker import Preloaded

found: dict[str, str] = {}
now = ""


def note(event: str, args: tuple[object, ...]) -> None:
    if event == "import" and now:
        found.setdefault(str(args[0]), now)


def main() -> None:
    global now  # noqa: PLW0603 an audit hook takes no state
    files = sorted(Path(sys.argv[1]).iterdir())
    preloaded = Preloaded(json.loads(sys.argv[2]) if len(sys.argv) > 2 else None)
    sys.addaudithook(note)
    for file in files:
        content = file.read_bytes()
        with suppress(DocumentUnreadable):
            kind = detect(file.name, content)
            preloaded.load([kind])
            now = file.name
            read(kind, file.name, content, preloaded.recognizer)
        now = ""
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
