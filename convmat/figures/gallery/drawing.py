"""Drawing a figure from text, and the specification that says how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.gallery.kinds import Drawn, Entry
from convmat.figures.gallery.reader import Reader, named
from convmat.figures.gallery.registry import entry
from convmat.figures.gallery.words import refuse_unknown
from convmat.figures.style import theme_of

__all__ = ["draw", "spec_hash"]


def draw(
    name: str,
    options: Mapping[str, str] | None = None,
    *,
    theme: str = "light",
    prefix: str = "--",
) -> Drawn:
    """A figure of the gallery, by its name and its options as text.

    Parameters
    ----------
    name : str
        One of `names()`.
    options : mapping of str to str, optional
        As on a command line or in a page: `{"input": "4x4", "padding": "1"}`. What is
        left out has the default of `entry(name)`, but for numbers that were made for
        another shape; `preset` takes those of `PRESETS`.
        Without any option this is the example of `entry(name)`.
    theme : str
        `"light"` or `"dark"`.
    prefix : str
        How errors write an option: `"--"` for `--input`, `":"` for `:input:`.

    Returns
    -------
    Figure or Film
        `convmat["spec"]` says how it was asked for: `figure`, `options` (all of them,
        in order) and `theme`.

    Raises
    ------
    ConvmatError
        For an unknown name, option, preset or theme, and for a text that says nothing;
        the option is named as the caller writes it. And as the figure's own function.
    ConvmatTypeError
        For options that are no text.

    Examples
    --------
    >>> figure = draw("matrix_plot", {"input": "4", "kernel": "2"})
    >>> figure.convmat["params"]["geometry"]
    'geometry((4,), (2,))'
    >>> draw("matrix_plot", {"imput": "4"}, prefix=":")
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: :imput: is no option of matrix_plot, which has
    dilation, groups, input, kernel, mode, padded, padding, preset, seed, stride,
    values, got :imput:='4'; did you mean input?
    """
    asked = _Asked.of(name, options or {}, theme, prefix)
    drawn = asked.entry.draw(Reader(asked.options, theme, prefix))
    drawn.convmat["spec"] = asked.spec()  # type: ignore[union-attr]  # the figure's note
    return drawn


def spec_hash(
    name: str,
    options: Mapping[str, str] | None = None,
    theme: str = "light",
    *,
    prefix: str = "--",
) -> str:
    """A digest of what is asked for: 64 hexadecimal digits.

    The same for options that are left out and those written out as their defaults. It
    doesn't know the versions of convmat and Matplotlib.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `draw`, for names; the texts are not read.

    Examples
    --------
    >>> spec_hash("matrix_plot") == spec_hash("matrix_plot", {"input": "3x3"})
    True
    """
    spec = _Asked.of(name, options or {}, theme, prefix).spec()
    text = json.dumps(spec, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Asked:
    """What is to be drawn, with every option."""

    entry: Entry
    options: dict[str, str]
    theme: str

    @classmethod
    def of(
        cls, name: str, options: Mapping[str, str], theme: str, prefix: str
    ) -> _Asked:
        """Preset and defaults put in.

        Raises
        ------
        ConvmatError
            For an unknown name, option, preset or theme.
        ConvmatTypeError
            For options that are no text.
        """
        asked = entry(name)
        theme_of(theme)
        given = dict(options or asked.example)
        for option, text in given.items():
            if not isinstance(option, str) or not isinstance(text, str):
                argument = named(prefix, str(option))
                raise ConvmatTypeError(argument, "must be text", text)
        preset = _preset(asked, given.pop("preset", ""), prefix)
        known = asked.defaults
        allowed = sorted([*known, "preset"])
        rule = f"is no option of {name}, which has {', '.join(allowed)}"
        for option, text in given.items():
            refuse_unknown(named(prefix, option), rule, option, allowed, text)
        asked_for = {
            option: " ".join(text.split())
            for option, text in {**preset, **given}.items()
        }
        whole = {**known, **asked_for}
        for one in asked.options:
            other = one.belongs_to
            if one.name not in asked_for and whole.get(other) != known.get(other):
                whole[one.name] = ""
        ordered = {option: whole[option] for option in sorted(whole)}
        return cls(asked, ordered, theme)

    def spec(self) -> dict[str, Any]:
        """As it goes into a file."""
        return {
            "figure": self.entry.name,
            "options": self.options,
            "theme": self.theme,
        }


def _preset(asked: Entry, name: str, prefix: str) -> Mapping[str, str]:
    """The options of a preset.

    Raises
    ------
    ConvmatError
        For an unknown one, and one with options that the figure does not have.
    """
    if not name:
        return {}
    from convmat.figures.gallery.presets import PRESETS

    option = named(prefix, "preset")
    rule = "must be a preset of the gallery, as convmat figures --list shows them"
    refuse_unknown(option, rule, name, PRESETS)
    preset = PRESETS[name]
    missing = preset.missing(asked)
    if missing:
        rule = f"must be a preset for {asked.name}, which has no {', '.join(missing)}"
        raise ConvmatError(option, rule, name, f"it was made for {preset.figure}")
    return preset.options
