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


@pytest.fixture(scope="session")
def slid():
    """What each tap of each row reads, by padding and slicing: a second derivation.

    `slid(g)[row]` lists, tap by tap, the flat input that is read (-1 for a zero) and
    the flat cell of the padded input.
    """
    modes = {"zeros": "constant", "circular": "wrap", "replicate": "edge"}

    def read(g):
        inputs = 1 + np.arange(g.matrix_shape[1]).reshape(g.in_channels, *g.input_size)
        mode = modes.get(g.padding_mode, g.padding_mode)
        held = np.pad(inputs, ((0, 0), *g.padding), mode=mode) - 1
        cells = np.arange(held.size).reshape(held.shape)
        per_group = g.in_channels // g.groups
        rows = []
        for channel, *outs in np.ndindex(g.out_channels, *g.output_size):
            first = channel // (g.out_channels // g.groups) * per_group
            window = [slice(first, first + per_group)]
            sides = zip(outs, g.stride, g.dilation, g.kernel_size, strict=True)
            for out, stride, dilation, taps in sides:
                start = out * stride
                window.append(slice(start, start + dilation * taps, dilation))
            at = tuple(window)
            pairs = zip(held[at].ravel(), cells[at].ravel(), strict=True)
            rows.append([(int(one), int(cell)) for one, cell in pairs])
        return rows

    return read
