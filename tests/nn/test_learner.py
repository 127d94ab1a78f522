"""The learner: what it trains, measures, calls, and leaves when it ends early."""

import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from convmat.errors import DivergedError
from convmat.nn import (
    BatchNorm,
    Callback,
    Conv,
    CrossEntropy,
    Dropout,
    Flatten,
    HalfSquare,
    Learner,
    Linear,
    Loader,
    ReLU,
    Sequential,
    accuracy,
    load_digits,
    optdigits,
)
from convmat.optim import SGD, AdamW, Constant, LinearOneCycle, OneCycle

DIGITS = load_digits(dtype=np.float32)


def network(seed=0):
    rng, kind = np.random.default_rng(seed), {"dtype": np.float32}
    return Sequential(
        [
            Conv(1, 4, (3, 3), stride=2, padding=1, rng=rng, **kind),
            ReLU(),
            BatchNorm(4, **kind),
            Dropout(0.25, rng=np.random.default_rng(9)),
            Flatten(),
            Linear(64, 10, rng=rng, **kind),
        ]
    )


def learner(*callbacks, rule=None, size=192, **keywords):
    return Learner(
        network(),
        Loader(DIGITS.train_images[:size], DIGITS.train_labels[:size], 32),
        AdamW(0.01) if rule is None else rule,
        held_out=(DIGITS.test_images[:100], DIGITS.test_labels[:100]),
        callbacks=callbacks,
        **keywords,
    )


def everything(trained):
    """All that a step changes, by name."""
    found = trained.model.state() | trained.rule.state()
    drawn = trained.model.layers[3].rng.bit_generator.state["state"]["state"]
    return found | {"drawn": np.array(drawn, object)}


def same(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(array, other[name]) for name, array in one.items()
    )


# ------------------------------------------------------------------------------ plans


def test_rates_are_set_before_each_batch_by_the_share_that_is_done():
    trained = learner()
    recorder = trained.fit_one_cycle(3, 0.05, progress=False)
    plan, batches = OneCycle(0.05), 3 * 6
    expected = [plan.rates(done / batches) for done in range(batches)]
    assert recorder.lrs == [lr for lr, _ in expected]
    assert recorder.momenta == [momentum for _, momentum in expected]
    assert (trained.rule.lr, trained.rule.momentum) == (0.01, 0.9)  # its own again


def test_lines_of_fractions_are_exact_beside_exact_parameters():
    tenth, half = Fraction(1, 10), Fraction(1, 2)
    plan = LinearOneCycle(tenth, 10, 10_000, 9 * tenth, (9 * tenth, half))
    layer = Linear(2, 1, rng=np.random.default_rng(0))
    for name, array in layer.parameters.items():
        layer.parameters[name] = np.full(array.shape, Fraction(1, 3), object)
    x = np.array([[Fraction(i, 3), Fraction(1 - i, 2)] for i in range(6)], object)
    trained = Learner(
        Sequential([layer]), Loader(x, x[:, :1], 2), SGD(tenth, half), loss=HalfSquare()
    )
    recorder = trained.fit_plan(2, plan, progress=False)
    rates = [plan.rates(Fraction(done, 6)) for done in range(6)]
    assert list(zip(recorder.lrs, recorder.momenta, strict=True)) == rates
    assert all(isinstance(loss, Fraction) for loss in recorder.losses)
    assert all(isinstance(w, Fraction) for w in layer.parameters["weight"].flat)


def test_positions_of_floats_are_floats():
    seen = []

    class Watched:
        def rates(self, position):
            seen.append(position)
            return Constant().rates(position)

    learner().fit_plan(2, Watched(), progress=False)
    assert seen == [done / 12 for done in range(12)]
    assert {type(position) for position in seen} == {float}


def test_a_flat_part_comes_before_the_cosine():
    lrs = learner().fit_flat_cos(2, 0.02, progress=False).lrs
    assert lrs[:9] == [0.02] * 9
    assert all(a > b for a, b in pairwise(lrs[9:]))


def test_by_default_the_rates_are_those_of_the_rule():
    recorder = learner().fit(1, progress=False)
    assert set(recorder.lrs) == {0.01}
    assert learner().fit_one_cycle(1, progress=False).lrs[0] == 0.01 / 25
    assert set(learner().fit(1, 0.5, progress=False).lrs) == {0.5}


def test_a_run_is_the_same_to_the_bit_for_the_same_seeds():
    one, other = learner(), learner()
    assert one.fit_one_cycle(2, 0.02, progress=False) == other.fit_one_cycle(
        2, 0.02, progress=False
    )
    assert same(everything(one), everything(other))


def test_the_loop_is_the_plain_loop():
    trained, model, rule = learner(), network(), AdamW(0.01)
    losses = []
    for epoch in range(2):
        for x, y in trained.loader.epoch(epoch):
            loss, grad = CrossEntropy()(model.forward(x), y)
            model.backward(grad)
            rule.step(model.parameters, model.gradients)
            losses.append(loss)
    assert trained.fit(2, progress=False).losses == losses
    assert same(trained.model.state(), model.state())


# ------------------------------------------------------------------------ weight decay


def test_weight_decay_can_leave_out_biases_and_batch_norm():
    trained = learner(rule=SGD(0.5, weight_decay=0.5, decoupled=True), decay="weights")
    twin = learner(rule=SGD(0.5))
    before = trained.model.state()
    x, y = next(trained.loader.epoch(0))
    assert trained.step(x, y) == twin.step(x, y)
    after, plain = trained.model.parameters, twin.model.parameters
    for name in ("0.bias", "2.weight", "2.bias", "5.bias"):
        assert np.array_equal(after[name], plain[name]), name
    for name in ("0.weight", "5.weight"):
        move = np.float64(plain[name]) - before[name]
        expected = 0.75 * np.float64(before[name]) + move  # times 1 - 0.5 * 0.5
        assert np.abs(after[name] - expected).max() <= 4 * 2.0**-24
    assert trained.rule.weight_decay == 0.5


def test_by_default_everything_decays():
    trained = learner(rule=SGD(0.5, weight_decay=0.5, decoupled=True))
    trained.loss = lambda scores, y: (0.0, np.zeros_like(scores))
    for array in trained.model.parameters.values():
        array[...] = 1
    trained.step(*next(trained.loader.epoch(0)))
    assert all((a == 0.75).all() for a in trained.model.parameters.values())


def test_another_word_for_decay_is_refused():
    with pytest.raises(ValueError, match="decay must be 'all' or 'weights', got decay"):
        learner(decay="none")


# --------------------------------------------------------------- validate and predict


def test_each_held_out_sample_counts_the_same():
    trained = learner()  # 100 samples in batches of 64 and 36
    found = trained.validate()
    with trained.model.evaluating() as model:
        scores = model.forward(DIGITS.test_images[:100])
    labels = DIGITS.test_labels[:100]
    each = [CrossEntropy()(scores[i : i + 1], labels[i : i + 1])[0] for i in range(100)]
    # 100 float32 logarithms of sums of ten, each of which is below 4.
    assert abs(found["valid_loss"] - np.mean(each, dtype=float)) <= 40 * 2.0**-24 * 4
    assert found["accuracy"] == accuracy(scores, labels)


def test_measuring_changes_nothing():
    trained = learner()
    before = everything(trained)
    trained.validate()
    trained.predict(DIGITS.test_images[:5])
    assert same(before, everything(trained))
    assert all(leaf.training for _, leaf in trained.model.leaves())


def test_held_out_data_may_be_a_loader_of_which_no_sample_is_dropped():
    held = Loader(
        DIGITS.test_images[:100], DIGITS.test_labels[:100], 64, drop_last=True
    )
    one, other = learner(), learner()
    other.held_out = None
    assert other.validate(held) == one.validate()


def test_metrics_are_of_all_samples_together():
    trained = learner(metrics={"most": lambda scores, y: scores.shape[0] + y.max()})
    assert trained.fit(1, progress=False).metric("most") == [109.0]
    assert trained.recorder.accuracies == []


def test_without_labels_there_is_no_accuracy():
    x = DIGITS.train_images[:64]
    y = np.eye(10, dtype=np.float32)[DIGITS.train_labels[:64]]
    trained = Learner(
        network(), Loader(x, y), SGD(0.01), loss=HalfSquare(), held_out=(x, y)
    )
    assert trained.validate().keys() == {"valid_loss"}


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_predictions_come_in_the_order_of_the_samples(size):
    trained = learner()
    x = DIGITS.test_images[:20]
    with trained.model.evaluating() as model:
        expected = model.forward(x)
    found = trained.predict(x, batch_size=size)
    # The same sums of at most 64 products, perhaps in another order.
    assert np.abs(found - expected).max() <= 2 * 80 * 2.0**-24 * 20
    shuffled = Loader(x, DIGITS.test_labels[:20], 8, seed=3, drop_last=True)
    assert np.array_equal(trained.predict(shuffled), trained.predict(x, batch_size=8))


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        (
            {"held_out": 3},
            TypeError,
            r"held_out must be a Loader, or \(inputs, targets\)",
        ),
        ({"metrics": [accuracy]}, TypeError, "metrics must map names to callables"),
        ({"callbacks": [print]}, TypeError, "callbacks must be callbacks, made of the"),
    ],
)
def test_what_is_no_part_of_a_learner_is_named(keywords, error, message):
    loader = Loader(DIGITS.train_images[:64], DIGITS.train_labels[:64])
    with pytest.raises(error, match=message):
        Learner(network(), loader, SGD(0.1), **keywords)


def test_a_model_in_eval_mode_is_not_fitted():
    trained = learner()
    trained.model.eval()
    with pytest.raises(
        ValueError, match=r"model must be in training mode.*model.train"
    ):
        trained.fit(1, progress=False)


# -------------------------------------------------------------------------- callbacks


class Log(Callback):
    def __init__(self):
        self.calls = []

    def before_fit(self, learner):
        self.calls.append("fit")

    def before_epoch(self, learner):
        self.calls.append(f"epoch {learner.epochs}")

    def before_batch(self, learner, x, y):
        self.calls.append(f"{len(x)} at {learner.rule.lr}")

    def after_batch(self, learner, loss):
        self.calls.append(loss == learner.recorder.losses[-1])

    def after_epoch(self, learner):
        self.calls.append(f"{learner.epochs} done, {len(learner.recorder.accuracies)}")

    def after_fit(self, learner):
        self.calls.append("end")


def test_callbacks_are_called_in_their_order():
    log = Log()
    learner(log, size=48).fit(2, 0.5, progress=False)
    batches = ["32 at 0.5", True, "16 at 0.5", True]
    assert log.calls == [
        "fit",
        "epoch 0",
        *batches,
        "1 done, 1",
        "epoch 1",
        *batches,
        "2 done, 2",
        "end",
    ]


class At(Callback):
    """Does something after a step of a number."""

    def __init__(self, step, act):
        self.step, self.act = step, act

    def after_batch(self, learner, loss):
        if len(learner.recorder.steps) == self.step:
            self.act(learner)


def test_a_callback_stops_the_fit():
    log = Log()
    trained = learner(log, At(8, lambda learner: learner.stop("enough")))
    recorder = trained.fit(5, progress=False)
    assert (len(recorder.steps), len(recorder.epochs)) == (8, 1)
    assert recorder.stopped == "enough"
    assert log.calls[-1] == "end"
    assert trained.fit(0, progress=False).stopped == ""


def test_a_fit_that_was_stopped_goes_on_where_it_was():
    stopped, whole = learner(At(8, lambda learner: learner.stop("wait"))), learner()
    stopped.fit_one_cycle(3, 0.05, progress=False)
    assert stopped.resume(progress=False) == whole.fit_one_cycle(
        3, 0.05, progress=False
    )
    assert same(everything(stopped), everything(whole))


def test_without_a_fit_there_is_nothing_to_go_on_with():
    with pytest.raises(ValueError, match=r"fit must be there to go on with.*call fit"):
        learner().resume()


# ------------------------------------------------------------------- what is no learner


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": Flatten()}, r"model must be a Sequential.*Sequential\(\[layer\]\)"),
        ({"model": "x"}, "model must be a Sequential or a Residual, got model='str'"),
        ({"loader": optdigits()}, r"loader must be a Loader.*Loader.of\(data\)"),
        ({"loader": (1, 2)}, r"loader must be a Loader, .*Loader\(inputs, targets\)"),
        ({"rule": "sgd"}, "rule must be a rule of convmat.optim, got rule='str'"),
        ({"rule": SGD}, "rule must be a rule .* got rule='the class SGD'"),
        ({"loss": CrossEntropy}, "loss must be callable, .*'the class CrossEntropy'"),
        ({"loss": "mse"}, "loss must be callable, got loss='str'"),
        ({"held_out": optdigits()}, r"held_out must be a Loader.*Loader.of\(data\)"),
    ],
    ids=[
        "a layer",
        "no model",
        "data set",
        "arrays",
        "a word",
        "rule class",
        "loss class",
        "no loss",
        "held out",
    ],
)
def test_what_a_learner_cannot_join_is_named(given, message):
    loader = Loader(DIGITS.train_images, DIGITS.train_labels)
    right = {"model": network(), "loader": loader, "rule": SGD(0.1)}
    with pytest.raises(TypeError, match=message):
        Learner(**right | given)


@pytest.mark.parametrize("plan", [0.1, None, OneCycle])
def test_what_gives_no_rates_is_no_plan(plan, tmp_path):
    trained, path = learner(), tmp_path / "run.safetensors"
    with pytest.raises(TypeError, match=r"plan must have a method rates\(position\)"):
        trained.fit_plan(1, plan, progress=False, checkpoint=path)
    assert not path.exists()
    assert trained.recorder.fits == []


@pytest.mark.parametrize("x", [[[1.0]], 3, None])
def test_what_are_no_samples_is_not_predicted(x):
    with pytest.raises(TypeError, match="x must be an array of samples, or a Loader"):
        learner().predict(x)
    with pytest.raises(
        ValueError, match=r"x.shape must hold a sample, got x.shape=\(0"
    ):
        learner().predict(DIGITS.test_images[:0])


# ------------------------------------------------------------------ Ctrl-C and errors


def after(steps):
    """All of a learner that took so many whole steps."""
    trained = learner(At(steps, lambda learner: learner.stop("here")))
    trained.fit(3, progress=False)
    return everything(trained)


def interrupt(*_):
    raise KeyboardInterrupt


def test_ctrl_c_in_a_callback_keeps_the_last_whole_step(capsys):
    trained = learner(At(8, interrupt))
    recorder = trained.fit(3, progress=False)
    assert len(recorder.steps) == 8
    assert recorder.stopped == "interrupted at epoch 1, batch 2"
    assert "interrupted at epoch 1, batch 2; the model is as" in capsys.readouterr().err
    assert same(everything(trained), after(8))


def test_ctrl_c_anywhere_in_a_step_undoes_that_step():
    expected = after(8)
    for place in ("forward", "backward", "update", "record"):
        trained = learner(At(8, lambda learner, place=place: plant(learner, place)))
        recorder = trained.fit(3, progress=False)
        assert len(recorder.steps) == 8, place
        assert same(everything(trained), expected), place


def plant(trained, place):
    """Ctrl-C in the midst of the next step, when some of it is done."""
    if place == "forward":  # batch norm has tracked, dropout has drawn
        vars(trained.model.layers[4])["forward"] = interrupt
    elif place == "backward":
        vars(trained.model.layers[0])["backward"] = interrupt
    elif place == "update":  # some parameters have moved, and the rule remembers it
        right, moved = trained.rule._update, trained.model.parameters["0.weight"]
        vars(trained.rule)["_update"] = lambda name, *rest: (
            right(name, *rest),
            moved.fill(9),
            interrupt(),
        )
    else:  # all have, and the step is recorded
        right = trained.recorder.add
        vars(trained.recorder)["add"] = lambda *rest: (right(*rest), interrupt())


def test_an_interrupted_fit_goes_on_to_the_bit():
    trained, whole = learner(At(8, interrupt)), learner()
    trained.fit_one_cycle(3, 0.05, progress=False)
    trained.callbacks.clear()
    assert trained.resume(progress=False) == whole.fit_one_cycle(
        3, 0.05, progress=False
    )
    assert same(everything(trained), everything(whole))


def test_ctrl_c_while_measuring_is_made_up_for():
    trained, whole = learner(), learner()
    trained.metrics = {"accuracy": interrupt}
    recorder = trained.fit(2, progress=False)
    assert recorder.stopped == "interrupted at epoch 0, batch 6"
    trained.metrics = {"accuracy": accuracy}
    assert trained.resume(progress=False) == whole.fit(2, progress=False)


def test_an_error_of_a_callback_leaves_the_last_whole_step():
    def fails(learner):
        raise RuntimeError("of mine")

    log, trained = Log(), learner(At(8, fails))
    trained.callbacks.append(log)
    with pytest.raises(RuntimeError, match="of mine"):
        trained.fit(3, progress=False)
    assert same(everything(trained), after(8))
    assert log.calls[-1] == "end"


SCRIPT = """
import signal, numpy as np
signal.signal(signal.SIGINT, signal.default_int_handler)
from convmat.nn import Callback, Learner, Loader, digits_cnn, load_digits
from convmat.optim import SGD
digits = load_digits()
class Ready(Callback):
    def after_batch(self, learner, loss):
        if len(learner.recorder.steps) == 3:
            print("ready", flush=True)
loader = Loader(digits.train_images, digits.train_labels)
learner = Learner(digits_cnn(), loader, SGD(0.1), callbacks=[Ready()])
recorder = learner.fit(1000, progress=False)
twin = Learner(digits_cnn(), loader, SGD(0.1))
for epoch in range(len(recorder.steps) // len(loader) + 1):
    for x, y in loader.epoch(epoch):
        if len(twin.recorder.steps) < len(recorder.steps):
            twin.step(x, y)
same = all(
    np.array_equal(array, learner.model.parameters[name])
    for name, array in twin.model.parameters.items()
)
print(recorder.stopped, same, len(recorder.steps) >= 3)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_real_sigint_ends_a_fit_after_a_whole_step():
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert out.startswith("interrupted at epoch ")
    assert out.endswith(" True True\n")
    assert "the model is as after the last whole step" in err


# ------------------------------------------------------------------------- divergence


def poison(trained):
    """The next update makes weights whose loss is no number."""
    vars(trained.rule)["_update"] = lambda name, parameter, gradient: parameter.fill(
        np.nan
    )


def test_a_loss_that_is_not_finite_brings_back_the_last_finite_one():
    before = after(7)
    trained = learner(At(7, poison))
    message = (
        r"loss must be finite at step 9 with lr=0.01, got .*nan.*; "
        r"use a smaller learning rate, such as 0.001"
    )
    with pytest.raises(DivergedError, match=message) as caught:
        trained.fit(3, progress=False)
    with pytest.raises(ValueError, match="fit must be there to go on with"):
        trained.resume()
    # Step 8 had a finite loss, and its update ruined the weights.
    assert same(everything(trained), before)
    assert caught.value.step == 9
    for name, array in caught.value.weights.items():
        assert np.array_equal(array, before[name])
    with trained.model.evaluating() as model:
        x, y = next(trained.loader.epoch(1, start=1))
        assert np.isfinite(CrossEntropy()(model.forward(x), y)[0])


def test_weights_that_an_epoch_ends_with_are_finite_or_not_saved(tmp_path):
    path, good = tmp_path / "run.safetensors", learner()
    good.fit(1, progress=False)
    # Step 12, the last of the second epoch, has a finite loss and ruins the weights.
    trained = learner(At(11, poison))
    with pytest.raises(DivergedError, match="loss must be finite at step 13"):
        trained.fit(3, progress=False, checkpoint=path)
    assert same(everything(trained), after(11))
    kept = learner()
    kept.load(path)
    assert kept.epochs == 1
    assert same(everything(kept), everything(good))


def test_the_buffers_of_a_bad_batch_are_not_kept():
    x = DIGITS.train_images[:64].copy()
    x[40:] = np.nan
    loader = Loader(x, DIGITS.train_labels[:64], 64)
    trained = Learner(network(), loader, SGD(0.1))
    before = everything(trained)
    with pytest.raises(DivergedError, match="loss must be finite at step 1"):
        trained.fit(1, progress=False)
    assert same(everything(trained), before)


def test_too_high_a_learning_rate_leaves_finite_weights():
    trained = learner(rule=SGD(1e30))
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match=r"lr=1e\+30"):
        trained.fit_plan(9, Constant(), progress=False)
    assert all(np.isfinite(a).all() for a in trained.model.state().values())
