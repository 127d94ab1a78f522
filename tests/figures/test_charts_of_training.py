"""Rates, statistics and losses: the curves hold the data, the marks lie at them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures import (
    color_dim,
    curves,
    layer_stats,
    losses,
    lr_find,
    schedule,
)
from convmat.nn import (
    ActivationStats,
    Epoch,
    Learner,
    Loader,
    LRFinding,
    Recorder,
    digits_cnn,
    load_digits,
)
from convmat.nn.stats import LayerStats
from convmat.optim import (
    SGD,
    Constant,
    FlatCosine,
    LinearOneCycle,
    OneCycle,
    Rates,
)


def trained(fits):
    """A run of several fits; each is a list of learning rates, in epochs of two."""
    recorder = Recorder()
    for lrs in fits:
        recorder.begin()
        for place, lr in enumerate(lrs):
            recorder.add(1 + len(recorder.steps), lr, 1 - lr)
            if place % 2:
                number, done = len(recorder.epochs), len(recorder.steps)
                smooth = recorder.smooth_losses[-1]
                recorder.epochs.append(Epoch(number, done, smooth, 10.0 * done))
    return recorder


RISING, FALLING = [0.1, 0.2, 0.4, 0.3], [0.5, 0.25]


@pytest.fixture(scope="module")
def learned():
    """What a learner leaves after a 1-cycle of two epochs and one more fit."""
    digits, stats = load_digits(), ActivationStats()
    x, y = digits.train_images[:192], digits.train_labels[:192]
    learner = Learner(
        digits_cnn(),
        Loader(x, y),
        SGD(0.1, 0.9),
        held_out=(x[:64], y[:64]),
        callbacks=[stats],
    )
    learner.fit_one_cycle(2, 0.1, progress=False)
    learner.fit(1, progress=False)
    return learner.recorder, stats, learner.lr_find(progress=False)


# ---------------------------------------------------------------------- schedule


def test_the_book_has_its_rates_and_its_warm_up_at_batch_29(artists):
    known = artists(schedule(OneCycle(0.06), 117))
    x, lr = known["curve[lr]"].get_data()
    assert x.tolist() == list(range(117))
    assert lr[0] == pytest.approx(0.0024, abs=0)
    assert lr.argmax() == 29
    assert round(lr[29], 7) == 0.0599896
    assert f"{lr[-1]:.3g}" == "1.98e-05"
    momentum = known["curve[momentum]"].get_ydata()
    assert (momentum[0], round(momentum.min(), 6)) == (0.95, 0.850018)
    assert round(momentum[-1], 6) == 0.949968
    for gid in ("warmup[0]", "warmup[0].momentum"):
        assert list(known[gid].get_xdata()) == [29, 29]


@pytest.mark.parametrize(
    ("plan", "top"),
    [
        (OneCycle(1.0, pct_start=0.5), 10),
        (OneCycle(1.0), 5),
        (LinearOneCycle(1.0), 9),
        (FlatCosine(1.0), None),
        (Constant(0.5, 0.9), None),
    ],
    ids=["half", "quarter", "linear", "flat", "constant"],
)
def test_warm_up_ends_where_the_rate_is_largest(artists, plan, top):
    figure = schedule(plan, 20)
    known = artists(figure)
    assert known["curve[lr]"].get_ydata().tolist() == [
        plan.rates(done / 20).lr for done in range(20)
    ]
    assert ("warmup[0]" in known) == (top is not None)
    if top is None:
        assert "no warm-up" in figure.convmat["alt"]
        assert figure.convmat["params"]["warmup"] == {}
    else:
        assert list(known["warmup[0]"].get_xdata()) == [top, top]
        assert f"warm-up ends at batch {top}." in known["caption[0]"].get_text()


def test_what_was_recorded_is_what_was_planned(artists, learned):
    recorder, _, _ = learned
    known, planned = artists(schedule(recorder)), artists(schedule(OneCycle(0.1), 6))
    for key in ("lr", "momentum"):
        both = known[f"curve[{key}]"].get_ydata(), planned[f"curve[{key}]"].get_ydata()
        assert both[0][:6].tolist() == both[1].tolist()


def test_each_fit_has_its_gap_its_start_and_its_warm_up(artists):
    figure = schedule(trained([RISING, FALLING, RISING]))
    known = artists(figure)
    x, lr = known["curve[lr]"].get_data()
    assert np.flatnonzero(np.isnan(lr)).tolist() == [4, 7]
    there = np.isfinite(lr)
    assert x[there].tolist() == list(range(10))
    assert lr[there].tolist() == [*RISING, *FALLING, *RISING]
    assert list(known["fit[1]"].get_xdata()) == [4, 4]
    assert list(known["fit[2].momentum"].get_xdata()) == [6, 6]
    assert list(known["warmup[0]"].get_xdata()) == [2, 2]
    assert list(known["warmup[2]"].get_xdata()) == [8, 8]
    assert "warmup[1]" not in known
    assert figure.convmat["params"]["warmup"] == {"0": 2, "2": 8}
    text = known["caption[0]"].get_text()
    assert text == (
        "Dashed: warm-up ends at batches 2 and 8. Dotted: a new fit begins at batches "
        "4 and 6."
    )


def test_many_fits_are_told_in_few_words(artists):
    note = schedule(trained([RISING] * 30)).convmat["alt"]
    assert "batches 2, 6, 10, 14, 18, 22 and 24 more. Dotted" in note


def test_a_rate_that_is_left_to_the_rule_is_told_in_its_place(artists):
    known = artists(schedule(FlatCosine(0.1), 9))
    assert known["left[momentum]"].get_text() == "left to the rule"
    assert "curve[momentum]" not in known
    assert "left[lr]" not in known


def test_any_plan_will_do_and_exact_rates_too(artists):
    class Halves:
        def rates(self, position):
            return Rates(Fraction(1, 2) if position < 0.5 else None, Fraction(1, 4))

    y = artists(schedule(Halves(), 4))["curve[lr]"].get_ydata()
    assert y[:2].tolist() == [0.5, 0.5]
    assert np.isnan(y[2:]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((Recorder(),), ConvmatError, "what must hold at least one step"),
        ((trained([[1]]), 5), ConvmatError, "steps must be None for a recorder"),
        ((OneCycle(1.0),), ConvmatTypeError, "steps must be the number of batches"),
        ((OneCycle(1.0), 0), ConvmatError, "steps must be from 1 to 1000000"),
        ((OneCycle(1.0), 10**7), ConvmatError, "steps must be from 1 to 1000000"),
        ((OneCycle(1.0), 2.0), ConvmatTypeError, "steps must be an integer"),
        ((0.1, 5), ConvmatTypeError, "what must be a Recorder or a Plan"),
    ],
    ids=["empty", "both", "no steps", "none", "too many", "a float", "a number"],
)
def test_what_is_no_schedule_is_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        schedule(*arguments)


# ------------------------------------------------------- layer_stats and color_dim


def test_panels_hold_mean_deviation_and_share_of_the_layer(artists, learned):
    _, stats, _ = learned
    for layer in (0, -1):
        seen, known = stats[layer], artists(layer_stats(stats, layer))
        for key, values in (
            ("mean", seen.means),
            ("std", seen.stds),
            ("near_zero", seen.near_zeros),
        ):
            x, y = known[f"curve[{key}]"].get_data()
            assert (list(x), list(y)) == (list(range(9)), values)
        title = f"outputs of layer {seen.name} ({seen.kind})"
        assert known["title[mean]"].get_text() == title
    tops = [known[key].get_position().y0 for key in ("mean", "std", "near_zero")]
    assert tops == sorted(tops, reverse=True)


def test_one_layer_is_drawn_as_among_all(artists, learned):
    _, stats, _ = learned
    alone, among = artists(layer_stats(stats[1])), artists(layer_stats(stats, 1))
    for key in ("mean", "std", "near_zero"):
        gid = f"curve[{key}]"
        assert alone[gid].get_ydata().tolist() == among[gid].get_ydata().tolist()


def test_a_deviation_that_is_none_is_a_gap(artists):
    seen = LayerStats("0", "Conv", [1.0, 2.0], [np.nan, 1.0], [0.0, 1.0])
    y = artists(layer_stats(seen))["curve[std]"].get_ydata()
    assert np.isnan(y[0])
    assert y[1] == 1


def test_the_alt_text_leaves_gaps_out():
    seen = LayerStats("0", "Conv", [1.0, 2.0], [np.nan, 1.0], [0.0, 1.0])
    told = layer_stats(seen).convmat["alt"]
    assert "Standard deviation from 1 to 1. " in told
    seen = replace(seen, stds=[np.nan, np.nan])
    assert "Standard deviation nowhere finite. " in layer_stats(seen).convmat["alt"]


def test_color_dim_holds_the_counts_with_the_lowest_bin_below(artists, learned):
    _, stats, _ = learned
    known = artists(color_dim(stats, 0))
    image = known["counts"]
    assert np.array_equal(image.get_array(), stats[0].histogram())
    assert image.origin == "lower"
    assert image.get_extent() == [-0.5, 8.5, 0.0, 10.0]
    low, high = known["color_dim"].get_ylim()
    assert low < high
    assert known["label.y"].get_text() == "output (drops below 0)"


def test_color_dim_is_colored_by_the_logarithm_of_one_more(artists, learned):
    _, stats, _ = learned
    known = artists(color_dim(stats, 0))
    image, counts = known["counts"], stats[0].histogram()
    shares = image.norm(counts.astype(float))
    wanted = np.log1p(counts) / np.log1p(counts.max())
    assert np.abs(shares - wanted).max() <= 4 * np.finfo(float).eps
    texts = [text.get_text() for text in known["key"].get_yticklabels()]
    assert texts[:4] == ["0", "1", "10", "100"]


def test_another_span_is_told_in_words(artists):
    seen = LayerStats("0", "Conv", [0.0], [1.0], [0.5], [np.array([1, 2, 3])])
    figure = color_dim(seen, span=(-1.5, 3.0))
    known = artists(figure)
    assert known["label.y"].get_text() == "output (drops below -1.5)"
    assert known["counts"].get_extent() == [-0.5, 0.5, -1.5, 3.0]
    assert (
        "3 bins from -1.5 to 3; what is below -1.5 or above 3 is dropped"
        in (figure.convmat["alt"])
    )


def test_the_statistics_of_one_layer_know_their_span(artists):
    seen, stats = [0.0, 11.0], ActivationStats(span=(-5, 5))
    stats.layers = [LayerStats("0", "Conv", span=stats.span)]
    stats[0].see(np.array(seen), stats.bins, stats.span)
    alone, among = color_dim(stats[0]), color_dim(stats, 0)
    assert alone.convmat["alt"] == among.convmat["alt"]
    assert alone.convmat["params"]["span"] == [-5.0, 5.0]
    assert artists(alone)["counts"].get_extent() == [-0.5, 0.5, -5.0, 5.0]


SEEN = LayerStats("0", "Conv", [0.0], [1.0], [0.5], [np.array([1, 2, 3])])
WATCHED = ActivationStats()
WATCHED.layers = [SEEN]


@pytest.mark.parametrize("figure", [layer_stats, color_dim])
@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ((ActivationStats(), 0), ConvmatError, "layer must be one .*fit a learner"),
        ((WATCHED,), ConvmatError, r"layer must say which one, .*0: layer 0 \(Conv\)"),
        ((WATCHED, 1), ConvmatError, "layer must be one that was watched, got layer=1"),
        ((WATCHED, -2), ConvmatError, "layer must be one that was watched"),
        ((WATCHED, "0"), ConvmatTypeError, "layer must be an integer"),
        ((SEEN, 0), ConvmatError, "layer must be None where stats are of one layer"),
        ((LayerStats("0", "Conv"),), ConvmatError, "stats must have seen a batch"),
        ((LayerStats("0", "Conv", [1.0]),), ShapeError, "as many numbers of each"),
        (([1, 2],), ConvmatTypeError, "stats must be ActivationStats, or"),
    ],
    ids=[
        "unfitted",
        "which",
        "above",
        "below",
        "a name",
        "both",
        "no batch",
        "uneven",
        "a list",
    ],
)
def test_what_are_no_statistics_of_a_layer_is_refused(figure, arguments, error, match):
    with pytest.raises(error, match=match):
        figure(*arguments)


@pytest.mark.parametrize(
    ("arguments", "span", "error", "match"),
    [
        (
            (SEEN,),
            None,
            ConvmatError,
            "span must be given beside the statistics of one layer that have none",
        ),
        (
            (WATCHED, 0),
            (0, 1),
            ConvmatError,
            r"span must be None where the statistics have their own, \(0.0, 10.0\)",
        ),
        ((SEEN,), (1, 1), ConvmatError, "span must go from low to high"),
        ((SEEN,), 3, ConvmatTypeError, "span must be a pair of numbers"),
        ((replace(SEEN, histograms=[]),), (0, 1), ShapeError, "must hold 1 histograms"),
    ],
    ids=["none", "both", "empty", "a number", "no histogram"],
)
def test_a_span_that_does_not_fit_is_refused(arguments, span, error, match):
    with pytest.raises(error, match=match):
        color_dim(*arguments, span=span)


# ------------------------------------------------------------------------- losses


def test_losses_lie_where_they_were_measured(artists, learned):
    recorder, _, _ = learned
    known = artists(losses(recorder))
    x, y = known["curve[train]"].get_data()
    assert np.flatnonzero(np.isnan(y)).tolist() == [6]
    there = np.isfinite(y)
    assert x[there].tolist() == list(range(9))
    assert y[there].tolist() == recorder.smooth_losses
    x, y = known["curve[valid]"].get_data()
    assert (x.tolist(), y.tolist()) == ([3, 6, 9], recorder.valid_losses)
    for place, done in enumerate((3, 6, 9)):
        assert list(known[f"epoch[{place}]"].get_xdata()) == [done, done]
    assert known["epoch[0].text"].get_text() == "epoch 0"
    assert known["epoch[2].text"].get_text() == "2"


def test_losses_differ_in_color_dashes_and_marker_and_are_named(artists):
    known = artists(losses(trained([RISING])))
    train, valid = known["curve[train]"], known["curve[valid]"]
    for look in ("get_color", "get_linestyle", "get_marker"):
        assert getattr(train, look)() != getattr(valid, look)()
    assert known["name[valid]"].get_text() == "valid"
    assert known["name[train (smooth)]"].get_text() == "train (smooth)"


def test_without_held_out_losses_there_is_one_curve(artists):
    recorder = trained([RISING])
    recorder.epochs = [replace(epoch, valid_loss=None) for epoch in recorder.epochs]
    figure = losses(recorder)
    assert "curve[valid]" not in artists(figure)
    assert "Held-out" not in figure.convmat["alt"]


def test_one_step_is_a_point(artists):
    recorder = Recorder(fits=[0])
    recorder.add(Fraction(1, 2), 0.1, 0)
    line = artists(losses(recorder))["curve[train]"]
    assert line.get_ydata().tolist() == [0.5]
    assert line.get_marker() == "o"


def test_every_line_of_many_epochs_is_there_and_some_are_numbered(artists):
    known = artists(losses(trained([[0.1] * 100])))
    lines = [gid for gid in known if gid.startswith("epoch[") and gid[-1] == "]"]
    numbers = [gid for gid in known if gid.startswith("epoch[") and gid[-1] != "]"]
    assert len(lines) == 50
    assert 5 < len(numbers) <= 12
    assert "epoch[49].text" in numbers


def test_a_held_out_loss_that_is_not_finite_is_no_end(artists):
    recorder = trained([RISING])
    recorder.epochs[-1] = replace(recorder.epochs[-1], valid_loss=np.inf)
    known = artists(losses(recorder))
    assert known["name[valid]"].xy == (2.0, 20.0)
    recorder.epochs = [replace(epoch, valid_loss=np.inf) for epoch in recorder.epochs]
    assert "name[valid]" not in artists(losses(recorder))


def test_a_logarithmic_axis_writes_its_numbers_out(artists):
    ax = artists(losses(trained([RISING]), log=True))["losses"]
    ax.figure.draw_without_rendering()
    texts = {t.get_text() for t in ax.yaxis.get_ticklabels(which="both")}
    assert {"1", "2", "5", "10", "20"} <= texts
    assert "3" not in texts


def test_what_has_no_losses_is_refused():
    with pytest.raises(ConvmatError, match="recorder must hold at least one step"):
        losses(Recorder())
    with pytest.raises(ConvmatTypeError, match=r"must be a Recorder.*learner\.fit"):
        losses([1, 2])
    recorder = Recorder(fits=[0])
    recorder.add(0.0, 0.1, 0)
    with pytest.raises(ConvmatError, match=r"positive losses.*train loss 0.*log=False"):
        losses(recorder, log=True)


# ------------------------------------------------------------------------- lr_find

FINDING = LRFinding(
    (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 2.0, 4.0, 8.0),
    (3.0, 2.5, 1.0, 2.0, 2.1, 2.2, 2.3, 9.0),
    valley=1e-3,
    slide=2e-3,
    minimum=1e-3,
    steep=None,
)


def test_each_suggestion_is_marked_at_its_rate_with_name_and_value(artists):
    figure = lr_find(FINDING)
    known = artists(figure)
    x, y = known["curve[loss]"].get_data()
    assert (tuple(x), tuple(y)) == (FINDING.lrs, FINDING.losses)
    assert known["lr_find"].get_xscale() == "log"
    for name, text in (
        ("valley", "valley 0.001"),
        ("slide", "slide 0.002"),
        ("minimum", "minimum 0.001"),
    ):
        rate = getattr(FINDING, name)
        assert list(known[f"suggestion[{name}]"].get_xdata()) == [rate, rate]
        label = known[f"suggestion[{name}].text"]
        assert label.get_text() == text
        to_data = known["lr_find"].transAxes + known["lr_find"].transData.inverted()
        at, _ = to_data.transform(label.xy)
        assert at == pytest.approx(rate, rel=1e-9)  # where its leader begins
    assert "suggestion[steep]" not in known
    assert "Too few steps for steep." in figure.convmat["alt"]


def test_suggestions_differ_in_color_dashes_and_width(artists):
    known = artists(lr_find(replace(FINDING, steep=1e-3)))
    lines = [known[f"suggestion[{n}]"] for n in ("valley", "slide", "minimum", "steep")]
    for look in ("get_color", "get_linestyle", "get_linewidth"):
        assert len({getattr(line, look)() for line in lines}) == 4


def test_what_the_learner_found_is_drawn(artists, learned):
    _, _, finding = learned
    known = artists(lr_find(finding))
    assert tuple(known["curve[loss]"].get_ydata()) == finding.losses
    for name in ("valley", "slide", "minimum", "steep"):
        rate = getattr(finding, name)
        assert known[f"suggestion[{name}]"].get_xdata()[0] == rate


def test_the_axis_ends_before_the_loss_breaks_down_and_says_so(artists):
    figure = lr_find(FINDING)
    known = artists(figure)
    _, top = known["lr_find"].get_ylim()
    assert 3.0 < top < 9.0
    assert "go up to 9, beyond the axis" in known["caption[0]"].get_text()
    calm = replace(FINDING, losses=(3.0, 2.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), steep=1e-3)
    assert "caption[0]" not in artists(lr_find(calm))


def test_what_is_no_finding_is_refused():
    with pytest.raises(ConvmatTypeError, match=r"must be an LRFinding.*lr_find\(\)"):
        lr_find((1, 2))
    with pytest.raises(ConvmatError, match="finding must hold at least one step"):
        lr_find(LRFinding((), (), None, None, None, None))
    with pytest.raises(ConvmatError, match="must have a loss for each rate"):
        lr_find(replace(FINDING, losses=(1.0,)))
    with pytest.raises(ConvmatError, match="finding must have positive rates"):
        lr_find(replace(FINDING, steep=0.0))


# ------------------------------------------------------------------- curves with x


def test_curves_lie_where_they_are_told(artists):
    series, x = {"a": [5.0, 6.0, 7.0], "b": [1.0]}, {"a": [0, 10, 11]}
    known = artists(curves(series, x=x, xlabel="step", ylabel="y"))
    assert known["curve[a]"].get_xdata().tolist() == [0, 10, 11]
    assert known["curve[b]"].get_xdata().tolist() == [1]
    assert known["name[a]"].xy == (11.0, 7.0)


@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        ({"c": [1]}, ConvmatError, r"x must have names of series, \['a'\]"),
        ({"a": [1]}, ShapeError, r"x\['a'\] must be 2 finite numbers"),
        ({"a": [1, np.nan]}, ShapeError, r"x\['a'\] must be 2 finite numbers"),
        ({"a": ["1", "2"]}, ConvmatTypeError, r"x\['a'\] must hold numbers"),
    ],
    ids=["stranger", "short", "nan", "text"],
)
def test_places_of_curves_that_do_not_fit_are_refused(x, error, match):
    with pytest.raises(error, match=match):
        curves({"a": [1, 2]}, x=x, xlabel="x", ylabel="y")


def test_light_and_dark_have_their_own_lines(artists):
    colors = {
        theme: to_hex(artists(losses(trained([RISING]), theme=theme))[gid].get_color())
        for theme in ("light", "dark")
        for gid in ("curve[train]",)
    }
    assert colors == {"light": "#0072b2", "dark": "#56b4e9"}
