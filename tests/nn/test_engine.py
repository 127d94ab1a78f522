"""A learner whose passes are compiled: the same training, and all that goes with it."""

import numpy as np
import pytest

from convmat.errors import DivergedError
from convmat.nn import (
    ActivationStats,
    BatchNorm,
    Callback,
    Conv,
    Dropout,
    Flatten,
    Learner,
    Linear,
    Loader,
    ReLU,
    Sequential,
    load_digits,
)
from convmat.nn.compiled import arithmetic
from convmat.optim import SGD, AdamW
from convmat.verify.agreement import compare_training

DIGITS = load_digits(dtype=np.float32)


def network(*extra, norm=True, dtype=np.float32):
    rng, kind = np.random.default_rng(0), {"dtype": dtype}
    return Sequential(
        [
            Conv(1, 4, (3, 3), stride=2, padding=1, rng=rng, **kind),
            ReLU(),
            *([BatchNorm(4, **kind)] if norm else []),
            *extra,
            Flatten(),
            Linear(64, 10, rng=rng, **kind),
        ]
    )


def learner(*callbacks, model=None, rule=None, batch=200, size=700, **keywords):
    return Learner(
        network() if model is None else model,
        Loader(DIGITS.train_images[:size], DIGITS.train_labels[:size], batch),
        AdamW(0.01) if rule is None else rule,
        held_out=(DIGITS.test_images[:100], DIGITS.test_labels[:100]),
        callbacks=callbacks,
        **keywords,
    )


def everything(trained):
    """All that a step changes, to the bit."""
    arrays = trained.model.state() | trained.rule.state()
    return {n: a.tobytes() for n, a in arrays.items()}, trained.recorder


class At(Callback):
    """Does something after a step of a number."""

    def __init__(self, step, act):
        self.step, self.act = step, act

    def after_batch(self, learner, loss):
        if len(learner.recorder.steps) == self.step:
            self.act(learner)


def killed(learner):
    raise RuntimeError("killed")


# ------------------------------------------------------------------------ who computes


def test_it_is_compiled_wherever_that_carries_the_model():
    assert learner().engine.name == "compiled"
    assert learner(engine="layers").engine.name == "layers"
    dropped = network(Dropout(0.5, rng=np.random.default_rng(0)))
    assert learner(model=dropped).engine.name == "layers"
    assert learner(ActivationStats()).engine.name == "layers"


@pytest.mark.parametrize("batch", [32, 100])
def test_both_engines_train_alike_up_to_rounding(batch):
    one, other = (
        learner(model=network(norm=False), rule=SGD(0.1, 0.9), batch=batch, engine=name)
        for name in ("layers", "compiled")
    )
    assert compare_training(one, other, 2, progress=False).holds
    losses = [np.array(one.recorder.losses) for one in (one, other)]
    assert not np.array_equal(*losses)  # else nothing was compared


def test_a_word_that_names_no_engine_is_refused():
    with pytest.raises(ValueError, match="engine must be 'auto', 'layers' or 'comp"):
        learner(engine="fast")
    with pytest.raises(ValueError, match="threads must be at least 1, got threads=0"):
        learner(threads=0)


REFUSED = {
    "dropout": (
        lambda: {"model": network(Dropout(0.5, rng=np.random.default_rng(0)))},
        r"layer 3 \(Dropout\)",
    ),
    "nested": (
        lambda: {"model": Sequential([Sequential([Flatten(), Doubling()])])},
        r"layer 0.1 \(Doubling\)",
    ),
    "nothing": (lambda: {"model": Sequential([Flatten()])}, "computes nothing"),
    "activation": (
        lambda: {"model": Sequential([ReLU(), Flatten()])},
        r"layer 0 \(ReLU\), whose input another one reads",
    ),
}


class Doubling(ReLU):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize("what", REFUSED)
def test_compiled_is_refused_with_the_layer_that_stands_in_the_way(what):
    make, told = REFUSED[what]
    with pytest.raises(
        ValueError, match=rf"engine must be 'auto' or 'layers' for .*{told}"
    ):
        learner(engine="compiled", **make())


def test_compiled_is_refused_with_the_callback_that_looks_into_the_layers():
    message = r"engine must be 'auto' or 'layers' for ActivationStats, which looks into"
    with pytest.raises(ValueError, match=message):
        learner(ActivationStats(), engine="compiled")
    trained = learner(engine="compiled")
    trained.callbacks.append(ActivationStats())
    with pytest.raises(ValueError, match=message):
        trained.fit(1, progress=False)


def test_compiled_is_refused_for_a_batch_that_only_the_layers_carry():
    trained = learner(model=network(dtype=np.float64), engine="compiled")
    message = r"engine must be 'auto' or .* for a batch of float32 \(200, 1, 8, 8\)"
    with pytest.raises(ValueError, match=message):
        trained.fit(1, progress=False)
    assert learner(model=network(dtype=np.float64)).fit(1, progress=False).losses


def test_statistics_of_layers_are_those_of_a_learner_by_layers():
    one, other = ActivationStats(), ActivationStats()
    trained = learner(one)
    trained.fit(1, progress=False)
    plain = learner(other, engine="layers")
    plain.fit(1, progress=False)
    assert everything(trained) == everything(plain)
    assert [layer.means for layer in one.layers] == [
        layer.means for layer in other.layers
    ]
    trained.callbacks.clear()
    assert trained.engine.name == "compiled"  # nobody looks on any more


# --------------------------------------------------------------- the same to the bit


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit_of_a_run(threads):
    one, other = learner(engine="compiled"), learner(threads=threads)
    for trained in (one, other):
        trained.fit_one_cycle(2, 0.05, progress=False)
    assert everything(one) == everything(other)


@pytest.mark.parametrize("step", [1, 4, 6])
def test_a_resumed_run_is_the_uninterrupted_one_whatever_the_threads(step, tmp_path):
    path, whole = tmp_path / "run.safetensors", learner()
    whole.fit_one_cycle(2, 0.05, progress=False)
    with pytest.raises(RuntimeError, match="killed"):
        learner(At(step, killed), threads=2).fit_one_cycle(
            2, 0.05, progress=False, checkpoint=path
        )
    resumed = learner(engine="compiled", threads=3)
    resumed.resume(path, progress=False)
    assert everything(resumed) == everything(whole)


def test_a_run_goes_on_by_the_engine_that_it_began_with(tmp_path):
    paths = {}
    for name in ("layers", "compiled"):
        paths[name] = tmp_path / f"{name}.safetensors"
        learner(engine=name).fit(1, progress=False, checkpoint=paths[name])
    with pytest.raises(ValueError, match="engine must be layers, as in the checkpoint"):
        learner().load(paths["layers"])
    message = "engine must be compiled, as in the checkpoint .*got engine='layers'"
    with pytest.raises(ValueError, match=message):
        learner(engine="layers").load(paths["compiled"])
    with pytest.raises(ValueError, match=message):
        learner(ActivationStats()).load(paths["compiled"])
    learner(ActivationStats()).load(paths["layers"])


class Watch(Callback):
    """Looks into a layer without a word about it."""

    def before_fit(self, learner):
        self.leaf, self.seen = learner.model.layers[0], 0
        forward = self.leaf.forward

        def watched(x):
            self.seen += 1
            return forward(x)

        vars(self.leaf)["forward"] = watched

    def after_fit(self, learner):
        vars(self.leaf).pop("forward", None)


def test_a_layer_that_somebody_watches_computes_for_itself(tmp_path):
    watch, path, plain = Watch(), tmp_path / "run.safetensors", learner(engine="layers")
    whole = learner(watch)
    for one in (whole, plain):
        one.fit(2, progress=False)
    assert watch.seen >= 8
    assert everything(whole) == everything(plain)
    with pytest.raises(RuntimeError, match="killed"):
        learner(Watch(), At(5, killed)).fit(2, progress=False, checkpoint=path)
    resumed = learner(Watch())
    resumed.resume(path, progress=False)
    assert everything(resumed) == everything(whole)


def test_the_search_for_a_rate_is_compiled_and_puts_all_back():
    trained, twin = learner(), learner()
    for one in (trained, twin):
        one.fit(1, progress=False)
    before = everything(trained)
    found = trained.lr_find(steps=12, progress=False)
    assert trained.engine.last == "compiled"
    assert everything(trained) == before
    assert twin.lr_find(steps=12, progress=False) == found


# ------------------------------------------------------------------- Ctrl-C and errors


def after(steps):
    trained = learner(At(steps, lambda learner: learner.stop("here")))
    trained.fit(3, progress=False)
    return everything(trained)[0]


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "place", ["lay", "relu", "statistics", "affine_backward", "norm_backward", "fold"]
)
def test_ctrl_c_in_the_midst_of_a_pass_undoes_the_step(place, monkeypatch):
    def model():
        second = Conv(
            4, 4, (3, 3), padding=1, rng=np.random.default_rng(1), dtype=np.float32
        )
        return network(second, ReLU())

    whole = learner(model=model())
    whole.fit(3, progress=False)
    plant = At(5, lambda _: monkeypatch.setattr(arithmetic, place, interrupt))
    trained = learner(plant, model=model())
    recorder = trained.fit(3, progress=False)
    assert len(recorder.steps) == 5
    assert recorder.stopped == "interrupted at epoch 1, batch 1"
    monkeypatch.undo()
    trained.callbacks.clear()
    trained.resume(progress=False)
    assert everything(trained) == everything(whole)


def test_a_loss_that_is_not_finite_brings_back_the_last_finite_one():
    steps, stopped = 5, learner(At(5, lambda learner: learner.stop("here")))
    stopped.fit(3, progress=False)

    def poison(trained):
        """The next update makes weights whose loss is no number."""
        vars(trained.rule)["_update"] = lambda _, parameter, __: parameter.fill(np.nan)

    trained = learner(At(steps, poison))
    with pytest.raises(DivergedError, match="loss must be finite at step 7"):
        trained.fit(3, progress=False)
    # Step 6 had a finite loss, and its update ruined the weights.
    assert trained.engine.last == "compiled"
    assert everything(trained)[0] == everything(stopped)[0]


# ------------------------------------------------------------------- held-out data


def test_what_is_measured_is_what_the_layers_give_up_to_rounding():
    trained = learner()
    trained.fit(1, progress=False)
    x, y = DIGITS.test_images[:300], DIGITS.test_labels[:300]
    found = trained.predict(x, batch_size=130)
    with trained.model.evaluating() as model:
        exact = model.forward(x)
    # Sums of 10 and of 64 products, after a norm of two roundings.
    size = np.abs(trained.model.parameters["4.weight"]).sum() * np.abs(exact).max()
    assert np.abs(found - exact).max() <= size * 100 * 2.0**-24
    assert found.dtype == exact.dtype
    assert trained.validate((x, y))["accuracy"] == np.mean(exact.argmax(axis=1) == y)


@pytest.mark.parametrize("threads", [1, 2])
def test_predictions_do_not_depend_on_the_size_of_a_batch(threads):
    trained = learner(threads=threads)
    trained.fit(1, progress=False)
    x = DIGITS.test_images[:300]
    found = [trained.predict(x, batch_size=size) for size in (300, 128, 64)]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_measuring_changes_nothing():
    trained, twin = learner(), learner()
    before = everything(trained)
    trained.validate()
    trained.predict(DIGITS.test_images[:77])
    assert everything(trained) == before
    assert all(leaf.training for _, leaf in trained.model.leaves())
    for one in (trained, twin):
        one.fit(1, progress=False)
    assert everything(trained) == everything(twin)
