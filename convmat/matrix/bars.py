"""The bar beside work on a file."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Counted", "bar"]


def bar(name: str, total: int, unit: str, *, hidden: bool | None) -> tqdm[Any]:
    """A bar on stderr for what takes longer than two seconds; it is erased at the end.

    Parameters
    ----------
    name : str
        What the work is on.
    total : int
    unit : str
        What is counted: `"B"` or, with a space before it, a plural.
    hidden : bool or None
        Whether no bar is shown; None hides it outside a terminal.
    """
    from tqdm import tqdm

    return tqdm(
        None,
        name,
        total,
        unit=unit,
        unit_scale=True,
        delay=2,
        disable=hidden,
        leave=False,
    )


class Counted:
    """A file that tells a bar how far it has been read.

    Attributes
    ----------
    file : binary file
    """

    def __init__(self, file: IO[bytes], progress: tqdm[Any]) -> None:
        self.file = file
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        """As the file's own."""
        read = self.file.read(size)
        farther = self.file.tell() - self._progress.n
        if farther > 0:
            self._progress.update(farther)
        return read

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)
