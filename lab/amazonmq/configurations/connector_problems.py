"""Problems with the connectors of a sanitised configuration, found before any broker reads it, by line and column.

`connector_problems` needs the text alone; `check_configuration` also needs the broker's users and the host names of its
topology. A user missing on the *other* broker is no problem here: the service would not notice it either, and finding
it is the purpose of a rehearsal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from lab.activemq.protocols import OPENWIRE
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.connectors import NetworkConnector, RemoteUri
from lab.amazonmq.configurations.elements import Attribute
from lab.amazonmq.identity import BrokerIdentity
from lab.amazonmq.quotas import CONNECTORS_PER_CONFIGURATION
from lab.errors import Place, Problem

SECURE_SCHEMES = ("ssl", "nio+ssl")
_MOST_LISTED = 60  # hosts, where one is unknown: a topology may have a thousand


def check_configuration(
    configuration: Configuration, identity: BrokerIdentity, hosts: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Return every problem of one broker's configuration; `hosts` maps each host name of the topology, in
    lower case, to its broker."""
    found = list(connector_problems(configuration))
    wrong = {problem.place for problem in found}
    for connector in configuration.connectors:
        found += _user_problems(configuration, connector, identity)
        # The addresses of a uri that is itself wrong are a guess.
        if connector.uri_place not in wrong:
            found += [problem for remote in connector.remotes for problem in _host_problems(remote, identity, hosts)]
    return _first_of_each_place(found)


def connector_problems(configuration: Configuration) -> tuple[Problem, ...]:
    """Return the problems of a configuration's connectors that do not depend on its broker."""
    found: list[Problem] = []
    connectors = configuration.connectors
    for connector in connectors:
        if connector.user_name is None:
            what = f"the connector {connector.name} names no user, so both brokers would refuse it"
            found.append(Problem(what=what, remedy='write userName="…"', place=connector.place))
        found += list(_uri_problems(connector)) or [
            problem for remote in connector.remotes for problem in _address_problems(remote)
        ]
    return _first_of_each_place([*found, *_name_problems(configuration, connectors)])


def _first_of_each_place(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the first problem of each place, in the order of the text."""
    first_at = {problem.place: problem for problem in reversed(problems)}
    return tuple(sorted(first_at.values(), key=lambda problem: problem.place or Place(file="", line=0, column=0)))


def _user_problems(
    configuration: Configuration, connector: NetworkConnector, identity: BrokerIdentity
) -> Iterator[Problem]:
    if connector.user_name is not None and connector.user_name not in {user.name for user in identity.users}:
        yield Problem(
            what=f"the connector {connector.name} names the user {connector.user_name!r}, unknown at {identity.name}",
            remedy=f"write one of the users of {identity.name}: {', '.join(user.name for user in identity.users)}",
            place=_value_place(configuration, connector.xml.attribute("userName")),
        )


def _uri_problems(connector: NetworkConnector) -> Iterator[Problem]:
    uri, place, name = connector.uri, connector.uri_place, connector.name
    example = f'write uri="static:(ssl://HOST:{OPENWIRE.port})"'
    if not uri:
        yield Problem(what=f"the connector {name} has no uri", remedy=example, place=place)
    elif any(character.isspace() for character in uri):
        yield Problem(what=f"the uri of {name} has a space or a line break in it", remedy="remove it", place=place)
    elif connector.discovery == "multicast":
        yield Problem(
            what="Amazon MQ has no multicast, so a multicast address finds no broker", remedy=example, place=place
        )
    elif connector.discovery not in ("static", "masterslave"):
        yield Problem(
            what=f"the uri of {name} does not begin with static: or masterslave:", remedy=example, place=place
        )
    elif uri.count("(") != uri.count(")"):
        yield Problem(what=f"a parenthesis of the uri of {name} is not closed", remedy=example, place=place)
    elif not connector.remotes:
        yield Problem(what=f"the uri of {name} has no address", remedy=example, place=place)
    elif connector.discovery == "masterslave" and len(connector.remotes) < 2:
        yield Problem(
            what=f"the uri of {name} has one address; with masterslave: ActiveMQ starts only with two or more",
            remedy="write the addresses of the active and the standby broker, or write static: for a single broker",
            place=place,
        )


def _address_problems(remote: RemoteUri) -> Iterator[Problem]:
    if not remote.scheme:
        what, remedy = f"{remote.text!r} is not an address", f"write ssl://HOST:{OPENWIRE.port}"
    elif remote.scheme not in SECURE_SCHEMES:
        what = f"Amazon MQ brokers do not connect to each other with the scheme {remote.scheme}"
        remedy = f"write ssl://{remote.host or 'HOST'}:{OPENWIRE.port}"
    elif remote.port != OPENWIRE.port:
        what = f"{remote.text!r} has {'no port' if remote.port is None else f'the port {remote.port}'}"
        remedy = f"write ssl://{remote.host or 'HOST'}:{OPENWIRE.port}: brokers reach each other on that port"
    else:
        return
    yield Problem(what=what, remedy=remedy, place=remote.place)


def _host_problems(remote: RemoteUri, identity: BrokerIdentity, hosts: Mapping[str, str]) -> Iterator[Problem]:
    own = {host.lower() for host in identity.host_names}
    if remote.host in own or hosts.get(remote.host) == identity.name:
        what = f"the connector leads from {identity.name} to itself"
    elif remote.host not in hosts:
        what = f"no broker of this topology has the host name {remote.host}"
    else:
        return
    yield Problem(what=what, remedy=_other_brokers(identity, hosts), place=remote.place)


def _name_problems(configuration: Configuration, connectors: tuple[NetworkConnector, ...]) -> Iterator[Problem]:
    count = Counter(connector.name for connector in connectors)
    seen: set[str] = set()
    for connector in connectors:
        if connector.name in seen:
            place = _value_place(configuration, connector.xml.attribute("name")) or connector.place
            yield Problem(
                what=f"{count[connector.name]} connectors have the name {connector.name}",
                remedy="give each connector another name: the name distinguishes their connections",
                place=place,
            )
        seen.add(connector.name)
    if len(connectors) > CONNECTORS_PER_CONFIGURATION:
        yield Problem(
            what=f"the configuration has {len(connectors)} network connectors",
            remedy=f"keep at most {CONNECTORS_PER_CONFIGURATION}, the most that Amazon MQ allows",
            place=connectors[CONNECTORS_PER_CONFIGURATION].place,
        )


def _other_brokers(identity: BrokerIdentity, hosts: Mapping[str, str]) -> str:
    others = (f"  {host}  {broker}" for host, broker in hosts.items() if broker != identity.name)
    listed = list(islice(others, _MOST_LISTED))
    more = len(hosts) - len(listed) - len(identity.host_names)
    if not listed:
        return "it has no other broker"
    return "\n".join(["the other brokers:", *listed, *([f"  and {more} more"] if more > 0 else [])])


def _value_place(configuration: Configuration, attribute: Attribute | None) -> Place | None:
    return None if attribute is None else configuration.place(attribute.value_start)
