"""`--ignore`: the names of settings without a model that a simulation leaves out.

Evidence that may depend on such a setting is unknown: a broker whose configuration has one reports it as its process
starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from lab.amazonmq.configurations.configuration import Configuration, read
from lab.amazonmq.configurations.default_configuration import FILE
from lab.amazonmq.configurations.edits import Edit, apply
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass
from lab.errors import Place, Problem
from lab.plan.values import Plan
from lab.simulation.bridge import support as of_connectors
from lab.simulation.broker import support as of_brokers
from lab.simulation.support import IGNORE, MODELLED, Kind, Support, Unmodelled, tables

_LEAVE_OUT = "leave it out, or run it with real brokers: --runtime emulation"


def lacking(configuration: Configuration) -> Iterator[Problem]:
    """Yield the settings of a configuration without a model; the service's own settings are modelled."""
    if configuration.file != FILE:
        yield from of_brokers.unmodelled(configuration)
    for connector in configuration.connectors:
        yield from of_connectors.refusals(connector)


def clusters(configuration: Configuration) -> Iterator[Unmodelled]:
    """Yield each updateClusterClients="true": it names other brokers to masterslave: bridges."""
    for element in configuration.broker.walk():
        if element.name == "transportConnector" and is_true(element.get("updateClusterClients")):
            words = 'updateClusterClients="true" for a masterslave: bridge'
            what, place = f"the simulation has no model of {words}", configuration.place(element.start)
            yield Unmodelled.of_setting("updateClusterClients", words, what, _LEAVE_OUT, place, tag=element.name)


def without_store(configuration: Configuration) -> Iterator[Unmodelled]:
    """Yield the settings that leave a pair without the shared store whose lock decides which instance is active."""
    attribute = configuration.broker.attribute("persistent")
    if attribute is not None and not is_true(attribute.value):
        words = f'persistent="{attribute.value}" for a pair, whose instances share a store and its lock'
        what, place = f"the simulation has no model of {words}", configuration.place(attribute.start)
        span = (attribute.start, attribute.end)
        yield Unmodelled.of_setting("persistent", words, what, _LEAVE_OUT, place, tag="broker", span=span)


def named(problem: Problem, names: Iterable[str]) -> bool:
    """Return whether a problem is a setting that one of the names means."""
    return isinstance(problem, Unmodelled) and any(map(problem.is_named, names))


def misnamed(
    names: Sequence[str], configurations: Sequence[Configuration], problems: Sequence[Problem]
) -> Iterator[Problem]:
    """Yield a problem for each name that means no setting without a model."""
    might = [*dict.fromkeys(each.setting for each in problems if isinstance(each, Unmodelled))]
    for name in dict.fromkeys(names):
        if any(named(each, (name,)) for each in problems):
            continue
        what, place = f"{IGNORE} {name}: no configuration of the scenario has this setting", None
        remedy = f"name a setting that can be ignored: {', '.join(might)}" if might else ""
        remedy = remedy or f"leave {IGNORE} out: the simulation has a model of every setting"
        if (found := next(chain.from_iterable(_written(each, name) for each in configurations), None)) is not None:
            support, place = found
            known = "has no effect in the simulation" if support.kind is Kind.NO_EFFECT else "is modelled as written"
            what, remedy = f"{IGNORE} {name}: the setting {known}", f"leave {IGNORE} {name} out"
        yield Problem(what=what, remedy=remedy, place=place)


def _written(configuration: Configuration, name: str) -> Iterator[tuple[Support, Place]]:
    """Yield the place of each element or attribute of a name, with the simulation's treatment of it."""
    for element in configuration.broker.walk():
        if element.name == name:
            yield _support(element, ""), configuration.place(element.start)
        for attribute in element.attributes:
            if name in (attribute.name, f"{element.name}@{attribute.name}"):
                yield _support(element, attribute.name), configuration.place(attribute.start)
    for connector in configuration.connectors:
        if name in of_connectors.discovery_options(connector.uri or ""):
            yield tables()[of_connectors.DISCOVERY][name], connector.uri_place
        for remote in connector.remotes:
            if name in of_connectors.options(remote.text):
                yield tables()[of_connectors.ADDRESS][name], remote.place


def _support(element: Element, attribute: str) -> Support:
    return tables().get(element.name, {}).get(attribute or "element", MODELLED)


@dataclass(frozen=True, slots=True)
class Without:
    """A Plan without the ignored settings, and these settings in words, with their brokers."""

    plan: Plan
    ignored: tuple[tuple[str, str], ...] = ()


def without(plan: Plan, broker: str, names: Sequence[str]) -> Without:
    """Return a Plan without a broker's settings that have no model and one of these names.

    A setting of a network connector concerns both ends of its bridges, even if none comes up.
    """
    if not names:
        return Without(plan)
    its = plan.broker(broker)
    configuration = read(its.saved.encode(), its.configuration_file)
    of_pairs = without_store(configuration) if len(its.instances) > 1 else ()
    found = chain(lacking(configuration), clusters(configuration), of_pairs)
    gone = [each for each in found if isinstance(each, Unmodelled) and named(each, names)]
    spans = dict.fromkeys(each.span for each in gone if each.span is not None)
    saved = apply(its.saved, [Edit(start=start, end=end, text="") for start, end in spans])
    told = [
        (where, f"{broker} is simulated without {each.text}")
        for each in gone
        for where in (broker, *_far_ends(plan, broker, each.connector))
    ]
    brokers = tuple(replace(each, saved=saved) if each is its else each for each in plan.brokers)
    return Without(replace(plan, brokers=brokers), tuple(dict.fromkeys(told)))


def _far_ends(plan: Plan, broker: str, connector: str) -> Iterator[str]:
    for bridge in plan.bridges:
        if connector and bridge.initiator == broker and bridge.connector == connector:
            yield bridge.responder
