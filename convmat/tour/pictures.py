"""Part (e): figures of all this, as PNG and SVG."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np

from convmat import figures
from convmat.errors import needs
from convmat.geometry import geometry
from convmat.tour.descent import TOP_EDGE, Descent
from convmat.tour.kleinsmith import IMAGE, KERNEL
from convmat.tour.network import Network
from convmat.tour.report import Report

__all__ = ["require_matplotlib", "show"]


def require_matplotlib() -> None:
    """Return silently when the pictures can be drawn.

    Raises
    ------
    ModuleNotFoundError
        When matplotlib is not installed, with the line that installs it.
    """
    try:
        importlib.import_module("matplotlib")
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        message = needs("the tour draws its results and", "matplotlib", "figures")
        raise ModuleNotFoundError(message, name="matplotlib") from error


def show(report: Report, folder: Path, descent: Descent, network: Network) -> None:
    """Draw every part into `folder`."""
    report.heading("(e) Pictures of all this")
    g = geometry(IMAGE.shape, KERNEL.shape)
    padded = geometry((3, 3), (3, 3), padding=1)
    start, end = descent.drift, descent.losses
    drawn = {
        "four-applications": figures.four_applications(g),
        "matrix": figures.matrix_plot(g),
        "matrix-equation": figures.matrix_equation(g),
        "matrix-equation-numbers": figures.matrix_equation(g, KERNEL, IMAGE),
        "matrix-padded": figures.matrix_plot(padded, padding=True),
        "matrix-trained": figures.kernel_grid(
            [descent.tied, descent.free],
            titles=["with both constraints", "without"],
        ),
        "kernel-learned": figures.kernel_grid(
            [TOP_EDGE, descent.kernel], titles=["that drew the edges", "learned"]
        ),
        "descent-losses": figures.curves(
            end, xlabel="step", ylabel="loss", log=True, title="Fitting the edge map"
        ),
        "descent-drift": figures.curves(
            start,
            xlabel="step",
            ylabel="largest violation",
            title="The same matrix with the constraints off",
        ),
        "network-losses": figures.curves(
            {
                "sliding windows": _smooth(network.sliding.history.losses),
                "tied matrices": _smooth(network.matrix.history.losses),
            },
            xlabel="step",
            ylabel="loss, mean of 10 steps",
            log=True,
            title="One CNN, two routes",
        ),
    }
    files = []
    for name, figure in drawn.items():
        for suffix in ("png", "svg"):
            path = folder / f"{name}.{suffix}"
            figures.save(figure, path)
            files.append(path)
    written = sum(path.stat().st_size > 0 for path in files)
    report.find(
        f"{len(drawn)} figures, each as PNG and SVG",
        f"{written} files, {sum(path.stat().st_size for path in files):,} bytes",
        passed=written == 2 * len(drawn),
    )


def _smooth(losses: list[float]) -> list[float]:
    """Means of 10 steps: a batch of 64 digits is a noisy measure."""
    window = np.full(10, 0.1)
    return [float(value) for value in np.convolve(losses, window, mode="valid")]
