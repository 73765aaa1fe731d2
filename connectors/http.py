"""What sources that are asked over HTTP share: one bounded client, that waits as it is told to.

Under the rules of `retrieval.outbound`: a deadline, a cap on bytes, no cookie. Here come with them: waits that a whole
tenant shares (RFC 9110, 10.2.3), redirects within one origin (or, for contents, to others without the credentials),
and for sources that take addresses from strangers, no address inside the house.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from connectors.errors import ItemGone, ItemUnreadable, SourceUnavailable, Throttled
from retrieval.outbound.addresses import is_plain, shown
from retrieval.outbound.over_aiohttp import AnswerTooLarge, bounded_session, read_bounded
from retrieval.outbound.waits import retry_after

MAX_FILE_BYTES = 200_000_000
MAX_ANSWER_BYTES = 16_000_000
REDIRECTS = 5
TRIES = 4
LONGEST_WAIT = 120.0  # seconds; who is to wait longer is left alone until then
_PASSING = frozenset({408, 425, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, read. `url` is where it came from in the end; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> object:
        """Raises SourceUnavailable for what is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise SourceUnavailable(f"{shown(self.url)} answers something that is no JSON.") from error


class Tenants:
    """Until when each tenant wants to be left alone: what one request is told holds for all to it."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def rest(self, tenant: str, seconds: float) -> None:
        self._until[tenant] = max(self._until.get(tenant, 0.0), time.monotonic() + seconds)

    def left(self, tenant: str) -> float:
        """Seconds still to wait."""
        return max(0.0, self._until.get(tenant, 0.0) - time.monotonic())


OF_THE_PROCESS = Tenants()


class AddressRefused(OSError):
    """A name leads to an address inside the house, or the address is one."""


class OutsideOnly(AbstractResolver):
    """Resolves names to public addresses alone. The client connects to what was checked, so a name that changes
    its address in between gains nothing.
    """

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        kept = [one for one in found if is_public(one["host"])]
        if not kept:
            raise AddressRefused(f"{host} leads to an address that is not public")
        return kept

    async def close(self) -> None:
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not (mapped or ip).is_multicast


class Http:
    """A client of one server. `headers` gives the credentials anew for each request (a token may run out).

    `tenant` is what the server counts requests by; sources of the same tenant share its waits. `outside_only`: connect
    to public addresses alone, for sources that take addresses from documents or from people.
    Every call raises SourceUnavailable (the server is down, or refuses the credentials), Throttled,
    ItemGone (404, 410), ItemUnreadable (403, or too large).
    """

    def __init__(
        self,
        base: str,
        *,
        tenant: str = "",
        headers: Callable[[], Awaitable[Mapping[str, str]]] | None = None,
        outside_only: bool = False,
        deadline: float = 60.0,
        tenants: Tenants = OF_THE_PROCESS,
    ) -> None:
        self._base = base.rstrip("/") + "/"
        self._tenant = tenant or _origin(base)
        self._headers = headers
        self._outside_only = outside_only
        self._deadline = deadline
        self._tenants = tenants
        self._session: aiohttp.ClientSession | None = None

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, accept: frozenset[int] = frozenset()
    ) -> Got:
        """`url` is absolute, or relative to the base. Statuses in `accept` are answers and no errors."""
        return await self.call("GET", url, params=params, accept=accept)

    async def content(self, url: str, *, most_bytes: int = MAX_FILE_BYTES) -> bytes:
        """A file. Servers send to another host for it: there the credentials are not sent."""
        return (await self.call("GET", url, most_bytes=most_bytes, elsewhere=True)).body

    async def pages(self, url: str, following: Callable[[object, Got], str | None]) -> AsyncIterator[object]:
        """JSON answers one after the other; `following` gives the address of the next, None at the end."""
        seen = set()
        next_: str | None = url
        while next_ is not None and next_ not in seen:  # a server that leads in a circle must not be followed for ever
            seen.add(next_)
            got = await self.get(next_)
            told = got.json()
            yield told
            next_ = following(told, got)

    async def call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        accept: frozenset[int] = frozenset(),
        most_bytes: int = MAX_ANSWER_BYTES,
        elsewhere: bool = False,
    ) -> Got:
        """One request, tried again where that may help. `body` is sent as JSON."""
        target = urljoin(self._base, url)
        got: Got | None = None
        for attempt in range(TRIES):
            await self._wait()
            try:
                got = await self._follow(method, target, params, headers, body, most_bytes, elsewhere)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._translate(error, target, last=attempt == TRIES - 1)
                await asyncio.sleep(0.5 * 2**attempt)
                continue
            if got.status < 400 or got.status in accept:
                return got
            asked = retry_after(got.headers)
            if got.status == 429 or (got.status == 503 and asked is not None):
                self._tenants.rest(self._tenant, 1.0 * 2**attempt if asked is None else asked)
            elif got.status not in _PASSING:
                break
            else:
                await asyncio.sleep(0.5 * 2**attempt)
        raise self._refused(got, target)

    async def _wait(self) -> None:
        while (left := self._tenants.left(self._tenant)) > 0:
            if left > LONGEST_WAIT:
                raise Throttled(f"{shown(self._base)} asks to be left alone for {left:.0f} s.", left)
            await asyncio.sleep(left)

    async def _follow(
        self,
        method: str,
        target: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: object,
        most_bytes: int,
        elsewhere: bool,
    ) -> Got:
        """The answer where redirects end."""
        for _ in range(REDIRECTS + 1):
            home = _origin(target) == _origin(self._base)
            if not (home or elsewhere):
                raise SourceUnavailable(f"{shown(self._base)} leads to {shown(target)}, which is not followed.")
            self._check(target)
            sent = {**(headers or {}), **(await self._headers() if self._headers and home else {})}
            session = self._opened()
            async with session.request(
                method, target, params=params, headers=sent, json=body, allow_redirects=False
            ) as answer:
                told = {name.lower(): value for name, value in answer.headers.items()}
                if answer.status in (301, 302, 303, 307, 308) and "location" in told:
                    target, params = urljoin(target, told["location"]), None
                    continue
                return Got(answer.status, told, await read_bounded(answer, most_bytes), str(answer.url))
        raise SourceUnavailable(f"{shown(self._base)} leads from one address to the next without end.")

    def _check(self, target: str) -> None:
        parts = urlsplit(target)
        if not is_plain(target):
            raise SourceUnavailable(f"{shown(self._base)} leads to an address that is not followed.")
        if urlsplit(self._base).scheme == "https" and parts.scheme != "https":
            raise SourceUnavailable(f"{shown(self._base)} leads to an address without https, which is not followed.")
        if self._outside_only:
            try:
                public = is_public(parts.hostname or "")
            except ValueError:
                return  # a name: the resolver sees to it
            if not public:
                raise SourceUnavailable(f"{shown(target)} is not a public address.")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(resolver=OutsideOnly()) if self._outside_only else None
            self._session = bounded_session(self._deadline, proxies=not self._outside_only, connector=connector)
        return self._session

    def _translate(self, error: Exception, target: str, *, last: bool) -> None:
        """Raises what stays as it is however often it is tried."""
        if isinstance(error, AnswerTooLarge):
            raise ItemUnreadable(f"is larger than is read ({error})") from error
        inner: BaseException | None = error
        while inner is not None:
            if isinstance(inner, AddressRefused):
                raise SourceUnavailable(f"{inner}.") from error
            inner = inner.__cause__ or getattr(inner, "os_error", None)
        if last:
            why = "does not answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
            raise SourceUnavailable(f"{shown(target)} {why}.") from error

    def _refused(self, got: Got | None, target: str) -> Exception:
        where = shown(target)
        status = got.status if got else 0
        left = self._tenants.left(self._tenant)
        if status in (429, 503) and left:
            return Throttled(f"{where} asks to be left alone for {left:.0f} s.", left)
        if status in (404, 410):
            return ItemGone(f"is not there any more (HTTP {status})")
        if status == 401:
            return SourceUnavailable(f"{where} refuses the credentials (HTTP 401). Check them in the settings.")
        if status == 403:
            return ItemUnreadable("may not be read with these credentials (HTTP 403)")
        return SourceUnavailable(f"{where} fails (HTTP {status}).")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def closing(self) -> AsyncIterator[Http]:
        try:
            yield self
        finally:
            await self.close()


def _origin(url: str) -> str:
    """RFC 6454: scheme, host and port."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"
