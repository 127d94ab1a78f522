import re
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import ConvmatError, ShapeError, conv, conv_matrix, geometry
from convmat.figures import matrix_equation
from convmat.figures.style import LIGHT, tap_mark

KLEINSMITH = geometry((3, 3), (2, 2))
SMALL = [
    (KLEINSMITH, {}),
    (geometry(1, 1), {}),
    (geometry(4, 2, padding=(2,)), {"padding": (2,)}),
    (geometry((3, 3), (3, 3), padding=1), {"padding": 1}),
    (geometry((2, 3), (2, 2, 2)), {}),
    (geometry((4, 3), (4, 2, 2), groups=2), {"groups": 2}),
]


def shown(known, prefix):
    """Texts of all artists `prefix[...]`, by their indices."""
    found = {}
    for gid, artist in known.items():
        match = re.fullmatch(rf"{prefix}\[([\d,]+)\](\.text)?", gid)
        if match and hasattr(artist, "get_text"):
            found[tuple(map(int, match[1].split(",")))] = artist.get_text()
    return found


def test_kleinsmiths_equation_has_every_term_of_his_article(artists):
    known = artists(matrix_equation(KLEINSMITH, bias="b"))
    full, kept = shown(known, "sum"), shown(known, "term")
    rows = [" ".join(full[r, c] for c in range(9)) for r in range(4)]
    assert rows == [
        "αA βB 0C γD δE 0F 0G 0H 0J",
        "0A αB βC 0D γE δF 0G 0H 0J",
        "0A 0B 0C αD βE 0F γG δH 0J",
        "0A 0B 0C 0D αE βF 0G γH δJ",
    ]
    assert len(kept) == 16
    assert all(kept[place] == full[place] for place in kept)
    assert list(shown(known, "b").values()) == ["b"] * 4
    assert list(shown(known, "y").values()) == list("PQRS")
    assert "".join(shown(known, "column").values()) == "ABCDEFGHJ"
    assert "".join(shown(known, "x").values()) == "ABCDEFGHJ"


def test_terms_have_the_color_of_their_tap_and_zero_terms_are_grey(artists):
    known = artists(matrix_equation(KLEINSMITH))
    pattern = conv_matrix([[1, 2], [3, 4]], (3, 3)).toarray()
    for (row, column), value in np.ndenumerate(pattern):
        place = f"[{row},{column}]"
        if value:
            fill = tap_mark(value - 1).fill
            for prefix in ("W", "sum", "term"):
                assert to_hex(known[prefix + place].get_facecolor()).upper() == fill
        else:
            assert known[f"sum{place}"].get_color() == LIGHT.muted
            assert f"term{place}" not in known


def test_numbers_give_numbers_as_results(artists):
    kernel, x = np.array([[1, -2], [0, 4]]), np.arange(9).reshape(3, 3)
    known = artists(matrix_equation(KLEINSMITH, kernel, x, bias=10))
    results = list(shown(known, "y").values())
    assert results == [str(y) for y in conv(x, kernel, bias=10).ravel()]
    assert shown(known, "sum")[0, 1] == "(-2)·1"
    assert shown(known, "term")[0, 3] == "0·3"  # a tap of value 0 stays a term


def test_a_symbol_among_numbers_leaves_the_results_symbols(artists):
    x = np.arange(9).reshape(3, 3)
    known = artists(matrix_equation(KLEINSMITH, [[1, 2], [3, 4]], x, bias="b"))
    assert list(shown(known, "y").values()) == list("PQRS")
    known = artists(matrix_equation(KLEINSMITH, [[1, 2], [3, 4]]))
    assert shown(known, "sum")[0, 1] == "2B"
    known = artists(matrix_equation(KLEINSMITH, None, x))
    assert shown(known, "sum")[0, 1] == "β·1"


def test_fractions_stay_exact(artists):
    figure = matrix_equation(geometry(2, 2), [Fraction(1, 3), Fraction(1, 2)], [1, 1])
    assert shown(artists(figure), "y") == {(0,): "5/6"}


def test_each_output_channel_has_its_own_bias(artists):
    figure = matrix_equation(geometry((2, 3), (2, 2, 2)), bias=[5, 7])
    assert list(shown(artists(figure), "b").values()) == ["5", "5", "7", "7"]


def test_a_row_without_taps_sums_to_zero(artists):
    known = artists(matrix_equation(geometry(4, 2, padding=(2,))))
    assert known["term[0]"].get_text() == "0"
    assert known["term[6]"].get_text() == "0"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("g", "keywords"), SMALL, ids=repr)
def test_no_texts_of_an_equation_overlap(assert_texts_apart, g, keywords, theme):
    assert_texts_apart(matrix_equation(g, bias="b", theme=theme))
    kernel = np.arange(g.free_parameters).reshape(g.kernel_shape) / 4 - 1
    x = np.arange(g.matrix_shape[1]).reshape(g.input_shape) - 3
    assert_texts_apart(matrix_equation(g, kernel, x, theme=theme))


@pytest.mark.parametrize(("g", "keywords"), SMALL, ids=repr)
def test_the_matrix_of_an_equation_is_conv_matrix(artists, g, keywords):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    figure = matrix_equation(g, kernel)
    cells = shown(artists(figure), "W")
    matrix = conv_matrix(kernel, g.input_shape, **keywords).toarray()
    assert cells == {place: str(value) for place, value in np.ndenumerate(matrix)}
    assert len(figure.convmat["highlighted"]["W"]) == g.nnz


def test_all_highlighted_ids_are_drawn(artists):
    figure = matrix_equation(KLEINSMITH)
    known = artists(figure)
    marked = figure.convmat["highlighted"]
    assert [len(marked[key]) for key in "xWy"] == [9, 16, 4]
    assert all(gid in known for gids in marked.values() for gid in gids)


ORDER = "W[0,0]", "W[0,8]", "x[0,0]", "b[0]", "sum[0,0]", "term[0,0]", "y[0]"


def test_parts_stand_from_left_to_right_in_the_order_of_the_equation(artists):
    known = artists(matrix_equation(KLEINSMITH, bias="b", width=inf))
    places = [known[gid].get_x() for gid in ORDER]
    assert places == sorted(places)


def test_an_equation_fits_a_page_and_goes_on_before_an_equals_sign(artists):
    figure = matrix_equation(KLEINSMITH, bias="b")
    assert figure.get_figwidth() <= 6.5
    known = artists(figure)
    middles = [known[f"sign[{n}]"].get_position() for n in range(200) if _is(known, n)]
    assert len(middles) == 3
    lines = [
        [known[gid] for gid in gids]
        for gids in (ORDER[:4], ["sum[0,0]"], ["term[0,0]", "y[0]"])
    ]
    bottom = 0.0
    for parts in lines:
        assert [part.get_x() for part in parts] == sorted(p.get_x() for p in parts)
        assert min(part.get_y() for part in parts) > bottom
        bottom = max(part.get_y() + part.get_height() for part in parts)
    # Between two lines there is room for a heading, and no more.
    assert 0.3 < known["sum[0,0]"].get_y() - _low(known["x[2,2]"]) < 0.8
    assert 0.3 < known["term[0,0]"].get_y() - _low(known["sum[3,4]"]) < 0.8
    assert figure.get_figheight() - _low(known["y[3]"]) < 0.4
    # The sums and the output stand in rows, each under the equals sign before it.
    assert middles[1][0] == middles[0][0] < known["sum[0,0]"].get_x()
    for row in range(4):
        output = known[f"y[{row}]"]
        middle = output.get_y() + output.get_height() / 2
        term = known[f"term[{row},{'0134'[row]}]"]
        assert term.get_y() + term.get_height() / 2 == pytest.approx(middle)


def _low(cell):
    return cell.get_y() + cell.get_height()


def _is(known, number):
    text = known.get(f"sign[{number}]")
    return text is not None and text.get_text() == "="


def test_a_page_has_a_width():
    with pytest.raises(ConvmatError, match="width must be greater than 0"):
        matrix_equation(KLEINSMITH, width=0)


def test_the_alt_text_writes_the_equation():
    alt = matrix_equation(geometry(2, 2), [2, 3], [4, 5]).convmat["alt"]
    assert alt.splitlines()[1] == "P = 2·4 + 3·5 = 2·4 + 3·5 = 23"


def test_too_large_a_matrix_is_refused_with_limit_and_remedy():
    with pytest.raises(ShapeError, match=r"at most 16 rows and columns.*matrix_plot"):
        matrix_equation(geometry((5, 5), (2, 2)))


def test_arrays_of_another_geometry_are_refused():
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        matrix_equation(KLEINSMITH, [1, 2])
    with pytest.raises(ShapeError, match=r"x.shape must be \(3, 3\)"):
        matrix_equation(KLEINSMITH, x=[1, 2])
    with pytest.raises(ShapeError, match=r"bias.shape must be \(1,\)"):
        matrix_equation(KLEINSMITH, bias=[1, 2])
