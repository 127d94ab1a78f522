"""The numbers that convmat computes with, and the one rule for integers.

`carried` says which pass, and as what; `sums` refuses those beyond int64.
"""

from convmat.dtypes.carried import carried
from convmat.dtypes.sums import exact_plus, exact_sums, quiet

__all__ = ["carried", "exact_plus", "exact_sums", "quiet"]
