"""Storage services as sources, through Apache OpenDAL: S3 and what speaks it, Azure, Google Cloud Storage, WebDAV, FTP.

One module for all: a table's `kind` names the service, `options` are OpenDAL's for it
(https://opendal.apache.org/docs/python/), `secrets` name the environment variables that hold the others.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Self
from urllib.parse import quote

import opendal
import opendal.config
from opendal import exceptions as failures
from opendal.layers import ConcurrentLimitLayer, RetryLayer, TimeoutLayer
from pydantic import Field, model_validator

from connectors.access import AccessRules
from connectors.errors import ItemGone, ItemUnreadable, SourceUnavailable
from connectors.kinds import Link, SourceKind, SourceSettings, Surroundings
from connectors.ports import Item, ListingFailure, Standing, Tells
from retrieval.outbound.addresses import is_endpoint, is_safe

FAILURES = (
    *(failures.Unexpected, failures.Unsupported, failures.ConfigInvalid, failures.NotFound, failures.PermissionDenied),
    *(failures.IsADirectory, failures.NotADirectory, failures.ConditionNotMatch, failures.RateLimited),
    *(failures.AlreadyExists, failures.IsSameFile, failures.RangeNotSatisfied, failures.Conflict, failures.Error),
)
"""All that OpenDAL raises; they have no base of their own in common."""
PLACE = ("endpoint", "account_name", "share_name", "container", "bucket", "filesystem", "root")
"""Options that say where it is, the wider first."""
MAX_FILE_BYTES = 200_000_000
FRESH = timedelta(seconds=2)
"""An object changed this recently may change again without its tag showing it, if the tag is made of time and size."""
TRIES = 4
CALL_SECONDS = 60.0
FETCH_SECONDS = 900.0  # a file of MAX_FILE_BYTES at 2 Mbit/s
MAX_OBJECTS = 1_000_000
READERS = 8


class StorageSource:
    """Implements `Lister`, `Revalidates` and `LooksUp`. An item's id is its key below the root, with `/`."""

    tells = Tells(cannot=("who may read an object there: your access rules decide", "that something has changed"))

    def __init__(
        self,
        name: str,
        operator: opendal.AsyncOperator,
        place: Mapping[str, str],
        *,
        access: AccessRules,
        url: str | None = None,
    ) -> None:
        """`place` is where it is, without secrets; `url` the address of the root for people."""
        self._name = name
        self._operator = operator
        self._place = dict(place)
        self._access = access
        self._url = url.rstrip("/") if url else None

    @property
    def name(self) -> str:
        return self._name

    @property
    def place(self) -> Mapping[str, str]:
        return self._place

    @property
    def access(self) -> AccessRules | None:
        return self._access

    async def list(self) -> AsyncIterator[Item | ListingFailure]:
        seen = 0
        try:
            async for entry in await self._operator.list("", recursive=True):
                seen += 1
                if seen > MAX_OBJECTS:  # a listing can go on for ever
                    raise SourceUnavailable(
                        f"{self._where()} lists more than {MAX_OBJECTS} objects. Name parts of it by "
                        "root, in sources of their own."
                    )
                if not entry.path.endswith("/") and _is_document(entry.path):
                    yield await self._item(entry.path, entry.metadata)
        except FAILURES as error:
            raise SourceUnavailable(f"{self._where()} cannot be listed: {_reason(error)}.") from error

    async def _item(self, path: str, metadata: opendal.types.Metadata) -> Item:
        if not metadata.last_modified:  # some services list names alone
            metadata = await self._operator.stat(path)
        changed = metadata.last_modified or datetime.now(UTC)
        return Item(
            id=path,
            name=PurePosixPath(path).name,
            uri=f"{self._where()}/{path}",
            url=f"{self._url}/{quote(path)}" if self._url else None,
            modified_at=changed,
            token=_token(metadata, datetime.now(UTC)),
        )

    async def fetch(self, item: Item) -> bytes:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                found = await self._operator.stat(item.id)
                if found.content_length > MAX_FILE_BYTES:
                    raise ItemUnreadable(f"is larger than {MAX_FILE_BYTES // 1_000_000} MB")
                return bytes(await self._operator.read(item.id))
        except TimeoutError as error:
            raise SourceUnavailable(f"{self._where()} sends a file for more than {FETCH_SECONDS:.0f} s.") from error
        except failures.NotFound as error:
            raise ItemGone("is gone since it was listed") from error
        except (failures.PermissionDenied, failures.IsADirectory) as error:
            raise ItemUnreadable(f"cannot be read: {_reason(error)}") from error
        except FAILURES as error:
            raise SourceUnavailable(f"{self._where()} cannot be read: {_reason(error)}.") from error

    async def revalidate(self, item_id: str, token: str) -> Standing:
        try:
            found = await self._operator.stat(item_id)
        except failures.NotFound:
            return Standing.GONE
        except FAILURES:
            return Standing.UNKNOWN
        return _standing(token, found)

    async def item(self, item_id: str) -> Item | None:
        try:
            return await self._item(item_id, await self._operator.stat(item_id))
        except failures.NotFound:
            return None
        except FAILURES as error:
            raise SourceUnavailable(f"{self._where()} cannot be asked: {_reason(error)}.") from error

    def _where(self) -> str:
        parts = [self._place[key] for key in PLACE if key in self._place]
        return f"{self._place['service']}:" + "/".join(part.strip("/") for part in parts)


def _is_document(path: str) -> bool:
    """Not the temporary and hidden files that a folder leaves out too."""
    name = PurePosixPath(path).name
    return not name.startswith(("~$", ".")) and not name.endswith((".tmp", ".part", ".crdownload", "~"))


def _token(metadata: opendal.types.Metadata, now: datetime) -> str:
    """What changes with the content: a version, or a tag of the content itself.

    A weak tag (RFC 9110, section 8.8.1) is made of time and size: it says nothing of an object changed just now.
    """
    strong = metadata.version or (metadata.etag if metadata.etag and not metadata.etag.startswith("W/") else None)
    time = metadata.last_modified
    if not time:
        return ""
    fresh = "~" if not strong and now - time < FRESH else ""
    return fresh + ":".join(map(str, (metadata.version, metadata.etag, metadata.content_length, time.isoformat())))


_TOKEN = re.compile(r'(?P<version>.*?):(?P<tag>None|(?:W/)?".*"|[^:]*):(?P<size>\d+):(?P<time>\d{4}-.*)', re.DOTALL)
"""As `_token` makes it."""


def _standing(token: str, found: opendal.types.Metadata) -> Standing:
    """Whether an object is as its token says. A listing tells no version, and the time more exactly than a `stat`."""
    known = _TOKEN.fullmatch(token.removeprefix("~"))
    if known is None or not found.last_modified:
        return Standing.UNKNOWN
    if int(known["size"]) != found.content_length:
        return Standing.CHANGED
    if known["tag"] != "None" and found.etag and not found.etag.startswith("W/"):
        return Standing.SAME if known["tag"] == found.etag else Standing.CHANGED
    then = datetime.fromisoformat(known["time"]).replace(microsecond=0)
    same = then == found.last_modified.replace(microsecond=0)
    return Standing.SAME if same else Standing.CHANGED


def _reason(error: BaseException) -> str:
    """The first line of what OpenDAL says; the rest holds addresses with signatures."""
    kind = type(error).__name__
    known = {
        "NotFound": "there is no such bucket, container or folder",
        "PermissionDenied": "the credentials do not allow it",
        "RateLimited": "it asks to wait",
        "ConfigInvalid": "an option is missing or wrong",
    }
    return known.get(kind, f"{kind} after {TRIES} tries")


_SECRET = frozenset({"secret", "password", "token", "credential", "key", "sas"})


class StorageSettings(SourceSettings):
    """A storage service. `kind` is its name with OpenDAL."""

    kind: str = Field(description="s3, azblob, azdls, azfile, gcs, webdav, ftp, dropbox, b2, oss, cos, obs or swift")
    options: dict[str, str] = Field(
        default_factory=dict, description="OpenDAL's options of the service, such as bucket, region, endpoint, root"
    )
    secrets: dict[str, str] = Field(
        default_factory=dict, description="Options that are secrets, by the environment variable that holds each"
    )
    url: Link | None = Field(default=None, description="Address of the root for people, for links")

    @model_validator(mode="after")
    def _no_secret_in_the_file(self) -> Self:
        secret = [name for name in self.options if _SECRET.intersection(name.split("_")) and name != "access_key_id"]
        if secret:
            raise ValueError(
                f"options: {', '.join(sorted(secret))} is a secret: name the variable that holds it, under secrets"
            )
        return self

    @model_validator(mode="after")
    def _options_are_the_services(self) -> Self:
        """OpenDAL passes over an option that it does not know: a mistyped root would be the whole bucket."""
        known = _options(self.kind)
        for name in sorted({*self.options, *self.secrets} - known) if known else ():
            near = get_close_matches(name, sorted(known), n=1)
            meant = f"did you mean {near[0]}?" if near else f"it has: {', '.join(sorted(known))}"
            raise ValueError(f"options: {self.kind} has no option {name}; {meant}")
        return self

    @model_validator(mode="after")
    def _endpoint_is_an_address(self) -> Self:
        """A password in it would stand in messages and records, one that goes out in the clear with every request."""
        endpoint = self.options.get("endpoint", "")
        if endpoint and not is_endpoint(endpoint, ("ftp", "ftps") if self.kind == "ftp" else ("http", "https")):
            raise ValueError("options: endpoint must be the address of a server without a name, password, ? or # in it")
        secret = {"password", "token"} & self.secrets.keys()
        if self.kind == "webdav" and endpoint and secret and not is_safe(endpoint):
            raise ValueError("options: endpoint must begin with https://, since the password goes there as it is")
        return self


def _options(kind: str) -> frozenset[str]:
    """The options of a service, as OpenDAL writes them down for type checkers; empty for one that is not there."""
    for table in vars(opendal.config).values():
        told = getattr(table, "__annotations__", {})
        if f"['{kind}']" in getattr(told.get("scheme"), "__forward_arg__", ""):
            return frozenset(told) - {"scheme"}
    return frozenset()


def _build(settings: StorageSettings, surroundings: Surroundings) -> StorageSource:
    secrets = {option: surroundings.secret(variable) for option, variable in settings.secrets.items()}
    missing = [settings.secrets[option] for option, value in secrets.items() if not value]
    if missing:
        raise SourceUnavailable(
            f"the source {settings.name!r} needs {' and '.join(sorted(missing))} in the environment."
        )
    try:
        operator = opendal.AsyncOperator(settings.kind, **settings.options, **secrets)
    except FAILURES as error:
        why = str(error).splitlines()[0].partition("=> ")[2] or _reason(error)
        raise SourceUnavailable(f"the source {settings.name!r} cannot be set up: {why}.") from None
    layers = (
        TimeoutLayer(timeout=CALL_SECONDS, io_timeout=CALL_SECONDS),
        RetryLayer(max_times=TRIES, jitter=True, min_delay=0.3, max_delay=20.0),
        ConcurrentLimitLayer(READERS),
    )
    for layer in layers:
        operator = operator.layer(layer)
    place = {"service": settings.kind} | {k: settings.options[k] for k in PLACE if k in settings.options}
    return StorageSource(settings.name, operator, place, access=settings.rules(), url=settings.url)


STORAGE = SourceKind(StorageSettings, _build)
