"""What `train_matrix` refuses, and what it keeps when a run diverges."""

import pickle
from fractions import Fraction

import numpy as np
import pytest

from convmat import (
    ConvConstraint,
    ConvmatError,
    ConvmatTypeError,
    GeometryError,
    ShapeError,
    conv_matrix,
    geometry,
)
from convmat.constraints import rung_of, train_matrix
from convmat.errors import DivergedError
from convmat.optim import SGD, Adam

G = geometry(4, 2)
X, Y = np.ones((3, 1, 4)), np.ones((3, 1, 3))
START = [0.5, 0.25]


def call(geometry=G, start=START, x=X, y=Y, rule=None, steps=1, **choices):
    return train_matrix(
        geometry, start, x, y, rule or SGD(0.01), steps=steps, **choices
    )


CALLS = {
    "shape of the start": (
        {"start": np.zeros((4, 3))},
        ShapeError,
        r"start\.shape must be \(3, 4\), or \(2,\) for parameters, got .*\(4, 3\)",
    ),
    "start without the bias": (
        {"start": np.zeros((3, 4)), "bias": True},
        ShapeError,
        r"start\.shape must be \(3, 5\), or \(3,\) for parameters",
    ),
    "a broken tie": (
        {"start": conv_matrix([1.0, 2.0], 4).toarray() + np.eye(3, 4) * [0, 1, 0, 0]},
        ConvmatError,
        (
            r"start must obey the constraints, got .*entry at row 1, column 1 is 1.0 "
            r"from its tie.*; start from ConvConstraint\(geometry\)\.project\(matrix\)"
        ),
    ),
    "a filled zero": (
        {"start": np.eye(3, 4) + np.eye(3, 4)[::-1] * 0.5},
        ConvmatError,
        r"structural zero at row 0, column 2 is off by 0.5.*project\(matrix\)",
    ),
    "a broken tie of the bias": (
        {"start": np.arange(15.0).reshape(3, 5) * ([0] * 4 + [1]), "bias": True},
        ConvmatError,
        r"row 2, column 4 is .* from its tie.*rung.extract\(entries\)",
    ),
    "a start of NaN": (
        {"start": np.full((3, 4), np.nan)},
        ConvmatError,
        "start must obey the constraints, got .*off by nan",
    ),
    "samples": ({"y": Y[:2]}, ShapeError, r"len\(y\) must hold one output per input"),
    "no samples": (
        {"x": X[:0], "y": Y[:0]},
        ShapeError,
        "x must hold at least one sample, got x=<ndarray of shape .0, 1, 4.>",
    ),
    "inputs": ({"x": X[..., :3]}, ShapeError, r"x\.shape must be .*\(4,\)"),
    "outputs": ({"y": Y[..., :2]}, ShapeError, r"y\.shape must be .*\(3,\)"),
    "complex": ({"x": X * 1j}, ConvmatTypeError, "x and y must be real, got .*complex"),
    "booleans": ({"x": X > 0}, ConvmatTypeError, "x must hold numbers"),
    "floats beside fractions": (
        {"start": [Fraction(1), Fraction(2)]},
        ConvmatTypeError,
        "x must be exact beside exact numbers, got x='float64'; use Fractions, or",
    ),
    "a float start beside fractions": (
        {"x": np.full((3, 1, 4), Fraction(1))},
        ConvmatTypeError,
        "start must be exact beside exact numbers",
    ),
    "batch": (
        {"batch_size": 4},
        ConvmatError,
        "batch_size must be at most the number of samples, 3, got batch_size=4",
    ),
    "empty batch": ({"batch_size": 0}, ConvmatError, "batch_size must be at least 1"),
    "part of a batch": ({"batch_size": 1.5}, ConvmatTypeError, "must be an integer"),
    "steps": ({"steps": -1}, ConvmatError, "steps must be at least 0, got steps=-1"),
    "true steps": ({"steps": True}, ConvmatTypeError, "steps must be an integer"),
    "steps in an array": (
        {"steps": np.array([1, 2])},
        ConvmatTypeError,
        "steps must be an integer, got steps=<ndarray",
    ),
    "seed": ({"seed": -1}, ConvmatError, "seed must be at least 0, got seed=-1"),
    "no rule": (
        {"rule": "sgd"},
        ConvmatTypeError,
        r"rule must be an update rule, got rule='sgd'; such as convmat\.optim\.SGD",
    ),
    "rung": (
        {"rung": "sparse"},
        ConvmatError,
        (
            "rung must be one of 'dense', 'locally_connected', 'convolution', "
            "'circulant', got rung='sparse'"
        ),
    ),
    "rung in a list": (
        {"rung": ["dense"]},
        ConvmatError,
        "rung must be one of 'dense'",
    ),
    "rung in an array": ({"rung": np.array(["a", "b"])}, ConvmatError, "rung must be"),
    "no rung": ({"rung": None}, ConvmatError, "rung must be one of .* got rung=None"),
    "way": (
        {"way": "median"},
        ConvmatError,
        "way must be one of 'reparametrise', 'sum', 'mean', 'project', got way='median",
    ),
    "no way": ({"way": None}, ConvmatError, "way must be one of .* got way=None"),
    "ways": ({"way": ["sum"]}, ConvmatError, "way must be one of"),
    "store": (
        {"store": "csr"},
        ConvmatError,
        "store must be one of 'full', 'pattern', 'free', None, got store='csr'",
    ),
    "the sum without a matrix": (
        {"store": "free", "way": "sum"},
        ConvmatError,
        (
            "store holds no matrix, so way must be 'reparametrise', got store='free'; "
            "use store='pattern'"
        ),
    ),
    "no ties without a matrix": (
        {"store": "free", "way": "reparametrise", "rung": "locally_connected"},
        ConvmatError,
        "store has no rung 'locally_connected' in it, got store='free'; use",
    ),
    "a dense pattern": (
        {"store": "pattern", "rung": "dense", "start": [0.0] * 12},
        ConvmatError,
        "store leaves out structural zeros, and rung='dense' keeps none.*store='full'",
    ),
    "no torus": (
        {"rung": "circulant"},
        GeometryError,
        "must have stride 1 and as many outputs as inputs for a circulant matrix",
    ),
    "a stride on the torus": (
        {"rung": "circulant", "geometry": geometry(1, 1, stride=2)},
        GeometryError,
        "must have stride 1",
    ),
    "a torus that is gone around twice": (
        {"rung": "circulant", "geometry": geometry(1, 5, padding=2)},
        GeometryError,
        "padding must be at most 1 on axis 0 in mode 'circular'",
    ),
    "no geometry": (
        {"geometry": (4,)},
        ConvmatTypeError,
        "geometry must be a Geometry",
    ),
    "Adam on sums": (
        {
            "geometry": geometry(4, 3, padding=1, padding_mode="reflect"),
            "start": [0.0] * 3,
            "y": X,
            "rule": Adam(),
        },
        ConvmatError,
        (
            "rule must be SGD with way='sum', because entries are sums of others, got "
            "rule='Adam'; use way='reparametrise' or 'project'"
        ),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_bad_input_is_named_before_the_first_step(name):
    arguments, error, message = CALLS[name]
    with pytest.raises(error, match=message):
        call(**arguments)


@pytest.mark.parametrize("lr", [0, -0.1, float("nan"), float("inf")])
def test_a_learning_rate_that_is_not_above_0_is_refused(lr):
    with pytest.raises(ConvmatError, match=r"lr must be (greater than 0|finite)"):
        SGD(lr)


@pytest.mark.parametrize("momentum", [1, -0.1, 1.5])
def test_a_momentum_outside_of_0_and_1_is_refused(momentum):
    with pytest.raises(ConvmatError, match=r"momentum must be in \[0, 1\)"):
        SGD(0.1, momentum)


def test_the_offered_projection_is_a_start():
    matrix = np.arange(12.0).reshape(3, 4)
    with pytest.raises(ConvmatError, match=r"project\(matrix\)"):
        call(start=matrix)
    (step,) = call(start=ConvConstraint(G).project(matrix))
    assert step.violation.holds
    rung = rung_of("locally_connected", G)
    outside = matrix.copy()
    outside[rung.rows, rung.cols] = 0
    assert outside.any()
    (step,) = call(start=matrix - outside, rung="locally_connected")
    assert step.violation.zeros == 0


def test_a_start_that_breaks_a_constraint_is_not_changed():
    matrix = np.arange(12.0).reshape(3, 4)
    with pytest.raises(ConvmatError, match="obey"):
        call(start=matrix)
    assert np.array_equal(matrix, np.arange(12.0).reshape(3, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_start_that_is_a_rounded_sum_of_taps_is_welcome(dtype):
    # No tap stands alone in these, so that none can be read off to the bit.
    rng = np.random.default_rng(0)
    for n, k, padding, mode in (
        (3, 5, 2, "circular"),
        (3, 5, 2, "reflect"),
        (2, 3, 2, "replicate"),
        (2, 5, 2, "symmetric"),
    ):
        g = geometry(n, k, padding=padding, padding_mode=mode)
        for _ in range(20):
            kernel = rng.normal(size=k).astype(dtype)
            start = conv_matrix(kernel, n, **g.keywords).toarray()
            x = np.zeros((1, 1, n), dtype)
            y = np.zeros((1, 1, *g.output_size), dtype)
            (step,) = train_matrix(g, start, x, y, SGD(1), steps=1)
            most = 32 * np.finfo(dtype).eps * np.abs(kernel).sum()
            assert np.abs(step.matrix - start).max() <= most
    wrong = start.copy()
    wrong[0, 0] += dtype(1e-3)
    with pytest.raises(ConvmatError, match="start must obey the constraints"):
        train_matrix(g, wrong, x, y, SGD(1), steps=1)


# ------------------------------------------------------------------------- divergence


def loss_of(matrix, x, y):
    errors = x.reshape(len(x), -1) @ matrix.T - y.reshape(len(y), -1)
    with np.errstate(over="ignore"):
        return (errors**2).sum() / len(x) / 2


@pytest.mark.parametrize(
    ("way", "store"),
    [
        ("sum", "full"),
        ("sum", "pattern"),
        ("mean", "pattern"),
        ("project", "full"),
        ("reparametrise", "pattern"),
        ("reparametrise", "free"),
    ],
)
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_weights(way, store):
    seen = []
    descent = call(rule=SGD(1e60), steps=99, way=way, store=store)
    with pytest.raises(
        DivergedError, match=r"loss must be finite at step \d+ with lr="
    ) as e:
        seen.extend(step.number for step in descent)
    assert e.value.step == len(seen) + 1
    assert e.value.lr == 1e60
    assert "use a smaller learning rate, such as 1e+59" in str(e.value)
    rung = rung_of("convolution", G)
    weights = e.value.weights
    if store == "free":
        weights = rung.embed(weights)
    if store != "full":
        dense = np.zeros(rung.shape)
        dense[rung.rows, rung.cols] = weights
        weights = dense
    assert np.isfinite(loss_of(weights, X, Y))
    assert weights.any()


def test_a_last_step_that_overflows_is_no_result():
    # From 1e200 at a rate of 1e200 the loss is finite yet, but the weights are not.
    x, y = np.full((1, 1, 4), 1e-60), np.zeros((1, 1, 3))
    descent = call(start=[1e200, 0.0], x=x, y=y, rule=SGD(1e305), steps=1)
    with pytest.raises(DivergedError, match=r"at step 2 with lr=1e\+305") as e:
        next(descent)
    assert e.value.weights.tolist() == [1e200, 0.0] * 3


def test_fractions_that_are_nan_or_infinite_stop_too():
    y = np.full((3, 1, 3), Fraction(1))
    for bad in (float("nan"), float("inf")):
        y[0, 0, 0] = bad
        start = np.array([Fraction(1), Fraction(0)])
        with pytest.raises(DivergedError, match="loss must be finite at step 1"):
            next(call(start=start, x=X.astype(int), y=y, rule=SGD(Fraction(1, 2))))


def test_fractions_beyond_all_floats_are_finite():
    start = np.array([Fraction(10) ** 400, Fraction(0)])
    steps = call(start=start, x=X.astype(int), y=Y.astype(int), rule=SGD(1), steps=2)
    for step in steps:
        assert step.violation.holds
        assert step.loss > 10**700


def test_an_error_of_divergence_survives_pickling():
    with pytest.raises(DivergedError, match="at step") as e:
        list(call(rule=SGD(1e60), steps=99))
    again = pickle.loads(pickle.dumps(e.value))
    assert str(again) == str(e.value)
    assert np.array_equal(again.weights, e.value.weights)


def test_no_steps_are_no_steps():
    assert list(call(steps=0)) == []


def test_a_step_does_not_silence_numpy_for_the_caller():
    descent = call(steps=2)
    before = np.geterr()
    next(descent)
    assert np.geterr() == before


@pytest.mark.parametrize("dtype", [object, np.float16])
def test_csr_of_numbers_that_scipy_does_not_carry_is_refused(dtype):
    x, y = X.astype(int), Y.astype(int)
    start = np.array([Fraction(1), Fraction(2)])
    if dtype is not object:
        x, y, start = x.astype(dtype), y.astype(dtype), np.ones(2, dtype)
    (step,) = call(start=start, x=x, y=y, rule=SGD(Fraction(1, 8)))
    assert step.matrix.dtype == dtype
    with pytest.raises(ConvmatTypeError, match=r"values must be .* SciPy.*is dense"):
        step.csr()
