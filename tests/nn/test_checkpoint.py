"""Checkpoints: a run that was killed goes on to the bit, and no other run does."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from convmat.nn import (
    ActivationStats,
    BatchNorm,
    Callback,
    Conv,
    CrossEntropy,
    Dropout,
    Flatten,
    Learner,
    Linear,
    Loader,
    ReLU,
    Sequential,
    Shift,
    checkpoint,
    load_digits,
    save_weights,
)
from convmat.nn.tensors import read_tensors, write_tensors
from convmat.optim import SGD, Adam, AdamW, Constant, Rates

DIGITS = load_digits(dtype=np.float32)


def network(*, stride=2, width=4, dtype=np.float32, shared=False):
    rng, kind = np.random.default_rng(0), {"dtype": dtype}
    draws = np.random.default_rng(9)
    return Sequential(
        [
            Conv(1, width, (3, 3), stride=stride, padding=1, rng=rng, **kind),
            ReLU(),
            BatchNorm(width, **kind),
            Dropout(0.25, rng=draws),
            Flatten(),
            Dropout(0.1, rng=draws if shared else np.random.default_rng(8)),
            Linear(width * (8 // stride) ** 2, 10, rng=rng, **kind),
        ]
    )


def loader(**keywords):
    x, y = DIGITS.train_images[:192], DIGITS.train_labels[:192]
    return Loader(x, y, **{"batch_size": 32, "transforms": (Shift(1),)} | keywords)


def learner(*callbacks, model=None, rule=None, **keywords):
    return Learner(
        network() if model is None else model,
        keywords.pop("loader", loader()),
        AdamW(0.01) if rule is None else rule,
        held_out=(DIGITS.test_images[:100], DIGITS.test_labels[:100]),
        callbacks=callbacks,
        **keywords,
    )


def everything(trained):
    arrays = trained.model.state() | trained.rule.state()
    draws = [
        leaf.rng.bit_generator.state
        for _, leaf in trained.model.leaves()
        if isinstance(leaf, Dropout)
    ]
    rates = trained.rule.lr, trained.rule.momentum
    return {n: a.tobytes() for n, a in arrays.items()}, draws, rates, trained.recorder


class At(Callback):
    def __init__(self, step, act):
        self.step, self.act = step, act

    def after_batch(self, learner, loss):
        if len(learner.recorder.steps) == self.step:
            self.act(learner)


def lost(learner):
    """What a process that is killed leaves: nothing but the file."""
    raise RuntimeError("killed")


# ----------------------------------------------------------------------------- resume


@pytest.mark.parametrize("rule", ["adamw", "sgd"])
@pytest.mark.parametrize("step", [1, 6, 8, 17])
def test_a_resumed_run_is_the_uninterrupted_one(step, rule):
    make = {"adamw": lambda: AdamW(0.01), "sgd": lambda: SGD(0.1, 0.5, nesterov=True)}
    whole = learner(rule=make[rule]())
    whole.fit_one_cycle(3, 0.05, progress=False)
    with TemporaryDirectory() as folder:
        path = f"{folder}/run.safetensors"
        killed = learner(At(step, lost), rule=make[rule]())
        with pytest.raises(RuntimeError, match="killed"):
            killed.fit_one_cycle(3, 0.05, progress=False, checkpoint=path)
        # A new process would make everything anew; only seeds and data are the same.
        resumed = learner(rule=make[rule]())
        resumed.rule.lr = 0.7  # also a rate that is not the one it was made with
        resumed.resume(path, progress=False)
        assert everything(resumed) == everything(whole)
        done = learner(rule=make[rule]())
        done.resume(path, progress=False)  # the last epoch was saved too
        assert everything(done) == everything(whole)


@pytest.mark.parametrize("step", [1, 5, 6, 7, 13])
def test_a_checkpoint_in_the_midst_of_an_epoch_loses_nothing(step):
    whole, stopped = learner(), learner(At(step, lambda one: one.stop("here")))
    whole.fit_flat_cos(3, 0.02, progress=False)
    stopped.fit_flat_cos(3, 0.02, progress=False)
    with TemporaryDirectory() as folder:
        path = stopped.save(f"{folder}/run.safetensors")
        resumed = learner()
        resumed.resume(path, progress=False)
    assert everything(resumed) == everything(whole)
    assert resumed.recorder.losses[:step] == stopped.recorder.losses


def test_a_second_fit_goes_on_after_a_load(tmp_path):
    whole, first = learner(), learner()
    for one in (whole, first):
        one.fit(1, 0.03, progress=False)
    path = first.save(tmp_path / "run.safetensors")
    second = learner()
    second.load(path)
    for one in (whole, second):
        one.fit_one_cycle(1, 0.03, progress=False)
    assert everything(second) == everything(whole)


def test_activation_statistics_go_on_too(tmp_path):
    whole, killed = ActivationStats(), ActivationStats()
    learner(whole).fit(2, progress=False)
    path = tmp_path / "run.safetensors"
    with pytest.raises(RuntimeError, match="killed"):
        learner(killed, At(8, lost)).fit(2, progress=False, checkpoint=path)
    resumed = ActivationStats()
    learner(resumed).resume(path, progress=False)
    for one, other in zip(resumed.layers, whole.layers, strict=True):
        assert (one.means, one.stds) == (other.means, other.stds)
        assert one.near_zeros == other.near_zeros
        assert np.array_equal(one.histogram(), other.histogram())


def test_dropouts_that_share_a_generator_go_on_sharing_it(tmp_path):
    whole = learner(model=network(shared=True))
    whole.fit(2, progress=False)
    path = tmp_path / "run.safetensors"
    killed = learner(At(8, lost), model=network(shared=True))
    with pytest.raises(RuntimeError, match="killed"):
        killed.fit(2, progress=False, checkpoint=path)
    resumed = learner(model=network(shared=True))
    resumed.resume(path, progress=False)
    assert everything(resumed) == everything(whole)
    message = r"generator 5.rng must be PCG64 of 3.rng, as in the checkpoint"
    with pytest.raises(ValueError, match=message):
        learner().load(path)


def test_generators_of_every_kind_are_kept(tmp_path):
    for kind in (np.random.MT19937, np.random.Philox, np.random.SFC64):
        draws = np.random.Generator(kind(3))
        model = Sequential([Dropout(0.5, rng=draws), *network().layers])
        path = learner(model=model).save(tmp_path / "run.safetensors")
        expected = draws.random(9)
        other = np.random.Generator(kind(4))
        learner(model=Sequential([Dropout(0.5, rng=other), *network().layers])).load(
            path
        )
        assert np.array_equal(other.random(9), expected)


class Falling:
    """A plan of somebody else's."""

    def rates(self, position):
        return Rates(0.1 * (1 - position) + 0.001, None)

    def __repr__(self):
        return "Falling()"


def test_a_plan_of_ones_own_has_to_be_given_again(tmp_path):
    whole, path = learner(), tmp_path / "run.safetensors"
    whole.fit_plan(2, Falling(), progress=False)
    with pytest.raises(RuntimeError, match="killed"):
        learner(At(8, lost)).fit_plan(2, Falling(), progress=False, checkpoint=path)
    with pytest.raises(ValueError, match=r"plan must be that of .*Falling\(\), got"):
        learner().resume(path, progress=False)
    with pytest.raises(ValueError, match=r"plan must be that of .*Falling\(\), got"):
        learner().resume(path, plan=Constant(), progress=False)
    resumed = learner()
    resumed.resume(path, plan=Falling(), progress=False)
    assert everything(resumed) == everything(whole)


def test_layers_that_were_frozen_are_frozen_in_the_resumed_run(tmp_path):
    def frozen(*callbacks):
        one = learner(*callbacks)
        one.model.layers[2].eval()  # batch norm by what it remembers
        return one

    whole, path = frozen(), tmp_path / "run.safetensors"
    whole.fit(2, progress=False)
    with pytest.raises(RuntimeError, match="killed"):
        frozen(At(8, lost)).fit(2, progress=False, checkpoint=path)
    resumed = learner()
    resumed.resume(path, progress=False)
    assert everything(resumed) == everything(whole)
    modes = [leaf.training for _, leaf in resumed.model.leaves()]
    assert modes == [True, True, False, True, True, True, True]
    thawed = learner()
    thawed.fit(2, progress=False)
    assert everything(thawed) != everything(whole)


# ------------------------------------------------------------- killed at any moment

SCRIPT = """
import hashlib, os, signal, sys
from pathlib import Path
import numpy as np
from convmat.nn import BatchNorm, Callback, Conv, Dropout, Flatten, Learner, Linear
from convmat.nn import Loader, ReLU, Sequential, load_digits
from convmat.optim import AdamW
path, moment = Path(sys.argv[1]), sys.argv[2]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Kill(Callback):
    def after_batch(self, learner, loss):
        if moment == "batch" and len(learner.recorder.steps) == 8:
            die()
    def after_epoch(self, learner):
        if learner.epochs == 2:
            if moment == "half":  # the next file is written to its half
                import convmat.nn.tensors as tensors, io
                from contextlib import contextmanager
                right = tensors.whole_file
                @contextmanager
                def half(target):
                    with right(target) as file:
                        class Half:
                            def write(self, content):
                                file.write(content[: len(content) // 2])
                                file.flush()
                                die()
                        yield Half()
                tensors.whole_file = half
            if moment == "synced":
                os.fsync = die
            if moment == "named":
                right = Path.replace
                Path.replace = lambda one, other: (right(one, other), die())

digits = load_digits(dtype=np.float32)
rng, kind = np.random.default_rng(0), {"dtype": np.float32}
model = Sequential([
    Conv(1, 4, (3, 3), stride=2, padding=1, rng=rng, **kind), ReLU(),
    BatchNorm(4, **kind), Dropout(0.25, rng=np.random.default_rng(9)), Flatten(),
    Linear(64, 10, rng=rng, **kind),
])
loader = Loader(digits.train_images[:192], digits.train_labels[:192], 32)
learner = Learner(model, loader, AdamW(0.01), callbacks=[Kill()])
if path.exists():
    learner.resume(path)
else:
    learner.fit_one_cycle(4, 0.05, checkpoint=path)
arrays = model.state() | learner.rule.state()
total = hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays)))
print(total.hexdigest(), learner.recorder.losses[-1], len(learner.recorder.losses))
"""


def child(path, moment):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), moment],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_at_any_moment_nothing_is_lost_but_the_epoch(tmp_path):
    expected = child(tmp_path / "whole.safetensors", "never")
    assert expected.returncode == 0, expected.stderr
    assert expected.stdout.endswith(" 24\n")
    path = tmp_path / "run.safetensors"
    # Epochs in the file after each kill: a file that has no name yet does not count.
    for moment, epochs in (("batch", 1), ("half", 1), ("synced", 1), ("named", 2)):
        assert child(path, moment).returncode == -signal.SIGKILL, moment
        arrays, _ = read_tensors(path)
        assert len(arrays["convmat/recorder/epoch/steps"]) == epochs, moment
    assert len(list(tmp_path.glob(".run.*.part"))) == 2  # never read by anyone
    last = child(path, "never")
    assert last.stdout == expected.stdout, last.stderr


# ---------------------------------------------------------------------- what is refused


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "run.safetensors"
    trained = learner()
    trained.fit(1, progress=False, checkpoint=path)
    return path


OTHERS = {
    "layer": (
        lambda: learner(model=Sequential([ReLU(), *network().layers])),
        r"layer 0 must be Conv\(in_channels=1, .*, as in the checkpoint",
    ),
    "stride": (
        lambda: learner(model=network(stride=1)),
        r"layer 0 must be Conv\(.*'stride': 2.*'stride': 1",
    ),
    "route": (
        lambda: learner(
            model=Sequential(
                [
                    Conv(1, 4, (3, 3), stride=2, padding=1, route="sliding", rng=RNG),
                    *network().layers[1:],
                ]
            )
        ),
        "layer 0 must be .*route='fast'.*route='sliding'",
    ),
    "width": (
        lambda: learner(model=network(width=5)),
        r"layer 0 must be .*\(4, 1, 3, 3\)",
    ),
    "dtype": (
        lambda: learner(model=network(dtype=np.float64)),
        r"0.weight must be float32 of \(4, 1, 3, 3\)",
    ),
    "rule": (lambda: learner(rule=SGD(0.1)), r"rule must be Adam\(.*got rule='SGD\("),
    "eps": (lambda: learner(rule=AdamW(eps=1e-5)), r"rule must be Adam\(.*eps=1e-08"),
    "coupled": (lambda: learner(rule=Adam()), r"rule must be .*decoupled=True"),
    "loss": (
        lambda: learner(loss=CrossEntropy(label_smoothing=0.1)),
        r"loss must be CrossEntropy\(label_smoothing=0.0",
    ),
    "decay": (lambda: learner(decay="weights"), "decay must be all, as in"),
    "batch size": (
        lambda: learner(loader=loader(batch_size=16)),
        "loader's batch_size must be 32, as in the checkpoint .*=16",
    ),
    "seed": (lambda: learner(loader=loader(seed=5)), "loader's seed must be 0"),
    "transforms": (
        lambda: learner(loader=loader(transforms=())),
        "loader's transforms must be",
    ),
    "data": (
        lambda: learner(loader=replace(loader(), inputs=loader().inputs + 1)),
        "loader's inputs must be float32 of",
    ),
}
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("other", OTHERS)
def test_a_checkpoint_of_another_learner_is_refused_and_nothing_changes(saved, other):
    make, message = OTHERS[other]
    trained, content = make(), saved.read_bytes()
    before = {n: a.tobytes() for n, a in trained.model.state().items()}
    with pytest.raises(ValueError, match=message):
        trained.resume(saved, progress=False)
    assert {n: a.tobytes() for n, a in trained.model.state().items()} == before
    assert trained.rule.state() == {}
    assert trained.recorder.steps == []
    assert saved.read_bytes() == content


def test_a_checkpoint_of_other_weights_of_classes_is_refused(tmp_path):
    def weighted(most):
        return learner(loss=CrossEntropy(weight=np.linspace(1, most, 10)))

    path = weighted(2).save(tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match=r"loss's weight must be float64 \[1.0, .*2.0"):
        weighted(3).load(path)
    weighted(2).load(path)


def test_another_format_is_refused_and_says_which_version_wrote_it(saved, tmp_path):
    arrays, facts = read_tensors(saved)
    facts["format"] = 2
    path = write_tensors(tmp_path / "new.safetensors", arrays, facts)
    message = r"path must be of checkpoint format 1, not 2, .*read it with convmat \d"
    with pytest.raises(ValueError, match=message):
        learner().load(path)


def test_other_versions_are_told(saved, tmp_path, capsys):
    arrays, facts = read_tensors(saved)
    facts["versions"] = {"convmat": "0.0.9", "numpy": "1.0"}
    learner().load(write_tensors(tmp_path / "old.safetensors", arrays, facts))
    told = "was written by convmat 0.0.9 and numpy 1.0; the last bits may differ"
    assert told in capsys.readouterr().err
    learner().load(saved)
    assert capsys.readouterr().err == ""


def test_weights_alone_are_no_checkpoint(tmp_path):
    path = save_weights(network(), tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"path must be a checkpoint.*load_weights\("):
        learner().load(path)


def test_a_damaged_checkpoint_is_told_and_kept(saved, tmp_path):
    content = bytearray(saved.read_bytes())
    content[-100] ^= 1
    path = tmp_path / "run.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"must hold a whole safetensors.*check sum"):
        learner().resume(path, progress=False)
    path.write_bytes(saved.read_bytes()[:-1])
    with pytest.raises(ValueError, match="must hold a whole safetensors file, but"):
        learner().resume(path, progress=False)
    assert path.read_bytes() == saved.read_bytes()[:-1]
    with pytest.raises(FileNotFoundError):
        learner().resume(tmp_path / "none.safetensors")


def test_a_fit_does_not_write_over_a_file_of_another_run(saved):
    content = saved.read_bytes()
    with pytest.raises(
        ValueError, match=r"checkpoint must not exist yet.*resume\(path"
    ):
        learner().fit(1, progress=False, checkpoint=saved)
    assert saved.read_bytes() == content


def test_a_learner_goes_on_writing_its_own_file(tmp_path):
    path, trained = tmp_path / "run.safetensors", learner()
    for epochs in (1, 2):
        trained.fit(1, progress=False, checkpoint=path)
        assert len(read_tensors(path)[0]["convmat/recorder/epoch/steps"]) == epochs


def test_a_run_of_fractions_is_not_saved(tmp_path):
    model = Sequential([Flatten(), Linear(64, 10, rng=RNG)])
    trained = learner(model=model)
    model.load({n: a.astype(object) for n, a in model.parameters.items()})
    with pytest.raises(TypeError, match=r"1.weight must be floats or integers"):
        trained.save(tmp_path / "run.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_addresses_do_not_count():
    named = checkpoint._nameless(["<function f at 0x7f00>", 3])
    assert named == ["<function f>", 3]
