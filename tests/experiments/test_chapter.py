"""The chapter as a whole: what is trained, what is told of it, and how it ends."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from convmat.errors import ConvmatError, ConvmatTypeError, DivergedError
from convmat.experiments import reproduce, train_chapter
from convmat.experiments.chapter import BOOK_SIZES, Sizes
from convmat.experiments.chapter13 import BOOK, RUNS, learner_of, run
from convmat.nn import ActivationStats, Learner, Parts, load_mnist10k


@pytest.fixture(scope="module")
def some():
    """Enough for a batch of each run."""
    train, test = load_mnist10k()
    return Parts(train.take(range(600)), test.take(range(100)))


RATES = 8  # that are tried; a hundred take long


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduce, "_RATES", RATES)
        yield


@pytest.fixture(scope="module")
def chapter(some, quick):
    return train_chapter(some, seed=3, progress=False)


def lines(chapter):
    """The lines of results, cut into their cells."""
    told = [line.split() for line in str(chapter).splitlines()]
    heads = ["run", "epoch", *["book", "ours"] * 3, "seconds"]
    first = told.index(heads) + 1
    return told[first : told.index([], first)]


def test_all_runs_are_trained_in_the_order_of_the_book(chapter):
    assert [run.name for run in chapter.runs] == list("ABCDEF")
    assert not chapter.stopped
    for trained in chapter.runs:
        assert len(trained.recorder.epochs) == RUNS[trained.name].epochs
        assert trained.book == BOOK[trained.name]
        assert not trained.failed


@pytest.mark.parametrize("name", "ADE")
def test_each_run_is_that_of_the_library(chapter, some, name):
    # Bars look at A too, and the rate was looked for before D.
    watched = [ActivationStats()] if chapter[name].stats else []
    alone = run(name, some, seed=3, callbacks=watched, progress=False)
    assert chapter[name].recorder == alone


def test_layers_and_rates_are_those_that_the_chapter_draws(chapter):
    watched = [run.name for run in chapter.runs if run.stats]
    assert watched == list("BCDE")
    assert [run.name for run in chapter.runs if run.finding] == ["D"]
    kinds = [layer.kind for layer in chapter["E"].stats.layers]
    assert kinds == ["Conv", "BatchNorm"] * 5


@pytest.mark.parametrize(("runs", "sought"), [("FA", "F"), ("A", "A"), ("EB", "B")])
def test_the_rate_is_looked_for_once(some, runs, sought):
    chapter = train_chapter(some, runs=runs, progress=False)
    assert [run.name for run in chapter.runs] == sorted(runs)
    assert [run.name for run in chapter.runs if run.finding] == [sought]


def test_nothing_is_kept_for_figures_where_none_are_drawn(some):
    chapter = train_chapter(some, runs="D", watch=False, progress=False)
    assert (chapter["D"].stats, chapter["D"].finding) == (None, None)


def test_a_line_for_each_epoch_has_the_numbers_of_the_book_and_ours(chapter):
    found = lines(chapter)
    assert len(found) == sum(setting.epochs for setting in RUNS.values())
    for cells in found:
        name, number = cells[0], int(cells[1])
        epoch = chapter[name].recorder.epochs[number]
        ours = epoch.train_loss, epoch.valid_loss, epoch.metrics["accuracy"]
        assert cells[2:8:2] == [f"{value:.4f}" for value in BOOK[name][number]]
        assert cells[3:8:2] == [f"{value:.4f}" for value in ours]


def test_the_text_fits_eighty_columns_and_has_each_erratum(chapter):
    text = str(chapter)
    assert max(map(len, text.splitlines())) <= 80
    for erratum in chapter.errata:
        rows = [
            ["-" if number is None else f"{number:,}" for number in numbers]
            for numbers in (erratum.book, erratum.right)
        ]
        told = [line.split() for line in text.splitlines()]
        place = told.index(["right", *rows[1]])
        assert told[place - 1] == ["book", *rows[0]]


def test_settings_are_told(chapter):
    told = str(chapter).splitlines()
    first = next(n for n, line in enumerate(told) if line.startswith("run  digits"))
    rows = told[first + 1 : first + 1 + len(RUNS)]
    settings = {line[:1]: line.split(maxsplit=1)[1] for line in rows}
    steps = len(chapter["A"].recorder.steps)
    assert re.sub("  +", " | ", settings["A"]) == (
        f"3 and 7 | 1-4-8-16-32-2 | 6,722 | 64 | {steps} | 1-cycle to 0.01"
    )
    assert re.sub("  +", " | ", settings["C"]) == (
        "all ten | 1-8-16-32-64-10 | 30,282 | 512 | 1 | constant 0.06"
    )
    assert re.sub("  +", " | ", settings["F"]) == (
        "all ten | 1-8-16-32-64-10 | 30,542 | 512 | 5 | 1-cycle to 0.1"
    )


def test_fewer_digits_than_the_book_has_are_told(chapter):
    assert not chapter.full
    assert chapter.sizes == Sizes(600, 100, *pair(chapter))
    assert "numbers are for all of MNIST, 60,000 and 10,000" in flat(chapter)
    assert "600 digits to train on and 100 held out, from mnist10k" in flat(chapter)


def pair(chapter):
    a = chapter["A"].learner
    return len(a.loader.inputs), len(a.held_out.inputs)


def test_as_many_digits_as_the_book_has_are_told(chapter):
    full = replace(chapter, sizes=BOOK_SIZES, source="here")
    assert full.full
    assert "all of MNIST." in flat(full)
    assert "losses stay higher" not in flat(full)
    # Fashion-MNIST has as many images, but as many of each class.
    other = replace(full, sizes=Sizes(60_000, 10_000, 12_000, 2_000))
    assert not other.full


def flat(chapter):
    return " ".join(str(chapter).split())


@pytest.mark.parametrize(
    ("accuracies", "outcome"),
    [
        ((0.1135, 0.1135), "B stayed there too and C stayed there too."),
        ((0.5, 0.11), "B trained and C stayed there too."),
    ],
)
def test_what_depends_on_the_seed_is_told(chapter, some, accuracies, outcome):
    runs = []
    for name, accuracy in zip("BC", accuracies, strict=True):
        trained = chapter[name]
        learner = learner_of(name, some)
        epoch = trained.recorder.epochs[0]
        learner.recorder.epochs = [replace(epoch, metrics={"accuracy": accuracy})]
        runs.append(replace(trained, learner=learner))
    told = flat(replace(chapter, runs=tuple(runs)))
    assert "ln 10 = 2.3026" in told
    assert f"with seed 3 {outcome}" in told
    assert "B and C depend" not in flat(replace(chapter, runs=(chapter["D"],)))


def test_json_holds_the_same_numbers(chapter):
    told = json.loads(json.dumps(chapter.as_json(), allow_nan=False))
    assert (told["seed"], told["full_mnist"], told["sizes"]["train"]) == (3, False, 600)
    assert [run["name"] for run in told["runs"]] == list("ABCDEF")
    assert [r["name"] for r in told["runs"] if r["seed_dependent"]] == ["B", "C"]
    for trained in told["runs"]:
        epochs = chapter[trained["name"]].recorder.epochs
        for row, epoch in zip(trained["epochs"], epochs, strict=True):
            assert row["valid_loss"]["ours"] == epoch.valid_loss
            book = tuple(
                row[key]["book"] for key in ("train_loss", "valid_loss", "accuracy")
            )
            assert book == BOOK[trained["name"]][row["epoch"]]
    right = {erratum["name"]: tuple(erratum["right"]) for erratum in told["errata"]}
    assert right == {erratum.name: erratum.right for erratum in chapter.errata}


def test_outputs_are_those_of_the_model_in_eval_mode(chapter, some):
    trained = chapter["E"]
    outputs = trained.outputs(some.test.images[:5])
    assert [y.shape[1:] for y in outputs[:3]] == [(8, 14, 14)] * 3
    scores = trained.learner.predict(trained.learner.held_out)[:5]
    # The same products in batches of another size: float32, of about unit numbers.
    assert np.array_equal(outputs[-1].argmax(1), scores.argmax(1))
    assert all(layer.training for _, layer in trained.learner.model.leaves())


class Meter:
    """Stands for a bar, and counts."""

    def __init__(self, total, **looks):
        self.total, self.done, self.looks = total, 0, looks
        self.disable = False
        METERS.append(self)

    def update(self, by=1):
        self.done += by

    def set_description(self, words, refresh):
        self.words = words

    def set_postfix(self, words, refresh):
        self.loss = float(words["loss"])

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


METERS = []


def test_bars_come_to_their_ends(some, monkeypatch):
    METERS.clear()
    monkeypatch.setattr(reproduce, "tqdm", Meter)
    chapter = train_chapter(some, runs="ADF", progress=True)
    whole, *runs = METERS
    assert whole.looks["unit"] == " images"
    assert [meter.total for meter in METERS] == [meter.done for meter in METERS]
    assert [meter.done for meter in runs] == [
        len(run.recorder.steps) for run in chapter.runs
    ]
    assert [meter.words for meter in runs] == [
        "run A, epoch 1",
        "run D, epoch 0",
        "run F, epoch 4",
    ]
    batches = 512 * (1 + 5 + RATES) + 64 * len(chapter["A"].recorder.steps)
    assert whole.total == batches


def test_ctrl_c_in_a_run_leaves_what_was_trained(some, monkeypatch, capsys):
    step = Learner.step

    def interrupted(self, x, y):
        if len(y) == 512 and self.epochs == 2:  # in F
            raise KeyboardInterrupt
        return step(self, x, y)

    monkeypatch.setattr(Learner, "step", interrupted)
    chapter = train_chapter(some, runs="AEF", progress=False)
    assert [run.name for run in chapter.runs] == list("AEF")
    assert chapter.stopped == "run F was interrupted at epoch 2, batch 0"
    assert "Not all was trained: run F was interrupted" in flat(chapter)
    found = [cells for cells in lines(chapter) if cells[0] == "F"]
    assert [cells[3:8:2].count("-") for cells in found] == [0, 0, 3, 3, 3]
    told = chapter.as_json()["runs"][-1]["epochs"]
    assert [row["accuracy"]["ours"] is None for row in told] == [False] * 2 + [True] * 3
    assert "the model is as after the last whole step" in capsys.readouterr().err


def test_ctrl_c_before_a_run_leaves_those_before_it(some, monkeypatch):
    def interrupted(self, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(Learner, "lr_find", interrupted)
    chapter = train_chapter(some, runs="AD", progress=False)
    assert [run.name for run in chapter.runs] == ["A"]
    assert chapter.stopped == "interrupted before run D"
    alone = train_chapter(some, runs="D", progress=False)
    assert alone.runs == ()
    assert "Not all was trained: interrupted before run D." in flat(alone)
    assert "epoch" not in str(alone).splitlines()[4]


def test_a_loss_that_breaks_down_does_not_take_the_others_with_it(some, monkeypatch):
    fit = reproduce.fit

    def broken(name, learner, **keywords):
        if name == "B":
            raise DivergedError(float("nan"), 7, 0.06, {})
        return fit(name, learner, **keywords)

    monkeypatch.setattr(reproduce, "fit", broken)
    chapter = train_chapter(some, runs="BC", progress=False)
    assert [bool(run.failed) for run in chapter.runs] == [True, False]
    assert "Run B ended early: loss must be finite at step 7" in flat(chapter)
    assert not chapter["B"].at_chance


@pytest.mark.parametrize("runs", ["", "G", ["A", "AB"]])
def test_other_runs_are_refused(runs):
    with pytest.raises(ConvmatError, match="runs must be some of A, B, C, D, E, F"):
        train_chapter(runs=runs)


def test_a_run_that_is_named_twice_is_trained_once(some):
    chapter = train_chapter(some, runs="AAA", watch=False, progress=False)
    assert [run.name for run in chapter.runs] == ["A"]


def test_bad_seeds_are_refused():
    with pytest.raises(ConvmatError, match="seed must be at least 0"):
        train_chapter(seed=-1)
    with pytest.raises(ConvmatTypeError, match="seed must be an integer"):
        train_chapter(seed=1.5)


FEW = "must hold 512 digits of that kind to train on, for run C, got data=511; choose"
CUTS = {
    "few": (lambda p: Parts(p.train.take(range(511)), p.test), FEW),
    "sevens_only": (
        lambda p: Parts(p.train, p.test.only("7")),
        r"must hold digits of 3 and 7 to hold out, for run A, got data=\('7',\)",
    ),
    "two_classes": (
        lambda p: Parts(p.train.only("3", "7"), p.test.only("3", "7")),
        "must hold digits of 10 classes to train on, for run B, got data=",
    ),
    "narrow": (
        lambda p: Parts(*(replace(d, images=d.images[..., :27]) for d in p)),
        r"must hold grey images of 28x28, as MNIST does, got data=\(1, 28, 27\)",
    ),
}


@pytest.mark.parametrize("name", CUTS)
def test_data_that_do_not_suit_are_refused_before_any_training(some, monkeypatch, name):
    def never(*arguments, **keywords):
        raise AssertionError

    monkeypatch.setattr(reproduce, "learner_of", never)
    cut, message = CUTS[name]
    with pytest.raises(ConvmatError, match=f"data {message}"):
        train_chapter(cut(some))
