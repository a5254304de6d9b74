"""The structure of a package, measured: what its modules import, how long they are, what their docstrings are.

Only text is read and nothing imported, so another commit's tree is measured by the same rules.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

LONGEST = 500  # lines of a file that does not say why it is longer
# What Python has on POSIX systems alone, or not on Windows before 3.13, as its documentation says of each.
POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
_POSIX = """
os: chown chroot ctermid fchmod fchown fork forkpty getegid geteuid getgid getgroups getloadavg getpgid getpgrp
os: getpriority getsid getuid initgroups killpg lchown mkfifo mknod nice openpty pathconf pipe2 posix_spawn
os: pread preadv pwrite pwritev readv sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid
os: setgid setgroups setpgid setpriority setsid setuid statvfs sync sysconf tcgetpgrp ttyname uname wait wait3
os: wait4 waitid writev O_CLOEXEC O_DIRECTORY O_DSYNC O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC WNOHANG
signal: SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH
signal: alarm pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait
select: poll epoll kqueue devpoll
socket: AF_UNIX AF_NETLINK AF_PACKET SO_PEERCRED
"""
POSIX_NAMES = {
    f"{module}.{name}"
    for module, _, names in (line.partition(":") for line in _POSIX.strip().splitlines())
    for name in names.split()
}
_SAYS_NOTHING = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One module that a module names in an import: anywhere in it, for types only as well, or as a text."""

    target: str
    line: int


@dataclass(frozen=True)
class Module:
    """A file of a package."""

    name: str
    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of its tree: every rule passes over them."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def docstrings(self) -> tuple[ast.Expr, ...]:
        """The docstrings of the module and of all that it defines."""
        found = (node.body[0] for node in self.nodes if isinstance(node, _DOCUMENTED) and node.body)
        return tuple(
            each for each in found if isinstance(each, ast.Expr) and isinstance(getattr(each.value, "value", None), str)
        )

    def imported(self, known: Mapping[str, Module]) -> Iterator[Import]:
        """Yield what it imports; of a package's name that is a module, the module."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (Import(each.name, node.lineno) for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for each in node.names:
                    inner = f"{base}.{each.name}"
                    yield Import(inner if inner in known else base, node.lineno)
            elif isinstance(node, ast.Call) and _name(node.func) == "import_module":
                for name in node.args[:1]:
                    if isinstance(name, ast.Constant) and isinstance(name.value, str):
                        yield Import(name.value, node.lineno)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        folder = parts[: len(parts) - node.level + (self.path.name == "__init__.py")]
        return ".".join([*folder, *([node.module] if node.module else [])])

    def says_why_it_is_long(self) -> bool:
        """Return whether its first comment, above all imports, says why it is longer than the others."""
        above, *_ = re.split(r"^(?:from|import) ", self.text, maxsplit=1, flags=re.MULTILINE)
        return bool(re.search(rf"^# Over {LONGEST} lines, because \w", above, re.MULTILINE))

    def code_lines(self) -> int:
        """Count its lines without imports, docstrings, comments and blank ones."""
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in _SAYS_NOTHING:
                lines.update(range(token.start[0], token.end[0] + 1))
        left_out = [node for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node)]
        for node in left_out:
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return len(lines)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that its code uses, defines or imports, and its texts."""
        found: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.alias):
                found.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
        return frozenset(found)


def _is_text(node: ast.AST) -> TypeGuard[ast.Expr]:
    """Return whether a statement is a text alone: a docstring, or the sentence of a field."""
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name, or nothing of what is none."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def modules(root: Path) -> dict[str, Module]:
    """Read every module of the package in a folder of its name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path, path.read_text("utf-8"))
    return found


def cycles(found: Mapping[str, Module]) -> list[tuple[str, ...]]:
    """Return the groups of modules of which each imports, by whatever way, each other one."""
    reached = {name: {each.target for each in module.imported(found)} & found.keys() for name, module in found.items()}
    for middle in found:  # Warshall's closure: some hundred modules, and sets
        for name in found:
            if middle in reached[name]:
                reached[name] |= reached[middle]
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in found
        if name in reached[name]
    }
    return sorted(groups)


def layers(settings: Path) -> list[set[str]]:
    """Return the layers of the import linter's first contract, the uppermost first."""
    parser = ConfigParser()
    parser.read(settings)
    contract = next(section for section in parser.sections() if parser.get(section, "type", fallback="") == "layers")
    return [
        {name.strip() for name in line.replace(":", "|").split("|")}
        for line in parser.get(contract, "layers").splitlines()
        if line.strip()
    ]


def room(name: str) -> str:
    """Return the name of the room that a module is in, or of the module beside the rooms that it is."""
    return ".".join(name.split(".")[:2])


def upward(found: Mapping[str, Module], of: Sequence[set[str]]) -> Iterator[str]:
    """Yield the imports that go from a layer to one above it, or beside it, and the modules that are in no layer."""
    height = {name: level for level, names in enumerate(of) for name in names}
    for name, module in found.items():
        here = room(name)
        if "." not in name:
            continue  # the package itself is what a program imports: it is above all of it
        if here not in height:
            yield f"{module.path}:1: {here} is in no layer"
            continue
        for each in module.imported(found):
            there = room(each.target)
            if there in height and there != here and height[there] <= height[here]:
                yield f"{module.path}:{each.line}: {here} is not above {there}"


def of_one_room(found: Mapping[str, Module]) -> Iterator[str]:
    """Yield the modules beside the rooms that a single room imports; a public name's module is the package's."""
    users: dict[str, set[str]] = defaultdict(set)
    for name, module in found.items():
        for each in module.imported(found):
            if each.target in found and room(each.target) == each.target != room(name):
                users[each.target].add(room(name))
    for name, rooms in users.items():
        beside = "." in name and found[name].path.name != "__init__.py"
        if beside and len(rooms) == 1 and "." in (only := next(iter(rooms))):
            yield f"{found[name].path}:1: {only} alone imports it, and has room for it"


def importing(found: Mapping[str, Module], targets: Sequence[str], *, within: str) -> Iterator[tuple[Module, Import]]:
    """Yield who imports one of some packages without being within another."""
    for name, module in found.items():
        if name != within and not name.startswith(f"{within}."):
            for each in module.imported(found):
                if any(each.target == target or each.target.startswith(f"{target}.") for target in targets):
                    yield module, each


def compiling(found: Mapping[str, Module]) -> Iterator[str]:
    """Yield who takes the standard library's dataclass, except errors, and the link, of which the router has a copy."""
    for name, module in found.items():
        if name in ("lab.base.dataclass", "lab.errors") or name.startswith("lab.link."):
            continue
        for node in module.nodes:
            taken = isinstance(node, ast.ImportFrom) and node.module == "dataclasses" and {e.name for e in node.names}
            if taken and "dataclass" in taken:
                yield f"{module.path}:{node.lineno}: the dataclass of lab/base/dataclass.py takes a quarter of the time"


def sleeping(found: Mapping[str, Module]) -> Iterator[str]:
    """Yield the places where something but a clock knows of `time.sleep`."""
    for name, module in found.items():
        if name.rpartition(".")[2] == "clock":
            continue
        for node in module.nodes:
            named = isinstance(node, ast.Attribute) and (_name(node.value), node.attr) == ("time", "sleep")
            taken = (
                isinstance(node, ast.ImportFrom) and node.module == "time" and "sleep" in {e.name for e in node.names}
            )
            if named or taken:
                yield f"{module.path}:{node.lineno}: only a Clock sleeps"


def polling(found: Mapping[str, Module]) -> Iterator[str]:
    """Yield where an Event is waited for that its module makes and never sets: that is a sleep."""
    for module in found.values():
        calls = [node for node in module.nodes if isinstance(node, ast.Call)]
        events = [node for node in calls if _name(node.func) == "Event"]
        asked = {(each.func.value, each.func.attr) for each in calls if isinstance(each.func, ast.Attribute)}
        named = {(_name(of), verb) for of, verb in asked}
        made = {_name(target): value.lineno for target, value in _assigned(module.nodes) if value in events}
        lines = [of.lineno for of, verb in asked if of in events and verb == "wait"]
        lines += [line for name, line in made.items() if (name, "wait") in named and (name, "set") not in named]
        yield from (f"{module.path}:{line}: only a Clock sleeps, and this Event is never set" for line in lines)


def _assigned(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what is assigned to what, each by itself where several are at once."""
    for node in nodes:
        if isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield node.target, node.value
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=False)
            else:
                yield target, node.value


def of_one_system(found: Mapping[str, Module], *, within: str) -> Iterator[tuple[Module, int, str]]:
    """Yield where a module that is not within a package uses what Windows has not: the module, the line, the name."""
    for name, module in found.items():
        if name == within or name.startswith(f"{within}."):
            continue
        for each in module.imported(found):
            if each.target in POSIX_MODULES:
                yield module, each.line, each.target
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and f"{_name(node.value)}.{node.attr}" in POSIX_NAMES:
                yield module, node.lineno, f"{_name(node.value)}.{node.attr}"
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if f"{node.module}.{alias.name}" in POSIX_NAMES:
                        yield module, node.lineno, f"{node.module}.{alias.name}"


def kinds(found: Mapping[str, Module], key: str) -> dict[str, str]:
    """Return the classes that give themselves a word by an assignment to `key`, and the word of each."""
    words: dict[str, str] = {}
    for module in found.values():
        for node in module.nodes:
            if not isinstance(node, ast.ClassDef):
                continue
            for each in node.body:
                target = each.targets[0] if isinstance(each, ast.Assign) else getattr(each, "target", None)
                value = getattr(each, "value", None)
                if isinstance(target, ast.Name) and target.id == key and isinstance(value, ast.Constant):
                    words[node.name] = str(value.value)
    return words


def touched(found: Mapping[str, Module], words: Mapping[str, str]) -> dict[str, int]:
    """Count for each class, with its word, the files that name it, or its word if that has several parts."""
    count: dict[str, int] = defaultdict(int)
    for name, word in words.items():
        forms = {name, word, word.replace("-", "_")} if "-" in word else {name}
        count[name] = sum(bool(module.names & forms) for module in found.values())
    return count


def numbers(found: Mapping[str, Module], wanted: Sequence[int]) -> int:
    """Count the files that hold one of some numbers."""
    return sum(
        any(isinstance(node, ast.Constant) and node.value in wanted for node in module.nodes)
        for module in found.values()
    )
