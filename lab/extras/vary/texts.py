"""The texts of a scenario, read once, for runs that may be on machines without its files; and the first look at it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from lab.amazonmq.configurations.wording import lines
from lab.base.dataclass import dataclass
from lab.base.masking import Mask, named_in
from lab.base.settings import COSTS
from lab.base.shipped import shipped
from lab.base.text_files import read_bytes
from lab.check.scenarios import PlannedScenario, mask_named, plan_named
from lab.declare.file_fields import NamedFile
from lab.declare.loading import resolve
from lab.declare.origin import without_passwords
from lab.declare.scenario import Scenario
from lab.declare.topology import Configuration
from lab.errors import InputError, Problem
from lab.extras.vary.combinations import Combination, Grid
from lab.extras.vary.labels import refused
from lab.operating import runtimes
from lab.runtime.runtime import Runtime

_LARGEST = 2**26  # bytes of one file


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Everything that a scenario is made of, for machines that do not have its files."""

    scenario: str  # path, below `folder`
    folder: str  # which all files are in, as errors are to name it
    files: Mapping[str, bytes]  # path below `folder` → content
    environment: Mapping[str, str]  # the variables whose passwords it names
    costs: bytes | None = None  # what the file of MQLAB_COSTS has
    ignored: tuple[str, ...] = ()  # settings that the models do without


@dataclass(slots=True)
class _Used(Mapping[str, str]):
    """An environment that knows which of its variables were asked for."""

    environment: Mapping[str, str]
    asked: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        self.asked[name] = self.environment[name]
        return self.asked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.environment)

    def __len__(self) -> int:
        return len(self.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A scenario that is ready to be varied."""

    name: str  # the scenario's own
    texts: Texts
    warnings: tuple[str, ...]
    mask: Mask  # of the passwords that any combination has


def look(
    name: str,
    grid: Grid,
    environment: Mapping[str, str],
    limit: timedelta | None = None,
    ignored: Sequence[str] = (),
) -> Looked:
    """Return a scenario's texts; raise InputError, with the combination, if the simulation would not take a value.

    Each value is looked at with the first values of the other keys, not each combination. `limit` is of each run's
    virtual time.
    """
    used, models = _Used(environment), runtimes.simulation(environment, limit, ignored)
    files: dict[Path, bytes] = {}
    with_keys: dict[str, frozenset[Path]] = {}
    first: PlannedScenario | None = None
    mask = Mask.of(each for values in grid.values.values() for value in values for each in named_in(value))
    for combination in grid.cover():
        found = _planned(name, combination, grid, used, mask, models)
        mask |= found.scenario.origin.mask
        first = first or found
        its = frozenset(_files(name, found.scenario))
        files |= {path: read_bytes(path, str(path), _LARGEST) for path in its - files.keys()}
        for key, values in grid.values.items():
            if combination.set[key] != values[0]:
                with_keys[key] = with_keys.get(key, its) | its
    assert first is not None  # a grid has one combination at least
    its = frozenset(_files(name, first.scenario))
    naming = [key for key, its_files in with_keys.items() if its_files != its]
    if len(naming) > 1:  # what a path means may depend on another one
        firsts = {key: values if key in naming else values[:1] for key, values in grid.values.items()}
        for combination in Grid(values=firsts, seeds=grid.seeds[:1]):
            scenario = _planned(name, combination, grid, used, mask, models).scenario
            mask |= scenario.origin.mask
            more = _files(name, scenario)
            files |= {path: read_bytes(path, str(path), _LARGEST) for path in more if path not in files}
    there = {path: Path(os.path.normpath(Path.cwd() / path)) for path in files}
    folder = Path(os.path.commonpath([path.parent for path in there.values()]))
    return Looked(
        name=mask.text(first.scenario.scenario),
        texts=Texts(
            scenario=str(there[_path(name)].relative_to(folder)),
            folder=str(folder),
            files={str(there[path].relative_to(folder)): content for path, content in files.items()},
            environment=used.asked,
            costs=read_bytes(Path(costs), costs, _LARGEST) if (costs := COSTS.get(environment)) else None,
            ignored=(*dict.fromkeys(ignored),),
        ),
        warnings=tuple(mask.text(line) for line in lines(first.removals, first.advice)),
        mask=mask,
    )


def _planned(
    name: str, combination: Combination, grid: Grid, environment: _Used, mask: Mask, models: Runtime
) -> PlannedScenario:
    """Return a combination's scenario; raise InputError if it, or its model, is refused.

    The error quotes neither what `mask` knows nor a password of the combination's own.
    """
    try:
        found = plan_named(name, environment, seed=combination.seed, set=combination.set)
        if found.scenario.is_topology:
            raise InputError.of(f"{name} has no steps: there is nothing to run", "name the file of a scenario")
        if beyond := models.refusals(found.scenario, found.plan):
            raise InputError(without_passwords(tuple(beyond), found.scenario.origin.mask))
    except InputError as error:
        if not grid.varied:
            raise
        words = refused(combination, grid, mask | mask_named(name, environment, set=combination.set))
        raise InputError([_with_combination(each, words) for each in error.problems]) from error
    return found


def _with_combination(problem: Problem, text: str) -> Problem:
    """Return a problem with its combination in its text."""
    return replace(problem, remedy=f"{problem.remedy}\nin the combination {text}".lstrip("\n"))


def _path(name: str) -> Path:
    return resolve(name, shipped("scenarios"))


def _files(name: str, scenario: Scenario) -> Iterator[Path]:
    """Yield the path of each file that a scenario was read from."""
    yield _path(name)
    values = scenario.origin.values
    yield from {Path(place.file) for place in values.values()}
    for each in _named(scenario):
        yield Path(each.file) if isinstance(each, Configuration) else Path(values[()].file).parent / each.path


def _named(tree: Any) -> Iterator[Configuration | NamedFile]:
    """Yield each configuration and each named file in a value of any depth."""
    if isinstance(tree, Configuration | NamedFile):
        yield tree
    elif isinstance(tree, BaseModel):
        for name in type(tree).model_fields:
            yield from _named(getattr(tree, name))
    elif isinstance(tree, tuple | list):
        for each in tree:
            yield from _named(each)
    elif isinstance(tree, Mapping):
        for each in tree.values():
            yield from _named(each)
