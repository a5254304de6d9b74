"""Whether the tests notice a fault: plant faults in lab/, one at a time, and run the tests nearest to each.

`python -m tests.planted` plants faults that the seed chooses, in a copy of the working tree or of a commit.
`--against FILE` plants the faults of an earlier run instead, wherever their lines now are, and compares: the exit
code is 1 if fewer than 95 % of those that were caught are caught still. `--continue` goes on after an interruption.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from tests import durations
from tests.promised import PROMISED

ROOT = Path(__file__).parents[1]
MARKS = "not (docker or netns or alone or tools) and not release"
LIMIT, CLEAN_LIMIT = 150.0, 900.0  # seconds of the tests of a fault, and of the tests of a room without a fault
QUIET = 60.0  # seconds of one test, after which it hangs: the longest takes 10
MEMORY = 8 << 30  # bytes, so that a loop without an end is a MemoryError
UNSOUND = 5  # tests that may fail without a fault, and are left out
SHARE = 0.95  # of the faults that were caught before

# Each room: its folder, and the folders of its tests, its own first.
ROOMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "judge": ("lab/judge", ("tests/judge", "tests/report", "tests/replay")),
    "simulation": ("lab/simulation", ("tests/simulation", "tests/contract", "tests/living")),
    "check": ("lab/check", ("tests/check", "tests/declare", "tests/plan")),
    "amazonmq": ("lab/amazonmq", ("tests/amazonmq", "tests/operating", "tests/plan", "tests/extras/api")),
    "network": ("lab/network", ("tests/network", "tests/link", "tests/plan", "tests/extras/api")),
    "living": ("lab/living", ("tests/living", "tests/replay", "tests/extras/page", "tests/extras/api")),
    "emulation": ("lab/emulation", ("tests/emulation", "tests/router", "tests/runtime", "tests/living")),
}

CAUGHT, HANGS = "caught", "hangs"  # what counts as caught
SURVIVED, TIME_OUT, GONE = "survived", "time-out", "gone"

_COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
}
_CALCULATED: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "//"),
    ast.FloorDiv: ("//", "*"),
    ast.BitOr: (r"\|", "&"),
    ast.BitAnd: ("&", "|"),
}
_DROPPED = ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Raise | ast.Delete | ast.Break | ast.Continue
_BEFORE_OPERATOR = rb"(?:[\s()\\]|#.*\n)*"
_FAILED = re.compile(r"^(?:(\S+\.py::.*) (?:FAILED|ERROR)\b|ERROR (\S+\.py)\b)", re.M)

# What must be alike in a fault of another tree, from the surest: the line and the change always must.
_ALIKE: tuple[Callable[[Fault], Any], ...] = (
    lambda fault: (fault.path, fault.function, fault.occurrence),
    lambda fault: (Path(fault.path).name, fault.function, fault.occurrence),
    lambda fault: (fault.function, fault.occurrence),
    lambda fault: fault.path,
    lambda fault: Path(fault.path).name,
    lambda fault: None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One change of a text in a function of lab/."""

    room: str
    path: str
    line: int
    column: int  # bytes, from 0
    function: str  # its qualified name
    text: str  # of the line, without its indentation
    kind: str
    old: str
    new: str
    occurrence: int  # among the same changes of equal lines of the function, from 0

    def __str__(self) -> str:
        old = " ".join(self.old.split())
        return f"{self.path}:{self.line} {self.kind}: {old[:60]} → {self.new[:70]}"


class Finder(ast.NodeVisitor):
    """Finds each fault that a file can have; not in docstrings, imports, types, f-strings and messages of errors."""

    def __init__(self, source: bytes, *, path: str, room: str) -> None:
        self.faults: list[Fault] = []
        self._source, self._path, self._room = source, path, room
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._names: list[str] = []
        self._inside = False
        self._seen = Counter[tuple[str, ...]]()
        self.visit(ast.parse(source))

    def visit(self, node: ast.AST) -> None:
        """Find the faults of a node and of all in it."""
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            self._visit_body(node)
        elif not self._inside:
            self.generic_visit(node)
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
            self._propose(node)
            for child in _children(node):
                self.visit(child)

    def _visit_body(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "__repr__":
            return
        self._names.append(node.name)
        outside, self._inside = self._inside, not isinstance(node, ast.ClassDef)
        for statement in node.body:
            self.visit(statement)
        self._inside = outside
        self._names.pop()

    def _propose(self, node: ast.AST) -> None:
        match node:
            case ast.Expr(value=ast.Constant()):
                pass
            case _ if isinstance(node, _DROPPED):
                self._add("dropped line", self._start(node), self._end(node), "pass")
                if isinstance(node, ast.AugAssign) and type(node.op) in _CALCULATED:
                    self._operator(node.target, node.value, *_CALCULATED[type(node.op)])
            case ast.If() | ast.IfExp():
                self._branch(node.test)
            case ast.comprehension():
                for test in node.ifs:
                    self._branch(test)
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for left, right, operator in zip(operands, operands[1:], node.ops, strict=False):
                    self._operator(left, right, *_COMPARED[type(operator)])
            case ast.BoolOp():
                words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    self._operator(left, right, *words)
            case ast.BinOp() if type(node.op) in _CALCULATED and not _is_text(node.left) and not _is_text(node.right):
                self._operator(node.left, node.right, *_CALCULATED[type(node.op)])
            case ast.Constant(value=bool() as value):
                self._add("constant", self._start(node), self._end(node), str(not value))
            case ast.Constant(value=int() | float() as number):
                for other in (number + 1, number - 1):
                    self._add("constant", self._start(node), self._end(node), repr(other))

    def _branch(self, test: ast.expr) -> None:
        start, end = self._start(test), self._end(test)
        self._add("branch", start, end, f"not ({self._source[start:end].decode()})")

    def _operator(self, left: ast.AST, right: ast.AST, pattern: str, new: str) -> None:
        between = re.compile(_BEFORE_OPERATOR + b"(" + pattern.encode() + b")")
        if found := between.match(self._source, self._end(left), self._start(right)):
            self._add("operator", found.start(1), found.end(1), new)

    def _add(self, kind: str, start: int, end: int, new: str) -> None:
        line = bisect_right(self._starts, start)
        text, old = self._lines[line - 1].decode().strip(), self._source[start:end].decode()
        same = (function := ".".join(self._names), text, kind, old, new)
        self.faults.append(
            Fault(
                room=self._room,
                path=self._path,
                line=line,
                column=start - self._starts[line - 1],
                function=function,
                text=text,
                kind=kind,
                old=old,
                new=new,
                occurrence=self._seen[same],
            )
        )
        self._seen[same] += 1

    def _start(self, node: Any) -> int:
        return self._starts[node.lineno - 1] + int(node.col_offset)

    def _end(self, node: Any) -> int:
        return self._starts[node.end_lineno - 1] + int(node.end_col_offset)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that can have a fault of their own."""
    match node:
        case ast.Raise():
            return
        case ast.AnnAssign(value=value):
            yield from filter(None, [value])
        case ast.Subscript(value=ast.Name(id="Annotated" | "Literal") | ast.Attribute(attr="Annotated" | "Literal")):
            return
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[first, _]):
            yield first
        case ast.Call(func=ast.Name(id="cast"), args=[_, second]):
            yield second
        case _:
            yield from ast.iter_child_nodes(node)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def found(tree: Path) -> list[Fault]:
    """Return each fault that lab/ of a tree can have, room by room; those of other folders have the room ""."""
    folders = {Path(folder): room for room, (folder, _) in ROOMS.items()}
    faults: list[Fault] = []
    for path in sorted((tree / "lab").rglob("*.py")):
        inside = path.relative_to(tree)
        room = next((folders[each] for each in inside.parents if each in folders), "")
        faults += Finder(path.read_bytes(), path=inside.as_posix(), room=room).faults
    return faults


def chosen(candidates: Collection[Fault], *, seed: int, count: int) -> list[Fault]:
    """Return so many faults, spread evenly over the rooms, and in a room over the kinds."""
    left: dict[str, dict[str, list[Fault]]] = {room: {} for room in ROOMS}
    for fault in candidates:
        if fault.room:
            left[fault.room].setdefault(fault.kind, []).append(fault)
    chances = {room: random.Random(f"{seed} {room}") for room in ROOMS}
    faults: list[Fault] = []
    while len(faults) < count and any(left.values()):
        for room, chance in chances.items():
            if kinds := sorted(left[room]):
                kind = chance.choice(kinds)
                of_kind = left[room][kind]
                faults.append(of_kind.pop(chance.randrange(len(of_kind))))
                if not of_kind:
                    del left[room][kind]
    return faults[:count]


def located(fault: Fault, candidates: Collection[Fault]) -> Fault | None:
    """Return the same fault as another tree has it, or None if that is gone or several could be it."""
    change = (fault.text, fault.kind, fault.old, fault.new)
    same = [each for each in candidates if (each.text, each.kind, each.old, each.new) == change]
    for alike in _ALIKE:
        close = [each for each in same if alike(each) == alike(fault)]
        in_room = [each for each in close if each.room == fault.room]
        for those in (in_room, close):
            if len(those) == 1:
                return replace(those[0], room=fault.room)
    return None


def planted(source: bytes, fault: Fault) -> bytes:
    """Return the text with the fault in it; raise ValueError if it is not Python, or the line is another one."""
    lines, old = source.splitlines(keepends=True), fault.old.encode()
    start = sum(map(len, lines[: fault.line - 1])) + fault.column
    if source[start : start + len(old)] != old:
        raise ValueError(f"{fault.path}:{fault.line} is another line")
    changed = source[:start] + fault.new.encode() + source[start + len(old) :]
    try:
        compile(changed, fault.path, "exec")
    except SyntaxError as error:
        raise ValueError(str(error)) from error
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run of pytest ended."""

    code: int | None  # None if its time was over
    log: str
    seconds: float
    quiet: float  # seconds since it said something

    @property
    def failed(self) -> list[str]:
        """Return the tests that failed, the first one first, and files that could not be read."""
        return [test or file for test, file in _FAILED.findall(self.log)]

    @property
    def result(self) -> tuple[str, str]:
        """Return what this says of a fault, and the test that failed or was the last."""
        if self.code in (0, 5):  # 5: no test is left
            return SURVIVED, ""
        last = next((line for line in reversed(self.log.splitlines()) if line.startswith("tests/")), "collecting")
        if self.code is not None or self.failed:
            return CAUGHT, self.failed[0] if self.failed else f"exit code {self.code}: {last}"
        return (HANGS if self.quiet > QUIET else TIME_OUT), last


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The tests of a room that pass without a fault."""

    seconds: dict[str, float]  # of each file
    left_out: list[str]

    def words(self, tree: Path, fault: Fault) -> list[str]:
        """Return files for pytest: those of the fault's module first, then the fastest."""
        package, _, module = fault.path.removesuffix(".py").replace("/", ".").rpartition(".")
        imports = re.compile(rf"\b{re.escape(package)}(\.| import .*\b){module}\b")

        def order(file: str) -> tuple[bool, bool, float]:
            text = (tree / file).read_text("utf-8")
            return Path(file).stem != f"test_{module}", not imports.search(text), self.seconds[file]

        return [*(f"--deselect={test}" for test in self.left_out), *sorted(self.seconds, key=order)]


@contextmanager
def copied(commit: str | None) -> Iterator[Path]:
    """Copy the working tree, or a commit's; the folder above the copy is for what its tests write."""
    with tempfile.TemporaryDirectory(prefix="planted-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder, "tree")
        tree.mkdir()
        names = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        files = ["tar", "-c", "--ignore-failed-read", "--null", "--no-recursion", "-T", "-"]
        if commit:
            archive = subprocess.run(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        else:
            listed = subprocess.run(names, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
            archive = subprocess.run(files, cwd=ROOT, input=listed, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
        words = [
            sys.executable,
            "-c",
            "import lab.errors, tests.conftest; print(lab.__file__, tests.conftest.__file__)",
        ]
        asked = subprocess.run(words, cwd="/", env=environment(tree), stdout=subprocess.PIPE, text=True, check=True)
        if asked.stdout.split() != [str(tree / "lab" / "__init__.py"), str(tree / "tests" / "conftest.py")]:
            sys.exit(f"the tests would import {asked.stdout}, not the copy in {tree}")
        yield tree


def environment(tree: Path) -> dict[str, str]:
    """Return the variables with which Python imports the tree's modules."""
    return {name: text for name, text in os.environ.items() if name != PROMISED} | {"PYTHONPATH": str(tree)}


def pytest(tree: Path, words: list[str], limit: float) -> Ended:
    """Run pytest in a tree, in a process group of its own, which is killed when the time is over."""
    own = ["-v", "-p", "no:cacheprovider", "--hypothesis-seed=0", f"--basetemp={tree.parent / 'tmp'}"]
    shutil.rmtree(tree / ".hypothesis", ignore_errors=True)
    log, begun = tree.parent / "pytest.log", time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *own, *words],
            cwd=tree,
            env=environment(tree),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        )
    code = None
    try:
        code = process.wait(limit)
    except subprocess.TimeoutExpired:
        pass
    finally:
        quiet = time.time() - log.stat().st_mtime
        if code is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    text = log.read_text("utf-8", "replace")
    return Ended(code=code, log=text, seconds=time.monotonic() - begun, quiet=quiet)


def clean(tree: Path, room: str, marks: str) -> Suite:
    """Run a room's tests without a fault; exit if more than a few fail."""
    xml = tree.parent / "clean" / room
    words = [
        f"--junitxml={xml / 'clean.xml'}",
        "-m",
        marks,
        *(each for each in ROOMS[room][1] if (tree / each).is_dir()),
    ]
    ended = pytest(tree, words, CLEAN_LIMIT)
    if ended.code not in (0, 1) or len(ended.failed) > UNSOUND:
        sys.exit(f"{ended.log[-3000:]}\nthe tests of {room} fail without a fault")
    seconds = defaultdict[str, float](float)
    for test in durations.tests(xml):
        seconds[f"{test.module.replace('.', '/')}.py"] += test.seconds
    print(
        f"{room}: without a fault its tests take {ended.seconds:.0f} s; left out: {ended.failed or 'none'}", flush=True
    )
    return Suite(seconds=seconds, left_out=ended.failed)


def tried(tree: Path, fault: Fault, suite: Suite, marks: str) -> Ended:
    """Run the tests of a fault's room with the fault in the tree, and put the text back."""
    path = tree / fault.path
    source = path.read_bytes()
    changed = planted(source, fault)
    compiled = Path(cache_from_source(path))  # by whole seconds and size it could not be told from another one
    try:
        path.write_bytes(changed)
        compiled.unlink(missing_ok=True)
        return pytest(tree, ["-x", "-m", marks, *suite.words(tree, fault)], LIMIT)
    finally:
        path.write_bytes(source)
        compiled.unlink(missing_ok=True)


Row = dict[str, Any]  # as it is in the output: the fault's fields, number, result, test, seconds


def fault_of(row: Row) -> Fault:
    """Return the fault of a row."""
    return Fault(**{field.name: row[field.name] for field in fields(Fault)})


def read(path: Path) -> dict[int, Row]:
    """Return the rows of an output by their number."""
    return {row["number"]: row for row in json.loads(path.read_text("utf-8"))}


def write(rows: dict[int, Row], path: Path) -> None:
    """Replace the output at once, so that it is whole whenever this is interrupted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps([rows[number] for number in sorted(rows)], indent=1, ensure_ascii=False), "utf-8")
    beside.replace(path)


def summary(rows: Collection[Row]) -> str:
    """Return the results by room, as lines."""
    results = (CAUGHT, HANGS, SURVIVED, TIME_OUT, GONE)
    lines = [f"{'':12}" + "".join(f"{result:>10}" for result in results)]
    for room in (*ROOMS, "all"):
        counts = Counter(row["result"] for row in rows if room in (row["room"], "all"))
        lines.append(f"{room:12}" + "".join(f"{counts[result]:10}" for result in results))
    return "\n".join(lines)


def compared(before: dict[int, Row], now: dict[int, Row]) -> tuple[str, bool]:
    """Return which faults are no longer caught, as lines, and whether enough still are; what is gone does not count."""
    caught = [number for number in now if before[number]["result"] in (CAUGHT, HANGS)]
    there = [number for number in caught if now[number]["result"] != GONE]
    lost = [number for number in there if now[number]["result"] not in (CAUGHT, HANGS)]
    lines = [
        f"no longer caught: {number}, {fault_of(now[number])}; before by {before[number]['test']}" for number in lost
    ]
    share = 1 - len(lost) / len(there) if there else 1.0
    lines.append(
        f"{len(there) - len(lost)} of {len(there)} that were caught are caught still, {share:.0%}; "
        f"{len(caught) - len(there)} more are gone"
    )
    return "\n".join(lines), share >= SHARE


def arguments(words: list[str]) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help="faults (60)")
    parser.add_argument("--from", dest="commit", help="plant in a commit instead of the working tree")
    parser.add_argument("--only", help="numbers of faults, as 3,7")
    parser.add_argument("--against", type=Path, help="plant the faults of this output, and compare")
    parser.add_argument("--continue", dest="goes_on", action="store_true", help="keep the results of the output")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "planted.json")
    parser.add_argument("--marks", default=MARKS, help="pytest's -m (%(default)s)")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Plant each fault and run its tests; return 1 if too few are caught of those that were caught before."""
    given = arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does, it ends pytest and removes the copy
    before = read(given.against) if given.against else {}
    rows = read(given.output) if given.goes_on and given.output.exists() else {}
    suites: dict[str, Suite] = {}
    with copied(given.commit) as tree:
        candidates = found(tree)
        fresh = [] if before else chosen(candidates, seed=given.seed, count=given.count)
        faults = {number: fault_of(row) for number, row in before.items()} or dict(enumerate(fresh, 1))
        only = {int(number) for number in given.only.split(",")} if given.only else set(faults)
        for number in sorted(only & set(faults)):
            here = located(faults[number], candidates) if before else faults[number]
            fault = here or faults[number]
            if number in rows and fault_of(rows[number]) == fault:
                continue
            result, test, seconds = GONE, "", 0.0
            if here is not None:
                if here.room not in suites:
                    suites[here.room] = clean(tree, here.room, given.marks)
                ended = tried(tree, here, suites[here.room], given.marks)
                (result, test), seconds = ended.result, ended.seconds
            row = {"number": number, **asdict(fault), "result": result, "test": test, "seconds": round(seconds, 1)}
            rows[number] = row
            write(rows, given.output)
            print(f"{number:3} {fault.room:10} {fault}: {result} {test} ({seconds:.0f} s)", flush=True)
    rows = {number: rows[number] for number in sorted(only & set(faults))}
    print(summary(rows.values()))
    lines, enough = compared(before, rows) if before else ("", True)
    print(lines, end="\n" if lines else "")
    return not enough


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
