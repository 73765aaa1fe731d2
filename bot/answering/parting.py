"""A long text in parts, for platforms that take it in no other way. Pure."""

from __future__ import annotations

import re


def parted(text: str, limit: int, token: re.Pattern[str], whole: str) -> list[str]:
    """Pieces of about `limit` characters at most, at least one. `token` matches what belongs together, at each place
    of the text; one that begins with a character of `whole` (a link, an escape) is never cut in two.
    """
    pieces, piece = [], ""
    for found in token.findall(text):
        bits = [found] if found[0] in whole else [found[i : i + limit] for i in range(0, len(found), limit)]
        for bit in bits:
            if len(piece) + len(bit) > limit and piece.strip():
                pieces.append(piece.strip())
                piece = ""
            piece += bit
    return [*pieces, piece.strip()] if piece.strip() or not pieces else pieces
