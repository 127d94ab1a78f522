"""A CNN by windows and the same CNN by tied matrices: one trajectory."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convmat.nn import (
    Conv,
    CrossEntropy,
    Flatten,
    HalfSquare,
    Learner,
    Linear,
    Loader,
    MatrixConv,
    ReLU,
    Sequential,
    digits_cnn,
    functional,
    load_digits,
)
from convmat.optim import SGD
from convmat.verify.agreement import compare_training
from convmat.verify.strategies import geometries


def network(convolution, first, rng, dtype=np.float64):
    """Convolution of any geometry, ReLU, pointwise convolution, ReLU, linear."""
    outputs = int(np.prod(first.output_size))
    return Sequential(
        [
            convolution(
                first.in_channels,
                first.out_channels,
                first.kernel_size,
                rng=rng,
                dtype=dtype,
                **first.keywords,
            ),
            ReLU(),
            convolution(first.out_channels, 2, (1,) * first.rank, rng=rng, dtype=dtype),
            ReLU(),
            Flatten(),
            Linear(2 * outputs, 2, rng=rng, dtype=dtype),
        ]
    )


def fractions(array, most=4):
    whole = np.round(array * most).astype(int)
    flat = [Fraction(int(v), most) for v in whole.flat]
    return np.array(flat, object).reshape(array.shape)


@settings(max_examples=30)
@given(st.data())
def test_in_rationals_all_parameters_stay_equal(data):
    g = data.draw(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99), label="seed"))
    x = fractions(rng.normal(size=(4, g.in_channels, *g.input_size)))
    y = fractions(rng.normal(size=(4, 2)))
    learners = []
    for convolution in (Conv, MatrixConv):
        model = network(convolution, g, np.random.default_rng(0))
        model.load({k: fractions(v) for k, v in model.parameters.items()})
        rule = SGD(Fraction(1, 8), Fraction(1, 2))
        learners.append(Learner(model, Loader(x, y, 2), rule, loss=HalfSquare()))
    one, other = (learner.fit(2, progress=False) for learner in learners)
    assert one.losses == other.losses  # four steps, each loss a Fraction
    assert all(isinstance(loss, Fraction) for loss in one.losses)
    for name, array in learners[0].model.parameters.items():
        assert (array == learners[1].model.parameters[name]).all(), name


@settings(max_examples=25)
@given(st.data())
def test_in_floats_each_step_is_within_its_rounding_bound(data):
    g = data.draw(geometries(max_rank=2, max_channels=3, max_groups=2))
    seed = data.draw(st.integers(0, 999), label="seed")
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    loss = data.draw(st.sampled_from([CrossEntropy(), HalfSquare()]))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(8, g.in_channels, *g.input_size)).astype(dtype)
    labels = rng.integers(0, 2, 8)
    y = labels if isinstance(loss, CrossEntropy) else np.eye(2, dtype=dtype)[labels]
    one, other = (
        Learner(
            network(convolution, g, np.random.default_rng(seed), dtype),
            Loader(x, y, 4),
            SGD(0.1, 0.9),
            loss=loss,
        )
        for convolution in (Conv, MatrixConv)
    )
    assert compare_training(one, other, 3, progress=False).holds


def digit_learners():
    digits = load_digits()
    loader = Loader(digits.train_images[:256], digits.train_labels[:256])
    return [
        Learner(digits_cnn(route), loader, SGD(0.1, 0.9))
        for route in ("sliding", "matrix")
    ]


def test_the_digits_network_stays_within_its_bounds_and_the_bounds_are_small():
    agreement = compare_training(*digit_learners(), 3, progress=False)
    assert agreement.steps == 12
    assert agreement.holds
    assert agreement.weight_gap < 1e-13  # a bound of 1 would hold too, and say nothing
    assert "within the rounding bound" in str(agreement)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_gradient_wrong_by_a_millionth_is_beyond_the_bound(monkeypatch, part):
    right = functional.matrix_conv_backward

    def wrong(*arguments):
        gradients = [array.copy() for array in right(*arguments)]
        gradients[part] *= 1 + 1e-6
        return tuple(gradients)

    monkeypatch.setattr(functional, "matrix_conv_backward", wrong)
    agreement = compare_training(*digit_learners(), 2, progress=False)
    assert not agreement.holds
    assert "BEYOND" in str(agreement)


def test_a_gradient_averaged_over_ties_is_beyond_the_bound(monkeypatch):
    # The tempting rule: mean over each tie instead of the sum.
    from convmat import ConvConstraint

    right = ConvConstraint.pull_back_product

    def mean(self, left, other):
        return right(self, left, other) / np.maximum(self.ties.multiplicity, 1)

    monkeypatch.setattr(ConvConstraint, "pull_back_product", mean)
    assert not compare_training(*digit_learners(), 1, progress=False).holds


def test_a_loss_wrong_by_a_millionth_is_beyond_the_bound_though_no_weight_is():
    class Wrong(CrossEntropy):
        def __call__(self, outputs, targets):
            loss, grad = super().__call__(outputs, targets)
            return loss * (1 + 1e-6), grad

    one, other = digit_learners()
    other.loss = Wrong()
    agreement = compare_training(one, other, 1, progress=False)
    assert agreement.weight_share <= 1 < agreement.loss_share
    assert not agreement.holds


def test_runs_of_two_dtypes_are_not_compared():
    one, other = digit_learners()
    single = {n: a.astype(np.float32) for n, a in other.model.parameters.items()}
    other.model.load(single)
    message = r"other.model.parameters\['0.weight'\] must be of float64, got .*float32"
    with pytest.raises(TypeError, match=message):
        compare_training(one, other, 1, progress=False)
    with pytest.raises(TypeError, match="epochs must be an integer, not float"):
        compare_training(one, one, 1.0, progress=False)
