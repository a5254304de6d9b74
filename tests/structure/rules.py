"""What must be so of the structure of lab/, and what is printed of it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from statistics import median

from tests.structure import measure
from tests.structure.measure import LONGEST, Module

ROOT = Path(__file__).parents[2]
LOCKS = "lab.base.file_locks"  # the one module above the emulation that knows systems apart
RUNTIMES = "lab.operating.runtimes"  # the one module that knows a runtime by name
SIZES = Path(__file__).with_name("sizes.toml")
PORTS = (5671, 8162, 8883, 61614, 61617, 61619)


def problems(found: Mapping[str, Module], settings: Path) -> list[str]:
    """Return every breach of a rule, with its place."""
    rules = chain(
        _cycles(found),
        measure.upward(found, measure.layers(settings)),
        _long(found),
        _docstrings(found),
        measure.of_one_room(found),
        measure.sleeping(found),
        measure.polling(found),
        _docker(found),
        _emulation(found),
        _one_system(found),
        _locks(found),
        measure.compiling(found),
        _outgrown(found),
    )
    return list(dict.fromkeys(problem.replace(f"{settings.parent}/", "") for problem in rules))


def _cycles(found: Mapping[str, Module]) -> Iterator[str]:
    for group in measure.cycles(found):
        yield f"{found[group[0]].path}:1: imports itself by way of others: {', '.join(group)}"


def _long(found: Mapping[str, Module]) -> Iterator[str]:
    for module in found.values():
        lines = module.text.count("\n")
        if lines > LONGEST and not module.says_why_it_is_long():
            yield f"{module.path}:{LONGEST}: has {lines} lines: write why: # Over {LONGEST} lines, because …"


def _docstrings(found: Mapping[str, Module]) -> Iterator[str]:
    for module in found.values():
        for each in module.docstrings:
            if ast.literal_eval(each.value).lstrip().startswith("Give"):
                yield f"{module.path}:{each.lineno}: a docstring begins with Return, Raise or another plain verb"


def _docker(found: Mapping[str, Module]) -> Iterator[str]:
    for module, each in measure.importing(found, ("docker", "testcontainers"), within="lab.emulation"):
        yield f"{module.path}:{each.line}: {each.target} is imported under lab/emulation/ alone"


def _emulation(found: Mapping[str, Module]) -> Iterator[str]:
    for module, each in measure.importing(found, ("lab.emulation",), within="lab.emulation"):
        if module.name != RUNTIMES:
            yield f"{module.path}:{each.line}: {RUNTIMES} alone knows the emulation"


def _one_system(found: Mapping[str, Module]) -> Iterator[str]:
    for module, line, name in measure.of_one_system(found, within="lab.emulation"):
        if module.name != LOCKS:
            yield f"{module.path}:{line}: {name} is not on every system"


def _locks(found: Mapping[str, Module]) -> Iterator[str]:
    for module, each in measure.importing(found, ("threading",), within="lab.emulation"):
        if module.name.startswith("lab.replay."):
            yield f"{module.path}:{each.line}: a replay's locks are those of lab/runtime/lock.py, which a clock can see"


def parts(found: Mapping[str, Module]) -> dict[str, int]:
    """Return the lines of code of the core and of each extra."""
    sizes = {"core": 0}
    for name, module in found.items():
        part = name.split(".")[2] if name.startswith("lab.extras.") else "core"
        sizes[part] = sizes.get(part, 0) + module.code_lines()
    return sizes


def _outgrown(found: Mapping[str, Module]) -> Iterator[str]:
    limits = tomllib.loads(SIZES.read_text(encoding="utf-8"))
    for part, lines in parts(found).items():
        if lines > limits.get(part, 0):
            yield f"{SIZES}:1: {part} has {lines} lines of code, and {limits.get(part, 0)} are allowed"


def figures(found: Mapping[str, Module], router: Mapping[str, Module]) -> list[str]:
    """Return the package's size, and in how many files what can be added is spoken of."""
    sizes = parts(found)
    lines = [
        f"{len(found)} files, {sum(sizes.values())} lines of code without imports, docstrings and comments",
        ", ".join(f"{name} {lines}" for name, lines in sizes.items()),
        f"{sum(module.text.count(chr(10)) for module in found.values())} lines in all",
        f"{sum(module.code_lines() for module in router.values())} lines of code of the router's programs beside",
    ]
    for word, key in (("step", "verb"), ("expectation", "kind")):
        count = measure.touched(found, measure.kinds(found, key))
        if count:
            most = max(count, key=lambda name: count[name])
            middle = median(count.values())
            lines.append(f"{word}: named in {middle:g} files in the median, {most} in {count[most]}")
    lines.append(f"port: its number is in {measure.numbers(found, PORTS)} files")
    return lines
