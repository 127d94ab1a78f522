"""What the pages point at exists: files, tests, links, figures, command lines."""

import re
import shlex
from pathlib import Path

import pytest

from convmat.cli.entry import _with_negative_values, parser
from convmat.figures import gallery, stamp

ROOT = Path(__file__).resolve().parents[2]
# decisions and the changelog tell of what was, and may name what is gone
HISTORY = {"docs/decisions.md", "docs/changelog.md"}
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
FENCE = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
ROOM = re.compile(r"(?<![\w/.-])(?:tests|convmat|docs)/[\w./-]*\w(?:::\w+)?")
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
SHELL = re.compile(r"^(?:\$ |\w+=\S+ )*(?:\S*/)?convmat [^\n]*$", re.MULTILINE)
# what is said of a command that is only named: a sentence need not have its options
UNFINISHED = ("is missing", "needs a value", "is required")
SPAN = re.compile(r"(?<!`)`(convmat [^`]+)`(?!`)")

pages = pytest.mark.parametrize("page", TEXTS)


def blocks(page, *languages):
    return [
        body
        for _, name, body in FENCE.findall(TEXTS[page])
        if name.strip() in languages
    ]


def without_blocks(page):
    return FENCE.sub("", TEXTS[page])


def as_anchor(title):
    """The anchor of a heading, as GitHub and MyST make it."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title.strip().lower())
    return re.sub(r"\s", "-", re.sub(r"[^\w\- ]", "", plain))


def anchors(page):
    titles = re.findall(r"^#+ (.*)$", without_blocks(page), re.MULTILINE)
    return {as_anchor(title) for title in titles}


def command_lines(page):
    """What a reader would type, with the lines that go on joined."""
    for body in blocks(page, "", "text", "bash", "console", "sh"):
        for line in SHELL.findall(body.replace("\\\n", " ")):
            yield line[line.index("convmat ") :]
        for line in body.splitlines():
            if "&& " in line and "bin/convmat " in line:
                yield line.rpartition("/")[2]


def refusal(words, capsys):
    """What the parser of the command line has against these words."""
    try:
        parser().parse_args(_with_negative_values(words))
    except SystemExit as ended:
        said = capsys.readouterr()
        return said.err if ended.code else ""
    return ""


def is_there(named):
    path, _, function = named.partition("::")
    there = ROOT / path
    if function:
        return f"def {function}(" in there.read_text(encoding="utf-8")
    return there.exists()


def leads_somewhere(page, target):
    name, _, anchor = target.partition("#")
    there = ((ROOT / page).parent / name).resolve() if name else ROOT / page
    if anchor:
        return anchor in anchors(there.relative_to(ROOT).as_posix())
    return there.exists()


@pytest.mark.parametrize("page", [page for page in TEXTS if page not in HISTORY])
def test_every_path_that_is_named_exists(page):
    named = sorted(set(ROOM.findall(TEXTS[page])))
    assert [path for path in named if not is_there(path)] == []


@pages
def test_every_link_within_the_project_leads_somewhere(page):
    targets = LINK.findall(without_blocks(page))
    inner = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in inner if not leads_somewhere(page, target)] == []


@pages
def test_every_command_line_can_be_read(page, capsys):
    wrong = {}
    for line in command_lines(page):
        words = shlex.split(line, comments=True)
        ends = [n for n, word in enumerate(words) if word in {"|", ">", "&&", ";"}]
        words = words[1 : ends[0] if ends else None]
        if "figures" in words[:1]:  # a column of the gallery's page explains
            words = shlex.split(re.split(r" {4,}", line)[0])[1:]
        if said := refusal(words, capsys):
            wrong[line] = said
    assert not wrong


@pages
def test_every_command_named_in_a_sentence_is_one(page, capsys):
    wrong = {}
    for span in SPAN.findall(without_blocks(page)):
        line = " ".join(span.split())
        words = line.replace("...", "x").split()[1:]
        said = refusal(words, capsys)
        if said and not any(part in said for part in UNFINISHED):
            wrong[line] = said
    assert not wrong


@pages
def test_every_figure_of_a_page_is_in_the_gallery_with_its_options(page):
    general = {"theme", "caption", "alt", "width", "align", "name", "class", "preset"}
    wrong = []
    for _, head, body in FENCE.findall(TEXTS[page]):
        if found := re.fullmatch(r"\{convmat\} (\w+)", head.strip()):
            if found[1] not in gallery.names():
                wrong.append(found[1])
                continue
            known = {option.name for option in gallery.entry(found[1]).options}
            asked = set(re.findall(r"^:(\w+):", body, re.MULTILINE))
            wrong += [f"{found[1]} {name}" for name in asked - known - general]
    assert not wrong


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for page in TEXTS:
        for _, head, body in FENCE.findall(TEXTS[page]):
            if head.strip() == "{toctree}":
                folder = Path(page).parent
                entries = re.findall(r"^(?!:)(\S+)$", body, re.MULTILINE)
                listed |= {(folder / f"{entry}.md").as_posix() for entry in entries}
    assert listed | {"docs/index.md", "README.md"} == set(TEXTS)


def test_pictures_beside_the_pages_are_what_is_drawn_today():
    files = stamp.check(ROOT / "docs" / "pictures")
    assert files
    assert {file.verdict for file in files} == {"fine"}
