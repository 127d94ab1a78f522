"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["whole_file"]


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file beside `target`, renamed onto it when the block ends well.

    It is on the disk before it gets its name, so whoever reads `target` finds what was
    there before or all of what is new, also after a crash. An error, or Ctrl-C, leaves
    nothing beside it. Only a process that is killed outright leaves its
    `.NAME.XXXXXXXX.part`. It is not removed later: nothing tells whether its writer,
    maybe on another machine, is still at work.

    Yields
    ------
    binary file
        To write to.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a") as file:
    ...         _ = file.write(b"all of it")
    ...         found = (Path(folder) / "a").exists()
    ...     found, (Path(folder) / "a").read_bytes()
    (False, b'all of it')
    """
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
