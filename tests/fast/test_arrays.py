"""Whatever the arrays look like, the maps read them, and never write to them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from convmat import fast, geometry, sliding

GEOMETRIES = {
    "columns": geometry((3, 20, 21), (4, 3, 3, 2), stride=2, padding=1),
    "no padding": geometry((3, 20, 21), (4, 3, 3, 2)),
    "shifted": geometry((48, 15, 16), (48, 48, 3, 3), padding=1),
    "tiles": geometry((300, 256), (5, 5), padding=2),
    "lines": geometry((16, 20, 33), (12, 16, 3, 3), padding=1),
    "reflect": geometry((3, 20, 21), (4, 3, 3, 2), padding=2, padding_mode="reflect"),
    "circular": geometry(
        (3, 20, 21),
        (4, 3, 3, 2),
        stride=2,
        padding=[(3, 1), 0],
        padding_mode="circular",
    ),
}
every_geometry = pytest.mark.parametrize("g", GEOMETRIES.values(), ids=GEOMETRIES)
every_map = pytest.mark.parametrize("name", ["forward", "input_grad", "kernel_grad"])

LOOKS = {
    "fortran": np.asfortranarray,
    "reversed": lambda array: array[::-1, ..., ::-1].copy()[::-1, ..., ::-1],
    "every second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "read-only": lambda array: read_only(array.copy()),
    "repeated": lambda array: np.broadcast_to(array[:, :1], array.shape),
}


def read_only(array):
    array.flags.writeable = False
    return array


def arguments(name, g, batch=9, dtype=float):
    rng = np.random.default_rng(2)
    x = rng.integers(-9, 9, (batch, g.in_channels, *g.input_size)).astype(dtype)
    kernel = rng.integers(-9, 9, g.weight_shape).astype(dtype)
    grad = rng.integers(-9, 9, (batch, g.out_channels, *g.output_size)).astype(dtype)
    return {
        "forward": (x, kernel),
        "input_grad": (grad, kernel),
        "kernel_grad": (grad, x),
    }[name]


@every_geometry
@every_map
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_look_of_an_array_does_not_matter(name, g, look):
    arrays = [look(array) for array in arguments(name, g, batch=3)]
    expected = getattr(sliding, name)(*arrays, g)
    np.testing.assert_array_equal(getattr(fast, name)(*arrays, g), expected)


@every_geometry
@every_map
def test_results_are_new_and_arguments_stay_as_they_were(name, g):
    arrays = arguments(name, g)
    before = [array.copy() for array in arrays]
    result = getattr(fast, name)(*arrays, g)
    assert result.flags.c_contiguous
    assert result.flags.writeable
    assert not any(np.shares_memory(result, array) for array in arrays)
    result[...] = np.nan
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    again = getattr(fast, name)(*arrays, g)
    np.testing.assert_array_equal(again, getattr(sliding, name)(*arrays, g))


@every_geometry
@every_map
def test_an_empty_batch_gives_an_empty_result_or_zeros(name, g):
    arrays = arguments(name, g, batch=0)
    expected = getattr(sliding, name)(*arrays, g)
    result = getattr(fast, name)(*arrays, g)
    assert result.shape == expected.shape
    assert not result.any()


@every_map
def test_mixed_dtypes_meet_where_numpy_lets_them_meet(name):
    g = GEOMETRIES["columns"]
    first, second = arguments(name, g)
    mixed = first.astype("c8"), second.astype("f8")
    result = getattr(fast, name)(*mixed, g)
    assert result.dtype == np.complex128
    np.testing.assert_array_equal(result, getattr(sliding, name)(*mixed, g))


@every_map
def test_threads_do_not_disturb_each_other(name):
    tasks = [
        (arguments(name, g, batch), g)
        for g in GEOMETRIES.values()
        for batch in (1, 2, 9)
    ] * 3
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda task: getattr(fast, name)(*task[0], task[1]), tasks)
        for (arrays, g), result in zip(tasks, results, strict=True):
            expected = getattr(sliding, name)(*arrays, g)
            np.testing.assert_array_equal(result, expected)


@every_geometry
@every_map
@pytest.mark.parametrize("number", [np.inf, np.nan])
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_not_finite_spreads_as_far_as_in_the_definition(name, g, number, which):
    arrays = arguments(name, g, batch=2)
    flat = arrays[which].reshape(-1)
    flat[flat.size // 3] = number
    expected = getattr(sliding, name)(*arrays, g)
    result = getattr(fast, name)(*arrays, g)
    np.testing.assert_array_equal(result, expected)
