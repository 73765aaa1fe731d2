"""Groups from an organisation's own endpoint: one POST a person.

Request  {"platform": "slack", "tenant": "T1", "user": "U1", "email": "ada@example.com"}
Answer   {"groups": ["legal", "board"]}, status 200, for everybody; unknown people are in no group.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from bot.directory.client import JsonClient, Patience
from bot.directory.file import LONGEST_NAME, MOST_GROUPS, DirectoryDown
from bot.errors import DirectoryUnavailable, SettingsError
from retrieval.outbound.addresses import is_safe
from retrieval.people import Principal

NAME = "The directory endpoint"
PATIENCE = Patience(most_bytes=1_000_000)
_NOBODY = Principal("doctor", "", "nobody", member=False)


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """Raises SettingsError when it cannot be used safely. `secret` goes as the bearer token."""

    url: str
    secret: str = field(repr=False)
    prefix: str = "http:"
    patience: Patience = PATIENCE

    def __post_init__(self) -> None:
        if not is_safe(self.url):
            raise SettingsError("The directory's url must begin with https:// and hold neither a password nor a #.")
        if not self.secret or not self.secret.isascii() or not self.secret.isprintable() or " " in self.secret:
            raise SettingsError(
                "FOOTNOTE_DIRECTORY_SECRET is needed for the directory endpoint: printable ASCII without spaces."
            )


class HttpDirectory:
    """Implements `Source`. The endpoint is trusted with who is in which group, and with nothing else."""

    name = NAME

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._url = URL(config.url)
        self._client = JsonClient(NAME, config.patience)

    async def groups(self, person: Principal) -> frozenset[str]:
        asked = {"platform": person.platform, "tenant": person.tenant, "user": person.user, "email": person.email}
        status, answer = await self._client.ask("POST", self._url, self._config.secret, asked)
        if status in (401, 403):
            raise DirectoryDown(f"{NAME} refuses the bot (status {status}). Check FOOTNOTE_DIRECTORY_SECRET.")
        if status != 200:
            raise DirectoryDown(f"{NAME} answers with status {status}, not 200. Check its url and its log.")
        return frozenset(self._config.prefix + name for name in _names(answer, self._config.prefix))

    async def unknown(self, names: frozenset[str]) -> frozenset[str]:
        """The endpoint tells the groups of a person, not which there are."""
        return frozenset()

    async def check(self) -> list[str]:
        try:
            await self.groups(_NOBODY)
        except DirectoryUnavailable as error:
            return [str(error)]
        return []

    async def close(self) -> None:
        await self._client.close()


def _names(answer: Any, prefix: str) -> list[str]:
    """The answer's names, or DirectoryUnavailable: a part of them would leave out denials."""
    names = answer.get("groups") if isinstance(answer, dict) else None
    if not isinstance(names, list):
        raise DirectoryDown(f'{NAME} must answer {{"groups": [...]}}; it answers something else.')
    if len(names) > MOST_GROUPS:
        raise DirectoryUnavailable(f"{NAME} names {len(names)} groups of one person; {MOST_GROUPS} are the limit.")
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or name != name.strip():
            raise DirectoryUnavailable(f"{NAME} names a group that is no text of 1 to {LONGEST_NAME} characters.")
        if not name.isprintable():
            raise DirectoryUnavailable(f"{NAME} names a group with characters that cannot be printed.")
        if not prefix and ":" in name:
            raise DirectoryUnavailable(f"{NAME} names a group with a colon; without a prefix none may have one.")
    return names
