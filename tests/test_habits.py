"""The project's habits, checked: short files and functions, one place that makes an Answer, our names alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("retrieval", "connectors", "audit", "bot")
FILES = sorted(p for name in (*PACKAGES, "tests", "bench") for p in (ROOT / name).rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, FUNCTIONS))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 500
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno + 1 >= 60]
    assert not long


@pytest.mark.parametrize("name", PACKAGES)
def test_we_alone_provide_these_names(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"footnote"}


def test_only_verify_makes_an_answer() -> None:
    makers = {
        str(path.relative_to(ROOT))
        for path in FILES
        if path.parts[len(ROOT.parts)] in PACKAGES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Answer"
    }
    assert makers <= {"retrieval/verify.py"}


VENDORS = {
    "weaviate": {"retrieval"},
    "openai": {"retrieval"},
    "onnxruntime": {"retrieval"},
    "Stemmer": {"retrieval"},
    "slack_bolt": {"bot"},
    "slack_sdk": {"bot"},
    "botbuilder": {"bot"},
    "botframework": {"bot"},
}


def test_a_vendor_is_imported_in_its_room_only() -> None:
    for path in FILES:
        room = path.relative_to(ROOT).parts[0]
        if room not in PACKAGES:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                allowed = VENDORS.get(name.split(".")[0])
                assert allowed is None or room in allowed, f"{path}: {name}"
