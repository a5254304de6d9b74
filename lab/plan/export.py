"""A control plane → the files of a topology that opens as it is: regions, brokers, users, links, and the network.

The input is the Control with the regions and the links alone, so that an account without a lab can be exported too.
`Facts` has what only a lab knows. No password is in the input, and each user's password is `{env: NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from lab.activemq.releases import NEWEST, release
from lab.amazonmq.account.broker_record import BrokerRecord, BrokerState
from lab.amazonmq.account.maintenance import DEFAULT_WINDOW
from lab.amazonmq.account.revisions import SavedConfiguration
from lab.amazonmq.account.user_record import Change
from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.base.dataclass import dataclass
from lab.declare.topology import MEMORY, Topology
from lab.declare.topology_text import topology_files
from lab.errors import InputError, Problem
from lab.link.impairment import FIGURES, Impairment, LinkState
from lab.network.aws import round_trip
from lab.plan.control import Control
from lab.plan.exported_network import ExportedNetwork
from lab.plan.network import network_of
from lab.plan.values import CUBIC, DECLARED, LinkPlan, Plan, RegionPlan

Login = tuple[str, str]  # broker, user
FILE, FOLDER = "topology.yaml", "configurations"
_PLACEHOLDER = "{env: NAME}"
_LATE: Mapping[str, str] = {
    BrokerState.CREATION_FAILED: "delete it: mqlab broker delete {}",
    BrokerState.DELETION_IN_PROGRESS: "wait until it is gone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a lab that its control plane does not have."""

    memory: Mapping[str, int] = field(default_factory=dict)  # bytes by broker, in the order of the topology
    ports: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by instance: endpoint's name → port
    observe: tuple[str, ...] = ()
    tcp: str = CUBIC
    reboot_time: timedelta = timedelta(0)
    releases: Mapping[str, str] = field(default_factory=dict)  # of ActiveMQ, by broker


def facts_of(plan: Plan, *, reboot_time: timedelta = timedelta(0)) -> Facts:
    """Return the facts of a planned lab."""
    return Facts(
        memory={broker.name: broker.memory for broker in plan.brokers},
        ports={each.name: each.ports for broker in plan.brokers for each in broker.instances if each.ports},
        observe=plan.brokers[0].identity.observe if plan.brokers else (),
        tcp=plan.tcp,
        reboot_time=reboot_time,
        releases={broker.name: broker.activemq_version for broker in plan.brokers},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The texts of a topology's files, by path, the variables of its passwords, and the parts that it lacks."""

    texts: Mapping[str, str]
    variables: Mapping[str, tuple[Login, ...]]  # environment variable → the logins with that password
    notes: tuple[str, ...]


def export(
    control: Control,
    regions: Sequence[RegionPlan],
    links: Sequence[LinkPlan],
    *,
    facts: Facts = Facts(),  # noqa: B008 - a frozen value
    age: timedelta = timedelta(0),
    machine: datetime | None = None,
    passwords: Mapping[Login, str] = {},
) -> Export:
    """Return the files of the topology that a control plane has now; raise InputError for what no topology can be.

    Changes that wait for a reboot are in it. `age` is the age of the lab, `machine` the machine's time. Passwords are
    compared, and never written: equal passwords of a user's name share an environment variable.

    >>> plan = plan_named("tokyo-singapore", {}).plan
    >>> made = export(opening_control(plan, now), plan.regions, plan.links)
    >>> list(made.texts), list(made.variables)
    (['topology.yaml', 'configurations/tokyo.xml'], ['TOKYO_TESTUSER_PASSWORD', 'SINGAPORE_TESTUSER_PASSWORD'])
    """
    return _Exporter(control, regions, links, facts, age, machine).export(passwords)


def variables(passwords: Mapping[Login, str | None]) -> dict[Login, str]:
    """Return the name of the environment variable of each login; `passwords` are compared, and None is unknown.

    Logins share a variable if all users of their name have one known password, as users of bridges do.
    """
    by_user: dict[str, set[str | None]] = {}
    for (_, user), password in passwords.items():
        by_user.setdefault(user, set()).add(password)
    shared = {user for user, known in by_user.items() if len(known) == 1 and None not in known}
    names: dict[Login, str] = {}
    taken: dict[str, str] = {}  # by user whose logins share it
    for broker, user in passwords:
        if user not in taken:
            stem = f"{user}_password" if user in shared else f"{broker}_{user}_password"
            name = _free(re.sub(r"^(?=[0-9])", "_", re.sub(r"[^A-Z0-9]", "_", stem.upper())), names.values())
            taken |= {user: name} if user in shared else {}
        names[broker, user] = taken.get(user) or name
    return names


def _free(name: str, taken: Collection[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


class _Exporter:
    """A topology while it is made of a control plane."""

    def __init__(
        self,
        control: Control,
        regions: Sequence[RegionPlan],
        links: Sequence[LinkPlan],
        facts: Facts,
        age: timedelta,
        machine: datetime | None,
    ) -> None:
        self._control, self._regions, self._links, self._facts = control, regions, links, facts
        self._machine = machine
        self._account = control.account
        self._brokers = sorted(self._records(), key=lambda each: self._place(each[0].name))
        names = {record.name for record, _, _ in self._brokers}
        self._network = ExportedNetwork(control.network, names, age)
        self._problems: list[Problem] = []
        self._notes: list[str] = []

    def export(self, passwords: Mapping[Login, str]) -> Export:
        content = self._content()
        self._problems += self._network.problems
        if not self._brokers:
            self._refuse("no broker is left", "create a broker: a topology has at least one")
        if self._problems:
            raise InputError(self._problems)
        topology = self._shortest(content)
        logins = [(name, user) for name, broker in topology.brokers.items() for user in broker.users]
        names = variables({login: passwords.get(login) for login in logins})
        by_name: dict[str, tuple[Login, ...]] = {}
        for login, name in names.items():
            by_name[name] = (*by_name.get(name, ()), login)
        texts = topology_files(topology, lambda *login: {"env": names[login]}, file=FILE, folder=FOLDER)
        self._notes += self._network.notes
        self._notes += self._lacking()
        return Export(texts=texts, variables=by_name, notes=tuple(self._notes))

    def _refuse(self, problem: str, remedy: str) -> None:
        self._problems.append(Problem(what=problem, remedy=remedy))

    def _records(self) -> Iterator[tuple[BrokerRecord, SavedConfiguration | None, bool]]:
        """Yield the brokers that are there, and those to be created later with their configuration."""
        yield from ((record, None, False) for record in self._account.brokers)
        yield from ((record, configuration, True) for record, configuration in self._account.later)

    def _place(self, broker: str) -> int:
        order = list(self._facts.memory)
        return order.index(broker) if broker in order else len(order)

    def _content(self) -> dict[str, Any]:
        """Return the fields of the topology, as its model reads them."""
        facts, network = self._facts, self._network
        content: dict[str, Any] = {"topology": self._control.network.topology}
        content |= {"reboot-time": facts.reboot_time} if facts.reboot_time else {}
        content |= {"tcp": facts.tcp} if facts.tcp != CUBIC else {}
        content |= {"observe": facts.observe} if facts.observe else {}
        if self._account.ahead and self._machine is not None:
            content["service-time"] = self._account.now(self._machine).astimezone(UTC).replace(microsecond=0)
        for way in (way for link in self._links for way in link.directions if way.state is not LinkState.OPEN):
            name = next(each.name for each in self._links if way in each.directions)
            what = (
                f"the link {name} is {way.state} from {way.leaving} to {way.reaching}: a topology cannot declare that"
            )
            self._refuse(what, f"heal it: mqlab link heal {name}")
        content["regions"] = {each.name: self._region(each) for each in self._regions}
        content["brokers"] = {its[0].name: self._broker(*its) for its in self._brokers}
        content |= {"hosts": hosts} if (hosts := network.hosts()) else {}
        content |= {"links": [_link(each, self._regions) for each in self._links]} if self._links else {}
        content |= {"peerings": network.peerings(), "route-tables": network.route_tables()}
        content |= {} if (groups := network.security_groups()) is None else {"security-groups": groups}
        return content

    def _region(self, region: RegionPlan) -> dict[str, Any]:
        subnets = self._network.subnets(region.name, region.vpc)
        return {"aws-region": region.aws_region, "vpc": region.vpc, **({"subnets": subnets} if subnets else {})}

    def _broker(self, record: BrokerRecord, configuration: SavedConfiguration | None, later: bool) -> dict[str, Any]:
        if record.state is not BrokerState.RUNNING and not later:
            remedy = _LATE.get(record.state, "wait until it is RUNNING").format(record.name)
            self._refuse(f"{record.name} is {record.state}", remedy)
        interfaces, facts = self._control.network.of_broker(record.name), self._facts
        if not interfaces:
            self._refuse(f"{record.name} is in no VPC", f"delete it: mqlab broker delete {record.name}")
            return {}
        addresses = [each.address for each in interfaces]
        content: dict[str, Any] = {"region": interfaces[0].vpc}
        content |= {"deployment-mode": record.deployment_mode}
        content |= {"address": addresses[0]} if len(addresses) == 1 else {"addresses": addresses}
        content |= {"broker-id": record.broker_id, "engine-version": record.engine_version}
        text = self._text(record, configuration)
        if text is not None:
            content["configuration"] = {"file": f"{record.name}.xml", "text": text}
        users = {
            each.name: {
                "password": _PLACEHOLDER,
                "groups": each.latest.groups,
                "console-access": each.latest.console_access,
            }
            for each in record.users
            if each.change is not Change.DELETE
        }
        if not users:
            self._refuse(f"{record.name} has no user", f"create a user: mqlab user create {record.name} NAME")
        content["users"] = users
        if len(users) > 1:
            content["user"] = next(iter(users))  # as whom clients log in
        content |= {"memory": facts.memory.get(record.name, MEMORY), "public": record.public}
        ports = [facts.ports.get(each.name, {}) for each in interfaces]
        if any(ports):
            content["ports"] = {name: tuple(its[name] for its in ports if name in its) for name in ports[0]}
        pending = record.pending_security_groups
        groups = interfaces[0].groups if pending is None else pending
        content |= {"security-groups": self._network.members(groups, interfaces[0].vpc)}
        return {**content, "later": later}

    def _text(self, record: BrokerRecord, configuration: SavedConfiguration | None) -> str | None:
        """Return the text of the revision that a broker has, or gets at its next reboot; None for the default."""
        revision = record.pending or record.current
        saved = configuration or self._account.configuration(revision.configuration)
        text = saved.revision(revision.revision).text
        return None if text == default_configuration().text else text

    def _shortest(self, content: dict[str, Any]) -> Topology:
        """Return the topology, without peerings and routes if its links alone make the same."""
        whole = _read(content)
        shorter = _read({key: each for key, each in content.items() if key not in ("peerings", "route-tables")})
        return shorter if network_of(shorter) == network_of(whole) else whole

    def _lacking(self) -> Iterator[str]:
        """Yield the parts that a topology does not have, in words."""
        for record, _, later in self._brokers:
            runs, usual = self._facts.releases.get(record.name), release(record.engine_version)
            if runs not in (None, usual, NEWEST.get(record.engine_version)):
                yield f"{record.name} runs ActiveMQ {runs} by --activemq-version, which a topology cannot declare"
            if record.has_pending:
                yield f"{record.name} has changes that wait for a reboot; the topology includes these changes"
            if record.window != DEFAULT_WINDOW and not later:
                yield f"{record.name} has the maintenance window {record.window}, which a topology cannot declare"
        used = {(record.pending or record.current).configuration for record, saved, _ in self._brokers if not saved}
        for each in self._account.configurations:
            if each.name not in used:
                yield f"no broker has the configuration {each.name}, so the topology leaves it out"


def _read(content: dict[str, Any]) -> Topology:
    try:
        return Topology.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what = f"a topology cannot have {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError.of(what, "change it in the lab") from error


def _link(link: LinkPlan, regions: Sequence[RegionPlan]) -> dict[str, Any]:
    here, there = link.directions
    between = [here.leaving, here.reaching]
    codes = {each.name: each.aws_region for each in regions}
    preset = None if link.source == DECLARED else round_trip(codes[here.leaving], codes[here.reaching])
    if preset is not None and here.impairment == there.impairment == Impairment(delay=preset.delay):
        return {"between": between, "link": "aws"}
    if here.impairment == there.impairment:
        return {"between": between, "link": _figures(here.impairment)}
    ways = {each.leaving: _figures(each.impairment) for each in link.directions}
    return {"between": between, "link": {"leaving": ways}}


def _figures(impairment: Impairment) -> dict[str, Any]:
    return {each.key: getattr(impairment, each.name) for each in FIGURES}
