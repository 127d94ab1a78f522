"""One geometry of a black box: the whole matrix that it implies, entry by entry.

`exact` gives a `Verdict`; `implied_matrix` gives the weights themselves.
"""

from convmat.verify.exact.reading import implied_matrix
from convmat.verify.exact.run import exact
from convmat.verify.exact.verdict import Verdict

__all__ = ["Verdict", "exact", "implied_matrix"]
