"""The arguments that make a geometry, and how they are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from convmat.cli.spoken import in_options
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Geometry, geometry, transposed_geometry
from convmat.shorthand import read_padding, read_shape, read_steps

__all__ = [
    "add_command",
    "add_geometry",
    "add_sizes",
    "add_transposed",
    "read_geometry",
    "read_sizes",
]


def add_command(
    commands: Any,
    name: str,
    function: Callable[[argparse.Namespace], int],
    summary: str,
    details: str,
    examples: str,
) -> argparse.ArgumentParser:
    """A new parser below `commands`, with its examples after the help."""
    stop = "" if summary.endswith("?") else "."
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}{stop} {details}".strip(),
        epilog=examples,
        formatter_class=_Formatter,
    )
    parser.set_defaults(command=function)
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Fills the description, which is prose, and leaves the examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("examples:"):
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """The arguments of a geometry without its padding; axes are separated by `x`."""
    add = parser.add_argument
    add(
        "--input",
        default="3x3",
        metavar="SHAPE",
        help="3x3, or with channels 3x32x32 (default: %(default)s)",
    )
    add(
        "--kernel",
        default="2x2",
        metavar="SHAPE",
        help="2x2, or with channels OUTxINx2x2 (default: %(default)s)",
    )
    add("--stride", default="1", metavar="N", help="2, or per axis 2x1")
    add("--dilation", default="1", metavar="N", help="2, or per axis 2x1")
    add("--groups", default=1, type=int, metavar="N", help="blocks of channels")


def add_geometry(parser: argparse.ArgumentParser) -> None:
    """All arguments of a geometry."""
    add_sizes(parser)
    parser.add_argument(
        "--padding",
        default="0",
        metavar="PADS",
        help="1, per axis 1x0, before,after per axis 1,2x0,1, or valid, same, "
        "same_lower, full, or same:NAME as in convmat same",
    )
    parser.add_argument(
        "--mode",
        default="zeros",
        choices=PADDING_MODES,
        help="what stands in the padding (default: %(default)s)",
    )


def add_transposed(parser: argparse.ArgumentParser) -> None:
    """The arguments of a transposed convolution."""
    parser.add_argument(
        "--transposed",
        action="store_true",
        help="the transposed convolution, as ConvTranspose in PyTorch: --input is what "
        "it reads, and --kernel with channels is INxOUTx2x2",
    )
    parser.add_argument(
        "--output-padding",
        metavar="N",
        help="cells that its result has beyond the least, below the stride",
    )
    parser.add_argument(
        "--output-shape",
        metavar="SHAPE",
        help="the shape of its result, instead of --output-padding",
    )


def read_sizes(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `add_sizes`, as keywords of `convmat.geometry`."""
    return {
        "input_shape": read_shape("--input", options.input),
        "kernel_shape": read_shape("--kernel", options.kernel),
        "stride": read_steps("--stride", options.stride),
        "dilation": read_steps("--dilation", options.dilation),
        "groups": options.groups,
    }


def read_geometry(options: argparse.Namespace) -> Geometry:
    """The geometry of `add_geometry`; with `--transposed`, the paired one.

    Raises
    ------
    ConvmatError
        As `convmat.geometry`, in options, and for text that is no number.
    """
    settings = {
        **read_sizes(options),
        "padding": read_padding("--padding", options.padding),
        "padding_mode": options.mode,
    }
    if not options.transposed:
        for name in ("output_padding", "output_shape"):
            if (given := getattr(options, name)) is not None:
                option = f"--{name.replace('_', '-')}"
                raise ConvmatError(option, "must stand beside --transposed", given)
        with in_options(options):
            return geometry(**settings)
    if options.output_padding is not None:
        steps = read_steps("--output-padding", options.output_padding)
        settings["output_padding"] = steps
    if options.output_shape is not None:
        settings["output_shape"] = read_shape("--output-shape", options.output_shape)
    with in_options(options):
        return transposed_geometry(**settings)
