"""Names that people write, and the one that they may mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["did_you_mean", "nearest"]


def nearest(
    written: object, names: Iterable[str], elsewhere: Mapping[str, str] | None = None
) -> str:
    """The name that `written` may stand for; empty where none is near.

    Parameters
    ----------
    written : object
        What came; nothing is near to what is no string.
    names : iterable of str
        The names that are known. Upper and lower case, hyphens and underscores are
        alike.
    elsewhere : mapping of str to str, optional
        What others call some of them: their name, in lower case and with hyphens, to
        ours.

    Examples
    --------
    >>> nearest("Circlar", ["zeros", "circular"])
    'circular'
    >>> nearest("wrap", ["zeros", "circular"], {"wrap": "circular"})
    'circular'
    >>> nearest("blue", ["zeros", "circular"])
    ''
    """
    if not isinstance(written, str):
        return ""
    from difflib import get_close_matches  # costs more than this whole room to import

    known = {**(elsewhere or {}), **{_plain(name): name for name in names}}
    found = get_close_matches(_plain(written), known, n=1)
    return known[found[0]] if found else ""


def did_you_mean(
    written: object, names: Iterable[str], elsewhere: Mapping[str, str] | None = None
) -> str:
    """The remedy for a name that is not known; empty where none is near.

    Examples
    --------
    >>> did_you_mean("SAME", ["valid", "same"])
    "did you mean 'same'?"
    """
    name = nearest(written, names, elsewhere)
    return f"did you mean {name!r}?" if name else ""


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")
