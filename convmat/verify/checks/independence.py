"""What does not depend on what: samples, channels, groups, and the place of a window.

The implementation is held against itself alone, but for the bias.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Axis, Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Finding, Trial
from convmat.verify.checks.compare import checked, differing
from convmat.verify.checks.maps import MAPS, maps_of
from convmat.verify.checks.numbers import drawn, generator, roundoff

__all__ = [
    "batch_independence",
    "bias_is_added",
    "channel_independence",
    "gradients_accumulate",
    "group_independence",
    "shift_equivariance",
]


@checked(
    "bias-is-added",
    "A bias adds its number to every output of its channel.",
    "The bias goes to wrong channels, or to some outputs only.",
    "forward",
    applies=lambda implementation, g: implementation.supports.bias,
)
def bias_is_added(implementation: Implementation, trial: Trial) -> Finding | None:
    """`conv(x, k, b) = conv(x, k) + b`, and a bias of zeros changes nothing."""
    g, one = trial.geometry, MAPS["forward"]
    x, kernel = trial.x, trial.kernel
    plain = one.result(implementation, x, kernel, g)
    for bias in (trial.bias, np.zeros_like(trial.bias)):
        outcome = implementation.apply(x, kernel, g, bias)
        got = one.kept(outcome, g, x, kernel)
        column = bias.reshape(-1, *(1,) * g.rank)
        u = roundoff(x.dtype)

        def bound(column: Array = column, u: float = u) -> Array:
            size = np.abs(plain).astype(float) + np.abs(column).astype(float)
            exact: Array = 2 * one.bound(implementation, g, x, kernel) + 2 * u * size
            return exact

        found = differing(
            "bias-is-added",
            one,
            implementation,
            g,
            (x, kernel),
            got,
            plain + column,
            "{what} is {got} with the bias, and should be {expected}",
            bound=bound,
            more={"bias": bias},
        )
        if found is not None:
            return found
    return None


@checked(
    "batch-independence",
    "Each sample of a batch gives what it gives alone.",
    "Samples are mixed, or only the first of a batch is computed.",
    "forward",
    applies=lambda implementation, g: implementation.supports.batch,
)
def batch_independence(implementation: Implementation, trial: Trial) -> Finding | None:
    """The forward map and the input gradient, on a batch and sample by sample."""
    g = trial.geometry
    for one in maps_of(implementation, ("forward", "input_grad")):
        first, second = one.arrays(trial)
        random = generator(trial.seed, "batch")
        more = drawn(random, first.shape, first.dtype, one.terms(g, 1))
        first = np.concatenate([first, more])
        whole = one.result(implementation, first, second, g)
        alone = [one.result(implementation, row[None], second, g) for row in first]
        found = differing(
            "batch-independence",
            one,
            implementation,
            g,
            (first, second),
            whole,
            np.concatenate(alone),
            "{what} is {got}, and the sample alone gives {expected}",
            times=2,
        )
        if found is not None:
            return found
    return None


@checked(
    "gradients-accumulate",
    "The kernel gradient of a batch is the sum of those of its samples.",
    "Gradients are averaged, or only one sample of the batch counts.",
    "kernel_grad",
    applies=lambda implementation, g: implementation.supports.batch,
)
def gradients_accumulate(
    implementation: Implementation, trial: Trial
) -> Finding | None:
    """The kernel gradient of four samples, and of each alone."""
    g, one = trial.geometry, MAPS["kernel_grad"]
    random = generator(trial.seed, "accumulate")
    terms = one.terms(g, 4)
    grad = drawn(random, (4, *trial.grad.shape[1:]), trial.grad.dtype, terms)
    x = drawn(random, (4, *trial.x.shape[1:]), trial.x.dtype, terms)
    whole = one.result(implementation, grad, x, g)
    alone = [
        one.result(implementation, grad[i : i + 1], x[i : i + 1], g) for i in range(4)
    ]
    if whole.dtype.kind in "fc":
        alone = [part.astype(np.result_type(part, float)) for part in alone]
    return differing(
        "gradients-accumulate",
        one,
        implementation,
        g,
        (grad, x),
        whole,
        alone[0] + alone[1] + alone[2] + alone[3],
        "{what} is {got} for four samples, and their own add up to {expected}",
        times=2,
    )


@checked(
    "channel-independence",
    "Channels may come in any order: renaming them renames the result.",
    "Channels are mixed, or one is treated unlike the others.",
    "forward",
    applies=lambda implementation, g: g.weight_shape[:2] != (g.groups, 1),
)
def channel_independence(
    implementation: Implementation, trial: Trial
) -> Finding | None:
    """Output channels, and input channels, in the reverse order within each group."""
    g, one = trial.geometry, MAPS["forward"]
    x, kernel = trial.x, trial.kernel
    plain = one.result(implementation, x, kernel, g)
    outs, ins = (
        _backwards(g.out_channels, g.groups),
        _backwards(g.in_channels, g.groups),
    )
    turned = (
        (x, kernel[outs], plain[:, outs], "output"),
        (x[:, ins], kernel[:, ::-1], plain, "input"),
    )
    for values, bank, expected, which in turned:
        values, bank = np.ascontiguousarray(values), np.ascontiguousarray(bank)
        found = differing(
            "channel-independence",
            one,
            implementation,
            g,
            (values, bank),
            one.result(implementation, values, bank, g),
            expected,
            f"with {which} channels in reverse order {{what}} is {{got}}, and it "
            "should be {expected}",
            times=2,
        )
        if found is not None:
            return found
    return None


def _backwards(channels: int, groups: int) -> Array:
    """Channels in the reverse order within each group."""
    return np.arange(channels).reshape(groups, -1)[:, ::-1].reshape(-1)


@checked(
    "group-independence",
    "Each group gives what it gives alone, as a convolution without groups.",
    "Groups are left out, interleaved, or go wrong beside a stride or a dilation.",
    "forward",
    applies=lambda implementation, g: g.groups > 1,
)
def group_independence(implementation: Implementation, trial: Trial) -> Finding | None:
    """All three maps, on all groups at once and group by group."""
    g = trial.geometry
    alone = replace(
        g,
        in_channels=g.in_channels // g.groups,
        out_channels=g.out_channels // g.groups,
        groups=1,
        has_channels=True,
    )
    ins, outs = alone.in_channels, alone.out_channels
    for one in maps_of(implementation):
        arrays = one.arrays(trial)
        whole = one.result(implementation, *arrays, g)
        cuts = []
        for group in range(g.groups):
            into = slice(group * ins, (group + 1) * ins)
            out_of = slice(group * outs, (group + 1) * outs)
            share = {
                "x": trial.x[:, into],
                "kernel": trial.kernel[out_of],
                "grad": trial.grad[:, out_of],
            }
            first, second = (np.ascontiguousarray(share[name]) for name in one.names)
            cuts.append(one.result(implementation, first, second, alone))
        found = differing(
            "group-independence",
            one,
            implementation,
            g,
            arrays,
            whole,
            np.concatenate(cuts, axis=0 if one.part == "kernel_grad" else 1),
            "{what} is {got}, and the group alone gives {expected}",
            times=2,
        )
        if found is not None:
            return found
    return None


@checked(
    "shift-equivariance",
    "Where windows see no padding, an input moved by the stride moves the output by 1.",
    "Windows at different places are treated differently: a border, a block, a "
    "remainder of a loop.",
    "forward",
)
def shift_equivariance(implementation: Implementation, trial: Trial) -> Finding | None:
    """Along each axis, in the interior."""
    one, x = MAPS["forward"], trial.x
    for number, axis in enumerate(trial.geometry.axes):
        roomy, outs = _room(axis)
        g = trial.geometry
        if roomy != axis.size:
            size = list(g.input_size)
            size[number] = roomy
            g = replace(g, input_size=tuple(size))
            random = generator(trial.seed, f"shift {number}")
            shape = (len(x), g.in_channels, *g.input_size)
            x = drawn(random, shape, trial.x.dtype, g.taps_per_row)
        moved = np.roll(x, axis.stride, axis=2 + number)
        before = one.result(implementation, x, trial.kernel, g)
        after = one.result(implementation, moved, trial.kernel, g)
        rest = (slice(None),) * (2 + number)
        here = (*rest, slice(outs.start, outs.stop))
        there = (*rest, slice(outs.start + 1, outs.stop + 1))

        def bound(
            g: Geometry = g, x: Array = x, here: tuple[slice, ...] = here
        ) -> Array:
            shape = (len(x), g.out_channels, *g.output_size)
            whole = one.bound(implementation, g, x, trial.kernel)
            cut: Array = 2 * np.broadcast_to(whole, shape)[here]
            return cut

        found = differing(
            "shift-equivariance",
            one,
            implementation,
            g,
            (moved, trial.kernel),
            after[there],
            before[here],
            f"with x moved by {axis.stride} along axis {number} a number, {{what}} "
            "from the first output without padding on, is {got}, and should be "
            "{expected}",
            bound=bound,
        )
        if found is not None:
            return found
        x = trial.x
    return None


def _room(axis: Axis) -> tuple[int, range]:
    """A size with outputs whose windows, and those next to them, see the input alone.

    Together with the outputs that have one after them.
    """
    first = -(-axis.before // axis.stride)
    start = first * axis.stride - axis.before
    size = max(axis.size, start + axis.span + axis.stride)
    last = (size - axis.stride - axis.span + axis.before) // axis.stride
    return size, range(first, last + 1)
