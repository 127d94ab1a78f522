import subprocess
import sys

import pytest

from convmat import figures

WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None
from convmat import figures, geometry
text = figures.text.matrix_text(geometry(2, 2), names=None, width=80)
assert ascii(text.splitlines()[1]) == r"'P \\u03b1 \\u03b2'", ascii(text)
assert figures.style.PALETTE and figures.wants_color
for name in ("matrix_plot", "save", "curves"):
    try:
        getattr(figures, name)
    except ModuleNotFoundError as error:
        assert error.name == "matplotlib", error.name
        assert str(error) == (
            f'convmat.figures.{name} needs matplotlib: pip install "convmat[figures]", '
            'or in a clone pip install -e ".[figures]"'
        ), error
    else:
        raise AssertionError(name)
"""


WITHOUT_PILLOW = """
import sys
sys.modules["PIL"] = None
from convmat import figures
try:
    figures.save
except ModuleNotFoundError as error:
    assert 'needs Pillow: pip install "convmat[figures]"' in str(error), error
else:
    raise AssertionError
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_text_works_and_figures_say_what_to_install_without_matplotlib():
    run(WITHOUT_MATPLOTLIB)


def test_a_missing_pillow_is_told_with_the_line_that_installs_it():
    run(WITHOUT_PILLOW)


def test_matplotlib_loads_on_first_use_and_pyplot_never():
    run(
        "import sys\n"
        "from convmat import figures, geometry\n"
        "g = geometry((3, 3), (2, 2))\n"
        "figures.text.matrix_text(g, width=80)\n"
        "assert 'matplotlib' not in sys.modules\n"
        "figures.matrix_plot(g)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )


@pytest.mark.parametrize("name", figures.__all__)
def test_every_public_name_loads(name):
    assert getattr(figures, name) is not None
    assert name in dir(figures)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'pie_chart'"):
        figures.pie_chart  # noqa: B018 - reading the attribute is the test
