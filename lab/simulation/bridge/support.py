"""The attributes, elements and options of a network connector that the model lacks, with their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from lab.amazonmq.configurations.connectors import NetworkConnector
from lab.amazonmq.configurations.deletions import Span
from lab.errors import Place, Problem
from lab.simulation.bridge import values
from lab.simulation.support import MODELLED, Support, Unmodelled, refused, tables

_STEPS = "leave it out, or run the scenario with --runtime emulation"
_UNKNOWN = refused("it is not modelled")

ATTRIBUTES, ELEMENTS = "networkConnector", "networkConnector elements"  # tables of `support.toml`, as those below
DESTINATIONS, SCHEMES = "networkConnector destinations", "networkConnector schemes"
DISCOVERY, ADDRESS = "networkConnector discovery", "networkConnector address"


def options(uri: str) -> Mapping[str, str]:
    """Return the options after the question mark of one address."""
    return dict(parse_qsl(uri.partition("?")[2], keep_blank_values=True))


def discovery_options(uri: str) -> Mapping[str, str]:
    """Return the options of the discovery itself, which stand after the parenthesis."""
    return options(uri.rpartition(")")[2]) if ")" in uri else {}


def refusals(connector: NetworkConnector) -> Iterator[Problem]:
    """Yield the settings of a connector that are outside the model, with their places."""
    name = connector.name
    for each in connector.xml.attributes:
        what = f'{each.name}="{each.value}" of the network connector {name}'
        support, span = _support(ATTRIBUTES, each.name), (each.start, each.end)
        yield from _refused(what, support, each.value, connector.place, each.name, connector, span)
        yield from _unread(what, values.ATTRIBUTES.get(each.name), each.value, connector.place)
    for group in connector.xml.children:
        support, span = _support(ELEMENTS, group.name), (group.start, group.end)
        what = f"<{group.name}> in the network connector {name}"
        yield from _refused(what, support, "", connector.place, group.name, connector, span)
        for inner in group.children if not support.refuses("") else ():
            what = f"<{inner.name}> in <{group.name}> of the network connector {name}"
            support, span = _support(DESTINATIONS, inner.name), (inner.start, inner.end)
            yield from _refused(what, support, "", connector.place, inner.name, connector, span)
    scheme = _support(SCHEMES, connector.discovery)
    yield from _refused(f"{connector.discovery}: in the uri of {name}", scheme, "", connector.uri_place)
    for option, value in discovery_options(connector.uri or "").items():
        what = f"option {option} in the uri of {name}"
        support = _support(DISCOVERY, option)
        yield from _refused(what, support, value, connector.uri_place, option, connector)
        yield from _unread(
            f"{option}={value} in the uri of {name}", values.DISCOVERY.get(option), value, connector.uri_place
        )
    for remote in connector.remotes:
        its = options(remote.text)
        if its.get("wireFormat.maxInactivityDuration") == "0" and its.get("keepAlive", "").lower() == "true":
            what = f"keepAlive=true with wireFormat.maxInactivityDuration=0 in an address of {name}"
            why = refused("TCP's own probes are not modelled")
            yield from _refused(what, why, "", remote.place, "keepAlive", connector)
        scheme = MODELLED if remote.scheme == "ssl" else _UNKNOWN
        yield from _refused(f"{remote.scheme}: in an address of {name}", scheme, "", remote.place)
        for option, value in its.items():
            what = f"option {option} in an address of {name}"
            yield from _refused(what, _support(ADDRESS, option), value, remote.place, option, connector)
            yield from _unread(
                f"{option}={value} in an address of {name}", values.TRANSPORT.get(option), value, remote.place
            )


def _support(table: str, name: str) -> Support:
    return tables()[table].get(name, _UNKNOWN)


def _refused(
    feature: str,
    support: Support,
    raw: str,
    place: Place,
    setting: str = "",
    connector: NetworkConnector | None = None,
    span: Span | None = None,
) -> Iterator[Problem]:
    """Yield the problem of a setting that is refused. Without a name, the setting cannot be ignored."""
    if not support.refuses(raw):
        return
    words = f"the simulation has no {feature}: {support.why}"
    if connector is None:
        yield Problem(what=words, remedy=_STEPS, place=place)
        return
    its = connector.name
    yield Unmodelled.of_setting(
        setting, feature, words, _STEPS, place, tag="networkConnector", span=span, connector=its
    )


def _unread(feature: str, why: values.Why | None, raw: str, place: Place) -> Iterator[Problem]:
    if why is not None and (reason := why(raw)):
        yield Problem(what=f"the simulation has no {feature}: {reason}", remedy=_STEPS, place=place)
