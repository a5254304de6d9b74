"""The style of texts and names: the forms that the project avoids, and where each stands.

The forms are listed in CONTRIBUTING.md. `limits.toml` has the number of each form in each kind of text; a number may
only fall. Texts are the pages of `docs/`, the strings of `lab/` that a user may read, and its docstrings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_WORDS = 25  # of a sentence
FORMS: Mapping[str, re.Pattern[str]] = {
    "what-clause": re.compile(
        r"\bwhat (?:is|was|are|were|be|has|have|had|came|comes|goes|went|does|did|it|they|else|may|can|must|[a-z]+s)\b"
    ),
    "people-for-software": re.compile(r"\b(?:nobody|somebody|anybody|everybody|whoever)\b", re.I),
    "programs-that-speak": re.compile(r"\b(?:tells?|told|says?|said)\b", re.I),
    "left-out": re.compile(r"\bleft out\b", re.I),
    "old-word": re.compile(
        r"\b(?:claims?|twins?|owed|premises?|remarks?|befalls?|befell|keeper|seal(?:ed|s)?|strangers?|witness(?:es)?|"
        r"testimon(?:y|ies)|class: |beyond (?:what )?the models|(?:lab|labs) (?:that )?stands?|standing lab|"
        r"ms (?:asked|given)|(?:delay|round trip) (?:as )?(?:asked|given)|(?:judged|the|its|this) stretch)\b",
        re.I,
    ),
}
NAMES = frozenset({
    "each", "its", "found", "seen", "what", "of", "words", "told", "said", "here", "there",
    "item", "element", "value", "thing", "result", "who", "whose",
})  # fmt: skip
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_ALLOWED: Mapping[str, str] = {  # a form in a file, and why it stays
    "old-word lab/emulation/network/networks.py": "a lab claims subnets from a shared pool",
    "old-word lab/emulation/opening.py": "a lab claims subnets from a shared pool",
    "old-word lab/emulation/trial.py": "a lab claims subnets from a shared pool",
    "old-word lab/plan/values.py": "a lab claims subnets from a shared pool",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A form that stands in a text: the kind of text, the form, and the place."""

    kind: str
    form: str
    place: str
    text: str

    @property
    def counted_as(self) -> str:
        """Return the key of its limit."""
        return f"{self.kind}.{self.form}"


def hits(root: Path = ROOT) -> Iterator[Hit]:
    """Yield every form that stands in a page, a string, a docstring or a signature."""
    for path in sorted((root / "docs").glob("*.md")):
        yield from _of_page(path, path.relative_to(root).as_posix())
    for path in sorted((root / "lab").rglob("*.py")):
        yield from _of_module(path, path.relative_to(root).as_posix())


def _forms(kind: str, text: str, file: str, line: int) -> Iterator[Hit]:
    for form, pattern in FORMS.items():
        if f"{form} {file}" not in _ALLOWED:
            for match in pattern.finditer(text):
                start = max(0, match.start() - 40)
                yield Hit(kind, form, f"{file}:{line}", " ".join(text[start : match.end() + 40].split()))


def _of_page(path: Path, file: str) -> Iterator[Hit]:
    fenced = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield from _forms("pages", re.sub(r"`[^`]*`", "`", line), file, number)
    for sentence in _sentences(path.read_text("utf-8")):
        if len(sentence.split()) > MOST_WORDS:
            yield Hit("pages", "long-sentence", file, sentence)


def _sentences(page: str) -> Iterator[str]:
    """Yield the sentences of a page's paragraphs and list items; no code, tables or headings."""
    prose = re.sub(r"```.*?```", "\n\n", page, flags=re.S)
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )|<br>", prose):
        lines = [line for line in paragraph.splitlines() if not re.match(r"\s*(\||#|!|<)", line)]
        yield from re.split(r"(?<=[.!?:])\s+(?=[A-Z*`\[])", " ".join(" ".join(lines).split()))


def _of_module(path: Path, file: str) -> Iterator[Hit]:
    tree = ast.parse(path.read_text("utf-8"))
    documented = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node, clean=False)) is not None:
            expression = node.body[0]
            assert isinstance(expression, ast.Expr)
            documented.add(id(expression.value))
            yield from _forms("docstrings", text, file, expression.lineno)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                annotation = "" if argument.annotation is None else ast.unparse(argument.annotation)
                if argument.arg.strip("_") in NAMES and argument.arg != annotation.lower():  # element: Element
                    yield Hit("names", "parameter", f"{file}:{argument.lineno}", f"{node.name}({argument.arg})")
        if isinstance(node, ast.ClassDef):
            for field in node.body:
                target = field.target if isinstance(field, ast.AnnAssign) else None
                if isinstance(target, ast.Name) and target.id.strip("_") in NAMES:
                    yield Hit("names", "field", f"{file}:{target.lineno}", f"{node.name}.{target.id}")
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in documented else None
        if isinstance(text, str) and " " in text:
            yield from _forms("strings", text, file, node.lineno)
