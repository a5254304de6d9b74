"""The documentation taken apart: its pages, their fenced blocks, tables, sections, and the commands they show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.activemq.protocols import Port

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted(
        page
        for place in ("*.md", "docs/*.md", "docs/ja/*.md", "bench/*.md", "design/*.md", "docker/**/*.md")
        for page in ROOT.glob(place)
    )
)
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: the words after its fence say what it is."""

    page: str
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A command as a page shows it, with its output."""

    command: str
    output: str


def blocks(*words: str) -> list[Block]:
    """Return every block whose fence begins with these words."""
    found = (block for page in PAGES for block in _blocks(page))
    return [block for block in found if block.words[: len(words)] == words]


def shown(block: Block) -> list[Shown]:
    """Take a console block apart: each `$ command` with the lines below it."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert parts[0] == "", f"{block.id} begins with a command"
    return [Shown(command=part.partition("\n")[0], output=part.partition("\n")[2]) for part in parts[1:]]


def sections(page: Path) -> dict[str, str]:
    """Return a page's text by heading, each up to the next heading of whatever level."""
    parts = re.split(r"^#+ (.+)$", _without_blocks(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row that is no head, without their backquotes."""
    found, after_rule = [], False
    for line in text.splitlines():
        if not line.startswith("|"):
            after_rule = False
        elif re.fullmatch(r"[|\s:-]+", line):
            after_rule = True
        elif after_rule:
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def code_words(cell: str) -> list[str]:
    """Return what stands between backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def port_rows(endpoints: Sequence[Port]) -> list[list[str]]:
    """Give what the table of a broker's ports says of these."""
    return [
        [str(each.port), each.protocol, f"`{each.url(ELLIPSIS)}`", ", ".join(f"`{word}`" for word in each.over)]
        for each in endpoints
    ]


def fits(expected: str, found: str) -> bool:
    """Compare a shown output with a real one: `…` stands for anything, and the ends of lines do not count."""
    pattern = ".*".join(re.escape(_trimmed(part)) for part in expected.split(ELLIPSIS))
    return re.fullmatch(pattern, _trimmed(found), re.DOTALL) is not None


def shape(text: str) -> str:
    """Return an output without its figures, so that two runs of one command have the same."""
    text = " ".join(text.split())  # first: a long line may be broken between a figure and its unit
    text = re.sub(r"\d{8}-\d{6}-[0-9a-f]{6}", "RUN", text)
    text = re.sub(r"\S*(?=/\.mqlab/|/home/runs/)(/\.mqlab|/home)?", "", text)
    text = re.sub(r"\d+(\.\d+)*(/27)?", "N", text)
    text = re.sub(r"N (ms|s)\b", "N s", text)
    text = re.sub(r"[─]+", "─", text)
    return re.sub(r"(NB|N MiB|N kB)", "N", text)


def same_shape(expected: str, found: str) -> bool:
    """Compare a shown output with a real one, figures left out."""
    parts = [shape(part) for part in expected.split(ELLIPSIS)]
    pattern = r"\s*" + r".*?".join(re.escape(part) for part in parts) + r"\s*"
    return re.fullmatch(pattern, shape(found), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _blocks(page: Path) -> Iterator[Block]:
    words: tuple[str, ...] | None = None
    start, lines = 0, []
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if line.startswith("```"):
            if words is None:
                words, start, lines = tuple(line[3:].split()), number, []
            else:
                name = page.relative_to(ROOT).as_posix()
                yield Block(page=name, line=start, words=words, text="\n".join([*lines, ""]))
                words = None
        elif words is not None:
            lines.append(line)
    assert words is None, f"{page}:{start}: this block is not closed"


def _without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
