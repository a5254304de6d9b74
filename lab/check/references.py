"""Checks that the things which a step or an expectation refers to exist.

A field is marked with the kind of thing it names (`lab.declare.references`). To add a kind of thing, add it there, and
here a function that finds its names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from lab.check.context import Context
from lab.check.network_so_far import NetworkSoFar
from lab.check.service import Revisions, connectors_of, users_of
from lab.check.subscriptions import listeners, logins
from lab.declare.fields import Declared, Receivers
from lab.declare.references import Reference, Thing, references
from lab.declare.scenario import Scenario
from lab.declare.steps import STEPS
from lab.declare.steps.flow import END, START, Snapshot
from lab.declare.steps.messages import Browse
from lab.declare.unrolling import every_step, in_every_round
from lab.errors import Problem
from lab.plan.brokers import unread


def snapshots_of(scenario: Scenario) -> list[str]:
    """Return the names of the snapshots in the order of taking, with `start` first and `end` last."""
    taken = (step.name for step in in_every_round(scenario.steps) if isinstance(step, Snapshot))
    return list(dict.fromkeys((START, *(name for name in taken if name != END), END)))


def check_order(context: Context, between: tuple[str, ...]) -> Iterator[Problem]:
    """Yield a Problem if the second of two snapshots is taken before the first."""
    if "between" not in context.unknown:
        first, last = between
        order = snapshots_of(context.scenario)
        if order.index(last) < order.index(first):
            yield context.wrong("between", f"the snapshot {first} is taken after {last}", f"write [{last}, {first}]")


class Names(NamedTuple):
    """The valid names for a field."""

    kind: str  # of thing, in words
    valid: Collection[str]
    label: str  # of the list of valid names, in a remedy
    certain: bool = True  # no: there may be more, and another Problem says why they are unknown


def check_references(context: Context, declared: Declared) -> Iterator[Problem]:
    """Yield a Problem for each field that names a thing that does not exist, and note it in `context.unknown`."""
    for field, reference in references(type(declared)):
        value = getattr(declared, field)
        if value is None or reference.needs in context.unknown:
            continue
        names = _NAMES[reference.to](context, declared, reference)
        label = names.label + "".join(f", beside {word}" for word in reference.also)
        for name in _named(value):
            if name not in (*names.valid, *reference.also):
                fitting = reference.kinds is None or (name in STEPS and reference.kinds(STEPS[name]))
                context.unknown.add(field)
                written = type(declared).model_fields[field].alias or field
                if name in STEPS and not fitting:
                    what = f"this field does not accept the verb {name}"
                    right = "give the step a name with as: NAME, and write this name here"
                    if reference.alone:
                        what, right = f"this field does not accept the verb {name}", reference.alone
                    yield context.wrong(written, what, right)
                elif reference.instead and fitting:
                    right = f"add the {names.kind}, or {reference.instead}"
                    yield context.wrong(written, f"the scenario has no {name} {names.kind}", right)
                elif reference.to is Thing.BROKER and name in context.topology.hosts:
                    what = f"{name} is a host, and this field names a broker"
                    right = "write a host only in the field from of try, reachable and dropped\n"
                    yield context.wrong(written, what, f"{right}{names.label}: {', '.join(names.valid)}")
                elif reference.to is Thing.SENDER and name in (each.client for each in logins(context.scenario)):
                    what = f"{name} publishes nothing: a step that publishes names no client"
                    listed = f"{label}: {', '.join(names.valid) or 'none'}"
                    right = f"remove {written}, or name an application of clients\n{listed}"
                    yield context.wrong(written, what, right)
                elif names.certain:
                    yield context.missing(written, names.kind, name, names.valid, label)


def _named(field: str | tuple[str, ...] | Receivers | Mapping[str, object]) -> tuple[str, ...]:
    if isinstance(field, Receivers):
        return field.names
    if isinstance(field, Mapping):
        return tuple(field)
    return (field,) if isinstance(field, str) else field


def _brokers(context: Context, declared: Declared, reference: Reference) -> Names:
    return Names("broker", context.topology.brokers, "brokers in this topology")


def _origins(context: Context, declared: Declared, reference: Reference) -> Names:
    brokers, hosts = context.topology.brokers, context.topology.hosts
    return (
        Names("broker or host", [*brokers, *hosts], "brokers and hosts in this topology")
        if hosts
        else _brokers(context, declared, reference)
    )


def _users(context: Context, declared: Declared, reference: Reference) -> Names:
    broker = getattr(declared, reference.needs)
    return Names("user", users_of(context.scenario, broker), f"users of {broker}")


def _links(context: Context, declared: Declared, reference: Reference) -> Names:
    return Names("link", [link.name for link in context.topology.links], "links in this topology")


def _ends(context: Context, declared: Declared, reference: Reference) -> Names:
    name = getattr(declared, reference.needs)
    ends = next(link.between for link in context.topology.links if link.name == name)
    return Names("end of this link", ends, "its ends")


def _connectors(context: Context, declared: Declared, reference: Reference) -> Names:
    its = connectors_of(context.scenario)
    return Names("connector", its, "connectors of this topology", certain=not unread(context.topology))


def _own_connectors(context: Context, declared: Declared, reference: Reference) -> Names:
    broker = getattr(declared, reference.needs)
    its = [name for name, owners in connectors_of(context.scenario).items() if broker in owners]
    certain = broker not in unread(context.topology)
    return Names("connector", its, f"connectors in {broker}'s configuration", certain=certain)


def _steps(context: Context, declared: Declared, reference: Reference) -> Names:
    steps = every_step(context.scenario.steps)
    verbs = {step.verb: None for step in steps if reference.kinds is not None and reference.kinds(type(step))}
    names = {step.named: None for step in in_every_round(context.scenario.steps) if step.named}
    return Names("step", {**names, **verbs}, "steps by their names and verbs here")


def _listeners(context: Context, declared: Declared, reference: Reference) -> Names:
    its = dict.fromkeys((*context.scenario.clients, *(each.client for each in listeners(context.scenario))))
    return Names("client", its, "clients that subscribe")


def _senders(context: Context, declared: Declared, reference: Reference) -> Names:
    return Names("application", context.scenario.clients, "applications")


def _browsers(context: Context, declared: Declared, reference: Reference) -> Names:
    steps = every_step(context.scenario.steps)
    return Names(
        "client", dict.fromkeys(each.client for each in steps if isinstance(each, Browse)), "clients that browse"
    )


def _clients(context: Context, declared: Declared, reference: Reference) -> Names:
    its = dict.fromkeys(each.client for each in logins(context.scenario) if each.client)
    return Names("client", its, "clients that connect, subscribe, consume or browse")


def _snapshots(context: Context, declared: Declared, reference: Reference) -> Names:
    return Names("snapshot", snapshots_of(context.scenario), "snapshots of this scenario")


def _configurations(context: Context, declared: Declared, reference: Reference) -> Names:
    revisions = context.recall(Revisions)
    return Names("configuration", revisions.by_name, "configurations", certain=revisions.certain)


def _peerings(context: Context, declared: Declared, reference: Reference) -> Names:
    its = [each.name for each in context.recall(NetworkSoFar).network.peerings]
    return Names("peering", its, "peerings of this scenario")


def _route_tables(context: Context, declared: Declared, reference: Reference) -> Names:
    its = [each.name for each in context.recall(NetworkSoFar).network.route_tables]
    return Names("route table", its, "route tables")


# The functions that find the names of each kind of thing.
_NAMES: Mapping[Thing, Callable[[Context, Declared, Reference], Names]] = {
    Thing.BROKER: _brokers,
    Thing.ORIGIN: _origins,
    Thing.USER: _users,
    Thing.LINK: _links,
    Thing.END: _ends,
    Thing.CONNECTOR: _connectors,
    Thing.OWN_CONNECTOR: _own_connectors,
    Thing.STEP: _steps,
    Thing.LISTENER: _listeners,
    Thing.SENDER: _senders,
    Thing.BROWSER: _browsers,
    Thing.CLIENT: _clients,
    Thing.SNAPSHOT: _snapshots,
    Thing.CONFIGURATION: _configurations,
    Thing.PEERING: _peerings,
    Thing.ROUTE_TABLE: _route_tables,
}
