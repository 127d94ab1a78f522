"""Networks that others trained, out of packages that ship them; skipped without."""

import importlib.util
from pathlib import Path

import pytest

from convmat.inspect import inspect_file

pytest.importorskip("onnx")


def shipped(package, *inside):
    """The path of a file in an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    return Path(spec.submodule_search_locations[0]).joinpath(*inside)


@pytest.mark.parametrize(
    ("name", "size", "layers"),
    [
        ("ch_ppocr_mobile_v2.0_cls_infer.onnx", (1, 3, 48, 192), 100),
        ("ch_PP-OCRv4_det_infer.onnx", (1, 3, 320, 320), 77),
        ("ch_PP-OCRv4_rec_infer.onnx", (1, 3, 48, 320), 56),
    ],
)
def test_text_recognition_is_read_and_proved_whole(name, size, layers):
    path = shipped("rapidocr_onnxruntime", "models", name)
    found = inspect_file(path, input_shape=size, prove=True)
    assert len(found.layers) == layers
    assert all(row.proved for row in found.layers)


def test_the_speech_detector_is_read_and_proved_whole():
    path = shipped("silero_vad", "data", "silero_vad_16k_sequence.onnx")
    found = inspect_file(path, input_shape=(7, 576), prove=True)
    assert [row.proof for row in found.layers] == ["exact"] * 6


@pytest.mark.parametrize(
    ("name", "layers", "skipped"),
    [
        # The branch for 8 kHz does not go through with this many samples.
        ("silero_vad.onnx", 11, 1),
        ("silero_vad_half.onnx", 6, 0),
        ("silero_vad_16k_op15.onnx", 6, 0),
        ("silero_vad_op18_ifless.onnx", 16, 0),
    ],
)
def test_the_branches_of_the_speech_detector_are_read_and_proved(name, layers, skipped):
    path = shipped("silero_vad", "data", name)
    shapes = {"input": (1, 576), "state": (2, 1, 128)}
    found = inspect_file(path, input_shape=shapes, prove=True)
    assert [row.proof for row in found.layers] == ["exact"] * layers
    assert len(found.skipped) == skipped
