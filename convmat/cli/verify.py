"""`convmat verify`: somebody's convolution against all that one must be."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from convmat.cli.files import text_output
from convmat.cli.options import add_command
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES
from convmat.verify.black_box import Supports
from convmat.verify.signatures import SIGNATURES, adapted
from convmat.verify.target import TargetError, load_target

if TYPE_CHECKING:
    from convmat.verify import Report

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat verify mypackage.layers:conv2d --rank 2
  convmat verify torch.nn.functional:conv2d --signature torch
  convmat verify scipy.signal:correlate --signature scipy --accuracy normwise
  convmat verify mine:conv --input-grad mine:conv_dx --kernel-grad mine:conv_dw
  convmat verify mine:conv --without groups,dilation --modes zeros,circular
  convmat verify mine:conv --json report.json --figure wrong.svg

signatures:
"""

_CLAIMS = tuple(f.name for f in fields(Supports) if f.type == "bool")


def add_to(commands: Any) -> None:
    """Add the command."""
    width = max(map(len, SIGNATURES))
    told = "".join(f"  {name:<{width}}  {said}\n" for name, said in SIGNATURES.items())
    parser = add_command(
        commands,
        "verify",
        _run,
        "check a convolution of your own, or anybody's",
        "Says what holds, what fails with the smallest counterexample and a program "
        "that shows it, the likely bug, and what was not claimed. Exit code 1 when "
        "something fails.",
        _EXAMPLES + told,
    )
    add = parser.add_argument
    add("target", metavar="MODULE:FUNCTION", help="package.module:function")
    add(
        "--signature",
        default="callable",
        choices=list(SIGNATURES),
        help="how it is called; see below (default: %(default)s)",
    )
    add("--input-grad", metavar="MODULE:FUNCTION", help="its gradient by the input")
    add("--kernel-grad", metavar="MODULE:FUNCTION", help="its gradient by the kernel")
    add("--rank", type=int, choices=(1, 2, 3), help="spatial axes (default: all)")
    add("--examples", type=int, default=60, help="trials (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the trials (default: %(default)s)")
    add(
        "--without",
        metavar="LIST",
        help=f"what it does not claim, of {', '.join(_CLAIMS)}",
    )
    add(
        "--modes",
        metavar="LIST",
        help=f"padding modes that it claims, of {', '.join(PADDING_MODES)} "
        "(default: zeros)",
    )
    add("--dtypes", metavar="LIST", help="dtypes that it claims, as float32,int64")
    add(
        "--accuracy",
        choices=("componentwise", "normwise"),
        help="what it claims of rounding: as direct sums, or as FFTs",
    )
    add(
        "--seconds",
        type=float,
        default=10.0,
        help="time limit of one call (default: %(default)g)",
    )
    add("--json", metavar="FILE", help="write the report there too, as JSON")
    add("--figure", metavar="FILE", help="draw the right matrix beside the wrong one")


def _run(options: argparse.Namespace) -> int:
    from convmat.verify import check

    found: list[Callable[..., Any] | None] = []
    for target in (options.target, options.input_grad, options.kernel_grad):
        try:
            found.append(None if target is None else load_target(target))
        except TargetError as error:
            print(f"FAIL {target}: {error}")
            return 1
    function, input_grad, kernel_grad = found
    assert function is not None  # the target is required
    given: dict[str, Any] = {
        "signature": options.signature,
        "input_grad": input_grad,
        "kernel_grad": kernel_grad,
    }
    claim = adapted(function, **given).supports
    report = check(
        function,
        supports=_claimed(options, claim),
        rank=options.rank,
        examples=options.examples,
        seed=options.seed,
        seconds=options.seconds,
        name=options.target,
        **given,
    )
    print(report)
    if options.json is not None:
        with text_output(options.json) as file:
            json.dump(report.as_json(), file, indent=1)
            file.write("\n")
    if options.figure is not None:
        _draw(report, function, given, options.figure)
    return 0 if report.passed else 1


def _draw(
    report: Report, function: Callable[..., Any], given: dict[str, Any], path: str
) -> None:
    """The right matrix beside the implied one, where the report found it wrong."""
    from convmat import figures
    from convmat.verify import implied_matrix
    from convmat.verify.checks.maps import CallLostError

    wrong = [verdict for verdict in report.verdicts if not verdict.passed]
    shown = wrong or list(report.verdicts)
    for verdict in shown:
        box = adapted(function, **given)
        try:
            weights = implied_matrix(box, verdict.geometry)
            figure = figures.matrices_compared(
                verdict.geometry, weights, name=report.name
            )
        except (ConvmatError, CallLostError):  # too large, or nothing comes back
            continue
        print(f"\nfigure: {figures.save(figure, path)}")
        return
    print("\nno figure: no matrix that is small enough could be read")


def _claimed(options: argparse.Namespace, claim: Supports) -> Supports:
    """What the signature says that it claims, less and more what the options say."""
    less: dict[str, Any] = {}
    for name in _listed(options.without):
        plain = name.replace("-", "_")
        if plain not in _CLAIMS:
            rule = f"must be of {', '.join(_CLAIMS)}"
            raise ConvmatError("--without", rule, name)
        less[plain] = False
    if options.modes:
        less["modes"] = tuple(_listed(options.modes))
    if options.dtypes:
        less["dtypes"] = tuple(_listed(options.dtypes))
    if options.accuracy:
        less["accuracy"] = options.accuracy
    if options.rank is not None and options.rank not in claim.ranks:
        less["ranks"] = (options.rank,)
    return replace(claim, **less)


def _listed(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]
