"""The main job: the whole idea in one run, on real digits.

Five parts, each of which says what is claimed and what was measured: `kleinsmith` (the
matrix of the article), `equality` (the exact proof over boxes of geometries), `descent`
(a matrix trained under its constraints), `network` (a CNN trained by two routes) and
`pictures` (figures of all this). `report` prints them and counts.
"""

from convmat.tour.report import Finding, Report
from convmat.tour.run import run

__all__ = ["Finding", "Report", "run"]
