"""Batch normalisation: means, a root, and divisions by it."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.nn.norm import BatchNorm
from convmat.verify.rounding.rules import Pass, through
from convmat.verify.rounding.units import OWN, Gapped, Gaps, Unit

__all__: list[str] = []


@through.register
def _(layer: BatchNorm, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    """The formulas of `convmat.nn.functional.norm`, operation by operation.

    A variance is a mean of squares, so the root is at least that of `eps` in both runs,
    however far the gaps reach.
    """
    gamma, beta = (
        Gapped(layer.parameters[name], own[name]) for name in ("weight", "bias")
    )
    running = {
        name: Gapped(layer.buffers[name].astype(float), own[name])
        for name in ("running_mean", "running_var")
    }
    axes, column = (0, *range(2, x.values.ndim)), (-1, *(1,) * (x.values.ndim - 2))
    entries = x.values.size // len(layer.parameters["weight"])
    if layer.training:
        mean = unit.total(x, axes, entries)
        apart = unit.plus(x, -1, mean.reshape(column))
        var = unit.total(unit.times(apart, apart), axes, entries)
    else:
        mean, var = running["running_mean"], running["running_var"]
        apart = unit.plus(x, -1, mean.reshape(column))
    y = layer.forward(x.values)  # as late as this: it changes the buffers
    eps = float(unit.dtype.type(float(layer.eps))) * (1 - 4 * unit.u)
    own_eps = Gapped(np.full(gamma.values.shape, float(layer.eps)), np.zeros(()))
    root = unit.root(unit.plus(var, 1, own_eps), eps)
    least = np.sqrt(eps) * (1 - 4 * unit.u)
    scale = unit.over(gamma, root, least)
    scales = scale.reshape(column)
    gap = unit.plus(unit.times(apart, scales), 1, beta.reshape(column)).gap

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        beta_grad = unit.total(grad, axes)
        gamma_grad = unit.total(unit.times(grad, apart), axes)
        gamma_grad = unit.over(gamma_grad, root, least)
        x_grad = unit.times(grad, scales)
        if layer.training:
            level = unit.times(beta_grad.scaled(1 / entries), scale)
            slope = unit.over(scale, root, least)
            slope = unit.times(gamma_grad.scaled(1 / entries), slope)
            x_grad = unit.plus(x_grad, -1, level.reshape(column))
            taken = unit.times(apart, slope.reshape(column))
            x_grad = unit.plus(x_grad, -1, taken)
        gaps = {"weight": OWN * gamma_grad.gap, "bias": OWN * beta_grad.gap}
        return Gapped(layer.backward(grad.values), OWN * x_grad.gap), gaps

    buffers = {name: one.gap for name, one in running.items()}
    if layer.training:
        share = float(layer.momentum)
        new = {
            "running_mean": mean,
            "running_var": var.scaled(entries / (entries - 1)),
        }
        for name, one in running.items():
            # The unbiased variance is rounded twice more than its three factors are.
            more = unit.rounding(new[name].size, 2)
            found = Gapped(new[name].values, new[name].gap + more)
            moved = unit.plus(one.scaled(1 - share), share, found)
            buffers[name] = OWN * moved.gap
    return Pass(Gapped(y, OWN * gap), back, buffers)
