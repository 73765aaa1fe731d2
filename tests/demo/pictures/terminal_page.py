"""A terminal as a page: commands, and what they printed. Pure."""

from __future__ import annotations

import html
from collections.abc import Sequence

STYLE = """
body { margin: 0; background: #1e1e1e; color: #d4d4d4;
  font: 12px/1.5 'DejaVu Sans Mono', 'Liberation Mono', monospace; }
pre { margin: 0; padding: 18px 22px; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
b { color: #fff; } .ok { color: #6cc070; } .no { color: #f07070; }
"""


def page(runs: Sequence[tuple[str, str]]) -> str:
    """Each command, and the lines of its output; "ok" and "NO" at a line's start have their colours."""
    lines: list[str] = []
    for command, output in runs:
        lines.append(f"<b>$ {html.escape(command)}</b>")
        lines += [_line(html.escape(line)) for line in output.rstrip().splitlines()]
        lines.append("")
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><pre>{chr(10).join(lines).rstrip()}</pre>"


def _line(text: str) -> str:
    for word, kind in (("ok", "ok"), ("NO", "no")):
        if text.startswith(f"{word} "):
            return f"<span class={kind}>{word}</span>{text[len(word) :]}"
    return text
