"""`python -m convmat.verify.mutants docs/mutants.md` scores the checks anew.

The tables of the page are made from the score.
"""

import sys
from pathlib import Path

from convmat.verify.mutants.page import renew
from convmat.verify.mutants.score import score

if __name__ == "__main__":
    renew(Path(sys.argv[1]), score())
