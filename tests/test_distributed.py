"""Slabs as tasks: the same numbers from threads, from processes, from a cluster."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    MatrixTooLargeError,
    ShapeError,
    conv,
    conv_input_grad,
    conv_matrix,
    geometry,
)
from convmat.matrix import matrix_rows
from convmat.verify.strategies import cases

dask = pytest.importorskip("dask", reason='needs pip install "convmat[distributed]"')
da = pytest.importorskip("dask.array")

from convmat.distributed import (  # noqa: E402 - it needs Dask
    apply,
    apply_adjoint,
    delayed_rows,
)

# One worker of pytest-xdist starts the cluster, and the others none.
pytestmark = pytest.mark.xdist_group("cluster")

G = geometry((4, 9, 7), (6, 2, 3, 2), stride=(1, 2), padding=[(2, 0), 1], groups=2)
RNG = np.random.default_rng(0)
KERNEL = RNG.integers(-9, 10, G.kernel_shape)
X = RNG.integers(-9, 10, G.input_shape)
Y = RNG.integers(-9, 10, G.output_shape)


@pytest.fixture(scope="module")
def client():
    """Two processes on this machine; nothing is opened to other machines."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: None means port 8787
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(2)
        yield client


def where(slab):
    """The process that runs this, and the first entry, so that the slab is built."""
    return os.getpid(), int(slab.data[0])


def test_two_processes_build_and_apply_the_slabs(client):
    y = apply(KERNEL, G.input_shape, X.ravel(), block=10, **G.keywords).compute()
    assert y.dtype == np.int64
    assert np.array_equal(y, conv(X, KERNEL, **G.keywords).ravel())
    slabs = delayed_rows(KERNEL, G.input_shape, block=10, **G.keywords)
    at = [dask.delayed(where, pure=False)(slab) for slab in slabs]
    processes = {process for process, _ in dask.compute(*at)}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_two_processes_apply_the_adjoint(client):
    x = apply_adjoint(KERNEL, G.input_shape, Y.ravel(), block=7, **G.keywords).compute()
    expected = conv_input_grad(Y, KERNEL, G.input_shape, **G.keywords)
    assert np.array_equal(x, expected.ravel())


def test_slabs_that_come_from_the_cluster_are_the_matrix(client):
    slabs = dask.compute(*delayed_rows(KERNEL, G.input_shape, block=25, **G.keywords))
    rows = matrix_rows(KERNEL, G.input_shape, block=25, **G.keywords)
    for slab, expected in zip(slabs, rows, strict=True):
        assert np.array_equal(slab.indptr, expected.indptr)
        assert np.array_equal(slab.indices, expected.indices)
        assert np.array_equal(slab.data, expected.data)


def test_a_vector_may_lie_on_the_cluster_in_chunks(client):
    x = da.from_array(X.ravel(), chunks=50)
    y = apply(KERNEL, G.input_shape, x, block=30, **G.keywords)
    back = apply_adjoint(KERNEL, G.input_shape, y, block=17, **G.keywords)
    W = conv_matrix(KERNEL, G.input_shape, **G.keywords)
    assert np.array_equal(back.compute(), W.T @ (W @ X.ravel()))


def test_an_executor_of_the_cluster_maps_over_the_ranges(client):
    from functools import partial

    from convmat.matrix import matrix_slab, row_ranges

    build = partial(matrix_slab, KERNEL, G.input_shape, **G.keywords)
    with client.get_executor() as executor:
        slabs = list(executor.map(build, list(row_ranges(G, block=40))))
    W = conv_matrix(KERNEL, G.input_shape, **G.keywords)
    assert np.array_equal(np.concatenate([slab.data for slab in slabs]), W.data)


def test_an_error_on_a_worker_keeps_its_parts(client):
    from convmat.matrix import matrix_slab

    future = client.submit(matrix_slab, [1, 2], 9, range(3, 99))
    with pytest.raises(ConvmatError, match="rows must lie within the 8 rows") as info:
        future.result()
    assert (info.value.argument, info.value.value) == ("rows", range(3, 99))


# ------------------------------------------------------------- laws, in one thread


def computed(array):
    return array.compute(scheduler="sync")


@settings(max_examples=50)
@given(cases(max_rank=2), st.integers(1, 40), st.booleans())
def test_apply_is_the_convolution(case, block, lazy):
    g, kernel, x, _ = case
    kernel = kernel.reshape(g.kernel_shape)
    flat = np.ascontiguousarray(x.reshape(len(x), -1).T)
    given_x = da.from_array(flat, chunks=(3, 1)) if lazy else flat
    y = apply(kernel, g.input_shape, given_x, block=block, **g.keywords)
    expected = conv(x, kernel.reshape(g.weight_shape), **g.keywords)
    assert y.shape == (g.matrix_shape[0], len(x))
    assert y.dtype == expected.dtype
    assert np.array_equal(computed(y).T, expected.reshape(len(x), -1))


@settings(max_examples=50)
@given(cases(max_rank=2), st.integers(1, 40), st.booleans())
def test_apply_adjoint_is_the_input_gradient(case, block, lazy):
    g, kernel, x, grad = case
    kernel = kernel.reshape(g.kernel_shape)
    flat = np.ascontiguousarray(grad.reshape(len(x), -1).T)
    given_y = da.from_array(flat, chunks=(2, 2)) if lazy else flat
    back = apply_adjoint(kernel, g.input_shape, given_y, block=block, **g.keywords)
    expected = conv_input_grad(
        grad, kernel.reshape(g.weight_shape), x.shape[1:], **g.keywords
    )
    assert back.shape == (g.matrix_shape[1], len(x))
    assert back.dtype == expected.dtype
    assert np.array_equal(computed(back).T, expected.reshape(len(x), -1))


def test_the_adjoint_is_conjugated():
    kernel = np.array([1 + 2j, 3 - 1j])
    W = conv_matrix(kernel, 4).toarray()
    y = np.array([1j, 2, 3 - 1j])
    back = computed(apply_adjoint(kernel, 4, y, block=2))
    assert np.array_equal(back, W.conj().T @ y)


@pytest.mark.parametrize(
    ("kernel", "x"),
    [
        ("int64", "float32"),
        ("float32", "int64"),
        ("float32", "complex64"),
        ("float64", "float32"),
        ("int64", "int8"),
    ],
)
def test_dtypes_are_those_of_the_product(kernel, x):
    y = apply(np.ones(2, kernel), 5, np.ones(5, x), block=2)
    assert (
        y.dtype
        == computed(y).dtype
        == np.result_type(kernel, "int64" if x == "int8" else x)
    )
    back = apply_adjoint(np.ones(2, kernel), 5, np.ones(4, x), block=2)
    assert back.dtype == computed(back).dtype == y.dtype


def test_threads_and_processes_give_the_same_bits():
    kernel = RNG.standard_normal((3, 3))
    y = RNG.standard_normal(30 * 40)
    back = apply_adjoint(kernel, (30, 40), y, block=31, padding=1)
    once = back.compute(scheduler="sync")
    for _ in range(3):
        assert back.compute(scheduler="threads").tobytes() == once.tobytes()


# --------------------------------------------------------------------------- cost


def test_nothing_large_is_sent(monkeypatch):
    """A task is the kernel's name, shapes and a range: what the matrix takes is not."""
    shape, kernel = (64, 512, 512), np.ones((64, 64, 3, 3))
    slabs = delayed_rows(kernel, shape, block=10**5, padding=1)
    assert len(slabs) == 168
    whole = {}
    for slab in slabs:
        whole.update(slab.dask)
    assert len(whole) == len(slabs) + 1  # and the kernel, once
    assert len(pickle.dumps(whole)) < 2 * kernel.nbytes


def test_nothing_is_built_before_it_is_computed(monkeypatch):
    y = apply([1, 2], 2**30, da.zeros(2**30), block=2**24)
    assert y.shape == (2**30 - 1,)
    assert y.numblocks == (64,)


def test_a_later_change_of_the_kernel_reaches_no_task():
    kernel = np.array([1, 2])
    y = apply(kernel, 3, np.array([1, 10, 100]), block=1)
    kernel[:] = 0
    assert computed(y).tolist() == [21, 210]


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize("shape", [(4,), (3, 3), (9, 1, 1), ()])
def test_vectors_of_another_length_are_refused(shape):
    with pytest.raises(
        ShapeError, match=r"x\.shape must be \(9,\) or \(9, batch\).*rav"
    ):
        apply(np.ones((2, 2)), (3, 3), np.ones(shape))
    shape = (9,) if shape == (4,) else shape
    with pytest.raises(
        ShapeError, match=r"y\.shape must be \(4,\) or \(4, batch\).*row"
    ):
        apply_adjoint(np.ones((2, 2)), (3, 3), np.ones(shape))


def test_numbers_that_scipy_cannot_multiply_are_refused():
    from fractions import Fraction

    with pytest.raises(ConvmatTypeError, match="x must be of integers, floats or"):
        apply([1, 2], 3, [Fraction(1, 2)] * 3)
    with pytest.raises(ConvmatTypeError, match="y must be of integers, floats or"):
        apply_adjoint([1, 2], 3, da.zeros(2, chunks=2, dtype=object))
    with pytest.raises(ConvmatTypeError, match="kernel must be of a dtype"):
        delayed_rows([Fraction(1, 2)], 3)


def test_dask_arrays_are_read_as_others_are():
    for dtype, rule in (("u8", "uint64 mixes with int64"), ("?", "a mask becomes")):
        with pytest.raises(ConvmatTypeError, match=f"^x must hold numbers.*{rule}"):
            apply([1, 2], 3, da.ones(3, chunks=2, dtype=dtype))
    for dtype in ("u1", "i2"):
        y = apply([1, 2], 3, da.full(3, 100, chunks=2, dtype=dtype))
        assert y.dtype == y.compute(scheduler="threads").dtype == np.int64
        assert y.compute(scheduler="threads").tolist() == [300, 300]


def test_settings_are_refused_before_any_task_is_made():
    with pytest.raises(ConvmatError, match="block must be at least 1"):
        delayed_rows([1, 2], 3, block=0)
    with pytest.raises(ConvmatError, match="stride must be at least 1"):
        apply([1, 2], 3, [1, 2, 3], stride=0)
    with pytest.raises(MatrixTooLargeError, match="max_bytes allows 10 bytes"):
        apply_adjoint([1, 2], 3, [1, 2], max_bytes=10)


def test_without_dask_the_extra_is_named():
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "try:\n"
        "    import convmat.distributed\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    expected = 'convmat.distributed needs Dask: pip install "convmat[distributed]", or'
    assert done.stdout.startswith(expected)
