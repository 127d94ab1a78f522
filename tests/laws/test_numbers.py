"""Numbers: integers exact or refused, fractions exact, floats within a bound.

A float result is a sum of `n` rounded products, added in some order, so it is within
`gamma(n) * sum |w| |x|` of the exact one (Higham, chapter 3). The exact one is computed
in fractions, which hold every float without rounding.
"""

from fractions import Fraction
from math import prod

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat import (
    ConvConstraint,
    ConvmatError,
    conv,
    conv_matrix,
    conv_operator,
    geometry,
    sliding,
    symbolic_matrix,
    tie_map,
)
from convmat.geometry import PADDING_MODES
from convmat.verify import Route
from convmat.verify.rounding import gamma
from convmat.verify.strategies import Case, cases, geometries

FLOATS = [np.dtype(name) for name in ("float16", "float32", "float64")]
COMPLEX = [np.dtype(name) for name in ("complex64", "complex128")]


def exactly(array):
    """The same numbers as fractions."""
    fractions = [Fraction(float(number)) for number in array.ravel()]
    return np.array(fractions, dtype=object).reshape(array.shape)


def within(got, exact, sizes, terms, dtype):
    """Whether `got` lies within the bound of a sum of `terms` products."""
    bound = exactly(np.array(gamma(terms, float(np.finfo(dtype).eps) / 2)))
    gaps = np.abs(exactly(got) - exact)
    return np.all(gaps <= bound * sizes)


@given(case=cases(object, max_rank=2))
def test_fractions_pass_through_unchanged(object_route: Route, case):
    g, kernel, x, _ = case
    y = object_route.apply(kernel, x, g)
    # Products with a common denominator are integers, which every route has right.
    common = 2 * 3 * 2 * 5 * 7
    whole = [(array * common).astype(np.int64) for array in (x, kernel)]
    assert np.array_equal(y * common**2, sliding.forward(*whole, g))


@given(case=cases(object, max_rank=2))
def test_gradients_of_fractions_are_exact(object_route: Route, case):
    g, kernel, x, grad = case
    y = sliding.forward(x, kernel, g)
    x_grad = object_route.input_grad(grad, kernel, g)
    assert (y * grad).sum() == (x * x_grad).sum()
    if object_route.kernel_grad is not None:
        gradient = object_route.kernel_grad(grad, x, g)
        assert (y * grad).sum() == (gradient * kernel).sum()


SYMBOLIC = [
    geometry(3, 2),
    geometry(1, 3, padding=1),  # dead taps
    geometry(4, 2, stride=2, padding=[(0, 1)]),
    geometry((2, 3), (2, 2), padding=[(1, 0), 0], dilation=(1, 2)),
    geometry((2, 3), (2, 1, 2), groups=2),
    *(geometry(2, 3, padding=1, padding_mode=mode) for mode in PADDING_MODES[1:]),
]


@pytest.mark.parametrize("g", SYMBOLIC, ids=repr)
def test_symbols_pass_through_every_map(object_route: Route, g):
    """In symbols the forward map is the matrix, and its gradients are derivatives."""
    rows, columns = g.matrix_shape
    kernel = np.array(sympy.symbols(f"w:{g.free_parameters}")).reshape(g.weight_shape)
    x = np.array(sympy.symbols(f"x:{columns}")).reshape(1, g.in_channels, *g.input_size)
    names = np.array(sympy.symbols(f"g:{rows}"))
    grad = names.reshape(1, g.out_channels, *g.output_size)
    ties = tie_map(g)
    matrix = sympy.zeros(rows, columns)
    for row, column, tap in zip(ties.rows, ties.cols, ties.taps, strict=True):
        matrix[int(row), int(column)] += kernel.flat[tap]

    y = object_route.apply(kernel, x, g)
    by_matrix = matrix * sympy.Matrix(x.ravel())
    assert [sympy.expand(a - b) for a, b in zip(y.flat, by_matrix, strict=True)] == [
        0
    ] * rows
    loss = sum(y.ravel() * grad.ravel())
    for gradient, symbols in (
        (object_route.input_grad(grad, kernel, g), x),
        (object_route.kernel_grad and object_route.kernel_grad(grad, x, g), kernel),
    ):
        if gradient is not None:
            pairs = zip(gradient.flat, symbols.flat, strict=True)
            assert all(sympy.expand(d - loss.diff(s)) == 0 for d, s in pairs)


@pytest.mark.parametrize("g", SYMBOLIC, ids=repr)
def test_symbols_stand_in_the_matrix_where_the_constraint_embeds_them(g):
    kernel = np.array(sympy.symbols(f"w:{g.free_parameters}")).reshape(g.kernel_shape)
    constraint = ConvConstraint(g)
    dense = constraint.embed(kernel)
    assert sympy.Matrix(dense) == symbolic_matrix(g, kernel)
    # The gradient of the sum of all entries by a tap is the size of its tie.
    ones = np.array(sympy.ones(*g.matrix_shape))
    assert constraint.pull_back(ones).tolist() == tie_map(g).multiplicity.tolist()
    if not g.dead_taps and not g.shared:
        assert constraint.extract(dense).tolist() == kernel.tolist()


def test_symbols_multiply_with_all_other_numbers():
    w = np.array(sympy.symbols("u v"))
    u, v = w
    assert conv([1, 2], w).tolist() == [u + 2 * v]
    assert conv([Fraction(1, 2), 2], w).tolist() == [u / 2 + 2 * v]
    assert conv([0.5, 2.0], w).tolist() == [0.5 * u + 2.0 * v]
    assert conv([1j, 2], w)[0] == sympy.I * 1.0 * u + 2.0 * v
    assert conv(sympy.Matrix([[u, v]]), sympy.Matrix([[2, 3]])).tolist() == [
        [2 * u + 3 * v]
    ]


@given(case=cases(max_rank=2), power=st.integers(70, 90))
def test_python_integers_of_any_size_do_not_wrap(object_route: Route, case, power):
    g, kernel, x, _ = case
    y = object_route.apply(kernel.astype(object) * 2**power, x.astype(object), g)
    assert np.array_equal(y, sliding.forward(x, kernel, g).astype(object) * 2**power)


LEAST, MOST = -(2**63), 2**63 - 1
SIZES = [1, 3, 2**20, 2**30, 2**31, 2**32 - 1, 2**60, 2**62, MOST]


# Of every size that int64 has, most of them where sums just fit.
signed = st.sampled_from([0, LEAST, *(sign * n for n in SIZES for sign in (1, -1))])
near_the_end = signed | st.integers(LEAST, MOST)


@st.composite
def huge_cases(draw, elements=near_the_end):
    g = draw(geometries(max_rank=2, max_channels=2, max_groups=2))
    shapes = [
        g.weight_shape,
        (2, g.in_channels, *g.input_size),
        (2, g.out_channels, *g.output_size),
    ]
    fill = st.sampled_from([0, 1, -1])
    return Case(
        g, *(draw(hnp.arrays(int, s, elements=elements, fill=fill)) for s in shapes)
    )


def witness(kernel, x, **keywords):
    """A case on one axis, with a gradient of ones."""
    g = geometry(len(x), len(kernel), **keywords)
    grad = np.ones((1, 1, *g.output_size), int)
    return Case(g, np.array([[kernel]]), np.array([[x]]), grad)


def assert_exact_or_refused(function, *arrays):
    """Of two arrays: the integers that Python has, or a refusal where they don't fit.

    That is for all entries at once: an array holds right sums only.
    """
    exact = function(*(array.astype(object) for array in arrays))
    if all(LEAST <= number <= MOST for number in exact.flat):
        got = function(*arrays)
        assert got.dtype == np.int64
        assert got.tolist() == exact.tolist()
        return
    with pytest.raises(
        ConvmatError, match=r"sum must fit int64, .*\.astype\(object\)"
    ) as info:
        function(*arrays)
    wrong = [number for number in exact.flat if not LEAST <= number <= MOST]
    assert info.value.value in wrong


@given(huge_cases())
@example(witness([1, 1], [2**62, 2**62 - 1]))  # 2**63 - 1, the last that fits
@example(witness([1, 1], [2**62, 2**62]))
@example(witness([1, 1], [-(2**62), -(2**62)]))  # -2**63, the last that fits
@example(witness([1, 1, 1], [MOST, MOST, -MOST]))  # on the way beyond, in the end not
@example(witness([LEAST], [-1]))
@example(witness([4, 4], [2**62, 2**62]))  # 2**65 wraps to 0
@example(witness([MOST, 1], [MOST, MOST]))
def test_integers_are_exact_or_refused(case):
    g, kernel, x, grad = case
    assert_exact_or_refused(lambda x, w: sliding.forward(x, w, g), x, kernel)
    assert_exact_or_refused(lambda y, w: sliding.input_grad(y, w, g), grad, kernel)
    assert_exact_or_refused(lambda y, x: sliding.kernel_grad(y, x, g), grad, x)


@given(huge_cases(st.integers(-(2**31), 2**31)))
def test_products_of_32_bits_are_exact_or_refused(case):
    g, kernel, x, grad = case
    assert_exact_or_refused(lambda x, w: sliding.forward(x, w, g), x, kernel)
    assert_exact_or_refused(lambda y, w: sliding.input_grad(y, w, g), grad, kernel)
    assert_exact_or_refused(lambda y, x: sliding.kernel_grad(y, x, g), grad, x)


@given(huge_cases())
def test_operator_on_integers_is_exact_or_refused(case):
    g, kernel, x, grad = case
    shape = (g.in_channels, *g.input_size)

    def forward(x, w):
        return conv_operator(w, shape, **g.keywords) @ x.reshape(2, -1).T

    def backward(y, w):
        return conv_operator(w, shape, **g.keywords).H @ y.reshape(2, -1).T

    assert_exact_or_refused(forward, x, kernel)
    assert_exact_or_refused(backward, grad, kernel)


@given(huge_cases())
def test_entries_of_the_matrix_are_exact_or_refused(case):
    """Only where taps share an entry is there a sum that could be beyond int64."""
    g, kernel, _, _ = case
    ties = tie_map(g)
    exact = np.zeros(g.matrix_shape, object)
    np.add.at(exact, (ties.rows, ties.cols), kernel.astype(object).ravel()[ties.taps])
    if all(LEAST <= number <= MOST for number in exact.flat):
        W = conv_matrix(kernel, (g.in_channels, *g.input_size), **g.keywords)
        assert W.toarray().tolist() == exact.tolist()
        return
    assert g.shared
    with pytest.raises(ConvmatError, match="sum must fit int64"):
        conv_matrix(kernel, (g.in_channels, *g.input_size), **g.keywords)


@given(huge_cases())
def test_product_of_scipy_wraps_modulo_2_to_64_and_no_more(case):
    """SciPy multiplies without looking; what fits int64 is right all the same."""
    g, kernel, x, _ = case
    ones = np.sign(kernel)  # sums of them fit, so there is a matrix
    W = conv_matrix(ones, (g.in_channels, *g.input_size), **g.keywords)
    y = (W @ x.reshape(2, -1).T).T
    exact = sliding.forward(x.astype(object), ones.astype(object), g).reshape(y.shape)
    assert ((exact - y) % 2**64 == 0).all()


@given(data=st.data())
def test_floats_stay_within_the_rounding_bound(route: Route, data):
    dtype = data.draw(st.sampled_from([d for d in FLOATS if d in route.carries]))
    g, kernel, x, _ = data.draw(cases(dtype, max_rank=2))
    exact = sliding.forward(exactly(x), exactly(kernel), g)
    sizes = sliding.forward(exactly(np.abs(x)), exactly(np.abs(kernel)), g)
    y = route.apply(kernel, x, g)
    assert within(y, exact, sizes, g.taps_per_row, dtype)


@given(data=st.data())
def test_input_gradients_stay_within_the_rounding_bound(input_route: Route, data):
    dtype = data.draw(st.sampled_from([d for d in FLOATS if d in input_route.carries]))
    g, kernel, _, grad = data.draw(cases(dtype, max_rank=2))
    exact = sliding.input_grad(exactly(grad), exactly(kernel), g)
    sizes = sliding.input_grad(exactly(np.abs(grad)), exactly(np.abs(kernel)), g)
    x_grad = input_route.input_grad(grad, kernel, g)
    terms = np.bincount(tie_map(g).cols, minlength=1).max()
    assert within(x_grad, exact, sizes, terms, dtype)


@given(data=st.data())
def test_kernel_gradients_stay_within_the_rounding_bound(kernel_route: Route, data):
    dtype = data.draw(st.sampled_from([d for d in FLOATS if d in kernel_route.carries]))
    g, _, x, grad = data.draw(cases(dtype, max_rank=2))
    exact = sliding.kernel_grad(exactly(grad), exactly(x), g)
    sizes = sliding.kernel_grad(exactly(np.abs(grad)), exactly(np.abs(x)), g)
    gradient = kernel_route.kernel_grad(grad, x, g)
    assert within(gradient, exact, sizes, len(x) * prod(g.output_size), dtype)


@given(data=st.data())
def test_complex_numbers_stay_within_the_rounding_bound(route: Route, data):
    """Each part is a real sum of twice as many products."""
    dtype = data.draw(st.sampled_from([d for d in COMPLEX if d in route.carries]))
    g, kernel, x, _ = data.draw(cases(dtype, max_rank=1))
    (a, b), (c, d) = ((exactly(z.real), exactly(z.imag)) for z in (x, kernel))

    def real(x, kernel):
        return sliding.forward(x, kernel, g)

    y = route.apply(kernel, x, g)
    a_, b_, c_, d_ = map(np.abs, (a, b, c, d))
    terms = 2 * g.taps_per_row
    assert within(
        y.real, real(a, c) - real(b, d), real(a_, c_) + real(b_, d_), terms, dtype
    )
    assert within(
        y.imag, real(a, d) + real(b, c), real(a_, d_) + real(b_, c_), terms, dtype
    )
