"""The errors of convmat: which argument, what is allowed, what came, what to do.

Every error keeps its parts as attributes, so that a program can react to them and a
person can read them. Wrong values raise a child of `ConvmatError` (a `ValueError`),
wrong types a `ConvmatTypeError` (a `TypeError`).
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ConvmatError",
    "ConvmatTypeError",
    "DivergedError",
    "GeometryError",
    "MatrixTooLargeError",
    "NotConvergedError",
    "ShapeError",
    "needs",
]


_LONGEST = 200  # characters of a value in a message


class _Report(Exception):
    """The four parts that every error of convmat has, and the sentence they make."""

    def __init__(
        self, argument: str, rule: str, value: object, remedy: str = ""
    ) -> None:
        # The parts are the exception's args, so that it survives pickling: an executor
        # sends exceptions between processes that way.
        super().__init__(argument, rule, value, remedy)
        self.argument = argument
        self.rule = rule
        self.value = value
        self.remedy = remedy

    def __str__(self) -> str:
        got = f"{self.argument}={_told(self.value)}"
        sentence = f"{self.argument} {self.rule}, got {got}"
        return f"{sentence}; {self.remedy}" if self.remedy else sentence


class ConvmatError(_Report, ValueError):
    """A value that no convolution can have.

    Attributes
    ----------
    argument : str
        Name of the argument at fault, as the caller wrote it.
    rule : str
        What is allowed, as the rest of a sentence that starts with the argument.
    value : object
        What came.
    remedy : str
        What to do about it; empty where the rule says it all.

    Examples
    --------
    >>> from convmat import geometry
    >>> geometry((3, 3), (2, 2), stride=(2, 0))
    Traceback (most recent call last):
        ...
    convmat.errors.GeometryError: stride must be at least 1 on every axis, got
    stride=(2, 0)
    """


class GeometryError(ConvmatError):
    """Settings that give no convolution: stride 0, a kernel that does not fit, ...

    Examples
    --------
    >>> from convmat import geometry
    >>> geometry(3, 5)
    Traceback (most recent call last):
        ...
    convmat.errors.GeometryError: kernel_size must fit the padded input; on axis 0 5
    taps do not fit 3 cells, got kernel_size=5; use a larger input, more padding, or
    a smaller kernel or dilation
    >>> try:
    ...     geometry(3, 5)
    ... except GeometryError as error:
    ...     print(error.argument, error.value, error.remedy)
    kernel_size 5 use a larger input, more padding, or a smaller kernel or dilation
    """


class ShapeError(ConvmatError):
    """An array or a shape that does not fit the geometry it stands beside.

    Examples
    --------
    >>> from convmat import conv_input_grad
    >>> conv_input_grad([1, 1, 1], [2, 5], 3)
    Traceback (most recent call last):
        ...
    convmat.errors.ShapeError: grad.shape must be (2,), (1, 2) or (batch, 1, 2), got
    grad.shape=(3,)
    """


class ConvmatTypeError(_Report, TypeError):
    """A value of a type that is never allowed there: `1.0` for an integer, ...

    Examples
    --------
    >>> from convmat import geometry
    >>> geometry(3, 2, stride=1.0)
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: stride must be integers, not float, got
    stride=1.0
    >>> issubclass(ConvmatTypeError, ValueError)
    False
    """


class MatrixTooLargeError(ConvmatError, MemoryError):
    """A result that cannot fit, refused before anything was allocated.

    Attributes
    ----------
    needed, allowed : int
        Bytes that the result would take, and bytes that it may take.

    Examples
    --------
    >>> from convmat import conv_matrix
    >>> try:
    ...     conv_matrix([1, 2], 1000, max_bytes=100)
    ... except MatrixTooLargeError as error:
    ...     print(error.needed, error.allowed)
    27976 100
    """

    def __init__(self, what: str, needed: int, allowed: int, remedy: str) -> None:
        super().__init__(what, "", needed, remedy)
        self.args = (what, needed, allowed, remedy)  # what pickling calls __init__ with
        self.needed = needed
        self.allowed = allowed

    def __str__(self) -> str:
        return (
            f"{self.argument} needs {_bytes(self.needed)}, "
            f"max_bytes allows {_bytes(self.allowed)}; {self.remedy}"
        )


class DivergedError(ConvmatError):
    """A loss that is no longer finite; nothing was updated by it.

    Attributes
    ----------
    step : int
        Number of the step that was not taken, 1 for the first.
    lr : number
        The learning rate at that step.
    weights : ndarray or dict of str to ndarray
        A copy of the last weights whose loss was finite, in the form that was trained.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.constraints import train_matrix
    >>> from convmat.optim import SGD
    >>> x, target = [[[1.0]]], [[[0.0]]]  # one cell, which is to become 0
    >>> try:
    ...     list(train_matrix(geometry(1, 1), [8.0], x, target, SGD(1e200), steps=9))
    ... except DivergedError as error:
    ...     print(error.step, error.lr, error.weights)
    2 1e+200 [8.]
    """

    def __init__(self, loss: object, step: int, lr: Any, weights: Any) -> None:
        remedy = f"use a smaller learning rate, such as {float(lr) / 10:.2g}"
        super().__init__(
            "loss", f"must be finite at step {step} with lr={lr}", loss, remedy
        )
        self.args = (loss, step, lr, weights)  # what pickling calls __init__ with
        self.step = step
        self.lr = lr
        self.weights = weights


class NotConvergedError(ConvmatError):
    """An iteration that stopped before its answer was as near as asked.

    Attributes
    ----------
    residual, tol : float
        The residual where it stopped, and what was asked for; see the function.
    steps : int
        After which it stopped.
    estimate : object
        What the iteration had by then: good for a look, not for a proof.

    Examples
    --------
    >>> error = NotConvergedError("the norm", 0.5, 0.001, 20, 3.25)
    >>> error.residual > error.tol, error.steps, error.estimate
    (True, 20, 3.25)
    """

    def __init__(
        self, what: str, residual: float, tol: float, steps: int, estimate: Any
    ) -> None:
        rule = (
            f"not found: the residual is {residual:.3g} after {steps} steps, "
            f"and at most {tol:.3g} is asked for"
        )
        super().__init__(
            what, rule, estimate, "allow more steps by max_steps, or a larger tol"
        )
        # What pickling calls __init__ with.
        self.args = (what, residual, tol, steps, estimate)
        self.residual = residual
        self.tol = tol
        self.steps = steps
        self.estimate = estimate

    def __str__(self) -> str:
        return f"{self.argument} {self.rule}; {self.remedy}"


def needs(what: str, package: str, extra: str) -> str:
    """The sentence for a package that is missing, with both lines that install it.

    Examples
    --------
    >>> needs("convmat.distributed", "Dask", "distributed")
    'convmat.distributed needs Dask: pip install "convmat[distributed]", or in a clone
    pip install -e ".[distributed]"'
    """
    return (
        f'{what} needs {package}: pip install "convmat[{extra}]", or in a clone '
        f'pip install -e ".[{extra}]"'
    )


def _told(value: object) -> str:
    """`value` in one short line: an error must not print a thousand rows."""
    shape = getattr(value, "shape", ())
    if shape:
        return f"<{type(value).__name__} of shape {shape}>"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _bytes(count: int) -> str:
    """`count` bytes in the largest unit that leaves at least 1."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} PiB"
