"""The ONNX graph of all-MiniLM-L6-v2 in int8, built from its published float32 weights.

The network is BERT with 6 layers of 12 heads (Devlin et al. 2019) with mean pooling and unit length
(Reimers and Gurevych 2019; the model card of sentence-transformers/all-MiniLM-L6-v2).

Matrix products run in int8 with one scale a column of the weight. The activation has one scale a
call, except before the last product of a layer: a few tokens have huge values there, so each row
gets its own scale (cosine to float32 at least 0.993 instead of 0.985, for a tenth of the speed).
The word table has one scale a row and is dequantised after the lookup. Attention, layer norms and
pooling stay in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.embed import onnx_file
from retrieval.embed.onnx_file import FLOAT, INT64, UINT8, Value

RECIPE = "int8-1"
"""Names the quantization below. A change of it that moves vectors needs a new name."""

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
EPSILON = 1e-12

Weights = Mapping[str, NDArray[np.float32]]


class _Graph:
    """Nodes and tensors of a graph under construction, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.tensors: list[bytes] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.tensors.append(onnx_file.tensor(name, value))
        return name

    def node(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> list[str]:
        made = [f"{op}_{len(self.nodes)}_{n}" for n in range(outputs)]
        self.nodes.append(onnx_file.node(op, inputs, made, domain, attributes))
        return made

    def one(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.node(op, *inputs, domain=domain, **attributes)[0]

    def linear(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """x @ weight + bias, with `weight` of shape (in, out) in symmetric int8, one scale a column."""
        quantized, scale = quantize(weight, axis=0)
        return self.one(
            "DynamicQuantizeMatMul",
            x,
            self.constant(f"{name}.weight", quantized),
            self.constant(f"{name}.scale", scale),
            "",
            self.constant(f"{name}.bias", bias),
            domain="com.microsoft",
        )

    def linear_by_row(self, x: str, name: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """As `linear`, with one activation scale a row (a token): round(127 x / max|x|) + 128 as uint8."""
        quantized, scale = quantize(weight, axis=0)
        largest = self.one("ReduceMax", self.one("Abs", x), axes=[-1], keepdims=1)
        step = self.one("Mul", largest, self.constant(f"{name}.step", np.array(1 / 127, np.float32)))
        middle = self.constant(f"{name}.middle", np.array(128, np.float32))
        rounded = self.one("Round", self.one("Add", self.one("Div", x, step), middle))
        product = self.one(
            "MatMulIntegerToFloat",
            self.one("Cast", rounded, to=UINT8),
            self.constant(f"{name}.weight", quantized),
            self.constant(f"{name}.one", np.array(1, np.float32)),
            self.constant(f"{name}.scale", scale),
            self.constant(f"{name}.zero", np.array(128, np.uint8)),
            domain="com.microsoft",
        )
        return self.one("Add", self.one("Mul", product, step), self.constant(f"{name}.bias", bias))

    def norm(self, x: str, residual: str, name: str, weights: Weights) -> str:
        return self.one(
            "SkipLayerNormalization",
            x,
            residual,
            self.constant(f"{name}.weight", weights[f"{name}.weight"]),
            self.constant(f"{name}.bias", weights[f"{name}.bias"]),
            domain="com.microsoft",
            epsilon=EPSILON,
        )


def quantize(weight: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Symmetric int8: `weight` is about quantized * scale, one scale for each slice along the other axis."""
    scale = np.abs(weight).max(axis=axis) / 127.0
    scale = np.where(scale == 0, 1.0, scale).astype(np.float32)
    quantized = np.rint(weight / np.expand_dims(scale, axis)).clip(-127, 127).astype(np.int8)
    return quantized, scale


def build(weights: Weights) -> bytes:
    """A serialised model: `ids` (batch, length), int64 -> `vectors` (batch, 384), float32 of unit length.

    There is no padding mask: the texts of one batch have one length.
    """
    graph = _Graph()
    x = _embeddings(graph, weights)
    for layer in range(LAYERS):
        x = _layer(graph, x, f"encoder.layer.{layer}", weights)
    _pooled(graph, x)
    return onnx_file.model(
        "all-MiniLM-L6-v2",
        graph.nodes,
        graph.tensors,
        inputs=[Value("ids", INT64, ("batch", "length"))],
        outputs=[Value("vectors", FLOAT, ("batch", DIMENSIONS))],
        opsets={"": 17, "com.microsoft": 1},
        ir_version=9,
    )


def _embeddings(graph: _Graph, weights: Weights) -> str:
    rows, scale = quantize(weights["embeddings.word_embeddings.weight"], axis=1)
    # Every text is of token type 0: its one row is added to the position table.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    row = graph.one("Cast", graph.one("Gather", graph.constant("words", rows), "ids"), to=FLOAT)
    factor = graph.one("Gather", graph.constant("words.scale", scale[:, None]), "ids")
    words = graph.one("Mul", row, factor)
    axis0, axis1 = graph.constant("from0", np.array([0], np.int64)), graph.constant("axis0", np.array([0], np.int64))
    length = graph.one("Shape", "ids", start=1, end=2)
    table = graph.one("Slice", graph.constant("positions", positions.astype(np.float32)), axis0, length, axis1)
    name = "embeddings.LayerNorm"
    return graph.one(
        "LayerNormalization",
        graph.one("Add", words, table),
        graph.constant(f"{name}.weight", weights[f"{name}.weight"]),
        graph.constant(f"{name}.bias", weights[f"{name}.bias"]),
        axis=-1,
        epsilon=EPSILON,
    )


def _layer(graph: _Graph, x: str, at: str, weights: Weights) -> str:
    def dense(name: str) -> tuple[str, NDArray[np.float32], NDArray[np.float32]]:
        return name, weights[f"{name}.weight"].T, weights[f"{name}.bias"]

    parts = [dense(f"{at}.attention.self.{part}") for part in ("query", "key", "value")]
    # One product for query, key and value: the scales are a column's own, so joining loses nothing.
    joined = graph.linear(
        x, f"{at}.qkv", np.concatenate([p[1] for p in parts], axis=1), np.concatenate([p[2] for p in parts])
    )
    widths = graph.constant(f"{at}.widths", np.array([DIMENSIONS] * 3, np.int64))
    query, key, value = graph.node("Split", joined, widths, outputs=3, axis=-1)
    seen = graph.one("MultiHeadAttention", query, key, value, domain="com.microsoft", num_heads=HEADS)
    seen = graph.linear(seen, *dense(f"{at}.attention.output.dense"))
    x = graph.norm(seen, x, f"{at}.attention.output.LayerNorm", weights)
    inner = graph.one("Gelu", graph.linear(x, *dense(f"{at}.intermediate.dense")), domain="com.microsoft")
    outer = graph.linear_by_row(inner, *dense(f"{at}.output.dense"))
    return graph.norm(outer, x, f"{at}.output.LayerNorm", weights)


def _pooled(graph: _Graph, x: str) -> None:
    """The sum over the tokens at unit length (the mean's divisor would cancel out)."""
    total = graph.one("ReduceSum", x, graph.constant("tokens", np.array([1], np.int64)), keepdims=0)
    norm = graph.one("ReduceL2", total, axes=[1], keepdims=1)
    graph.nodes.append(onnx_file.node("Div", [total, norm], ["vectors"], "", {}))
