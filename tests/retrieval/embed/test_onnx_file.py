"""What we write is what ONNX's own package writes, and its checker accepts the whole network."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load

from retrieval.embed import minilm_graph, onnx_file
from retrieval.embed.minilm import published
from retrieval.embed.onnx_file import Value

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "none": {},
    "a list with a negative number": {"axes": [-1, 0, 300]},
    "numbers of both kinds": {"keepdims": 1, "epsilon": 1e-12, "axis": -1},
    "a large number": {"to": 2**40},
}


@pytest.mark.parametrize("given", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_a_node(given: dict[str, Any]) -> None:
    made = onnx.NodeProto.FromString(onnx_file.node("Op", ["a", "", "b"], ["c"], "com.microsoft", given))
    assert made == helper.make_node("Op", ["a", "", "b"], ["c"], domain="com.microsoft", **given)


@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int8, np.int64])
@pytest.mark.parametrize("shape", [(1,), (2, 3), (0, 4)])
def test_a_tensor(kind: type[np.generic], shape: tuple[int, ...]) -> None:
    value = np.arange(int(np.prod(shape))).reshape(shape).astype(kind)
    made = onnx.TensorProto.FromString(onnx_file.tensor("weights", value))
    assert made == numpy_helper.from_array(value, "weights")
    assert np.array_equal(numpy_helper.to_array(made), value)


def test_a_transposed_tensor_is_written_row_by_row() -> None:
    value = np.arange(6, dtype=np.float32).reshape(2, 3).T
    made = onnx.TensorProto.FromString(onnx_file.tensor("t", value))
    assert np.array_equal(numpy_helper.to_array(made), value)


def test_a_model() -> None:
    node = helper.make_node("Cast", ["x"], ["y"], domain="", to=TensorProto.UINT8)
    shape: list[str | int | None] = ["batch", 3]
    expected = helper.make_model(
        helper.make_graph(
            [node],
            "small",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.UINT8, shape)],
            [numpy_helper.from_array(np.array([7], np.int64), "unused")],
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9,
    )
    made = onnx_file.model(
        "small",
        [onnx_file.node("Cast", ["x"], ["y"], "", {"to": onnx_file.UINT8})],
        [onnx_file.tensor("unused", np.array([7], np.int64))],
        inputs=[Value("x", onnx_file.FLOAT, ("batch", 3))],
        outputs=[Value("y", onnx_file.UINT8, ("batch", 3))],
        opsets={"": 17, "com.microsoft": 1},
        ir_version=9,
    )
    assert onnx.load_from_string(made) == expected


def test_the_network_passes_the_checker() -> None:
    made = onnx.load_from_string(minilm_graph.build(load(published("model.safetensors"))))
    onnx.checker.check_model(made)
    assert len(made.graph.node) > 90
