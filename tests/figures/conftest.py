"""What the tests of figures share: artists by id, and a check that no text collides."""

from collections import Counter

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from convmat.geometry import Axis
from convmat.tie import ties


@pytest.fixture
def folded(monkeypatch):
    """Padding that repeats the outermost cell, so that taps share an entry.

    Only the tables of the axes know: counts of the geometry stay those of zeros.
    """

    def sources(axis):
        return np.clip(axis.padded_cells() - axis.before, 0, axis.size - 1)

    monkeypatch.setattr(Axis, "sources", sources)
    monkeypatch.setattr(ties, "_cached", ties._build)


@pytest.fixture
def artists():
    """Every artist of a figure that has an id, by its id; no id comes twice."""

    def find(figure):
        known = figure.findobj(lambda artist: artist.get_gid() is not None)
        counts = Counter(artist.get_gid() for artist in known)
        assert not [gid for gid, count in counts.items() if count > 1]
        return {artist.get_gid(): artist for artist in known}

    return find


@pytest.fixture
def assert_texts_apart():
    """No two texts of a figure overlap, and none is cut off at its border."""

    def check(figure):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        # Texts without an id are tick numbers, which matplotlib places itself.
        texts = figure.findobj(lambda a: isinstance(a, Text) and a.get_gid())
        boxes = {}
        for text in texts:
            if text.get_text().strip():
                boxes[text] = Text.get_window_extent(text)  # without a leader
        assert boxes
        for text, box in boxes.items():
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width
            assert inside, f"{text} is cut off"
            assert box.y1 <= height, f"{text} is cut off"
        ordered = sorted(boxes.items(), key=lambda pair: pair[1].x0)
        for number, (text, box) in enumerate(ordered):
            for other, near in ordered[number + 1 :]:
                if near.x0 >= box.x1 - 1:
                    break
                apart = near.y0 >= box.y1 - 1 or near.y1 <= box.y0 + 1
                assert apart, f"{text} and {other} overlap"

    return check
