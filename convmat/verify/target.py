"""`load_target`: a function by its name, `package.module:function`."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convmat.errors import ConvmatError

__all__ = ["TargetError", "load_target"]


class TargetError(ConvmatError):
    """A name behind which there is no function, or a module that does not load."""


def load_target(name: str) -> Callable[..., Any]:
    """The function of that name, looked for in the current folder too.

    Parameters
    ----------
    name : str
        `package.module:function`; dots behind the colon reach attributes.

    Raises
    ------
    TargetError
        When the module cannot be imported, whatever it raises, or has no such function.

    Examples
    --------
    >>> load_target("convmat.maps:conv").__name__
    'conv'
    >>> load_target("convmat.maps:convolve")
    Traceback (most recent call last):
        ...
    convmat.verify.target.TargetError: target must be in its module, got
    target='convmat.maps:convolve'; convmat.maps has no attribute 'convolve'
    """
    home, colon, attribute = name.partition(":")
    if not (home and colon and attribute):
        rule = "must be package.module:function"
        raise TargetError("target", rule, name)
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            found: Any = importlib.import_module(home)
    except (Exception, SystemExit) as error:
        told = f"{type(error).__name__}: {error}"
        raise TargetError("target", "must be importable", name, told) from error
    for step in attribute.split("."):
        try:
            found = getattr(found, step)
        except AttributeError:
            told = f"{home} has no attribute {attribute!r}"
            raise TargetError("target", "must be in its module", name, told) from None
    if not callable(found):
        told = f"it is of type {type(found).__name__}"
        raise TargetError("target", "must be a function", name, told)
    function: Callable[..., Any] = found
    return function
