"""Misspelt keywords, and names that are nearly right or another library's."""

import inspect

import numpy as np
import pytest

import convmat
from convmat import ConvmatTypeError, GeometryError, conv, conv_matrix, geometry, linear
from convmat.geometry import dialect, same_pads
from convmat.geometry.checks import PADDING_MODES
from convmat.geometry.keywords import SETTINGS, known_keywords
from convmat.geometry.layout import read_beside
from convmat.geometry.names import nearest
from convmat.matrix import matrix_slab, save_rows

X, KERNEL = np.ones((5, 5)), np.ones((2, 2))

FUNCTIONS = {
    "conv": (conv, X, KERNEL),
    "conv_input_grad": (convmat.conv_input_grad, np.ones((4, 4)), KERNEL, (5, 5)),
    "conv_kernel_grad": (convmat.conv_kernel_grad, np.ones((4, 4)), X, (2, 2)),
    "sliding.conv": (convmat.sliding.conv, X, KERNEL),
    "conv_matrix": (conv_matrix, KERNEL, (5, 5)),
    "conv_operator": (convmat.conv_operator, KERNEL, (5, 5)),
    "conv_transpose": (convmat.conv_transpose, X, KERNEL),
    "conv_transpose_matrix": (convmat.conv_transpose_matrix, KERNEL, (5, 5)),
    "conv_transpose_operator": (convmat.conv_transpose_operator, KERNEL, (5, 5)),
    "matrix_rows": (convmat.matrix_rows, KERNEL, (5, 5)),
    "matrix_slab": (matrix_slab, KERNEL, (5, 5), range(2)),
    "conv_factors": (linear.conv_factors, KERNEL, (5, 5)),
    "geometry": (geometry, (5, 5), (2, 2)),
    "transposed_geometry": (convmat.transposed_geometry, (5, 5), (2, 2)),
    "read_beside": (read_beside, (5, 5), (2, 2)),
}


@pytest.mark.parametrize(("name", "call"), FUNCTIONS.items(), ids=FUNCTIONS)
def test_a_misspelt_keyword_is_named_with_the_function_that_was_called(name, call):
    function, *arguments = call
    name = name.rpartition(".")[2]
    match = rf"^pading is no keyword of {name}, got pading=1; did you mean padding\? "
    with pytest.raises(ConvmatTypeError, match=rf"{match}{name} takes .*padding_mode"):
        function(*arguments, pading=1)


@pytest.mark.parametrize("call", FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_keyword_that_is_listed_is_taken(call):
    function, *arguments = call
    with pytest.raises(ConvmatTypeError) as caught:
        function(*arguments, nonsense=1)
    listed = caught.value.remedy.partition(" takes ")[2].split(", ")
    assert set(SETTINGS) <= set(listed)
    own = inspect.signature(function).parameters
    plain = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    plain |= {"padding_mode": "zeros", "output_padding": 0}
    for keyword in listed:
        value = own[keyword].default if keyword in own else plain[keyword]
        assert function(*arguments, **{keyword: value}) is not None


def test_functions_that_hand_their_keywords_on_refuse_as_well(tmp_path):
    with pytest.raises(ConvmatTypeError, match="pading is no keyword of"):
        save_rows(tmp_path / "W.npz", KERNEL, (5, 5), pading=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("written", "value", "meant"),
    [
        ("pad", 1, "padding"),
        ("pads", 1, "padding"),
        ("strides", 2, "stride"),
        ("Stride", 2, "stride"),
        ("dilation_rate", 2, "dilation"),
        ("group", 2, "groups"),
        ("mode", "circular", "padding_mode"),
        ("mode", "same", "padding"),
        ("mode", np.ones(3), "padding_mode"),
        ("boundary", "wrap", "padding_mode"),
        ("maxbytes", 9, "max_bytes"),
    ],
)
def test_what_others_call_a_keyword_is_known(written, value, meant):
    with pytest.raises(ConvmatTypeError, match=rf"did you mean {meant}\? conv_matrix"):
        conv_matrix(KERNEL, (5, 5), **{written: value})


def test_nothing_is_proposed_that_the_function_does_not_take():
    with pytest.raises(ConvmatTypeError, match="got maxbytes=9; conv takes bias, stri"):
        conv(X, KERNEL, maxbytes=9)
    with pytest.raises(ConvmatTypeError, match="got zzz=1; conv takes"):
        conv(X, KERNEL, zzz=1)


def test_a_function_that_knows_its_keywords_is_itself_to_the_eye():
    @known_keywords
    def plain(one, two=2, **keywords):
        """What it is."""
        return one, two, keywords

    assert plain.__name__ == "plain"
    assert plain.__doc__ == "What it is."
    assert str(inspect.signature(plain)) == "(one, two=2, **keywords)"
    assert plain(1, two=3, groups=4) == (1, 3, {"groups": 4})
    with pytest.raises(ConvmatTypeError, match="did you mean two"):
        plain(1, tow=3)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("wrap", "circular"),
        ("edge", "replicate"),
        ("constant", "zeros"),
        ("nearest", "replicate"),
        ("mirror", "reflect"),
        ("grid-mirror", "symmetric"),
        ("Circular", "circular"),
        ("zero", "zeros"),
        ("reflection", "reflect"),
        ("symetric", "symmetric"),
    ],
)
def test_the_mode_that_is_meant_is_named(written, meant):
    with pytest.raises(GeometryError, match=rf"{written}'; did you mean '{meant}'\?$"):
        conv(X, KERNEL, padding=1, padding_mode=written)


@pytest.mark.parametrize("written", ["blue", "", 3, None])
def test_no_mode_is_guessed_where_none_is_near(written):
    with pytest.raises(GeometryError, match="padding_mode must be one of") as caught:
        geometry(3, 2, padding_mode=written)
    assert caught.value.remedy == ""


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_how_much_and_what_are_told_apart(mode):
    match = f"padding says how much; padding_mode='{mode}' says what stands there$"
    with pytest.raises(GeometryError, match=match):
        geometry(3, 2, padding=mode)
    for amount in ("same", "valid", "full"):
        with pytest.raises(GeometryError, match=f"; padding='{amount}' how much$"):
            geometry(3, 2, padding_mode=amount)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SAME", "same"),
        ("VALID", "valid"),
        ("SAME_UPPER", "same"),
        ("SAME_LOWER", "same_lower"),
        ("same:torh", "same:torch"),
        ("same:SciPy", "same:scipy"),
        ("Same:Keras", "same:keras"),
        ("torch", "same:torch"),
        ("half", "same:half"),
    ],
)
def test_the_padding_that_is_meant_is_named_and_fits(written, meant):
    with pytest.raises(GeometryError, match=rf"; did you mean '{meant}'\?$"):
        geometry(9, 3, padding=written)
    assert geometry(9, 3, padding=meant).rank == 1


@pytest.mark.parametrize("written", ["", "blue", "same:", "same:caffe", "same:blue"])
def test_no_padding_is_guessed_where_none_is_near(written):
    with pytest.raises(GeometryError, match="padding must be numbers or") as caught:
        geometry(9, 3, padding=written)
    assert caught.value.remedy == ""


def test_the_list_of_dialects_has_their_aliases():
    with pytest.raises(
        GeometryError, match=r"aliases keras, jax, onnx-upper, .*octave"
    ):
        geometry(9, 3, padding="blue")
    with pytest.raises(GeometryError, match=r"did you mean 'pytorch'\?$"):
        same_pads("pytorh", 9, 3)
    with pytest.raises(GeometryError, match="numpy-correlate, matlab, or of their"):
        dialect("blue")


def test_what_is_no_string_is_near_to_nothing():
    assert nearest(3, ["three"]) == ""
    assert nearest(None, ["none"]) == ""


def test_a_function_without_settings_is_offered_none():
    @known_keywords
    def plain(one, two=2):
        return one, two

    for written in ("stride", "strides"):
        with pytest.raises(ConvmatTypeError, match=r"got \w+=1; plain takes two$"):
            plain(1, **{written: 1})
