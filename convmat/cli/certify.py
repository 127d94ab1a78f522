"""`convmat certify`: a proof as a file that others check without convmat."""

from __future__ import annotations

import argparse
from typing import Any

from convmat.cli.files import about_out
from convmat.cli.options import add_command, add_geometry, read_geometry
from convmat.errors import ConvmatError

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat certify --out certificate.json             3x3 input, 2x2 kernel
  convmat certify --input 2x8x8 --kernel 4x2x3x3 --padding 1 --out a.json
  convmat certify --box axis-6 --out axis-6.json     many at once
  python check_certificate.py axis-6.json            the script it names

what is in it:
  of each geometry its shapes, counts, multiplicities of taps, and the hash of
  all its triplets (row, column, tap); of each route its functions, and the hash
  of what they imply, entry by entry. The same run gives the same file.
"""

_DEFAULTS = {
    "input": "3x3",
    "kernel": "2x2",
    "stride": "1",
    "dilation": "1",
    "groups": 1,
    "padding": "0",
    "mode": "zeros",
}


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "certify",
        _run,
        "a proof as a file that others check without convmat",
        "Proves every route for a geometry or a box of them, and writes down what can "
        "be checked of that. Ends with 1 when a route is wrong.",
        _EXAMPLES,
    )
    parser.add_argument(
        "--box", metavar="NAME", help="a box of geometries, in place of one"
    )
    add_geometry(parser)
    parser.set_defaults(transposed=False, output_padding=None, output_shape=None)
    add = parser.add_argument
    add("--out", required=True, metavar="FILE", help="file to write, JSON")
    add("--seed", default=0, type=int, metavar="N", help="of the tested part")
    add("--date", default="", metavar="TEXT", help="written down as it is")
    add("--no-progress", action="store_true", help="show no progress bar")


def _run(options: argparse.Namespace) -> int:
    from convmat.verify import BOXES, check_certificate
    from convmat.verify.certificate import certify

    what: Any = None
    if options.box is None:
        what = read_geometry(options)
    elif options.box not in BOXES:
        raise ConvmatError("--box", f"must be one of {', '.join(BOXES)}", options.box)
    else:
        what = BOXES[options.box]
        for name, default in _DEFAULTS.items():
            if (given := getattr(options, name)) != default:
                rule = "cannot stand beside --box, which has geometries of its own"
                raise ConvmatError(f"--{name}", rule, given)
    if options.seed < 0:
        raise ConvmatError("--seed", "must be at least 0", options.seed)
    with about_out(options.out) as target:
        try:
            certificate = certify(
                what,
                seed=options.seed,
                date=options.date,
                progress=False if options.no_progress else None,
            )
        except ConvmatError as error:
            if error.argument != "routes":
                raise
            print(f"FAIL {error.remedy}")
            return 1
        certificate.save(target)
    print(f"PASS {certificate}")
    print(f"written to {options.out}; to check it without convmat:")
    print(f"  python {check_certificate.__file__} {options.out}")
    return 0
