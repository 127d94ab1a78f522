"""A `Chapter` as text of 80 columns, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convmat.experiments.chapter import Chapter, Trained
    from convmat.experiments.errata import Erratum

__all__ = ["as_json", "as_text", "errata_text"]

_WIDE = 80
_NOTHING = "-"  # where the book, or a run that was stopped, has no number


def as_text(chapter: Chapter) -> str:
    """What was trained on what, the book's numbers beside ours, and the errata."""
    parts = [_heading(chapter), _notes(chapter), errata_text(chapter.errata)]
    if chapter.runs:
        parts[1:1] = [_settings(chapter), _results(chapter)]
    return "\n\n".join(filter(None, parts))


def _heading(chapter: Chapter) -> str:
    sizes = chapter.sizes
    title = (
        'Chapter 13 of "Deep Learning for Coders with fastai and PyTorch", '
        f"seed {chapter.seed}"
    )
    told = (
        f"Data: {sizes.train:,} digits to train on and {sizes.held_out:,} held out, "
        f"from {chapter.source}."
    )
    if chapter.full:
        told += " As many as the book has, threes and sevens too: all of MNIST."
    else:
        told += (
            " The book's numbers are for all of MNIST, 60,000 and 10,000: with fewer "
            "digits an epoch has fewer batches, and losses stay higher."
        )
    return f"{title}\n{_filled(told)}"


def _settings(chapter: Chapter) -> str:
    heads = "run", "digits", "channels", "parameters", "batch", "batches", "rate"
    rows: list[Sequence[str]] = [heads]
    for run in chapter.runs:
        setting, model = run.setting, run.learner.model
        parameters = sum(array.size for array in model.parameters.values())
        plan = "1-cycle to" if setting.one_cycle else "constant"
        rows.append(
            (
                run.name,
                " and ".join(setting.classes) or "all ten",
                "-".join(map(str, setting.channels)),
                f"{parameters:,}",
                str(setting.batch_size),
                f"{setting.epochs * len(run.learner.loader):,}",
                f"{plan} {setting.lr:g}",
            )
        )
    return _table(rows, "<<<>>><")


def _results(chapter: Chapter) -> str:
    """Two lines of heads, and a line for each epoch."""
    rows: list[Sequence[str]] = [("run", "epoch", *("book", "ours") * 3, "seconds")]
    for run in chapter.runs:
        for number, told in enumerate(run.book):
            found, seconds = _found(run, number)
            cells = [f"{value:.4f}" for value in told]
            ours = [_NOTHING if value is None else f"{value:.4f}" for value in found]
            pairs = [cell for pair in zip(cells, ours, strict=True) for cell in pair]
            took = _NOTHING if seconds is None else f"{seconds:.1f}"
            rows.append((run.name, str(number), *pairs, took))
    table = _table(rows, "<>>>>>>>>")
    heads = (" " * 10, *(f"{t:^16}" for t in ("train loss", "valid loss", "accuracy")))
    return f"{''.join(heads).rstrip()}\n{table}"


def _found(
    run: Trained, number: int
) -> tuple[tuple[float | None, float | None, float | None], float | None]:
    """Train loss, valid loss, accuracy and seconds of an epoch, where it ended."""
    if number >= len(run.recorder.epochs):
        return (None, None, None), None
    epoch = run.recorder.epochs[number]
    numbers = epoch.train_loss, epoch.valid_loss, epoch.metrics["accuracy"]
    return numbers, epoch.seconds


def _notes(chapter: Chapter) -> str:
    """What has to be said about single runs."""
    notes = []
    shaky = [run for run in chapter.runs if run.seed_dependent and run.recorder.epochs]
    if shaky:
        outcomes = [
            f"{run.name} {'stayed there too' if run.at_chance else 'trained'}"
            for run in shaky
        ]
        notes.append(
            "B and C depend on the seed: a constant rate that is too high to start "
            "with leaves many a network at chance, where the loss is ln 10 = "
            f"{math.log(10):.4f}. The book's stayed there; with seed {chapter.seed} "
            f"{' and '.join(outcomes)}."
        )
    for run in chapter.runs:
        if run.finding and run.finding.valley and run.finding.minimum:
            valley, minimum = run.finding.valley, run.finding.minimum
            notes.append(
                f"lr_find on the untrained network of {run.name} suggests "
                f"{valley:.2g} (valley) and {minimum:.2g} (a tenth of that of the "
                f"smallest loss); the book has {run.setting.lr:g}."
            )
        if run.failed:
            notes.append(f"Run {run.name} ended early: {run.failed}.")
    if chapter.stopped:
        notes.append(f"Not all was trained: {chapter.stopped}.")
    return "\n".join(_filled(note) for note in notes)


def errata_text(errata: Sequence[Erratum]) -> str:
    """The book's numbers above the right ones, with the reasons."""
    blocks = ["What the book has wrong or leaves out; the right numbers are computed"]
    for erratum in errata:
        rows = [
            ("    book", *map(_number, erratum.book)),
            ("    right", *map(_number, erratum.right)),
        ]
        where = f"{erratum.why} ({erratum.where})"
        first = _filled(erratum.claim[0].upper() + erratum.claim[1:])
        blocks.append(
            f"{first}\n{_table(rows, '<' + '>' * len(erratum.right))}\n"
            + _filled(where, "    ")
        )
    return "\n\n".join(blocks)


def _filled(text: str, indent: str = "") -> str:
    """`text` in lines that fit; a path stays in one piece."""
    return fill(
        text,
        _WIDE,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _number(number: int | None) -> str:
    return _NOTHING if number is None else f"{number:,}"


def _table(rows: Sequence[Sequence[str]], sides: str) -> str:
    """Columns two spaces apart, each to the left or to the right of its own."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:{side}{width}}"
            for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def as_json(chapter: Chapter) -> dict[str, Any]:
    """See `Chapter.as_json`. A number that is not there, or not finite, is None."""
    return {
        "source": chapter.source,
        "sizes": asdict(chapter.sizes),
        "full_mnist": chapter.full,
        "seed": chapter.seed,
        "seconds": chapter.seconds,
        "stopped": chapter.stopped,
        "runs": [_run(run) for run in chapter.runs],
        "errata": [asdict(erratum) for erratum in chapter.errata],
    }


def _run(run: Trained) -> dict[str, Any]:
    names = "train_loss", "valid_loss", "accuracy"
    epochs = []
    for number, told in enumerate(run.book):
        found, seconds = _found(run, number)
        pairs = {
            name: {"book": book, "ours": _finite(ours)}
            for name, book, ours in zip(names, told, found, strict=True)
        }
        epochs.append({"epoch": number, **pairs, "seconds": seconds})
    return {
        "name": run.name,
        "setting": asdict(run.setting),
        "seed_dependent": run.seed_dependent,
        "at_chance": run.at_chance,
        "failed": run.failed,
        "epochs": epochs,
        "lr_find": asdict(run.finding) if run.finding else None,
    }


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
