"""`python -m tests.structure.picture`: make docs/pictures/architecture.svg from the imports of lab/.

A box is a package, or a module beside the packages that uses packages. An arrow is an import. An import that follows
from other arrows is not drawn. ARCHITECTURE.md has the captions and the numbers of the stages.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from html import escape
from itertools import pairwise

from tests.structure import measure, rules
from tests.structure.measure import Module

PICTURE = rules.ROOT / "docs" / "pictures" / "architecture.svg"
TEXT = rules.ROOT / "ARCHITECTURE.md"
Graph = Mapping[str, AbstractSet[str]]

_STAGE = re.compile(r"^\| (\d) \w+ \|((?: `lab/[a-z_/.]+`,?)+) \|", re.M)
_CAPTION = re.compile(r"^- \*\*`lab/(\w+)(?:\.py)?`: ([^*]+)\.\*\*", re.M)
_PASSES = 80
_ROW, _BOX, _GAP, _EDGE = 48, 31, 26, 14  # pixels: from row to row, of a box, between boxes, around the picture
_LETTER, _SMALL = 7.8, 5.9  # pixels: the mean widths of a letter of a name and of a caption
_STYLE = """
.ground { fill: #ffffff }
.box { fill: #f3f5f8; stroke: #b3bcc8 }
.stage { fill: #dcebfd; stroke: #3674c4 }
.arrow { fill: none; stroke: #8a96a6 }
.head { fill: #8a96a6 }
text { fill: #1d2530; font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; text-anchor: middle }
.name { font-size: 13px; font-weight: 600 }
.caption { font-size: 10.5px; fill: #4a5665 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #12161c }
  .box { fill: #202832; stroke: #50607a }
  .stage { fill: #173656; stroke: #6aa5ec }
  .arrow { stroke: #73819a }
  .head { fill: #73819a }
  text { fill: #e8edf3 }
  .caption { fill: #b0bccb }
}"""


@dataclass(eq=False)
class Place:
    """A box, or a point at which an arrow passes a row."""

    name: str = ""
    width: float = 0
    x: float = 0
    y: float = 0
    above: list[Place] = field(default_factory=list)
    below: list[Place] = field(default_factory=list)


def imports(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Return the imports from package to package; a module beside the packages counts as a package."""
    graph: dict[str, set[str]] = {}
    for name, module in modules.items():
        if "." in name:
            room = measure.room(name)
            targets = {measure.room(each.target) for each in module.imported(modules)}
            graph.setdefault(room, set()).update(targets & modules.keys() - {room, "lab"})
    return graph


def _packages(modules: Mapping[str, Module]) -> set[str]:
    return {name for name, module in modules.items() if name.count(".") == 1 and module.path.name == "__init__.py"}


def _common(modules: Mapping[str, Module]) -> list[str]:
    """Return the modules beside the packages that use no package."""
    graph, packages = imports(modules), _packages(modules)
    return [name for name in graph if name not in packages and not graph[name] & packages]


def using(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Return the imports between the boxes: packages, and modules beside them that use a package.

    A module that only repeats a name of another package is not a box: its users use that package.
    """
    graph = imports(modules)
    packages = _packages(modules)
    boxes = packages | {name for name in graph if graph[name] & packages and _has_code(modules[name])}
    repeating = {name for name in graph.keys() - boxes if graph[name] & packages}
    for name in boxes:
        graph[name] |= {target for repeated in graph[name] & repeating for target in graph[repeated]}
    return {name: graph[name] & boxes - {name} for name in boxes}


def reduced(graph: Graph) -> dict[str, list[str]]:
    """Return the imports that do not follow from others."""

    @cache
    def reached(name: str) -> AbstractSet[str]:
        return graph[name].union(*(reached(target) for target in graph[name]))

    return {
        name: sorted(target for target in targets if not any(target in reached(other) for other in targets))
        for name, targets in sorted(graph.items())
    }


def stages(text: str) -> dict[str, str]:
    """Return the stage of a package, such as `1`, from the table of ARCHITECTURE.md."""
    named = {
        name: stage for stage, names in _STAGE.findall(text) for name in re.findall(r"`(?:lab/)(\w+)(?:\.py)?`", names)
    }
    return {f"lab.{name}": stage for name, stage in named.items()}


def captions(text: str) -> dict[str, str]:
    """Return the caption of each package: the first words of its paragraph in ARCHITECTURE.md."""
    return {f"lab.{name}": " ".join(caption.split()) for name, caption in _CAPTION.findall(text)}


def missing(modules: Mapping[str, Module], text: str) -> list[str]:
    """Return the packages without a paragraph, and the paragraphs without a package, in a sentence each."""
    written, page = set(captions(text)), TEXT.name
    return [
        *(f"{page} has no paragraph on {_path(name)}" for name in sorted(_packages(modules) - written)),
        *(f"{page} has a paragraph on {_path(name)}, which is gone" for name in sorted(written - modules.keys())),
    ]


def picture(modules: Mapping[str, Module], text: str) -> str:
    """Return the picture as SVG."""
    arrows, words = reduced(using(modules)), captions(text)
    rows = _rows(arrows, words, stages(text))
    _arrange(rows)
    left = min(place.x - place.width / 2 for row in rows for place in row) - _EDGE
    width = round(max(place.x + place.width / 2 for row in rows for place in row) - left + _EDGE)
    lowest = max(place.y for row in rows for place in row)
    common = sorted(name.removeprefix("lab.") for name in _common(modules))
    lines = list(_wrapped(", ".join(common), int(width * 0.8 / _SMALL)))
    height = round(lowest + _BOX / 2 + 2 * _EDGE + 30 + 14 * len(lines))
    for row in rows:
        for place in row:
            place.x -= left
    body = [
        *(line for row in rows for place in row for line in _arrows_of(place)),
        *(line for row in rows for place in row if place.name for line in _box(place, words, stages(text))),
        *_common_box(width, lowest + _BOX / 2 + _EDGE, lines),
    ]
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    title = "The packages of lab/ and their imports: each package imports packages below it."
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">',
        f"<style>{_STYLE}\n</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="6"/>',
        *body,
        "</svg>",
        "",
    ))  # fmt: skip


def _path(name: str) -> str:
    return name.replace(".", "/")


def _has_code(module: Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in module.tree.body)


def _label(name: str, numbers: Mapping[str, str]) -> str:
    return f"{numbers[name]}  {name.removeprefix('lab.')}" if name in numbers else name.removeprefix("lab.")


def _rows(
    arrows: Mapping[str, Sequence[str]], words: Mapping[str, str], numbers: Mapping[str, str]
) -> list[list[Place]]:
    """Return the boxes in rows, each box above its imports, with a point wherever an arrow passes a row."""

    @cache
    def depth(name: str) -> int:
        return 1 + max(map(depth, arrows[name]), default=-1)

    boxes = {
        name: Place(name, max(len(_label(name, numbers)) * _LETTER, len(words.get(name, "")) * _SMALL) + 20)
        for name in arrows
    }
    deepest = max(map(depth, arrows))
    rows: list[list[Place]] = [[] for _ in range(deepest + 1)]
    for name, box in boxes.items():
        rows[deepest - depth(name)].append(box)
    for name, targets in arrows.items():
        for target in targets:
            upper = boxes[name]
            for level in range(deepest - depth(name) + 1, deepest - depth(target)):
                point = Place(width=4)
                rows[level].append(point)
                _join(upper, point)
                upper = point
            _join(upper, boxes[target])
    for level, row in enumerate(rows):
        for place in row:
            place.y = _EDGE + _BOX / 2 + level * _ROW
    return rows


def _join(upper: Place, lower: Place) -> None:
    upper.below.append(lower)
    lower.above.append(upper)


def _arrange(rows: Sequence[list[Place]]) -> None:
    """Move the places of each row to the mean of their neighbours; keep the arrangement with the fewest crossings."""
    best: dict[Place, float] = {}
    least = float("inf")
    for row in rows:
        _spread(row, dict.fromkeys(row, 0.0))
    for number in range(_PASSES):
        downward, both = number % 2 == 0, number >= _PASSES // 2
        for row in rows if downward else rows[::-1]:
            wishes = {place: _wish(place, above=downward or both, below=both or not downward) for place in row}
            row.sort(key=wishes.__getitem__)
            _spread(row, wishes)
        bends = sum(abs(place.x - other.x) for row in rows for place in row for other in place.below)
        if (cost := 1000 * _crossings(rows) + bends / 100) < least:
            least, best = cost, {place: place.x for row in rows for place in row}
    for place, x in best.items():
        place.x = x


def _spread(row: Sequence[Place], wishes: Mapping[Place, float]) -> None:
    """Place a row as near to the wishes as the widths allow: neighbours that would overlap move together."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + left.width / 2 + _GAP + right.width / 2)
    blocks: list[list[tuple[float, int]]] = []  # wishes without the offsets, and their weights
    for place, offset in zip(row, offsets, strict=True):
        blocks.append([(wishes[place] - offset, 1 if place.name else 4)])  # a straight arrow matters more than a box
        while len(blocks) > 1 and _weighted(blocks[-2]) >= _weighted(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    starts = [_weighted(block) for block in blocks for _ in block]
    for place, start, offset in zip(row, starts, offsets, strict=True):
        place.x = start + offset


def _wish(place: Place, *, above: bool, below: bool) -> float:
    """Return the mean of a place's neighbours; the points of an arrow attract each other more than a box does."""
    near = (place.above if above else []) + (place.below if below else [])
    return _weighted([(other.x, 1 if place.name or other.name else 6) for other in near]) if near else place.x


def _weighted(numbers: Sequence[tuple[float, int]]) -> float:
    return sum(number * weight for number, weight in numbers) / sum(weight for _, weight in numbers)


def _crossings(rows: Sequence[Sequence[Place]]) -> int:
    count = 0
    for row in rows:
        lines = [(place.x, other.x) for place in row for other in place.below]
        count += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for i, a in enumerate(lines) for b in lines[:i])
    return count


def _arrows_of(place: Place) -> Iterator[str]:
    """Yield the arrows that begin at a box, each through its points to the box below."""
    for first in place.below if place.name else ():
        spread = place.width / 4 * max(-1.0, min(1.0, (first.x - place.x) / 160))
        x, y = place.x + spread, place.y + _BOX / 2
        path, lower = [f"M{round(x)} {round(y)}"], first
        while True:
            end = lower.y - _BOX / 2 - (5 if lower.name else 0)
            at = lower.x if not lower.name else lower.x + lower.width / 4 * max(-1.0, min(1.0, (x - lower.x) / 160))
            middle = (y + end) / 2
            path.append(f"C{round(x)} {round(middle)} {round(at)} {round(middle)} {round(at)} {round(end)}")
            x, y = at, end
            if lower.name:
                break
            y = lower.y + _BOX / 2
            path.append(f"V{round(y)}")
            lower = lower.below[0]
        yield f'<path class="arrow" d="{" ".join(path)}"/>'
        yield f'<path class="head" d="M{round(x)} {round(y + 5)} l-3.5 -7 h7 z"/>'


def _box(place: Place, words: Mapping[str, str], numbers: Mapping[str, str]) -> Iterator[str]:
    caption = words.get(place.name, "")
    left, top = round(place.x - place.width / 2), round(place.y - _BOX / 2)
    kind = "stage" if place.name in numbers else "box"
    yield f'<rect class="{kind}" x="{left}" y="{top}" width="{round(place.width)}" height="{_BOX}" rx="5"/>'
    yield _text("name", place.x, top + (13 if caption else 20), _label(place.name, numbers))
    if caption:
        yield _text("caption", place.x, top + 26, caption)


def _common_box(width: int, top: float, lines: Sequence[str]) -> Iterator[str]:
    height = 24 + 14 * len(lines)
    yield f'<rect class="box" x="{_EDGE}" y="{round(top)}" width="{width - 2 * _EDGE}" height="{height}" rx="5"/>'
    yield _text("name", width / 2, top + 16, "modules beside the packages, which use no package")
    for number, line in enumerate(lines):
        yield _text("caption", width / 2, top + 32 + 14 * number, line)


def _wrapped(text: str, most: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if len(line) + len(word) > most:
            yield line.strip()
            line = ""
        line += f" {word}"
    yield line.strip()


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{round(x)}" y="{round(y)}">{escape(text)}</text>'


def main() -> None:
    modules, text = measure.modules(rules.ROOT / "lab"), TEXT.read_text("utf-8")
    if lacking := missing(modules, text):
        raise SystemExit("\n".join(lacking))
    PICTURE.write_text(picture(modules, text), "utf-8")
    print(PICTURE.relative_to(rules.ROOT))


if __name__ == "__main__":
    main()
