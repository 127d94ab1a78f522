"""`convmat constrain`: training under the two constraints, watched."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.cli.options import add_command
from convmat.errors import ConvmatError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convmat.experiments import Climb, Found

__all__ = ["add_to"]

_SHOWN = 5  # maps of each rung: a row of the figure

_EXAMPLES = """\
examples:
  convmat constrain                          the ladder, a minute or so
  convmat constrain ladder --epochs 5 --samples 300 --out ladder
  convmat constrain kernel                   a secret kernel, from a photograph
  convmat constrain kernel --picture digits --secret left --steps 300
  convmat constrain tying --out tying        why zeros stay 0 and ties stay tied

experiments:
  ladder  one network on digits with its first matrix dense, locally connected,
          a convolution, circulant: parameters, accuracy on held-out digits and
          on the same ones moved by a pixel, distance from the nearest convolution
  kernel  a kernel that finds edges, learned from pieces of a picture and their
          edge maps until its integers are exact
  tying   the gradient by a dense matrix, masked, and summed over each tie
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "constrain",
        _run,
        "train a matrix under its constraints, and without them",
        "Prints what happened, and leaves figures as PNG and SVG.",
        _EXAMPLES,
    )
    add = parser.add_argument
    add(
        "experiment",
        nargs="?",
        default="ladder",
        choices=list(_EXPERIMENTS),
        help="see below (default: %(default)s)",
    )
    add(
        "--out",
        default="convmat-constrain",
        metavar="DIR",
        help="folder for the figures (default: %(default)s)",
    )
    add("--epochs", type=int, default=30, metavar="N", help="ladder (default: 30)")
    add("--samples", type=int, metavar="N", help="ladder: digits to train on, or all")
    add("--seed", type=int, default=0, metavar="N", help="ladder (default: 0)")
    add(
        "--picture",
        default="photo",
        choices=["photo", "digits"],
        help="kernel: matplotlib's sample photograph, or the digits "
        "(default: %(default)s)",
    )
    add(
        "--secret",
        default="top",
        choices=["top", "left", "diagonal-1", "diagonal-2"],
        help="kernel: the edge that it finds (default: %(default)s)",
    )
    add("--steps", type=int, default=2000, metavar="N", help="kernel (default: 2000)")
    add("--no-progress", action="store_true", help="show no progress bars")


def _run(options: argparse.Namespace) -> int:
    folder = Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        rule = "must be a folder, or a path where one can be made"
        raise ConvmatError("--out", rule, options.out, str(error)) from None
    from convmat import figures

    # Before the minutes of training, not after them.
    save = figures.save
    drawn = _EXPERIMENTS[options.experiment](options)
    for name, figure in drawn.items():
        for suffix in ("png", "svg"):
            save(figure, folder / f"{name}.{suffix}")
    print(f"\n{len(drawn)} figures, as PNG and SVG, are in {folder.resolve()}")
    return 0


def _ladder(options: argparse.Namespace) -> dict[str, Figure]:
    from convmat.experiments import climb_ladder

    climbs = climb_ladder(
        epochs=options.epochs,
        samples=options.samples,
        seed=options.seed,
        progress=not options.no_progress,
    )
    print(_table(climbs))
    return _ladder_figures(climbs) if options.epochs else {}


def _table(climbs: dict[str, Climb]) -> str:
    """One line a rung."""
    head = ("first matrix", "free numbers", "held out", "moved a pixel", "distance")
    rows = [head]
    for name, climb in climbs.items():
        done = bool(climb.accuracies)
        rows.append(
            (
                name.replace("_", " "),
                f"{climb.free_parameters:,}",
                f"{climb.accuracies[-1]:.1%}" if done else "-",
                f"{climb.moved_accuracies[-1]:.1%}" if done else "-",
                f"{climb.distances[-1]:.2f}",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    note = "distance: from the nearest convolution, over the size of the matrix"
    return "\n".join([*lines, "", note])


def _ladder_figures(climbs: dict[str, Climb]) -> dict[str, Figure]:
    from convmat import figures

    told = {name: name.replace("_", " ") for name in climbs}
    g = next(iter(climbs.values())).rung.geometry
    outputs = prod(g.output_size)
    middle = outputs // 2 + g.output_size[1] // 2  # row of the output in the middle
    return {
        "ladder-held-out": figures.curves(
            {told[n]: [100 * a for a in c.accuracies] for n, c in climbs.items()},
            xlabel="epoch",
            ylabel="held-out digits read right, %",
            title="Digits where the network has learned them",
        ),
        "ladder-moved": figures.curves(
            {told[n]: [100 * a for a in c.moved_accuracies] for n, c in climbs.items()},
            xlabel="epoch",
            ylabel="moved digits read right, %",
            title="The same digits, moved by a pixel",
        ),
        "ladder-distance": figures.curves(
            {told[n]: c.distances[1:] for n, c in climbs.items()},
            xlabel="epoch",
            ylabel="distance over the matrix's own size",
            title="How far from the nearest convolution",
        ),
        "ladder-matrices": figures.kernel_grid(
            [_scaled(climb.matrix[:outputs]) for climb in climbs.values()],
            titles=[f"{told[n]}, first map" for n in climbs],
        ),
        "ladder-windows": figures.kernel_grid(
            [
                window.reshape(g.input_size)
                for climb in climbs.values()
                for window in _scaled(climb.matrix[middle::outputs][:_SHOWN])
            ],
            titles=[f"{told[n]}, map {k}" for n in climbs for k in range(_SHOWN)],
        ),
    }


def _scaled(array: Array) -> Array:
    """With 1 as the largest value, so that matrices of all sizes show."""
    return array / (np.abs(array).max() or 1)


def _kernel(options: argparse.Namespace) -> dict[str, Figure]:
    from convmat.experiments import EDGES, learn_kernel

    found = learn_kernel(
        _pictures(options.picture),
        EDGES[options.secret.replace("-", " ")],
        steps=options.steps,
        progress=not options.no_progress,
    )
    off = np.abs(found.kernels[-1] - found.secret).max()
    print(
        f"{len(found.losses):,} steps from 0 on {options.picture}, {found.geometry!r}"
    )
    print(f"largest distance of a tap from the secret one: {off:.2g}")
    verdict = "makes every edge map, number for number" if found.exact else "does not"
    print(f"rounded to integers, the learned kernel {verdict}:")
    print(found.rounded)
    return _kernel_figures(found)


def _kernel_figures(found: Found) -> dict[str, Figure]:
    from convmat import figures

    steps = len(found.losses)
    shown = sorted({min(steps, 10**power) for power in range(6)} | {0, steps})
    taps = found.kernels.reshape(steps + 1, -1)
    off = np.abs(taps - found.secret.reshape(-1)).max(axis=1)
    drawn = {
        "kernel-learned": figures.kernel_grid(
            [*(found.kernels[step] for step in shown), found.secret],
            titles=[*(f"step {step:,}" for step in shown), "the secret"],
        )
    }
    if steps:
        floor = np.finfo(float).tiny
        drawn["kernel-distance"] = figures.curves(
            {"largest of the taps": [float(max(v, floor)) for v in off[1:]]},
            xlabel="step",
            ylabel="distance from the secret kernel",
            log=True,
            title="Descent on the matrix, tied",
        )
    return drawn


def _pictures(name: str) -> Array:
    """Pieces of the photograph, or digits, as grey values."""
    from convmat.experiments import pieces
    from convmat.nn import load_digits

    if name == "digits":
        return load_digits(dtype=np.int64).train_images[:256]
    from matplotlib import cbook
    from matplotlib.image import imread

    colors = imread(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
    grey = colors[..., :3] @ (0.299, 0.587, 0.114)  # ITU-R BT.601
    return pieces(np.rint(grey).astype(np.int64))


def _tying(options: argparse.Namespace) -> dict[str, Figure]:
    from convmat import figures
    from convmat.geometry import geometry

    g = geometry((3, 3), (2, 2))
    rng = np.random.default_rng(options.seed)
    errors, x = rng.integers(-2, 3, 4), rng.integers(-2, 3, 9)
    figure = figures.gradient_tying(g, np.outer(errors, x))
    print(figure.convmat["alt"])  # type: ignore[attr-defined]  # the figure's own note
    return {"gradient-tying": figure}


_EXPERIMENTS: dict[str, Callable[[argparse.Namespace], dict[str, Figure]]] = {
    "ladder": _ladder,
    "kernel": _kernel,
    "tying": _tying,
}
