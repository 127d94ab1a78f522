"""Every argument of every function, with values that nobody should pass.

Each is read as the plain value that it means, or refused by an error of convmat that
names the argument. Nothing else may come: no other error, and no answer to a question
that was not asked. Each case has its own sentence in tests/test_errors.py.
"""

from collections import deque
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from convmat import (
    ConvConstraint,
    ConvmatError,
    ConvmatTypeError,
    ShapeError,
    conv,
    conv_input_grad,
    conv_kernel_grad,
    conv_matrix,
    conv_operator,
    geometry,
    linear,
    matrix_rows,
    refill,
    tie_map,
)

G = geometry((3, 3), (2, 2))
X, KERNEL = np.arange(9).reshape(3, 3), np.arange(4).reshape(2, 2)
GRAD = np.ones((2, 2), int)
RGB, BANK = np.arange(18).reshape(2, 3, 3), np.arange(8).reshape(2, 1, 2, 2)


class Two(IntEnum):
    TWO = 2


class Index:
    """What Python takes for an integer."""

    def __index__(self):
        return 2


def ragged():
    """An array whose entries are lists."""
    array = np.empty((2, 2), object)
    array[...] = [[None] * 2] * 2
    for place in np.ndindex(2, 2):
        array[place] = [1, 2]
    return array


def twos():
    yield from (2, 2)


# As functions, because a generator is used up.
MEAN_TWO = {
    "NumPy integer": lambda: np.int64(2),
    "unsigned NumPy integer": lambda: np.uint8(2),
    "array without axes": lambda: np.array(2),
    "enumeration": lambda: Two.TWO,
    "index": Index,
}
MEAN_TWO_TWICE = {
    "list": lambda: [2, 2],
    "array": lambda: np.array([2, 2]),
    "unsigned array": lambda: np.array([2, 2], np.uint64),
    "swapped array": lambda: np.array([2, 2], ">i4"),
    "deque": lambda: deque([2, 2]),
    "generator": twos,
    "mixed": lambda: (Index(), np.int8(2)),
}

NO_INTEGER = {
    "None": None,
    "text": "2",
    "empty text": "",
    "bytes": b"22",
    "byte array": bytearray(b"22"),
    "memory": memoryview(b"22"),
    "float": 2.0,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "NumPy float": np.float64(2),
    "True": True,
    "NumPy True": np.True_,
    "True without axes": np.asarray(a=True),
    "float without axes": np.array(2.0),
    "None without axes": np.array(None),
    "Fraction": Fraction(2),
    "Decimal": Decimal(2),
    "complex": 2 + 0j,
    "set": {1, 2},
    "frozen set": frozenset({2}),
    "dictionary": {1: 2, 2: 1},
    "nothing": [],
    "ragged": [[1], [2, 3]],
    "deep": [[[2]]],
    "pair of None": (None, None),
    "pair of text": ("2", "2"),
    "pair of floats": (2.0, 2.0),
    "pair of truths": (True, True),
    "array of floats": np.array([2.0, 2.0]),
    "array of truths": np.array([True, True]),
    "array of text": np.array(["2", "2"]),
    "array of nothing": np.ones((0, 2), int),
    "masked": np.ma.masked,
    "date": np.datetime64("2020"),
    "duration": np.timedelta64(2),
    "record": np.array([(2, 2)], "i4,i4"),
    "function": len,
    "class": int,
    "object": object(),
    "ellipsis": ...,
    "slice": slice(2),
    "geometry": G,
}
OUT_OF_RANGE = {
    "minus one": -1,
    "far below": -(10**40),
    "far beyond": 10**40,
    "beyond 64 bits": 2**64,
    "pair below": (2, -1),
}

WITH_SETTINGS = {
    "geometry": lambda **s: geometry((3, 3), (2, 2), **s),
    "conv": lambda **s: conv(X, KERNEL, **s),
    "conv_input_grad": lambda **s: conv_input_grad(GRAD, KERNEL, (3, 3), **s),
    "conv_kernel_grad": lambda **s: conv_kernel_grad(GRAD, X, (2, 2), **s),
    "conv_matrix": lambda **s: conv_matrix(KERNEL, (3, 3), **s),
    "conv_operator": lambda **s: conv_operator(KERNEL, (3, 3), **s),
}


def plain(result):
    """What can be compared: numbers in place of matrices and operators."""
    if hasattr(result, "toarray"):
        return result.toarray().tolist()
    if hasattr(result, "matmat"):
        return (result @ np.eye(result.shape[1], dtype=int)).tolist()
    return result.tolist() if isinstance(result, np.ndarray) else result


def same_or_error(call, hostile, meant):
    """The outcomes of two values: what came, or the type and parts of the error."""
    outcomes = []
    for value in (hostile, meant):
        try:
            outcomes.append(plain(call(value)))
        except ConvmatError as error:
            outcomes.append((type(error), error.argument, error.rule))
    return outcomes


def assert_refused(call, values, match):
    for name, value in values.items():
        with pytest.raises((ConvmatError, ConvmatTypeError), match=match) as info:
            call(value)
        assert info.value.rule, name
        assert len(str(info.value)) < 700, name


@pytest.mark.parametrize("setting", ["stride", "padding", "dilation", "groups"])
@pytest.mark.parametrize("function", WITH_SETTINGS)
def test_settings_that_are_no_integers_are_refused(function, setting):
    def call(value):
        return WITH_SETTINGS[function](**{setting: value})

    assert_refused(call, NO_INTEGER | OUT_OF_RANGE, match=f"^{setting} must")


@pytest.mark.parametrize("setting", ["stride", "padding", "dilation"])
@pytest.mark.parametrize("function", WITH_SETTINGS)
def test_settings_that_mean_integers_are_read_as_those(function, setting):
    def call(value):
        return WITH_SETTINGS[function](**{setting: value})

    for name, make in MEAN_TWO.items():
        hostile, meant = same_or_error(call, make(), 2)
        assert hostile == meant, name
    for name, make in MEAN_TWO_TWICE.items():
        hostile, meant = same_or_error(call, make(), (2, 2))
        assert hostile == meant, name


@pytest.mark.parametrize("value", MEAN_TWO.values(), ids=MEAN_TWO)
def test_groups_that_mean_an_integer_are_read_as_that(value):
    expected = conv(RGB, BANK, groups=2).tolist()
    assert conv(RGB, BANK, groups=value()).tolist() == expected
    assert geometry(RGB.shape, BANK.shape, groups=value()).groups == 2


@pytest.mark.parametrize("function", WITH_SETTINGS)
def test_padding_modes_are_names(function):
    def call(value):
        return WITH_SETTINGS[function](padding_mode=value)

    named = {"mode of bytes": b"zeros", "capitals": "ZEROS", "list": ["zeros"]}
    assert_refused(call, NO_INTEGER | named, match=r"^padding_mode must be one of")
    assert plain(call(np.str_("zeros"))) == plain(call("zeros"))


def test_a_padding_mode_of_numpy_is_kept_as_plain_text():
    g = geometry(3, 2, padding_mode=np.str_("reflect"))
    assert repr(g) == "geometry((3,), (2,), padding_mode='reflect')"


SHAPES = {
    "geometry, input_shape": lambda v: geometry(v, (1, 1)),
    "geometry, kernel_shape": lambda v: geometry((3, 3), v),
    "conv_input_grad, input_shape": lambda v: conv_input_grad(GRAD, KERNEL, v),
    "conv_kernel_grad, kernel_shape": lambda v: conv_kernel_grad(GRAD, X, v),
    "conv_matrix, input_shape": lambda v: conv_matrix(KERNEL, v),
    "conv_operator, input_shape": lambda v: conv_operator(KERNEL, v),
}


@pytest.mark.parametrize("function", SHAPES)
def test_shapes_that_are_no_integers_are_refused(function):
    below = {"minus one": (2, -1), "zero": (0, 2)}
    # A shape that fits no other argument may be at fault in that other's name.
    match = r"^(input_shape|kernel_shape|input_size|kernel_size|grad\.shape|x\.shape) m"
    assert_refused(SHAPES[function], NO_INTEGER | below, match)


@pytest.mark.parametrize("function", SHAPES)
def test_shapes_that_mean_integers_are_read_as_those(function):
    for name, make in MEAN_TWO_TWICE.items():
        hostile, meant = same_or_error(SHAPES[function], make(), (2, 2))
        assert hostile == meant, name


CONSTRAINT = ConvConstraint(G)
ARRAYS = {
    "conv, x": lambda v: conv(v, KERNEL),
    "conv, kernel": lambda v: conv(X, v),
    "conv_input_grad, grad": lambda v: conv_input_grad(v, KERNEL, (3, 3)),
    "conv_input_grad, kernel": lambda v: conv_input_grad(GRAD, v, (3, 3)),
    "conv_kernel_grad, grad": lambda v: conv_kernel_grad(v, X, (2, 2)),
    "conv_kernel_grad, x": lambda v: conv_kernel_grad(GRAD, v, (2, 2)),
    "conv_matrix, kernel": lambda v: conv_matrix(v, (3, 3)),
    "conv_operator, kernel": lambda v: conv_operator(v, (3, 3)),
    "refill, kernel": lambda v: refill(conv_matrix(KERNEL, (3, 3)), v, G),
    "embed, kernel": CONSTRAINT.embed,
    "extract, matrix": CONSTRAINT.extract,
    "pull_back, matrix_grad": CONSTRAINT.pull_back,
    "violation, matrix": CONSTRAINT.violation,
}
NO_NUMBERS = {
    "None": None,
    "text": "2",
    "bytes": b"22",
    "True": True,
    "truths": [[True, False], [False, True]],
    "truths among objects": np.array([[True, 1], [1, 1]], object),
    "NumPy's truths among objects": np.array([[np.True_, 1], [1, 1]], object),
    "text among objects": np.array([["a", 1], [1, 1]], object),
    "lists among objects": ragged(),
    "classes among objects": np.array([[int, 1], [1, 1]], object),
    "a sparse matrix": sparse.csr_array(np.eye(2, dtype=int)),
    "unsigned 64 bits": np.ones((2, 2), np.uint64),
    "dates": np.array([["2020", "2021"]] * 2, "M8[Y]"),
    "durations": np.ones((2, 2), "m8[s]"),
    "records": np.ones((2, 2), "i4,i4"),
    "text array": np.array([["1", "2"]] * 2),
    "masked": np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]),
    "set": {1, 2},
    "dictionary": {1: 2},
    "generator": (n for n in (1, 2)),
    "function": len,
    "class": int,
    "object": object(),
    "ellipsis": ...,
    "ragged": [[1, 2], [3]],
    "ragged deeper": [[[1], [2]], [[3], [4, 5]]],
    "geometry": G,
    "nothing": [],
    "nothing wide": np.ones((0, 2)),
    "a number": 3,
    "an array without axes": np.array(3),
    "too many axes": np.ones((1,) * 7),
}


@pytest.mark.parametrize("function", ARRAYS)
def test_arrays_that_hold_no_numbers_are_refused(function):
    name = function.split(", ")[1]
    # An empty or deep array is at fault by its shape, in the name of what it gives.
    match = rf"^({name}|{name}\.shape|input_shape|kernel_shape|x\.shape) must"
    values = dict(NO_NUMBERS)
    if name in ("matrix", "matrix_grad"):
        del values["a sparse matrix"]  # which is welcome, of the right shape
    assert_refused(ARRAYS[function], values, match)


def test_a_bias_that_holds_no_numbers_is_refused():
    values = dict(NO_NUMBERS)
    for name in ("None", "a number", "an array without axes"):  # none, and one
        del values[name]
    assert_refused(lambda v: conv(X, KERNEL, v), values, match=r"^bias(\.shape)? must")


@pytest.mark.parametrize(
    ("one", "other"),
    [(Decimal(1), Fraction(1, 2)), (Decimal(1), 0.5), (Decimal(1), 1j)],
    ids=str,
)
def test_objects_that_do_not_multiply_are_refused(one, other):
    for call in (
        lambda: conv([one, one], [other]),
        lambda: conv_input_grad([one, one], [other], 2),
        lambda: conv_kernel_grad([one, one], [other, other], 1),
        lambda: conv([one], [one], [other]),
    ):
        with pytest.raises(ConvmatTypeError, match=r"^objects must multiply with each"):
            call()


def test_integers_of_numpy_among_objects_do_not_wrap():
    small = np.array([np.uint8(200), np.int8(100)], object)
    assert conv(small, [2]).tolist() == [400, 200]
    assert conv(np.array([np.int64(2**62)], object), [4]).tolist() == [2**64]
    assert conv([2**63 + 1, np.int64(1)], [1]).tolist() == [2**63 + 1, 1]
    assert small.tolist() == [200, 100]
    assert isinstance(small[0], np.uint8)  # the caller's array is as it was


NO_SIZE = {
    name: value
    for name, value in NO_INTEGER.items()
    if name not in ("None", "geometry")  # None means half of the memory
}


@pytest.mark.parametrize(
    "call",
    [
        lambda v: conv_matrix(KERNEL, (3, 3), max_bytes=v),
        lambda v: tie_map(G, max_bytes=v),
        lambda v: CONSTRAINT.embed(KERNEL, max_bytes=v),
    ],
    ids=["conv_matrix", "tie_map", "embed"],
)
def test_limits_of_memory_are_integers(call):
    below = {"minus one": -1, "far below": -(10**40)}
    pairs = {"pair": (2, 2), "array": np.array([2, 2]), "geometry": G}
    assert_refused(call, NO_SIZE | below | pairs, match=r"^max_bytes must")
    with pytest.raises(ConvmatError, match="max_bytes allows 2 bytes"):
        call(Index())
    assert call(10**40) is not None


def test_a_tap_is_asked_for_by_its_number():
    ties = tie_map(G)
    beyond = {"beyond": 4, "below": -1, "far beyond": 10**40, "pair": (1, 1)}
    assert_refused(ties.where, NO_INTEGER | beyond, match=r"^tap must be")
    for make in MEAN_TWO.values():
        rows, columns = ties.where(make())
        assert (rows.tolist(), columns.tolist()) == ([0, 1, 2, 3], [3, 4, 6, 7])


def test_a_pattern_of_single_taps_is_refused_where_taps_share_entries():
    ties = tie_map(geometry(3, 2, padding=1, padding_mode="replicate"))
    with pytest.raises(ConvmatError, match=r"^geometry must have at most one tap in"):
        ties.pattern()


@pytest.mark.parametrize(
    "call",
    [
        tie_map,
        ConvConstraint,
        lambda v: refill(conv_matrix(KERNEL, (3, 3)), KERNEL, v),
    ],
    ids=["tie_map", "ConvConstraint", "refill"],
)
def test_a_geometry_is_nothing_else(call):
    values = {name: v for name, v in NO_INTEGER.items() if name != "geometry"}
    shapes = {"shape": (3, 3), "matrix": np.eye(3)}
    assert_refused(call, values | shapes, match=r"^geometry must be a Geometry")


def test_what_is_refilled_is_a_csr_array():
    values = dict(NO_INTEGER)
    others = {"dense": np.eye(4, 9), "coordinates": sparse.coo_array(np.eye(4, 9))}
    assert_refused(
        lambda v: refill(v, KERNEL, G), values | others, match=r"^matrix must be a CSR"
    )


@pytest.mark.parametrize("mode", ["reflect", "symmetric", "circular", "replicate"])
def test_padding_as_wide_as_the_numbers_go_is_refused_or_counted_at_once(mode):
    """Neither time nor memory goes with the width of the padding."""
    g = geometry(2**50, 3, padding=2**49, padding_mode=mode)
    # Taps that share an entry at either end: windows at cells -2, -1 and before.
    lost = {"circular": 0, "reflect": 1, "symmetric": 1 + 1}
    lost["replicate"] = 1 + 2 + 2 * (2**49 - 2)
    assert g.nnz == 3 * (2**51 - 2) - 2 * lost[mode]
    with pytest.raises(ConvmatError, match="max_bytes allows"):
        conv_matrix([1, 2, 3], 2**50, padding=2**49, padding_mode=mode)


WIDE = 1 << 60  # one row that reads one of 2**120 columns takes no memory


@pytest.mark.parametrize(
    "build",
    [
        lambda size: conv_matrix([[1]], size, stride=WIDE),
        lambda size: next(matrix_rows([[1]], size, stride=WIDE)),
        lambda size: tie_map(geometry(size, (1, 1), stride=WIDE)),
        lambda size: linear.avg_pool_matrix(size, (1, 1), stride=(WIDE, WIDE)),
        lambda size: linear.subsample_matrix(size, (WIDE, WIDE)),
        lambda size: linear.crop_matrix(size, [(0, WIDE - 1)] * 2),
        lambda size: linear.unfold_matrix(size, (1, 1), stride=WIDE),
    ],
    ids=["matrix", "rows", "ties", "pooling", "subsampling", "cropping", "unfolding"],
)
def test_columns_beyond_an_index_are_refused_wherever_rows_are_few(build):
    with pytest.raises(
        ConvmatError, match=r"^input_shape must have fewer than 2\*\*63"
    ):
        build((WIDE, WIDE))


def test_thirty_axes_are_carried_by_every_route_and_more_are_refused():
    g = geometry((2, *(1,) * 29, 2), (2, 2, *(1,) * 30))
    kernel = np.arange(4.0).reshape(g.kernel_shape)
    x = np.arange(4.0 * 20).reshape(20, *g.input_shape)
    matrix = conv_matrix(kernel, g.input_shape)
    y = conv(x, kernel)
    assert np.array_equal(y.reshape(20, -1), (matrix @ x.reshape(20, -1).T).T)
    assert np.array_equal(conv(x.astype(int), kernel.astype(int)), y)
    back = conv_input_grad(y, kernel, g.input_shape)
    assert np.array_equal(back.reshape(20, -1), y.reshape(20, -1) @ matrix)
    by_tap = conv_kernel_grad(y, x, g.kernel_shape)
    assert np.vdot(by_tap, kernel) == np.vdot(y, y)
    assert len(tie_map(g).taps) == matrix.nnz == 8
    with pytest.raises(
        ShapeError, match="input_size must have at most 30 spatial axes"
    ):
        geometry((1,) * 31, (1,) * 31)
