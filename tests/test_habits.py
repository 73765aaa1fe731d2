"""The project's habits, checked: short files, one place that makes an Answer, our names alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from audit.errors import AuditCorrupt
from audit.record import from_json
from retrieval.types import Answer, Seal

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("retrieval", "connectors", "audit", "bot")
FILES = sorted(p for name in (*PACKAGES, "tests", "bench") for p in (ROOT / name).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_short(path: Path) -> None:
    """How simple a function is, ruff says (pyproject.toml)."""
    assert len(path.read_text("utf-8").splitlines()) < 500


@pytest.mark.parametrize("name", PACKAGES)
def test_we_alone_provide_these_names(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"footnote"}


SEALS = {
    "VERIFIED": {"retrieval/verify.py"},
    "RESTORED": {"audit/question.py", "bot/answering/repeats.py"},
}
"""No answer is made, decoded or replaced without a seal, so whoever names one makes answers: these and no other."""


def products() -> Iterator[tuple[str, ast.Module]]:
    for path in FILES:
        if path.relative_to(ROOT).parts[0] in PACKAGES:
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def seals(tree: ast.Module) -> Iterator[str]:
    """The seals that a module names; any other use of them than by name counts as one that is not listed."""
    named = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    annotated = {
        id(inner)
        for node in ast.walk(tree)
        for part in (getattr(node, "annotation", None),)
        if part is not None
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Seal":
            yield node.attr
        elif isinstance(node, ast.Name) and node.id == "Seal" and id(node) not in named | annotated:
            yield "Seal itself"
        elif isinstance(node, ast.ImportFrom) and any(a.name == "Seal" and a.asname for a in node.names):
            yield "Seal by another name"
        elif isinstance(node, ast.Attribute) and node.attr == "Seal":
            yield "Seal of a module"


def test_only_verify_makes_an_answer() -> None:
    found = {(seal, path) for path, tree in products() for seal in seals(tree) if path != "retrieval/types.py"}
    assert found == {(seal, path) for seal, paths in SEALS.items() for path in paths}


@pytest.mark.parametrize(
    "code",
    [
        "from retrieval.types import Seal as S\nS.VERIFIED",
        "from retrieval.types import Seal\nfor s in Seal: print(s)",
        "from retrieval.types import Seal\nSeal('verified')",
        "from retrieval import types\ntypes.Seal.VERIFIED",
        "from retrieval.types import Seal\nreplace(answer, citations=(), seal=Seal.VERIFIED)",
    ],
)
def test_every_way_to_a_seal_is_seen(code: str) -> None:
    assert list(seals(ast.parse(code)))


def test_no_answer_without_a_seal() -> None:
    answer = Answer((), (), seal=Seal.VERIFIED)
    make: Callable[..., Answer] = Answer
    change: Callable[..., Answer] = replace
    with pytest.raises(TypeError, match="seal"):
        make((), ())
    with pytest.raises(TypeError, match=r"made by retrieval\.verify"):
        make((), (), seal="verified")
    with pytest.raises(ValueError, match="seal"):
        change(answer, statements=())
    with pytest.raises(AuditCorrupt):
        from_json(Answer, {"statements": [], "citations": []})


VENDORS = {
    "weaviate": {"retrieval/index/weaviate.py", "retrieval/index/weaviate_objects.py"},
    "grpc": {"retrieval/index/weaviate.py"},
    "httpx": {"retrieval/index/weaviate.py"},
    "openai": {
        "retrieval/generate/endpoint.py",
        "retrieval/embed/openai_embedder.py",
        "retrieval/outbound/over_openai.py",
    },
    "onnxruntime": {"retrieval/embed/minilm.py"},
    "tokenizers": {"retrieval/embed/minilm.py"},
    "opendal": {"connectors/storage.py"},
    "watchfiles": {"connectors/folder.py"},
    "pyarrow": {"audit/parquet.py"},
    "psycopg": {"audit/postgres.py", "bot/queue/inbox_store.py"},
    "slack_bolt": {"bot/slack/adapter.py", "bot/slack/receive.py"},
    "slack_sdk": {"bot/slack/client.py", "bot/slack/install.py", "bot/slack/receive.py", "bot/slack/workspaces.py"},
    "botbuilder": {"bot/teams/connector.py"},
    "botframework": {"bot/teams/connector.py"},
    "msrest": {"bot/teams/connector.py"},
    "msal": {"bot/teams/tokens.py"},
    "openpyxl": {"retrieval/parse/sheet.py"},
    "pptx": {"retrieval/parse/slides.py"},
    "oxmsg": {"retrieval/parse/mail.py"},
    "selectolax": {"retrieval/parse/html.py"},
    "markdown_it": {"retrieval/parse/markdown.py"},
    "ir_measures": {"bot/evaluation/metrics.py"},
    "Stemmer": {"retrieval/text/stems.py"},
}
"""The adapter modules of each vendor: the only ones that import it."""


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[0] for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def test_a_vendor_is_imported_in_its_adapter_modules_only() -> None:
    for path, tree in products():
        for name in imported(tree):
            assert path in VENDORS.get(name, {path}), f"{path} imports {name}, which is for {VENDORS[name]}"
