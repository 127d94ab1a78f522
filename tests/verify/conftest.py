import sys
from pathlib import Path

# `impostors` is imported by its name, as a user's module would be.
sys.path.insert(0, str(Path(__file__).parent))
