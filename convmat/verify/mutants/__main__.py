"""`python -m convmat.verify.mutants docs/mutants.md` scores the checks anew.

The tables of the page are made from the score.
"""

import sys
from pathlib import Path

from convmat.verify.mutants.page import renew
from convmat.verify.mutants.scoring import score

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m convmat.verify.mutants PAGE.md")
    renew(Path(sys.argv[1]), score())
