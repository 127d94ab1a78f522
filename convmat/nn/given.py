"""What a learner is given, checked before anything is made of it."""

from __future__ import annotations

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.nn.composite import Composite
from convmat.nn.data import Dataset, Loader
from convmat.nn.layers import Layer
from convmat.optim import Rule

__all__ = ["check_given", "check_mode", "check_plan"]


def check_given(model: object, loader: object, rule: object, loss: object) -> None:
    """Return silently for what a learner can join.

    Raises
    ------
    ConvmatTypeError
        For one of another type, with what to write instead.

    Examples
    --------
    >>> from convmat.nn import CrossEntropy, digits_cnn, optdigits
    >>> from convmat.optim import SGD
    >>> check_given(digits_cnn(), optdigits(), SGD(0.1), CrossEntropy())
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: loader must be a Loader, got loader='Dataset';
    write Loader.of(data)
    """
    if not isinstance(model, Composite):
        remedy = "write Sequential([layer])" if isinstance(model, Layer) else ""
        _refuse("model", "must be a Sequential or a Residual", model, remedy)
    if not isinstance(loader, Loader):
        dataset = isinstance(loader, Dataset)
        remedy = f"write Loader{'.of(data)' if dataset else '(inputs, targets)'}"
        _refuse("loader", "must be a Loader", loader, remedy)
    if not isinstance(rule, Rule):
        _refuse("rule", "must be a rule of convmat.optim", rule, "such as SGD(lr=0.1)")
    if not callable(loss) or isinstance(loss, type):
        _refuse("loss", "must be callable", loss, "such as CrossEntropy()")


def check_mode(model: Composite) -> None:
    """Return silently where a layer is in training mode.

    Raises
    ------
    ConvmatError
        For a model in eval mode: it would be trained as it is measured.
    """
    modes = [leaf.training for _, leaf in model.leaves()]
    if modes and not any(modes):
        rule = "must be in training mode to be fitted"
        raise ConvmatError("model", rule, "eval mode", "call model.train()")


def check_plan(plan: object) -> None:
    """Return silently for what gives rates at a position.

    Raises
    ------
    ConvmatTypeError
        For anything else, such as a number.

    Examples
    --------
    >>> check_plan(0.1)
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: plan must have a method rates(position), got
    plan='float'; such as Constant(0.1)
    """
    if isinstance(plan, type) or not callable(getattr(plan, "rates", None)):
        rule = "must have a method rates(position)"
        _refuse("plan", rule, plan, "such as Constant(0.1)")


def _refuse(argument: str, rule: str, value: object, remedy: str) -> None:
    kind = value.__name__ if isinstance(value, type) else type(value).__name__
    told = f"the class {kind}" if isinstance(value, type) else kind
    raise ConvmatTypeError(argument, rule, told, remedy)
