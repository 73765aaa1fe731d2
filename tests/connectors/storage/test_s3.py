"""Contracts in an S3 bucket, on two servers that others wrote."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.errors import ItemUnreadable, SourceUnavailable
from connectors.kinds import Surroundings
from connectors.ports import Item, Lister, Source
from connectors.registry import build, read_table
from connectors.testing.suite import Conformance
from connectors.testing.world import World
from retrieval.people import AccessList
from tests.connectors.storage.servers import BUCKET, KEY, S3, SECRET, moto, versitygw

Make = Callable[..., Source]


@pytest.fixture(scope="module", params=["moto", "versitygw"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with moto() if request.param == "moto" else versitygw(tmp_path_factory.mktemp("versity")) as running:
        yield running


@pytest.fixture
def bucket(server: S3) -> Iterator[Any]:
    client = server.client()
    yield client
    while found := client.list_objects_v2(Bucket=BUCKET).get("Contents"):  # a page at a time
        client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": item["Key"]} for item in found]})


@pytest.fixture
def make(server: S3) -> Make:
    def made(secrets: dict[str, str] | None = None, **more: Any) -> Source:
        options = {"bucket": BUCKET, "endpoint": server.endpoint, "region": "us-east-1", **more.pop("options", {})}
        table = {
            "kind": "s3",
            "name": "contracts",
            "options": options,
            "secrets": {"access_key_id": "S3_KEY", "secret_access_key": "S3_SECRET"},
            **more,
        }
        known = {"S3_KEY": KEY, "S3_SECRET": SECRET} if secrets is None else secrets
        settings = read_table(table)
        return build(settings, Surroundings(Path("/"), lambda name: known.get(name, "")))  # type: ignore[arg-type]

    return made


async def listed(source: Source) -> dict[str, Item]:
    assert isinstance(source, Lister)
    return {i.id: i async for i in source.list() if isinstance(i, Item)}


async def test_what_is_listed_is_read(bucket: Any, make: Make) -> None:
    for key in ("a.txt", "legal/2026/nda éà#?.txt", "legal/~$nda.docx", ".hidden"):
        bucket.put_object(Bucket=BUCKET, Key=key, Body=f"this is {key}".encode())
    bucket.put_object(Bucket=BUCKET, Key="empty/", Body=b"")
    source = make(url="https://files.example.com/c")
    items = await listed(source)
    assert set(items) == {"a.txt", "legal/2026/nda éà#?.txt"}
    nda = items["legal/2026/nda éà#?.txt"]
    assert await source.fetch(nda) == "this is legal/2026/nda éà#?.txt".encode()
    assert nda.name == "nda éà#?.txt"
    assert nda.url == "https://files.example.com/c/legal/2026/nda%20%C3%A9%C3%A0%23%3F.txt"
    assert SECRET not in repr(source.place)


async def test_access_rules_go_by_the_key(bucket: Any, make: Make) -> None:
    for key in ("a.txt", "legal/b.txt"):
        bucket.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    source = make(access=[{"path": "legal/**", "allow": ["group:legal"]}], allow=["everyone"])
    items = await listed(source)
    assert source.access is not None
    assert source.access.decide(items["legal/b.txt"].where).access == AccessList(frozenset({"group:legal"}))
    assert source.access.decide(items["a.txt"].where).access == AccessList(frozenset({"everyone"}))


async def test_the_token_changes_with_the_content_alone(bucket: Any, make: Make) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.txt", Body=b"three years")
    first = (await listed(make()))["a.txt"].token
    assert first
    assert (await listed(make()))["a.txt"].token == first
    bucket.put_object(Bucket=BUCKET, Key="a.txt", Body=b"fives years")  # the same size, within the same second
    assert (await listed(make()))["a.txt"].token != first


async def test_more_keys_than_a_page_holds(bucket: Any, make: Make, server: S3) -> None:
    await asyncio.to_thread(server.fill, [f"many/{n:04}.txt" for n in range(1_001)])
    assert len(await listed(make(options={"root": "/many"}))) == 1_001


async def test_what_vanished_after_the_listing_is_one_document_unread(bucket: Any, make: Make) -> None:
    bucket.put_object(Bucket=BUCKET, Key="a.txt", Body=b"x")
    source = make()
    item = (await listed(source))["a.txt"]
    bucket.delete_object(Bucket=BUCKET, Key="a.txt")
    with pytest.raises(ItemUnreadable, match="gone"):
        await source.fetch(item)


async def test_a_bucket_that_is_not_there_is_no_empty_bucket(bucket: Any, make: Make) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be listed"):
        await listed(make(options={"bucket": "nowhere-at-all"}))


def test_a_secret_that_is_not_set_is_named(make: Make) -> None:
    with pytest.raises(SourceUnavailable, match="S3_SECRET"):
        make(secrets={"S3_KEY": KEY})


def test_a_secret_in_the_settings_file_is_refused(make: Make) -> None:
    with pytest.raises(ValidationError, match="secret_access_key is a secret"):
        make(options={"secret_access_key": "hunter2"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint": "https://ada:hunter2@s3.example"}, "without a name, password"),
        ({"endpoint": "ada:hunter2@s3.example"}, "without a name, password"),
        ({"endpoint": "https://s3.example?sig=hunter2"}, "without a name, password"),
        ({"endpoint": "ftp://s3.example"}, "address of a server"),
        ({"rooot": "/contracts"}, "s3 has no option rooot; did you mean root"),
        ({"colour": "red"}, "s3 has no option colour; it has: .*bucket"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(make: Make, options: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make(options=options)
    told = "; ".join(error["msg"] for error in caught.value.errors())
    assert re.search(message, told)
    assert "hunter2" not in told


@pytest.mark.parametrize("endpoint", ["https://s3.example", "s3.example:9000", "http://127.0.0.1:9000/base"])
def test_an_endpoint_with_a_scheme_or_without(make: Make, endpoint: str) -> None:
    assert make(options={"endpoint": endpoint}).place["endpoint"] == endpoint


def test_a_password_goes_to_no_server_in_the_clear() -> None:
    table = {"kind": "webdav", "name": "w", "secrets": {"password": "DAV"}, "options": {"username": "ada"}}
    with pytest.raises(ValidationError, match="endpoint must begin with https"):
        read_table(table | {"options": {"endpoint": "http://dav.example"}})
    for endpoint in ("https://dav.example/", "http://localhost:8080"):
        read_table(table | {"options": {"endpoint": endpoint}})


@pytest.mark.parametrize("kind", ["s3", "azblob", "azdls", "azfile", "gcs", "webdav", "ftp", "dropbox", "b2", "oss"])
def test_the_options_of_every_service_are_known(kind: str) -> None:
    with pytest.raises(ValidationError, match=f"{kind} has no option colour"):
        read_table({"kind": kind, "name": "a", "options": {"colour": "red"}})


@pytest.mark.parametrize("url", ["https://ada:hunter2@a.example", "javascript:hunter2", "https://a.example/?p=hunter2"])
@pytest.mark.parametrize("kind", [{"kind": "folder", "path": "."}, {"kind": "s3", "options": {"bucket": "b"}}])
def test_links_lead_to_web_pages_and_hold_no_password(kind: dict[str, Any], url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_table({"name": "a", **kind, "url": url})
    assert "hunter2" not in "; ".join(error["msg"] for error in caught.value.errors())
    assert read_table({"name": "a", **kind, "url": "https://a.example/docs/"})


class S3World(World):
    def __init__(self, client: Any, make: Make) -> None:
        self.client = client
        self.make = make

    def source(self) -> Source:
        return self.make()

    async def put(self, path: str, text: str) -> None:
        self.client.put_object(Bucket=BUCKET, Key=path, Body=text.encode())

    async def delete(self, path: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=path)

    async def rename(self, old: str, new: str) -> None:
        self.client.copy_object(Bucket=BUCKET, Key=new, CopySource={"Bucket": BUCKET, "Key": old})
        await self.delete(old)

    async def rename_folder(self, old: str, new: str) -> None:
        for found in self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{old}/")["Contents"]:
            await self.rename(found["Key"], new + found["Key"].removeprefix(old))


class TestConformance(Conformance):
    @pytest.fixture
    def world(self, bucket: Any, make: Make) -> World:
        return S3World(bucket, make)
