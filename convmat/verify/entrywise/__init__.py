"""One geometry of a black box: the whole matrix that it implies, entry by entry.

`exact` gives a `Verdict`; `implied_matrix` gives the weights themselves.
"""

from convmat.verify.entrywise.reading import implied_matrix
from convmat.verify.entrywise.run import exact
from convmat.verify.entrywise.verdict import Verdict

__all__ = ["Verdict", "exact", "implied_matrix"]
