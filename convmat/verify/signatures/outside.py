"""The libraries of others, imported when they are asked for."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["library"]


def library(name: str, what: str) -> Any:
    """The module, or a sentence that says how to install it.

    Raises
    ------
    ModuleNotFoundError
        When it is not installed.

    Examples
    --------
    >>> library("no_such_library", 'signature="none"')
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: signature="none" needs no_such_library:
    pip install no_such_library
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        message = f"{what} needs {name}: pip install {name}"
        raise ModuleNotFoundError(message, name=name) from error
