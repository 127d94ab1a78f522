"""Labels of published bounds: on random layers of every kind, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import conv_matrix, geometry, spectral_norm
from convmat.geometry import PADDING_MODES
from convmat.spectrum import Bound, bounds, compare_bounds, singular_values
from convmat.verify.strategies import geometries
from convmat.verify.witnesses import WITNESSES

EPS = float(np.finfo(float).eps)
NAMES = [
    "reshaped kernel",
    "reshaped kernel, root of reads",
    "least of the reshapes",
    "circular FFT",
    "circular FFT, padded",
    "Gram iteration, frequencies",
    "Gram iteration, kernel",
    "Toeplitz",
    "1- and inf-norm",
    "Frobenius",
    "Frobenius over root of side",
]


def by_name(kernel, shape, **keywords):
    return {bound.name: bound for bound in bounds(kernel, shape, **keywords)}


def assert_labels_hold(kernel, g):
    W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    truth = float(np.linalg.norm(W, 2))
    rounding = EPS * sum(W.shape) * float(np.linalg.norm(W))
    found = bounds(kernel, g.input_shape, **g.keywords)
    assert [bound.name for bound in found] == NAMES
    for bound in found:
        assert bound.label in ("upper", "lower", "neither")
        assert bound.source, bound
        assert bound.when, bound
        assert bound.holds(truth, rounding), (bound, truth)


def layers(mode, count=80):
    """Random layers with groups, strides, dilation, even and oversized kernels."""
    chance = np.random.default_rng(PADDING_MODES.index(mode))
    for number in range(count):
        rank = int(chance.integers(1, 3))
        groups = int(chance.integers(1, 3))
        into, out_of = chance.integers(1, 4, size=2).tolist()
        size = chance.integers(2, 8, size=rank).tolist()
        pads = [tuple(chance.integers(0, n, size=2).tolist()) for n in size]
        taps = chance.integers(1, 5, size=rank).tolist()
        dilation = tuple(chance.integers(1, 3, size=rank).tolist())
        padded = [n + sum(pad) for n, pad in zip(size, pads, strict=True)]
        taps = [
            min(k, (n - 1) // d + 1)
            for k, n, d in zip(taps, padded, dilation, strict=True)
        ]
        g = geometry(
            (into * groups, *size),
            (out_of * groups, into, *taps),
            stride=tuple(chance.integers(1, 4, size=rank).tolist()),
            padding=pads,
            dilation=dilation,
            groups=groups,
            padding_mode=mode,
        )
        kernel = chance.standard_normal(g.kernel_shape)
        if number % 4 == 1:
            kernel = np.abs(kernel)  # all phases agree: bounds are tight
        elif number % 4 == 2:
            kernel = kernel + 1j * chance.standard_normal(g.kernel_shape)
        elif number % 4 == 3:
            kernel = np.sign(kernel) * (np.abs(kernel) > 0.8)  # few taps
        yield kernel, g


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_labels_hold_on_hundreds_of_random_layers(mode):
    for kernel, g in layers(mode):
        assert_labels_hold(kernel, g)


@pytest.fixture(scope="module")
def found():
    """Every random layer with its bounds, its norm, and the norm's rounding."""
    rows = []
    for mode in PADDING_MODES:
        for kernel, g in layers(mode):
            W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
            rounding = EPS * sum(W.shape) * float(np.linalg.norm(W))
            estimates = bounds(kernel, g.input_shape, **g.keywords)
            rows.append((g, estimates, float(np.linalg.norm(W, 2)), rounding))
    return rows


def test_random_layers_are_of_every_kind(found):
    kinds = {
        "groups": lambda g: g.groups > 1,
        "strides": lambda g: max(g.stride) > 1,
        "unequal strides": lambda g: len(set(g.stride)) > 1,
        "dilation": lambda g: max(g.dilation) > 1,
        "even kernels": lambda g: any(k % 2 == 0 for k in g.kernel_size),
        "unequal pads": lambda g: any(before != after for before, after in g.padding),
        "kernels larger than the input": lambda g: any(
            span > n for span, n in zip(g.span, g.input_size, strict=True)
        ),
        "strides larger than the kernel": lambda g: any(
            s > span for s, span in zip(g.stride, g.span, strict=True)
        ),
        "two axes": lambda g: g.rank == 2,
    }
    for mode in PADDING_MODES:
        geometries_ = [g for g, *_ in found if g.padding_mode == mode]
        for name, is_one in kinds.items():
            assert sum(map(is_one, geometries_)) >= 5, (mode, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_label_fails_on_the_random_layers(found, name):
    """The other label for all layers that have one would not pass."""
    for right in {estimates[NAMES.index(name)].label for _, estimates, *_ in found}:
        for wrong in {"upper", "lower"} - {right}:
            planted = [
                replace(estimates[NAMES.index(name)], label=wrong).holds(
                    truth, rounding
                )
                for _, estimates, truth, rounding in found
                if estimates[NAMES.index(name)].label == right
            ]
            assert not all(planted), (right, wrong)


@pytest.mark.parametrize("name", NAMES)
def test_a_bound_that_is_a_little_off_fails_where_all_are_tight(name):
    bound = by_name([[[-3.0]]], (1, 1))[name]
    assert abs(bound.value - 3.0) <= bound.error
    off = {"upper": 0.999, "lower": 1.001}[bound.label]
    assert not replace(bound, value=bound.value * off).holds(3.0)


@given(geometries(max_rank=2), st.integers(0, 99))
@example(geometry((2, 1), (2, 2, 3), padding=1), 0)  # dead taps
@example(geometry(2, 2, padding=[(3, 3)], padding_mode="replicate"), 0)
@example(geometry(3, 1, padding=[(3, 3)], padding_mode="circular"), 0)  # copies
@example(geometry(2, 3, padding=[(2, 2)], padding_mode="circular"), 0)
def test_labels_hold_for_any_geometry(g, seed):
    kernel = np.random.default_rng(seed).standard_normal(g.kernel_shape)
    assert_labels_hold(kernel, g)


@pytest.mark.parametrize("name", WITNESSES)
def test_labels_hold_for_witnesses_of_ones(name):
    g = WITNESSES[name]
    assert_labels_hold(np.ones(g.kernel_shape), g)


def test_a_wrong_label_is_seen():
    bound = Bound("b", 1.0, "upper", "source", "when", 1e-12)
    assert bound.holds(1.0)
    assert not bound.holds(1.1)
    assert bound.holds(1.1, error=0.2)
    assert not Bound("b", 1.0, "lower", "source", "when", 1e-12).holds(0.9)
    assert Bound("b", 1.0, "neither", "source", "when", 0.0).holds(9.0)


def test_libraries_disagree_about_one_small_layer_and_the_truth_is_another():
    kernel = np.random.default_rng(0).standard_normal((4, 3, 3, 3))
    truth = spectral_norm(kernel, (3, 8, 8), padding=1)
    found = by_name(kernel, (3, 8, 8), padding=1)
    fft, reshaped = found["circular FFT"], found["reshaped kernel"]
    assert (fft.label, reshaped.label) == ("neither", "lower")
    assert reshaped.value < 0.8 * truth.value < truth.value < fft.value
    padded = conv_matrix(kernel, (3, 8, 8), padding=1).toarray()
    assert abs(truth.value - np.linalg.norm(padded, 2)) <= 2 * truth.error


def test_circular_fft_can_be_below_the_truth_of_zero_padding():
    # The centre tap alone is read; around a circle of one cell all three add up to 0.
    found = by_name([-1, 2, -1], 1, padding=1)
    assert spectral_norm([-1, 2, -1], 1, padding=1).value == 2.0
    assert found["circular FFT"].value <= found["circular FFT"].error
    assert found["circular FFT"].label == "neither"


def test_circular_fft_is_the_truth_around_a_circle():
    kernel = np.random.default_rng(1).standard_normal((3, 2, 3, 3))
    settings = {"padding": 1, "padding_mode": "circular"}
    found = by_name(kernel, (2, 6, 5), **settings)["circular FFT"]
    truth = spectral_norm(kernel, (2, 6, 5), **settings)
    assert found.label == "upper"
    assert abs(found.value - truth.value) <= found.error + truth.error
    # NumPy's own transform, as the paper writes it.
    blocks = np.fft.fft2(kernel.transpose(2, 3, 0, 1), (6, 5), axes=(0, 1))
    assert (
        abs(found.value - np.linalg.norm(blocks, 2, axis=(2, 3)).max()) <= found.error
    )


def test_gram_iteration_of_a_single_channel_is_its_largest_frequency():
    settings = {"padding": 1, "padding_mode": "circular"}
    found = by_name([1.0, -2.0, 3.0], 7, **settings)
    exact = found["circular FFT"]
    assert abs(found["Gram iteration, frequencies"].value - exact.value) <= exact.error


def test_reshaped_kernel_is_the_truth_where_no_two_windows_meet():
    kernel = np.random.default_rng(2).standard_normal((5, 2, 2, 2))
    truth = singular_values(kernel, (2, 6, 4), stride=2)
    assert truth.how == "fourier"
    found = by_name(kernel, (2, 6, 4), stride=2)
    assert abs(found["reshaped kernel"].value - truth.values[0]) <= 2 * truth.errors[0]
    root = found["reshaped kernel, root of reads"]
    assert root.value == found["reshaped kernel"].value


def test_toeplitz_bound_covers_what_lies_between_the_samples():
    # The power of [1, 1] is largest at frequency 0, that of [1, -1] at pi, both of them
    # sampled; of [1, 1j] between. The truth of a long line comes near 2 for all.
    for kernel in ([1, 1], [1, -1], [1, 1j], [1, np.exp(0.1j)]):
        found = by_name(kernel, 2000)["Toeplitz"]
        assert 2.0 <= found.value <= 2.0 / np.cos(np.pi / 16) ** 0.5 + found.error


def test_the_least_wrong_bounds_are_within_a_known_share_of_the_truth():
    kernel = np.random.default_rng(3).standard_normal((8, 8, 3, 3))
    found = by_name(kernel, (8, 16, 16), padding=1)
    exact = found["circular FFT, padded"].value
    # A Frobenius norm is at most the root of the 8 channels times the norm, and six
    # squarings take the 64th root of that.
    gram = found["Gram iteration, frequencies"].value
    error = found["Frobenius"].error
    assert exact - error <= gram <= exact * 8 ** (0.5 / 64) + error


def test_bounds_scale_with_the_kernel():
    kernel = np.random.default_rng(4).standard_normal((2, 2, 3))
    plain = bounds(kernel, (2, 6), padding=1)
    for scale in (2.0**600, 2.0**-600):
        scaled = bounds(kernel * scale, (2, 6), padding=1)
        assert [b.value for b in scaled] == [b.value * scale for b in plain]


def test_table_holds_the_truth_and_every_estimate_with_label_and_source():
    kernel = np.random.default_rng(0).standard_normal((4, 3, 3, 3))
    table = compare_bounds(kernel, (3, 8, 8), padding=1)
    lines = str(table).splitlines()
    assert lines[0].split() == ["estimate", "value", "/", "truth", "label", "source"]
    assert lines[1].startswith("truth ")
    assert "exact up to rounding, by a dense decomposition" in lines[1]
    assert [line.split("  ")[0] for line in lines[2:]] == NAMES
    for line, bound in zip(lines[2:], table.bounds, strict=True):
        assert f" {bound.label} " in line
        assert line.endswith(bound.source)
    assert str(compare_bounds([0], 3)).count(" - ") == len(NAMES)
