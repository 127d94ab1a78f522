"""What training looks like: losses, rates, activations."""

from __future__ import annotations

from convmat import figures
from convmat.errors import ConvmatError
from convmat.figures.gallery.kinds import Drawn, Entry, Option
from convmat.figures.gallery.options import YES_NO, changed
from convmat.figures.gallery.reader import Reader
from convmat.figures.gallery.trained import RUN, found, trained

__all__ = ["ENTRIES"]

_SEEN = 256  # digits that batch norm is shown on
_PLANS = ("one-cycle", "flat-cosine", "constant")
_LAYER = Option("layer", "place among the layers that are watched; -1 the last", "-2")


def _losses(read: Reader) -> Drawn:
    log = read.switch("log")
    return figures.losses(trained(read).recorder, log=log, theme=read.theme)


def _found(read: Reader) -> Drawn:
    return figures.lr_find(found(read), theme=read.theme)


def _schedule(read: Reader) -> Drawn:
    from convmat.optim import Constant, FlatCosine, OneCycle

    kinds = {"one-cycle": OneCycle, "flat-cosine": FlatCosine, "constant": Constant}
    plan = kinds[read.choice("plan", *_PLANS)]
    (lr,) = read.some("lr", 1)
    with read.words():
        planned = plan(lr)
    steps = read.integer("steps", 1)
    return figures.schedule(planned, steps, theme=read.theme)


def _stats(read: Reader) -> Drawn:
    stats, layer = trained(read).stats, read.integer("layer", -64, 64)
    assert stats is not None
    with read.words():
        return figures.layer_stats(stats, layer, theme=read.theme)


def _colors(read: Reader) -> Drawn:
    stats, layer = trained(read).stats, read.integer("layer", -64, 64)
    assert stats is not None
    with read.words():
        return figures.color_dim(stats, layer, theme=read.theme)


def _norm(read: Reader) -> Drawn:
    from convmat.experiments import normed
    from convmat.nn import BatchNorm, mnist10k

    run = trained(read)
    layers, outputs = run.learner.model.layers, run.outputs(mnist10k().images[:_SEEN])
    norms = [place for place, one in enumerate(layers) if isinstance(one, BatchNorm)]
    if len(norms) < 2:
        rule = "must be a run with batch norm, E or F"
        raise ConvmatError(read.named("run"), rule, run.name)
    place = norms[-2]
    layer = layers[place]
    assert isinstance(layer, BatchNorm)
    seen = normed(layer, outputs[place - 1])
    with read.words():
        return figures.batchnorm(
            seen.before,
            seen.after,
            layer,
            normalised=seen.normalised,
            evaluated=seen.evaluated,
            channel=read.integer("channel", 0),
            theme=read.theme,
        )


def _momentum(read: Reader) -> Drawn:
    from convmat.experiments import descend_valley

    with read.words():
        descents = descend_valley(read.some("momenta"), steps=read.integer("steps", 1))
    return figures.momentum(descents, theme=read.theme)


def _curves(read: Reader) -> Drawn:
    series = _series(read)
    return figures.curves(
        series,
        xlabel=read["xlabel"],
        ylabel=read["ylabel"],
        title=read["title"],
        log=read.switch("log"),
        theme=read.theme,
    )


def _series(read: Reader) -> dict[str, list[float]]:
    """What is written out, `train=4,2,1; valid=3,2`; by default a kernel's descent."""
    if not read["series"]:
        return _descent()
    series: dict[str, list[float]] = {}
    for part in read["series"].split(";"):
        name, equals, text = map(str.strip, part.partition("="))
        if not equals or not name or name in series:
            rule = "must be names with numbers, such as train=4,2,1; valid=3,2"
            raise ConvmatError(read.named("series"), rule, read["series"])
        series[name] = [float(value) for value in read.listed("series", text)]
    return series


def _descent() -> dict[str, list[float]]:
    """Losses on the way from 0 to the top edge kernel, with and without momentum."""
    from convmat.experiments import learn_kernel
    from convmat.nn import mnist10k

    images = mnist10k().images[:8].astype(int)
    return {
        f"momentum {momentum}": [
            float(loss)
            for loss in learn_kernel(
                images, steps=120, momentum=momentum, progress=False
            ).losses
        ]
        for momentum in (0.0, 0.9)
    }


ENTRIES = (
    Entry(
        "losses",
        "The training loss of each batch, smoothed, and the held-out loss of each "
        "epoch.",
        "training",
        (
            *changed(RUN, digits="640", epochs="2"),
            Option("log", "whether the loss axis is logarithmic", "no", YES_NO),
        ),
        _losses,
    ),
    Entry(
        "lr_find",
        "The loss against a growing learning rate, and the rates that it suggests.",
        "training",
        tuple(one for one in changed(RUN, run="D") if one.name != "epochs"),
        _found,
    ),
    Entry(
        "schedule",
        "Learning rate and momentum over a run: warm-up, then down.",
        "training",
        (
            Option("plan", "how the rates go", "one-cycle", _PLANS),
            Option("lr", "the highest learning rate", "0.06"),
            Option("steps", "batches of the run", "117"),
        ),
        _schedule,
    ),
    Entry(
        "layer_stats",
        "Mean, spread and share near zero of a layer's outputs, batch by batch.",
        "training",
        (*changed(RUN, run="D"), _LAYER),
        _stats,
    ),
    Entry(
        "color_dim",
        "The histograms of a layer's outputs as colours, a column for each batch.",
        "training",
        (*RUN, _LAYER),
        _colors,
    ),
    Entry(
        "batchnorm",
        "A channel before batch norm, normalised, scaled and moved, and in eval mode.",
        "training",
        (*RUN, Option("channel", "the one that is shown", "0")),
        _norm,
    ),
    Entry(
        "momentum",
        "Ways down a long valley with several momenta.",
        "training",
        (
            Option("momenta", "up to five, each from 0 to below 1", "0,0.5,0.9,0.99"),
            Option("steps", "of each descent", "120"),
        ),
        _momentum,
    ),
    Entry(
        "curves",
        "Any numbers as curves: here the loss on the way to an edge kernel.",
        "training",
        (
            Option("series", "names with numbers: train=4,2,1; valid=3,2"),
            Option("xlabel", "what the x axis shows", "step"),
            Option("ylabel", "what the y axis shows", "loss"),
            Option("title", "the heading"),
            Option("log", "whether the y axis is logarithmic", "yes", YES_NO),
        ),
        _curves,
    ),
)
"""In the order of a page."""
