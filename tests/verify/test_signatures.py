"""A function of any library is called as that library calls it, and is a black box."""

from functools import partial

import numpy as np
import pytest

from convmat import ConvmatError, conv, conv_input_grad, conv_kernel_grad, geometry
from convmat.verify.black_box import Supports
from convmat.verify.signatures import SIGNATURES, adapted
from convmat.verify.signatures.as_onnx import onnxruntime_conv

WITNESSES = [
    geometry((1, 5, 4), (1, 1, 3, 2)),
    geometry((3, 7, 5), (2, 3, 2, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    geometry((4, 6, 5), (6, 2, 3, 2), stride=(1, 3), padding=(0, 1), groups=2),
    geometry((2, 3, 7), (4, 1, 1, 4), padding=[(1, 0), (0, 2)], groups=2),
]


def arrays(g, dtype, batch=2):
    rng = np.random.default_rng(0)
    shapes = (
        (batch, g.in_channels, *g.input_size),
        g.weight_shape,
        (batch, g.out_channels, *g.output_size),
        (g.out_channels,),
    )
    return [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]


def agrees(box, g):
    """Every map that the box claims, on integers, which all dtypes hold exactly."""
    batch = 2 if box.supports.batch else 1
    x, kernel, grad, bias = arrays(g, box.supports.dtype, batch)
    told = g.keywords
    if not box.supports.bias:
        bias = None
    right = {
        "forward": conv(x, kernel, bias, **told),
        "input_grad": conv_input_grad(grad, kernel, x.shape[1:], **told),
        "kernel_grad": conv_kernel_grad(grad, x, kernel.shape, **told),
    }
    seen = {"forward": box.apply(x, kernel, g, bias)}
    if "input_grad" in box.parts:
        seen["input_grad"] = box.gradient_by_input(grad, kernel, g)
    if "kernel_grad" in box.parts:
        seen["kernel_grad"] = box.gradient_by_kernel(grad, x, g)
    for part, outcome in seen.items():
        assert outcome.problems == (), part
        assert np.array_equal(outcome.result, right[part]), part
        assert outcome.result.dtype == box.supports.dtype
    return list(seen)


def claimed(box):
    return [g for g in WITNESSES if box.supports.lacks(g, batch=1) is None]


def like_onnx(X, W, B=None, *, auto_pad, dilations, group, kernel_shape, pads, strides):
    assert (auto_pad, kernel_shape) == ("NOTSET", list(W.shape[2:]))
    half = len(pads) // 2
    padding = list(zip(pads[:half], pads[half:], strict=True))
    settings = {"stride": strides, "dilation": dilations, "groups": group}
    return conv(X, W, B, padding=padding, **settings)


def like_keras(inputs, kernel, strides, padding, data_format, dilation_rate):
    assert (padding, data_format) == ("valid", "channels_last")
    x, w = np.moveaxis(inputs, -1, 1), np.moveaxis(kernel, (-1, -2), (0, 1))
    groups = x.shape[1] // w.shape[1]
    y = conv(x, w, stride=strides, dilation=dilation_rate, groups=groups)
    return np.moveaxis(y, 1, -1)


def like_scipy(in1, in2, mode):
    assert mode == "valid"
    return conv(in1, in2)


@pytest.mark.parametrize(
    ("function", "signature", "witnesses", "parts"),
    [
        (conv, "callable", 4, ["forward"]),
        (like_onnx, "onnx", 4, ["forward"]),
        (like_keras, "keras", 1, ["forward"]),
        (like_scipy, "scipy", 1, ["forward"]),
    ],
    ids=["callable", "onnx", "keras", "scipy"],
)
def test_adapted_function_is_the_function(function, signature, witnesses, parts):
    box = adapted(function, signature)
    assert len(claimed(box)) == witnesses
    for g in claimed(box):
        assert agrees(box, g) == parts


def test_channels_last_is_right_for_strides_and_groups_too():
    box = adapted(like_keras, "keras")
    for settings in ({"stride": (2, 1)}, {"groups": 2}, {"dilation": (1, 2)}):
        into = 4 // settings.get("groups", 1)
        agrees(box, geometry((4, 5, 6), (2, into, 2, 3), **settings))


def test_gradients_of_a_callable_are_its_own():
    box = adapted(conv, input_grad=conv_input_grad, kernel_grad=conv_kernel_grad)
    for g in WITNESSES:
        assert agrees(box, g) == ["forward", "input_grad", "kernel_grad"]


def test_name_of_a_function_tells_its_rank():
    def conv2d(x, kernel): ...

    assert adapted(conv2d, "scipy").supports.ranks == (2,)
    assert adapted(like_keras, "keras").supports.ranks == (1, 2, 3)


def test_claims_that_are_given_are_kept():
    claim = Supports(ranks=(2,), bias=False, padding=False, dtypes=("float32",))
    assert adapted(like_onnx, "onnx", supports=claim).supports == claim


def test_other_signatures_and_misplaced_gradients_are_refused():
    with pytest.raises(ConvmatError, match="must be one of callable, torch, jax"):
        adapted(conv, "tensorflow")
    with pytest.raises(ConvmatError, match='may be given for the signature "callable"'):
        adapted(conv, "onnx", input_grad=conv_input_grad)
    assert set(SIGNATURES) == {"callable", "torch", "jax", "scipy", "onnx", "keras"}


@pytest.mark.parametrize("signature", ["torch", "jax"])
def test_library_that_is_missing_is_named(signature, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, signature, None)
    with pytest.raises(ModuleNotFoundError, match=f"pip install {signature}"):
        adapted(conv, signature)


def test_scipy_is_right():
    from scipy.signal import correlate

    direct = partial(correlate, method="direct")
    for g in claimed(adapted(direct, "scipy")):
        agrees(adapted(direct, "scipy"), g)


def test_pytorch_is_right_with_the_gradients_of_autograd():
    torch = pytest.importorskip("torch")
    box = adapted(torch.nn.functional.conv2d, "torch")
    assert len(claimed(box)) == 3
    for g in claimed(box):
        assert agrees(box, g) == ["forward", "input_grad", "kernel_grad"]


def test_jax_is_right_with_the_gradients_of_vjp():
    jax = pytest.importorskip("jax")
    box = adapted(jax.lax.conv_general_dilated, "jax")
    for g in claimed(box):
        assert agrees(box, g) == ["forward", "input_grad", "kernel_grad"]


def test_onnx_runtime_is_right():
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    for g in claimed(adapted(onnxruntime_conv, "onnx")):
        assert agrees(adapted(onnxruntime_conv, "onnx"), g) == ["forward"]


def test_keras_is_right(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    pytest.importorskip("jax")
    for g in claimed(adapted(keras.ops.conv, "keras")):
        assert agrees(adapted(keras.ops.conv, "keras"), g) == ["forward"]
