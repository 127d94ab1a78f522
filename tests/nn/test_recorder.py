"""The recorder: smooth losses by a plain loop, and what an epoch keeps."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from convmat.nn import Epoch, Recorder


def recorded(losses):
    recorder = Recorder()
    recorder.begin()
    for loss in losses:
        recorder.add(loss, 0.1, 0.9)
    return recorder


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50))
@example([1.0, 0.5, 0.5])
def test_the_smooth_loss_is_the_weighted_mean_of_all_losses(losses):
    found = recorded(losses).smooth_losses
    for n in range(1, len(losses) + 1):
        # Not the recurrence: each loss with its weight, 0.98 to the power of its age.
        weights = 0.98 ** np.arange(n)[::-1]
        expected = (weights * losses[:n]).sum() / weights.sum()
        # n steps of three operations each; the correction divides by 1 - 0.98**n, which
        # is at least 0.02 and rounded by 2**-53 times at most n.
        bound = 50 * (4 * n + 8) * 2.0**-53 * 100
        assert abs(found[n - 1] - expected) <= bound


def test_one_loss_is_its_own_mean():
    assert recorded([0.75]).smooth_losses == [0.75 * (1 - 0.98) / (1 - 0.98)]


def test_the_smooth_loss_starts_anew_with_each_fit():
    recorder = recorded([8.0] * 5)
    recorder.begin()
    recorder.add(1.0, 0.1, 0.9)
    assert abs(recorder.smooth_losses[-1] - 1) < 1e-12
    assert recorder.fits == [0, 5]
    assert recorder.losses == [8.0] * 5 + [1.0]


def test_epochs_are_equal_whatever_they_took():
    assert Epoch(0, 5, 0.5, seconds=1) == Epoch(0, 5, 0.5, seconds=2)
    assert Epoch(0, 5, 0.5) != Epoch(0, 5, 0.25)


def test_a_table_has_a_row_for_each_epoch():
    recorder = recorded([1.0])
    recorder.epochs.append(Epoch(0, 1, 1.0, 0.25, {"accuracy": 0.5}, 2.04))
    recorder.epochs.append(Epoch(1, 1, 0.5))
    lines = str(recorder).splitlines()
    heads = ["epoch", "train_loss", "valid_loss", "accuracy", "seconds"]
    assert lines[0].split() == heads
    assert lines[1].split() == ["0", "1.000000", "0.250000", "0.500000", "2.0"]
    assert lines[2].split() == ["1", "0.500000", "0.0"]
    assert len({len(line) for line in lines}) == 1
    assert recorder.accuracies == [0.5]
    assert recorder.valid_losses == [0.25, None]
    assert recorder.train_losses == [1.0, 0.5]
