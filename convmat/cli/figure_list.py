"""The list of figures: names and captions, or all that is known of some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from shutil import get_terminal_size
from textwrap import fill
from typing import Any

from convmat.figures.gallery import Entry, Preset, entry, names

__all__ = ["print_list"]

_IN = " " * 20


def print_list(asked: list[Entry], *, as_json: bool) -> None:
    """Names and captions of all figures and presets; of those asked for, options."""
    shown = asked or [entry(name) for name in names()]
    if as_json:
        print(json.dumps([_facts(one) for one in shown]))
    elif asked:
        _print_options(asked)
    else:
        _print_captions(shown)


def _print_captions(shown: list[Entry]) -> None:
    width, group = get_terminal_size().columns, ""
    for one in shown:
        if one.group != group:
            group = one.group
            print(f"\n{group}" if one is not shown[0] else group)
        head = f"  {one.name:18}"
        print(fill(one.caption, width, initial_indent=head, subsequent_indent=_IN))
    print("\npresets, for --preset")
    for name, preset in _presets().items():
        told = f"{preset.figure}. {preset.caption}"
        print(fill(f"  {name}: {told}", width, subsequent_indent="    "))


def _presets() -> Mapping[str, Preset]:
    from convmat.figures.gallery import PRESETS

    return PRESETS


def _taken(one: Entry) -> list[str]:
    """The presets that a figure takes, those that were made for it first."""
    fit = {name: p for name, p in _presets().items() if not p.missing(one)}
    return sorted(fit, key=lambda name: fit[name].figure != one.name)


def _print_options(shown: list[Entry]) -> None:
    width = get_terminal_size().columns
    for one in shown:
        print(fill(f"{one.name}: {one.caption}", width))
        for option in one.options:
            default = f" (default: {option.default})" if option.default else ""
            allowed = f": {', '.join(option.choices)}" if option.choices else ""
            head = f"  --{option.name:16}"
            told = f"{option.help}{allowed}{default}"
            print(fill(told, width, initial_indent=head, subsequent_indent=_IN))
        print(f"  formats: {', '.join(one.formats)}")
        if presets := ", ".join(_taken(one)):
            print(fill(f"  presets: {presets}", width, subsequent_indent="    "))


def _facts(one: Entry) -> dict[str, Any]:
    return {
        "name": one.name,
        "caption": one.caption,
        "group": one.group,
        "formats": one.formats,
        "animated": one.animated,
        "example": dict(one.example),
        "presets": _taken(one),
        "options": [
            {
                "name": option.name,
                "help": option.help,
                "default": option.default,
                "choices": option.choices,
            }
            for option in one.options
        ],
    }
