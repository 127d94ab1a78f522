"""Whole networks, what trains them, and on what."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

from hypothesis import strategies as st

from convmat.nn.update import Decay
from convmat.optim import Constant, FlatCosine, LinearOneCycle, OneCycle, Plan
from convmat.verify.networks import EXACT, Call, NetworkPlan
from convmat.verify.strategies.layers import LAYERS, Bounds, conv_of
from convmat.verify.strategies.shapes import geometries

__all__ = ["networks"]

_RULES = ("SGD", "Adam", "AdamW")
_LOSSES = ("HalfSquare", "MeanSquare", "CrossEntropy", "BinaryCrossEntropy")
_PLANS = ("Constant", "LinearOneCycle", "OneCycle", "FlatCosine")


@st.composite
def networks(
    draw: st.DrawFn,
    /,
    *,
    exact: bool = False,
    min_rank: int = 1,
    max_rank: int = 3,
    max_layers: int = 4,
    max_channels: int = 3,
    max_groups: int = 2,
    max_size: int = 5,
    max_kernel: int = 3,
    max_stride: int = 3,
    max_dilation: int = 2,
    max_padding: int = 2,
    max_outputs: int = 3,
    max_batch: int = 4,
    max_steps: int = 3,
    layers: Sequence[str] = tuple(LAYERS),
    rules: Sequence[str] = _RULES,
    losses: Sequence[str] = _LOSSES,
    plans: Sequence[str] = _PLANS,
) -> NetworkPlan:
    """Networks with a convolution of any geometry at their head, and a linear end.

    Each layer is drawn for the shape that the one before it gives, so all fit and
    nothing is filtered. A failure shrinks towards a convolution with one tap, `Flatten`
    and `Linear`, trained by one step of plain SGD on one sample.

    Parameters
    ----------
    exact : bool
        Whether every number of a run must stay rational, for `dtype=object`: of layers,
        rules, losses and plans only those are drawn that take no root, exponential or
        cosine.
    min_rank, max_rank : int
        Number of spatial axes.
    max_layers : int
        Layers between the first convolution and the end; a residual block is one.
    max_channels, max_groups, max_size : int
        As in `geometries`; `max_channels` is of all groups together behind the first
        convolution. A transposed convolution may give about twice `max_size`.
    max_kernel, max_stride, max_dilation, max_padding : int
        As in `geometries`.
    max_outputs, max_batch, max_steps : int
        `max_batch` is 2 at least where there is batch normalisation, which needs two
        numbers.
    layers, rules, losses, plans : sequence of str
        What may be drawn; a draw shrinks towards the first.

    Examples
    --------
    >>> from hypothesis import find
    >>> plan = find(networks(), lambda plan: "BatchNorm" in plan.names)
    >>> plan.layers
    (Conv(1, 1, (1,)), BatchNorm(1, eps=1e-05, momentum=0.1), Flatten(), Linear(1, 1))
    >>> plan.rule, plan.loss, plan.plan, plan.batch, plan.steps
    (SGD(Fraction(1, 10)), HalfSquare(), Constant(lr=None, momentum=None), 2, 1)
    >>> plan.build("matrix").forward(plan.samples()[0]).shape
    (2, 1)
    """
    if exact:
        layers, rules, losses, plans = (
            [name for name in names if name in EXACT]
            for names in (layers, rules, losses, plans)
        )
    # What has no axes comes first: so it stays while their number shrinks.
    count = draw(st.integers(0, max_layers))
    kinds = [draw(st.sampled_from(layers)) for _ in range(count)]
    pooled, biased = draw(st.booleans()), not draw(st.booleans())
    outputs = draw(st.integers(1, max_outputs))
    lr, rule = _rule(draw, rules)
    loss, plan = _loss(draw, losses, outputs), _plan(draw, plans, lr)
    least = 2 if "BatchNorm" in kinds else 1
    batch = draw(st.integers(least, max(least, max_batch)))
    steps = draw(st.integers(1, max_steps))
    decay: Decay = "weights" if draw(st.booleans()) else "all"
    seed = draw(st.integers(0, 999))
    rank = draw(st.integers(min_rank, max_rank))
    most = Bounds(
        max_channels,
        max_groups,
        max_size,
        max(min(max_kernel, 2), max_kernel - (rank - 1)),
        max_stride,
        max_dilation,
        max_padding,
    )
    first = draw(
        geometries(
            min_rank=rank,
            max_rank=rank,
            max_channels=max_channels,
            max_groups=max_groups,
            max_size=max_size,
            max_kernel=max_kernel,
            max_stride=max_stride,
            max_dilation=max_dilation,
            max_padding=max_padding,
        )
    )
    drawn = [conv_of(first, bias=not draw(st.booleans()))]
    shape = first.out_channels, *first.output_size
    for kind in kinds:
        drawn.append(LAYERS[kind](draw, shape, most))
        shape = drawn[-1].output_shape(shape)
    drawn += [Call("GlobalAvgPool"), Call("Flatten")] if pooled else [Call("Flatten")]
    features = shape[0] if pooled else prod(shape)
    keywords = () if biased else (("bias", False),)
    return NetworkPlan(
        (first.in_channels, *first.input_size),
        (*drawn, Call("Linear", (features, outputs), keywords)),
        outputs,
        loss,
        rule,
        plan,
        batch,
        steps,
        decay,
        seed,
    )


def _rule(draw: st.DrawFn, rules: Sequence[str]) -> tuple[Fraction, Call]:
    """A learning rate, and the rule that begins with it."""
    name = draw(st.sampled_from(rules))
    keywords: list[tuple[str, object]] = []
    decay = draw(st.sampled_from([0, Fraction(1, 10)]))
    if decay:
        keywords.append(("weight_decay", decay))
    if decay and name != "AdamW" and draw(st.booleans()):
        keywords.append(("decoupled", True))
    if name == "SGD":
        lr = draw(st.sampled_from([Fraction(1, 10), Fraction(1, 100)]))
        momentum = draw(st.sampled_from([0, Fraction(1, 2), Fraction(9, 10)]))
        if momentum:
            keywords.append(("momentum", momentum))
            if draw(st.booleans()):
                keywords.append(("nesterov", True))
    else:
        lr = draw(st.sampled_from([Fraction(1, 100), Fraction(1, 10)]))
        keywords.append(("eps", draw(st.sampled_from([1e-8, 1e-3]))))
        if draw(st.booleans()):
            keywords.append(("betas", (0.5, 0.8)))
    return lr, Call(name, (lr,), tuple(keywords))


def _loss(draw: st.DrawFn, losses: Sequence[str], outputs: int) -> Call:
    name = draw(st.sampled_from(losses))
    keywords: list[tuple[str, object]] = []
    if name == "CrossEntropy":
        if draw(st.booleans()):
            keywords.append(("label_smoothing", 0.1))
        if draw(st.booleans()):
            weights = tuple(draw(st.sampled_from([1, 0.5, 2])) for _ in range(outputs))
            keywords.append(("weight", weights))
    return Call(name, keywords=tuple(keywords))


def _plan(draw: st.DrawFn, plans: Sequence[str], lr: Fraction) -> Plan:
    """Each with rates that are rational where the plan keeps them so."""
    name, momentum = draw(st.sampled_from(plans)), draw(st.booleans())
    if name == "LinearOneCycle":
        momenta = Fraction(19, 20), Fraction(17, 20)
        cycle = Fraction(9, 10)
        return LinearOneCycle(lr, 10, 10_000, cycle, momenta if momentum else None)
    if name == "OneCycle":
        return OneCycle(lr, momenta=(0.95, 0.85, 0.95) if momentum else None)
    return FlatCosine(lr) if name == "FlatCosine" else Constant()
