"""`python -m convmat`: the command line."""

import sys

from convmat.cli import main

if __name__ == "__main__":
    sys.exit(main())
