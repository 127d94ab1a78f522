"""`inspect` on a network of five million parameters, over reading the file at all."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from onnx import TensorProto, helper, load, numpy_helper, save
from timing import interleaved, machine, peak_bytes, ratio, table, verdict

from convmat.inspect import inspect_file

EXAMPLES = """\
examples:
  python tests/bench/bench_inspect.py               about half a minute
  python tests/bench/bench_inspect.py --seconds 1   a quick look
"""

_STAGES = ((64, 2), (128, 2), (256, 2), (256, 1), (320, 2), (320, 1))
_SHIPPED = (
    (
        "rapidocr_onnxruntime",
        "models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        (1, 3, 48, 192),
    ),
    ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx", (1, 3, 640, 640)),
    ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx", (1, 3, 48, 320)),
    ("silero_vad", "data/silero_vad_16k_sequence.onnx", (7, 576)),
)


def network(path: Path) -> int:
    """Write residual stages of convolutions with their norms; the parameters of it."""
    rng = np.random.default_rng(0)
    nodes, constants = [], {}
    channels, last = 3, "x"

    def weight(name: str, *shape: int) -> str:
        constants[name] = rng.standard_normal(shape).astype(np.float32)
        return name

    def block(name: str, reads: str, ins: int, outs: int, stride: int) -> str:
        w = weight(f"{name}.w", outs, ins, 3, 3)
        pads, strides = [1, 1, 1, 1], [stride, stride]
        conv = helper.make_node(
            "Conv", [reads, w], [f"{name}.c"], name, pads=pads, strides=strides
        )
        parts = [weight(f"{name}.{part}", outs) for part in "sbm"]
        constants[f"{name}.v"] = np.ones(outs, np.float32)
        norm = helper.make_node(
            "BatchNormalization", [f"{name}.c", *parts, f"{name}.v"], [f"{name}.n"]
        )
        relu = helper.make_node("Relu", [f"{name}.n"], [f"{name}.y"])
        nodes.extend([conv, norm, relu])
        return f"{name}.y"

    for number, (outs, stride) in enumerate(_STAGES):
        first = block(f"stage{number}.a", last, channels, outs, stride)
        second = block(f"stage{number}.b", first, outs, outs, 1)
        nodes.append(helper.make_node("Add", [first, second], [f"stage{number}.y"]))
        channels, last = outs, f"stage{number}.y"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"]))
    head = weight("head.w", channels, 1000)
    nodes.append(helper.make_node("Gemm", ["flat", head], ["y"], "head"))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3, 224, 224))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 20)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return sum(array.size for array in constants.values())


def main() -> None:
    """Print the tables and the verdicts."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="for each file")
    options = parser.parse_args()
    print(machine("numpy", "onnx"))
    rows = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "five-million.onnx"
        parameters = network(path)
        found = inspect_file(path)
        command = [sys.executable, "-m", "convmat", "inspect", str(path)]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - start
        peak = peak_bytes(lambda: inspect_file(path))
        rows.append(measure(path.name, path, None, options.seconds))
        for package, inside, shape in _SHIPPED:
            spec = importlib.util.find_spec(package)
            if spec is None or not spec.submodule_search_locations:
                print(f"{package} is not installed: its networks are left out")
                continue
            file = Path(spec.submodule_search_locations[0]) / inside
            rows.append(measure(file.name, file, shape, options.seconds))
        size = path.stat().st_size
    print(table(["network", "layers", "ms", "/ onnx.load", "proved ms"], rows))
    print(f"{parameters:,} parameters in {len(found.layers)} matrices:")
    print(f"{found.nnz:,} entries, never stored")
    print(verdict("seconds of the whole command, imports too", whole, 3.0))
    print(verdict("peak / file", peak / size, 3.0))


def measure(
    name: str, path: Path, shape: tuple[int, ...] | None, seconds: float
) -> list[object]:
    """One row of the table."""
    inspected, read = interleaved(
        [lambda: inspect_file(path, input_shape=shape), lambda: load(path)],
        seconds,
    )
    start = time.perf_counter()
    found = inspect_file(path, input_shape=shape, prove=True)
    proved = time.perf_counter() - start
    assert found.passed
    return [
        name,
        len(found.layers),
        median(inspected) * 1e3,
        ratio(inspected, read),
        proved * 1e3,
    ]


if __name__ == "__main__":
    main()
