"""Numbers beyond int64: fractions and Python integers exactly, floats within a bound.

A float result is a sum of `n` rounded products, added in some order, so it is within
`gamma(n) * sum |w| |x|` of the exact one (Higham, chapter 3). The exact one is computed
in fractions, which hold every float without rounding.
"""

from fractions import Fraction
from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convmat import sliding, tie_map
from convmat.verify import Route
from convmat.verify.rounding import gamma
from convmat.verify.strategies import cases

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


@given(case=cases(max_rank=2), power=st.integers(70, 90))
def test_python_integers_of_any_size_do_not_wrap(object_route: Route, case, power):
    g, kernel, x, _ = case
    y = object_route.apply(kernel.astype(object) * 2**power, x.astype(object), g)
    assert np.array_equal(y, sliding.forward(x, kernel, g).astype(object) * 2**power)


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
