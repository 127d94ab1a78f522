"""What the system refuses is a sentence too."""

from pathlib import Path

import numpy as np
import pytest

from convmat.nn import DataError, read_csv, read_folder, read_idx, read_npz


def refusing(*arguments, **keywords):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("read", [read_idx, read_npz, read_csv])
def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch, read):
    path = tmp_path / "closed"
    path.write_bytes(b"")
    monkeypatch.setattr(Path, "open", refusing)
    with pytest.raises(DataError, match=r"file that can be read, .*Permission denied"):
        read(path)


def test_a_folder_that_may_not_be_listed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "iterdir", refusing)
    with pytest.raises(
        DataError, match=r"folder that can be read, .*Permission denied"
    ):
        read_folder(tmp_path)


@pytest.mark.parametrize("read", [read_idx, read_npz, read_csv, read_folder])
def test_what_is_no_path_is_refused(read):
    for wrong in (3, None, b"bytes", np.zeros(2)):
        with pytest.raises(TypeError, match="path must be a path, as str or Path"):
            read(wrong)
