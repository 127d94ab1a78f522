"""The tables of `docs/mutants.md`, from a score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from convmat.errors import ConvmatError
from convmat.files import whole_file
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.scoring import Score
from convmat.verify.mutants.suites import SUITES

__all__ = ["renew", "renewed", "sections"]

_YES, _NO = "yes", ""


def sections(score: Score) -> Mapping[str, str]:
    """The generated parts of the page, by the names of their marks."""
    return {
        "totals": "\n".join(_totals(score)),
        "mutants": "\n".join(_mutants(score)),
        "checks": "\n".join(_checks(score)),
    }


def renewed(page: str, score: Score) -> str:
    """The page with its generated parts made anew.

    Parameters
    ----------
    page : str
        Markdown, in which each part stands between `<!-- NAME -->` and `<!-- end -->`.
    score : Score

    Raises
    ------
    ConvmatError
        When the page has not the marks of a part.
    """
    for name, text in sections(score).items():
        begin, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            rule = f"must have the marks <!-- {name} --> and <!-- end -->"
            raise ConvmatError("page", rule, page)
        page = f"{before}{begin}\n{text}\n\n{end}{after}"
    return page


def renew(path: Path, score: Score) -> None:
    """Write the page anew, whole or not at all."""
    text = renewed(path.read_text(encoding="utf-8"), score)
    with whole_file(path) as file:
        file.write(text.encode())


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _totals(score: Score) -> Iterator[str]:
    total = len(score.caught)
    forward = {name for name in score.caught if MUTANTS[name].part == "forward"}
    caught = set(score.caught) - set(score.missed)
    yield _row("", f"all {total}", f"the {len(forward)} of the forward map")
    yield _row("---", "---", "---")
    yield _row("the checks of convmat", len(caught), len(caught & forward))
    for name, found in score.suites.items():
        yield _row(_SUITE[name], len(found), len(found & forward))


_SUITE = {"onnx": "the six examples of ONNX", "symmetric": "a symmetric suite"}


def _mutants(score: Score) -> Iterator[str]:
    yield _row("mutant", "what is wrong", "caught by", *SUITES)
    yield _row(*["---"] * (3 + len(SUITES)))
    family = ""
    for name, checks in score.caught.items():
        mutant = MUTANTS[name]
        if mutant.family != family:
            family = mutant.family
            yield _row(f"**{family.replace('_', ' ')}**", *[""] * (2 + len(SUITES)))
        suites = (_YES if name in found else _NO for found in score.suites.values())
        yield _row(f"`{name}`", _linked(name), _told(checks), *suites)


def _linked(name: str) -> str:
    """The words of a mutant, with links to where it was reported."""
    mutant = MUTANTS[name]
    links = (
        f"[{'/'.join(source.split('/')[3:5])}]({source})" for source in mutant.sources
    )
    return " ".join([mutant.words, *(f"({link})" for link in links)])


def _told(checks: tuple[str, ...]) -> str:
    """The first check that catches it, and how many more there are."""
    if not checks:
        return "**none**"
    more = f" and {len(checks) - 1} more" if len(checks) > 1 else ""
    return f"`{checks[0]}`{more}"


def _checks(score: Score) -> Iterator[str]:
    alone = score.alone
    yield _row("check", "catches", "of these alone")
    yield _row("---", "---", "---")
    for check in score.checks:
        count = sum(check in found for found in score.caught.values())
        names = ", ".join(f"`{name}`" for name in alone.get(check, ()))
        yield _row(f"`{check}`", count, names)
