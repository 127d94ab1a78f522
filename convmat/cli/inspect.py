"""`convmat inspect`: the layers of a saved network as matrices."""

from __future__ import annotations

import argparse
from typing import Any

from convmat.arrays import Shape
from convmat.cli.files import text_output
from convmat.cli.options import add_command
from convmat.errors import ConvmatError

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat inspect model.onnx
  convmat inspect model.onnx --input 1x3x224x224 --format markdown --out model.md
  convmat inspect model.onnx --input audio=1x576 --input rate=1
  convmat inspect model.onnx --prove          beside ONNX's reference evaluator
  convmat inspect model.onnx --norms          largest singular values, condition numbers
  convmat inspect weights.safetensors         what weights alone tell
  convmat inspect weights.safetensors --input 3x32x32 --layer conv1:s2p1 \\
      --layer maxpool:k2 --layer conv2:p1
"""

_OPTIONS = {"input_shape": "--input", "layers": "--layer", "prove": "--prove"}


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "inspect",
        _run,
        "every layer of a saved network as the matrix that it is",
        "Reads .onnx (needs the extra inspect), .safetensors and .npz files. Prints "
        "shape, stored entries, free parameters, bytes, multiplications and receptive "
        "field of each layer, all counted: no matrix is built. Ends with 1 when a "
        "layer differs from the reference evaluator.",
        _EXAMPLES,
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="a .onnx, .safetensors or .npz file")
    add(
        "--input",
        action="append",
        default=[],
        metavar="SHAPE",
        help="what the network reads: of an ONNX file with the batch, 1x3x224x224, or "
        "NAME=SHAPE; of other files without it",
    )
    add(
        "--layer",
        action="append",
        default=[],
        metavar="NAME:SETTINGS",
        help="for files of weights alone, in the order of the network: s stride, p "
        "padding, d dilation, g groups, i size it reads, k window, o output padding, t "
        "transposed",
    )
    add("--norms", action="store_true", help="norms and condition numbers, too")
    add(
        "--prove",
        action="store_true",
        help="hold each layer against ONNX's reference evaluator",
    )
    add(
        "--format",
        default="text",
        choices=("text", "markdown", "json", "csv"),
        help="of the table (default: %(default)s)",
    )
    add("--out", metavar="FILE", help="write there instead of to the terminal")
    add("--no-progress", action="store_true", help="show no progress bar")


def _run(options: argparse.Namespace) -> int:
    from convmat.inspect import inspect_file
    from convmat.inspect.tables import FORMATS

    try:
        found = inspect_file(
            options.file,
            input_shape=_inputs(options.input),
            layers=options.layer,
            norms=options.norms,
            prove=options.prove,
            progress=False if options.no_progress else None,
        )
    except ConvmatError as error:
        option = _OPTIONS.get(error.argument)
        if option is None:
            raise
        typed = _typed(getattr(options, option[2:]))
        rule = error.rule.replace("input_shape", "--input")
        raise ConvmatError(option, rule, typed, error.remedy) from None
    with text_output(options.out) as file:
        print(FORMATS[options.format](found), file=file)
    return 0 if found.passed else 1


def _typed(value: object) -> str | None:
    """What stood on the command line; None where nothing did."""
    return " ".join(value) or None if isinstance(value, list) else None


def _inputs(given: list[str]) -> Shape | dict[str, Shape] | None:
    """One shape, or shapes by the names of inputs."""
    named: dict[str, Shape] = {}
    for text in given:
        name, equals, shape = text.rpartition("=")
        if not equals and len(given) > 1:
            raise ConvmatError(
                "--input", "must be NAME=SHAPE when there are several", text
            )
        if name in named:
            raise ConvmatError("--input", "must name each input once", text)
        try:
            named[name] = tuple(int(part) for part in shape.split("x"))
        except ValueError:
            rule = "must be integers with x between them, such as 1x3x224x224"
            raise ConvmatError("--input", rule, text) from None
    return named.get("", named or None)
