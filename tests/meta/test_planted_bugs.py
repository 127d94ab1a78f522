"""The checkers are checked: each planted bug must be caught, by `prove` or by a law.

A bug is one wrong thing in one room. `prove` names the route and the map that it found
wrong first; a law is loaded from its own file and must fail.
"""

import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, settings

from convmat import operator, sliding
from convmat.geometry import Axis, Geometry, doors, shorthand
from convmat.matrix import csr
from convmat.tie import pattern, ties
from convmat.verify import BOXES, ROUTES, prove

TESTS = Path(__file__).parents[1]
Patch = pytest.MonkeyPatch


def forget_all() -> None:
    """Empty every cache: a kept value would hide a bug, or keep it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("convmat"):
            for value in list(vars(module).values()):
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


@pytest.fixture
def patch() -> Iterator[Patch]:
    forget_all()
    with pytest.MonkeyPatch.context() as context:
        yield context
    forget_all()


def law(file: str, name: str) -> Callable[..., None]:
    """A test of another file, without its database and its shrinking."""
    path = TESTS / file
    spec = importlib.util.spec_from_file_location(f"planted_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    test = getattr(module, name)
    if hasattr(test, "hypothesis"):
        quick = settings(
            derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
        )
        return quick(test)
    return test


# ------------------------------------------------------------------------- geometry


def output_size_rounded_up(patch: Patch) -> None:
    def out_size(axis: Axis) -> int:
        return -(-(axis.padded_size - axis.span) // axis.stride) + 1

    patch.setattr(Axis, "out_size", property(out_size))


def padding_before_ignored(patch: Patch) -> None:
    right = Axis.sources
    patch.setattr(Axis, "sources", lambda axis: right(replace(axis, before=0)))


def pads_swapped(patch: Patch) -> None:
    def sources(axis: Axis):
        cells = axis.padded_cells() - axis.after
        return np.where((cells >= 0) & (cells < axis.size), cells, -1)

    patch.setattr(Axis, "sources", sources)


def dilation_ignored(patch: Patch) -> None:
    right = Axis.padded_cells

    def padded_cells(axis: Axis):
        undilated = right(replace(axis, dilation=1))
        return undilated[: axis.out_size]

    patch.setattr(Axis, "padded_cells", padded_cells)


def last_tap_inside_lost(patch: Patch) -> None:
    right = Axis.taps_inside

    def taps_inside(axis: Axis, out: int) -> range:
        taps = right(axis, out)
        return taps[:-1] if len(taps) < axis.kernel else taps

    patch.setattr(Axis, "taps_inside", taps_inside)


def ranges_one_too_long(patch: Patch) -> None:
    right = Axis.alike

    def alike(axis: Axis) -> Iterator[range]:
        edges = [0, *(outs.stop for outs in right(axis))]
        for place in range(1, len(edges) - 1):
            if edges[place] + 1 < edges[place + 1]:
                edges[place] += 1
                break
        return (range(*ends) for ends in pairwise(edges))

    patch.setattr(Axis, "alike", alike)


# ------------------------------------------------------------------------------ tie


def planted_ties(patch: Patch, change) -> None:
    right = ties._outer_entries

    def outer_entries(geometry: Geometry, inside: bool):
        return change(geometry, *right(geometry, inside))

    patch.setattr(ties, "_outer_entries", outer_entries)


def axes_swapped(patch: Patch) -> None:
    def change(g: Geometry, rows, cols, taps):
        channel, *cells = np.unravel_index(cols, (g.in_channels, *g.input_size))
        shape = (g.in_channels, *g.input_size[::-1])
        return rows, np.ravel_multi_index((channel, *cells[::-1]), shape), taps

    planted_ties(patch, change)


def groups_read_the_first_channels(patch: Patch) -> None:
    def change(g: Geometry, rows, cols, taps):
        return rows, cols % (g.matrix_shape[1] // g.groups), taps

    planted_ties(patch, change)


def outputs_share_one_kernel(patch: Patch) -> None:
    def change(g: Geometry, rows, cols, taps):
        return rows, cols, taps % g.taps_per_row

    planted_ties(patch, change)


def kernel_axes_swapped(patch: Patch) -> None:
    def change(g: Geometry, rows, cols, taps):
        bank = np.arange(g.free_parameters).reshape(g.weight_shape)
        turned = bank.swapaxes(-1, -2).reshape(-1)
        return rows, cols, turned[taps]

    planted_ties(patch, change)


def one_entry_lost(patch: Patch) -> None:
    planted_ties(patch, lambda g, rows, cols, taps: (rows[:-1], cols[:-1], taps[:-1]))


# -------------------------------------------------------------------------- pattern


def planted_structure(patch: Patch, change) -> None:
    right = pattern.Pattern.structure
    patch.setattr(
        pattern.Pattern,
        "structure",
        lambda self: change(self.geometry, *right(self)),
    )


def planted_values(patch: Patch, change) -> None:
    right = pattern.Pattern.values
    patch.setattr(
        pattern.Pattern,
        "values",
        lambda self, kernel, out=None: change(right, self, kernel, out),
    )


def rows_step_one_column_too_far(patch: Patch) -> None:
    def change(g: Geometry, indptr, indices):
        rows = np.repeat(np.arange(g.matrix_shape[0]), np.diff(indptr))
        return indptr, (indices + rows).astype(np.int32) % g.matrix_shape[1]

    planted_structure(patch, change)


def groups_stay_in_the_first_columns(patch: Patch) -> None:
    def change(g: Geometry, indptr, indices):
        return indptr, indices % (g.matrix_shape[1] // g.groups)

    planted_structure(patch, change)


def rows_begin_one_entry_late(patch: Patch) -> None:
    def change(g: Geometry, indptr, indices):
        indptr[1:-1] = np.minimum(indptr[1:-1] + 1, g.nnz)
        return indptr, indices

    planted_structure(patch, change)


def last_entries_are_not_written(patch: Patch) -> None:
    def change(right, self, kernel, out):
        data = right(self, kernel, out)
        data[-1:] = 0
        return data

    planted_values(patch, change)


def every_output_has_the_first_kernel(patch: Patch) -> None:
    def change(right, self, kernel, out):
        bank = kernel.reshape(self.geometry.weight_shape)
        return right(self, np.repeat(bank[:1], len(bank), axis=0), out)

    planted_values(patch, change)


def indices_run_out_of_the_matrix(patch: Patch) -> None:
    planted_structure(patch, lambda g, indptr, indices: (indptr, indices + 10**6))


# --------------------------------------------------------------------------- matrix


def kernel_flipped(patch: Patch) -> None:
    right = csr.from_pattern
    patch.setattr(
        csr, "from_pattern", lambda g, kernel: right(g, kernel[..., ::-1].copy())
    )


def kernel_transposed(patch: Patch) -> None:
    right = csr.from_pattern

    def from_pattern(g: Geometry, kernel):
        bank = kernel.reshape(g.weight_shape).swapaxes(-1, -2)
        return right(g, bank.reshape(g.weight_shape))

    patch.setattr(csr, "from_pattern", from_pattern)


def zero_taps_dropped(patch: Patch) -> None:
    right = csr.from_pattern

    def from_pattern(g: Geometry, kernel):
        W = right(g, kernel)
        W.eliminate_zeros()
        return W

    patch.setattr(csr, "from_pattern", from_pattern)


def form_not_canonical(patch: Patch) -> None:
    right = csr.from_pattern

    def from_pattern(g: Geometry, kernel):
        W = right(g, kernel)
        for start, stop in zip(W.indptr[:-1], W.indptr[1:], strict=True):
            W.indices[start:stop] = W.indices[start:stop][::-1].copy()
            W.data[start:stop] = W.data[start:stop][::-1].copy()
        return W

    patch.setattr(csr, "from_pattern", from_pattern)


def refill_keeps_the_old_kernel(patch: Patch) -> None:
    def change(right, self, kernel, out):
        return right(self, kernel) if out is None else out

    planted_values(patch, change)


# -------------------------------------------------------------------------- sliding


def planted_map(patch: Patch, name: str, change) -> None:
    right = getattr(sliding, name)
    patch.setattr(sliding, name, lambda *arguments: change(right, *arguments))


def windows_not_dilated(patch: Patch) -> None:
    right = sliding._columns

    def columns(x, g: Geometry):
        found, outs = right(x, replace(g, dilation=(1,) * g.rank))
        fewer = tuple(map(slice, g.output_size))
        found = found.reshape(*found.shape[:2], *outs, found.shape[-1])
        found = found[:, :, *fewer].reshape(*found.shape[:2], -1, found.shape[-1])
        return found, g.output_size

    patch.setattr(sliding, "_columns", columns)


def windows_padded_after_only(patch: Patch) -> None:
    right = sliding._columns

    def columns(x, g: Geometry):
        pads = tuple((0, before + after) for before, after in g.padding)
        return right(x, replace(g, padding=pads))

    patch.setattr(sliding, "_columns", columns)


def input_gradient_one_cell_late(patch: Patch) -> None:
    planted_map(
        patch, "input_grad", lambda right, *rest: np.roll(right(*rest), 1, axis=-1)
    )


def kernel_gradient_of_the_first_image_only(patch: Patch) -> None:
    planted_map(
        patch, "kernel_grad", lambda right, grad, x, g: right(grad[:1], x[:1], g)
    )


def square_of_the_kernel(patch: Patch) -> None:
    planted_map(patch, "forward", lambda right, x, kernel, g: right(x, kernel**2, g))


def bias_upside_down(patch: Patch) -> None:
    right = doors.read_bias
    patch.setattr(doors, "read_bias", lambda *given: right(*given)[::-1])


def integers_through_floats(patch: Patch) -> None:
    planted_map(patch, "forward", lambda right, x, kernel, g: right(x * 1.0, kernel, g))


def padding_of_objects_with_int64(patch: Patch) -> None:
    """As NumPy does it of its own accord."""

    def pad(array, widths, constant_values):
        return np.pad(array, widths)

    shim = types.SimpleNamespace(**{name: getattr(np, name) for name in np.__all__})
    shim.pad = pad
    patch.setattr(sliding, "np", shim)


# ------------------------------------------------------------------------- operator


def planted_operator(patch: Patch, **functions) -> None:
    kept = {name: getattr(sliding, name) for name in ("forward", "input_grad")}
    patch.setattr(operator, "maps", types.SimpleNamespace(**{**kept, **functions}))


def operator_reads_channels_backwards(patch: Patch) -> None:
    planted_operator(patch, forward=lambda x, k, g: sliding.forward(x[:, ::-1], k, g))


def operator_returns_outputs_backwards(patch: Patch) -> None:
    planted_operator(
        patch, input_grad=lambda y, k, g: sliding.input_grad(y[..., ::-1], k, g)
    )


def adjoint_without_conjugate(patch: Patch) -> None:
    shim = types.SimpleNamespace(**{name: getattr(np, name) for name in np.__all__})
    shim.conjugate = lambda weights: weights
    patch.setattr(operator, "np", shim)


# ---------------------------------------------------------------------------- tests

# The route that is found wrong is the first that differs from the tie map. A bug in the
# tie map itself is found through the sliding window, which shares nothing with it.
PROVED = [
    (output_size_rounded_up, "plane", "sliding", "forward"),
    (padding_before_ignored, "axis-6", "sliding", "forward"),
    (pads_swapped, "axis-6", "sliding", "forward"),
    (dilation_ignored, "plane", "sliding", "forward"),
    (last_tap_inside_lost, "axis-6", "matrix", "forward"),
    (ranges_one_too_long, "axis-6", "matrix", "forward"),
    (axes_swapped, "plane", "sliding", "forward"),
    (kernel_axes_swapped, "plane", "sliding", "forward"),
    (groups_read_the_first_channels, "channels", "sliding", "forward"),
    (outputs_share_one_kernel, "channels", "sliding", "forward"),
    (one_entry_lost, "axis-6", "sliding", "forward"),
    (rows_step_one_column_too_far, "axis-6", "matrix", "forward"),
    (groups_stay_in_the_first_columns, "channels", "matrix", "forward"),
    (rows_begin_one_entry_late, "axis-6", "matrix", "forward"),
    (last_entries_are_not_written, "axis-6", "matrix", "forward"),
    (every_output_has_the_first_kernel, "channels", "matrix", "forward"),
    (indices_run_out_of_the_matrix, "axis-6", "matrix", "forward"),
    (kernel_flipped, "axis-6", "matrix", "forward"),
    (kernel_transposed, "plane", "matrix", "forward"),
    (windows_not_dilated, "plane", "sliding", "forward"),
    (windows_padded_after_only, "axis-6", "sliding", "forward"),
    (input_gradient_one_cell_late, "axis-6", "sliding", "input_grad"),
    (kernel_gradient_of_the_first_image_only, "axis-6", "sliding", "kernel_grad"),
    (square_of_the_kernel, "axis-6", "sliding", "forward"),
    (bias_upside_down, "channels", "conv", "bias"),
    (integers_through_floats, "axis-6", "sliding", "forward"),
    (operator_reads_channels_backwards, "channels", "operator", "forward"),
    (operator_returns_outputs_backwards, "axis-6", "operator", "input_grad"),
]

# These give no result that could be compared: another shape or dtype, or an error.
WITHOUT_RESULT = [
    output_size_rounded_up,
    last_tap_inside_lost,
    ranges_one_too_long,
    indices_run_out_of_the_matrix,
    integers_through_floats,
]

LAWS = [
    (
        zero_taps_dropped,
        "test_matrix.py",
        "test_zero_taps_are_stored_like_any_other",
        {},
    ),
    (form_not_canonical, "test_matrix.py", "test_form_is_canonical_and_of_32_bits", {}),
    (
        refill_keeps_the_old_kernel,
        "test_matrix.py",
        "test_refill_is_the_matrix_of_the_new_kernel",
        {},
    ),
    (
        adjoint_without_conjugate,
        "laws/test_adjoint.py",
        "test_adjoint_of_the_operator_is_the_conjugate_transpose",
        {},
    ),
    (
        square_of_the_kernel,
        "laws/test_linearity.py",
        "test_forward_is_linear_in_the_kernel",
        {"route": ROUTES["sliding"]},
    ),
    (
        integers_through_floats,
        "laws/test_equivalence.py",
        "test_route_is_the_sliding_window_in_value_and_dtype",
        {"route": ROUTES["sliding"]},
    ),
    (
        input_gradient_one_cell_late,
        "laws/test_adjoint.py",
        "test_input_gradient_is_the_transpose",
        {"input_route": ROUTES["sliding"]},
    ),
    (
        kernel_gradient_of_the_first_image_only,
        "laws/test_gradients.py",
        "test_kernel_gradient_is_the_exact_difference_quotient",
        {"kernel_route": ROUTES["sliding"]},
    ),
    (
        last_tap_inside_lost,
        "test_exhaustive.py",
        "test_every_axis_is_the_formula",
        {},
    ),
    (
        outputs_share_one_kernel,
        "test_exhaustive.py",
        "test_channels_groups_and_more_axes_are_the_formula",
        {},
    ),
]


def sentence(value: object) -> str | None:
    return value.__name__ if callable(value) else None


@pytest.mark.parametrize(("bug", "box", "route", "part"), PROVED, ids=sentence)
def test_prove_catches(patch, bug, box, route, part):
    bug(patch)
    proof = prove(BOXES[box], progress=False)
    assert not proof.passed
    assert (proof.failure.route, proof.failure.part) == (route, part)
    assert "should be" in proof.failure.sentence()
    assert isinstance(proof.failure.got, Exception) == (bug in WITHOUT_RESULT)


@pytest.mark.parametrize(("bug", "file", "name", "arguments"), LAWS, ids=sentence)
def test_a_law_catches(patch, bug, file, name, arguments):
    check = law(file, name)
    bug(patch)
    with pytest.raises(AssertionError):
        check(**arguments)


@pytest.mark.parametrize(("bug", "file", "name", "arguments"), LAWS, ids=sentence)
def test_the_same_law_holds_without_the_bug(patch, bug, file, name, arguments):
    law(file, name)(**arguments)


def test_a_second_derivation_is_what_catches_the_geometry(patch):
    """Routes on one formula agree in its mistakes; the sliding window does not."""
    pads_swapped(patch)
    assert prove(BOXES["axis-6"], routes=[ROUTES["dense"]], progress=False).passed
    assert not prove(BOXES["axis-6"], routes=[ROUTES["sliding"]], progress=False).passed


def test_nothing_planted_stays(patch):
    for bug in (output_size_rounded_up, one_entry_lost, kernel_flipped):
        with pytest.MonkeyPatch.context() as inner:
            bug(inner)
            assert not prove(BOXES["volume"], progress=False).passed
        forget_all()
    assert prove(BOXES["volume"], progress=False).passed
    assert shorthand._shared.cache_info().maxsize == 256
