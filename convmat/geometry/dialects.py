"""What "same" padding means, by whom: one frozen entry for each meaning.

The word promises an output as large as the input. It leaves open which side gets the
odd cell, what a stride does, and what happens where the kernel is the larger of the
two; each library has answered on its own. An entry here is one such answer as a rule,
on one axis, with the source that says so. Nothing is guessed: where a library gives no
answer, its entry refuses.

A side is a side of the *input*. Libraries that flip their kernel (`scipy.signal`,
MATLAB) are listed by the cells that their windows read, so that their pads can be used
with any kernel, flipped or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from convmat.errors import ConvmatTypeError, GeometryError
from convmat.geometry import same_rules
from convmat.geometry.axis import Axis
from convmat.geometry.names import did_you_mean

__all__ = ["ALL_NAMES", "BY_NAME", "DIALECTS", "Dialect", "dialect"]


@dataclass(frozen=True)
class Dialect:
    """One meaning of "same" padding.

    Attributes
    ----------
    name : str
    aliases : tuple of str
        Other names of the same meaning.
    meaning : str
        What it defines, in one sentence.
    source : str
        Who says so.
    rule : callable
        `(size, kernel, stride, dilation) -> (before, after)`, cells of padding on one
        axis; asked only for what the entry does not refuse.
    no_stride, no_dilation : str
        Why a stride or a dilation beyond 1 is refused; empty where it is not.

    Examples
    --------
    >>> DIALECTS["tensorflow"].pads(size=7, kernel=4, stride=2)
    (1, 2)
    >>> DIALECTS["torch"].pads(size=7, kernel=4, stride=2)
    Traceback (most recent call last):
        ...
    convmat.errors.GeometryError: stride must be 1 beside padding 'same:torch', since
    PyTorch refuses padding='same' with any other, got stride=2; write padding in
    numbers; with those of stride 1 you get every 2nd of its outputs
    """

    name: str
    aliases: tuple[str, ...]
    meaning: str
    source: str
    rule: same_rules.Rule
    no_stride: str = ""
    no_dilation: str = ""

    def pads(
        self, size: int, kernel: int, stride: int = 1, dilation: int = 1
    ) -> tuple[int, int]:
        """Cells of padding `(before, after)` on one axis.

        Raises
        ------
        GeometryError
            For a stride or a dilation of which this dialect says nothing.
        """
        if stride > 1 and self.no_stride:
            rule = f"must be 1 beside padding 'same:{self.name}', since "
            nth = {2: "2nd", 3: "3rd"}.get(stride, f"{stride}th")
            remedy = (
                "write padding in numbers; with those of stride 1 you get every "
                f"{nth} of its outputs"
            )
            raise GeometryError("stride", rule + self.no_stride, stride, remedy)
        if dilation > 1 and self.no_dilation:
            rule = f"must be 1 beside padding 'same:{self.name}', since "
            remedy = "write padding in numbers"
            raise GeometryError("dilation", rule + self.no_dilation, dilation, remedy)
        return self.rule(size, kernel, stride, dilation)

    def padded(self, axis: Axis) -> Axis:
        """`axis` with the padding of this dialect in place of its own."""
        before, after = self.pads(axis.size, axis.kernel, axis.stride, axis.dilation)
        return replace(axis, before=before, after=after)

    def refusal(self, stride: int, dilation: int) -> str:
        """Why this dialect says nothing about these; empty where it does."""
        if stride > 1 and self.no_stride:
            return f"stride must be 1, since {self.no_stride}"
        if dilation > 1 and self.no_dilation:
            return f"dilation must be 1, since {self.no_dilation}"
        return ""


def dialect(name: str) -> Dialect:
    """The dialect of a name or alias.

    Raises
    ------
    GeometryError
        For an unknown name; the error lists the known ones.
    ConvmatTypeError
        When `name` is no string.

    Examples
    --------
    >>> dialect("keras").name
    'tensorflow'
    """
    if not isinstance(name, str):
        raise ConvmatTypeError("name", "must be a string", name)
    try:
        return BY_NAME[name]
    except KeyError:
        remedy = did_you_mean(name, BY_NAME)
        raise GeometryError(
            "name", f"must be one of {ALL_NAMES}", name, remedy
        ) from None


_NO_STRIDE = "the functions have none, and an output can be cut in more ways than one"

_ENTRIES = (
    Dialect(
        "tensorflow",
        ("keras", "jax", "onnx-upper", "coreml", "nnapi"),
        "The least padding that gives ceil(size / stride) outputs, the odd cell after.",
        'tf.nn.convolution, "SAME"; jax.lax.padtype_to_pads; ONNX Conv, SAME_UPPER; '
        "Core ML SamePadding, BOTTOM_RIGHT_HEAVY",
        same_rules.upper,
    ),
    Dialect(
        "onnx-lower",
        ("jax-lower", "coreml-top-left"),
        "The least padding that gives ceil(size / stride) outputs, the odd cell "
        "before.",
        "ONNX Conv, SAME_LOWER; jax.lax.padtype_to_pads, SAME_LOWER; Core ML "
        "SamePadding, TOP_LEFT_HEAVY",
        same_rules.lower,
    ),
    Dialect(
        "paddle",
        (),
        "As tensorflow, without dilation.",
        'paddle.nn.functional.conv2d, "SAME", by its UpdatePaddingAndDilation',
        same_rules.upper,
        no_dilation="PaddlePaddle would set it to 1 without a word",
    ),
    Dialect(
        "torch",
        ("pytorch",),
        "One cell less than the kernel spans, the odd cell after; no stride.",
        'torch.nn.functional.conv2d, padding="same"',
        same_rules.odd_after,
        no_stride="PyTorch refuses padding='same' with any other",
    ),
    Dialect(
        "half",
        ("torch-half", "theano-half", "yolo"),
        "Half of what the kernel spans, rounded down, on both sides: one output more "
        "at stride 1 where that is even.",
        'the idiom padding=k//2; Theano, border_mode="half"; Ultralytics, autopad',
        same_rules.half,
    ),
    Dialect(
        "fastai",
        (),
        "Half of kernel - 1, rounded down, on both sides, whatever the dilation.",
        "fastai.layers.ConvLayer, padding=None",
        same_rules.kernel_alone,
    ),
    Dialect(
        "timm",
        (),
        "Half of stride - 1 + dilation * (kernel - 1), rounded down, on both sides.",
        "timm.layers.get_padding",
        same_rules.static,
    ),
    Dialect(
        "flux",
        ("lasagne",),
        "One cell less than the kernel spans, the odd cell before, whatever the "
        "stride.",
        'Flux.SamePad; lasagne.layers.Conv2DLayer, pad="same"',
        same_rules.odd_before,
    ),
    Dialect(
        "scipy",
        ("scipy-signal", "scipy-ndimage-correlate", "opencv"),
        "As many outputs as inputs, the odd cell before; no stride.",
        'scipy.signal convolve, correlate, fftconvolve and convolve2d, mode="same"; '
        "scipy.ndimage.correlate; cv2.filter2D",
        same_rules.odd_before,
        no_stride=_NO_STRIDE,
    ),
    Dialect(
        "scipy-correlate2d",
        ("scipy-ndimage-convolve",),
        "As many outputs as inputs, the odd cell after; no stride.",
        'scipy.signal.correlate2d, mode="same"; scipy.ndimage.convolve',
        same_rules.odd_after,
        no_stride=_NO_STRIDE,
    ),
    Dialect(
        "numpy",
        ("numpy-convolve",),
        "As many outputs as the longer of input and kernel, the middle of all; no "
        "stride.",
        'numpy.convolve, mode="same"',
        same_rules.longer,
        no_stride=_NO_STRIDE,
    ),
    Dialect(
        "numpy-correlate",
        (),
        "As numpy, but mirrored where the kernel is the longer.",
        'numpy.correlate, mode="same"',
        same_rules.longer_mirrored,
        no_stride=_NO_STRIDE,
    ),
    Dialect(
        "matlab",
        ("octave",),
        "As many outputs as inputs, the odd cell after; no stride.",
        "MATLAB and GNU Octave conv, conv2 and filter2, 'same'",
        same_rules.odd_after,
        no_stride=_NO_STRIDE,
    ),
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType({d.name: d for d in _ENTRIES})
"""The dialects by name. Those of libraries without a dilation read it as a kernel with
zeros between its taps, which is the only reading."""

BY_NAME = {name: entry for entry in _ENTRIES for name in (entry.name, *entry.aliases)}
"""The dialects by name and by alias."""

ALL_NAMES = (
    f"{', '.join(DIALECTS)}, or of their aliases "
    f"{', '.join(alias for entry in _ENTRIES for alias in entry.aliases)}"
)
"""The names and the aliases, for a sentence that begins with "one of"."""
