"""The way from a scenario's name to its Plan, for commands and programs alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lab.amazonmq.configurations.sanitising import Removal
from lab.base.dataclass import dataclass
from lab.base.masking import Mask
from lab.base.shipped import shipped
from lab.base.version import __version__
from lab.check.advice import advise, removals
from lab.check.ports import check_port_base
from lab.check.scenario import check
from lab.declare.application import Application
from lab.declare.expectations import expectations_of
from lab.declare.expectations.base import Expectation
from lab.declare.loading import load, mask_of, resolve
from lab.declare.origin import without_passwords
from lab.declare.scenario import Scenario
from lab.errors import InputError, Problem

if TYPE_CHECKING:  # a check plans nothing, and has no history
    from lab.history import Header
    from lab.plan.values import Plan


_WORDS = "use words that are not in a password, and do not write a value after password="


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedScenario:
    """A scenario that was read, checked and planned, with the service's removals from its texts, and advice."""

    scenario: Scenario
    plan: Plan
    removals: tuple[Removal, ...]
    advice: tuple[Problem, ...]


def header_of(planned: PlannedScenario, plan: Plan, *, run: str, runtime: str, **more: Any) -> Header:
    """Return the header of a history that begins now, with `more` fields; without routes it is of a running lab."""
    from lab.history import Header
    from lab.plan.values import DECLARED

    scenario, standing = planned.scenario, more.get("routes") is None
    declared = scenario.declared()
    its = Header(
        run=run,
        scenario=scenario.scenario,
        seed=scenario.seed,
        runtime=runtime,
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        declared={**declared, "steps": []} if standing else declared,  # steps are recorded as they are done
        standing=standing,
        mqlab=__version__,
        activemq={broker.name: broker.activemq_version for broker in plan.brokers},
        round_trips={link.name: link.source for link in plan.links if link.source != DECLARED},
        **{**more, "routes": more.get("routes") or {}},
    )
    return its.with_tcp(plan.tcp)


def load_named(name: str, environment: Mapping[str, str], set: Mapping[str, str] = {}) -> Scenario:
    """Load a scenario by its path, or by the name of a shipped one, without checking it; `set` is as in `load`."""
    return load(resolve(name, shipped("scenarios")), environment=environment, set=set)


def mask_named(name: str, environment: Mapping[str, str], set: Mapping[str, str] = {}) -> Mask:
    """Return the mask of a scenario's passwords, however wrong its files or the values of `set` may be."""
    try:
        return mask_of(resolve(name, shipped("scenarios")), environment=environment, set=set)
    except InputError:  # no such scenario, and no password of it
        return Mask()


def read(
    name: str,
    environment: Mapping[str, str],
    version: str | None = None,
    set: Mapping[str, str] = {},
    expect: Sequence[Expectation] | None = None,
    *,
    another_lab: bool = False,
) -> Scenario:
    """Load and check a scenario; raise InputError with every Problem found. `expect` replaces its expectations.

    For `another_lab`, in which its applications were, that lab decides which messages the brokers observe.
    """
    scenario = load_named(name, environment, set)
    if another_lab and scenario.clients and not scenario.topology.observe:
        topology = scenario.topology.model_copy(update={"observe": (">",)})
        scenario = scenario.model_copy(update={"topology": topology}).from_files(scenario.origin)
    if expect is not None:
        scenario = scenario.model_copy(update={"expect": tuple(expect)}).from_files(scenario.origin)
    problems = check(scenario, activemq_version=version)
    if problems:
        raise InputError(without_passwords(problems, scenario.origin.mask))
    return scenario


def expectations(name: str, environment: Mapping[str, str]) -> tuple[Expectation, ...]:
    """Return the expectations of a scenario for judging another run, as that run would have kept them: no password.

    Raises InputError with every Problem found, or if an expectation cannot be read without a password that it names.
    """
    scenario = read(name, environment, another_lab=True)
    if scenario.is_topology:
        right = "name a scenario's file, which has expect: beside topology:"
        raise InputError.of(f"{name} is a topology, and expects nothing", right)
    try:
        return expectations_of(scenario.origin.mask.value(scenario.declared()))
    except ValidationError as error:
        why = "; ".join(each["msg"] for each in error.errors())
        raise InputError.of(f"an expectation cannot be read after passwords in it are masked: {why}", _WORDS) from error


def applications(name: str, environment: Mapping[str, str]) -> Mapping[str, Application]:
    """Return the applications that a scenario declares, by name; raise InputError with every Problem found."""
    return read(name, environment, another_lab=True).clients


def plan_named(
    name: str,
    environment: Mapping[str, str],
    *,
    seed: int | None = None,
    version: str | None = None,
    set: Mapping[str, str] = {},
    port_base: int | None = None,
    expect: Sequence[Expectation] | None = None,
) -> PlannedScenario:
    """Load, check and plan a scenario; `seed`, `expect` and the ActiveMQ `version` replace the scenario's own.

    `set` has values instead of those of its files, as in `load`. From `port_base` on, ports that no broker declares are
    counted.
    """
    from lab.plan.planning import plan

    scenario = read(name, environment, version, set, expect)
    if port_base is not None and (problems := tuple(check_port_base(scenario.topology, scenario.origin, port_base))):
        raise InputError(problems)
    if seed is not None:
        scenario = scenario.with_seed(seed)
    return PlannedScenario(
        scenario=scenario,
        plan=plan(scenario.topology, seed=scenario.seed, activemq_version=version, port_base=port_base),
        removals=removals(scenario.topology),
        advice=advise(scenario.topology, scenario.origin),
    )
