"""What the tests of figures share: artists by id, and a check that no text collides."""

from collections import Counter

import numpy as np
import pytest
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
        figure.draw_without_rendering()  # places all texts, paints nothing
        width, height = figure.bbox.size
        # Texts without an id are tick numbers, which matplotlib places itself.
        texts = figure.findobj(lambda a: isinstance(a, Text) and a.get_gid())
        texts = [text for text in texts if text.get_text().strip()]
        # Without a leader: left, low, right, top.
        boxes = [Text.get_window_extent(text).extents for text in texts]
        assert boxes
        left, low, right, top = np.array(boxes).T
        cut = (left < 0) | (low < 0) | (right > width) | (top > height)
        assert not [texts[n] for n in np.flatnonzero(cut)], "cut off"
        beside = (left[:, None] >= right - 1) | (left >= right[:, None] - 1)
        above = (low[:, None] >= top - 1) | (low >= top[:, None] - 1)
        pairs = np.argwhere(np.triu(~(beside | above), 1))
        assert not [(texts[n], texts[m]) for n, m in pairs], "overlap"

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
