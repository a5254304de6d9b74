"""A network connector as a configuration declares it, and the remote addresses inside its `uri`.

Reads text only: `problems` checks whether the hosts and the user exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.amazonmq.configurations.elements import Element
from lab.base.dataclass import dataclass
from lab.errors import Place

DEFAULT_NAME = "NC"  # the name that ActiveMQ gives to a connector without one
_COMPOSITE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://)?\(")
_FAILOVER = re.compile(r"failover:(?://)?\(([^()]*)\)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/:?#\s]+)(?::([0-9]{1,5}))?(?:[/?].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteUri:
    """One address in a connector's uri; scheme and host are empty if the text is not an address."""

    text: str
    scheme: str
    host: str
    port: int | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConnector:
    """A declared network connector, of which ActiveMQ makes a bridge. Names a user, never a password."""

    name: str
    user_name: str | None
    uri: str | None
    duplex: bool
    attributes: tuple[tuple[str, str], ...]
    discovery: str  # the outer scheme of the uri: static, masterslave, …
    remotes: tuple[RemoteUri, ...]
    place: Place
    uri_place: Place
    xml: Element


def alternatives(connector: NetworkConnector) -> tuple[tuple[RemoteUri, ...], ...]:
    """Return the groups of several addresses that share one bridge, which goes to the first that answers.

    The others have a bridge each. A masterslave: is one group, in the order of its addresses; each failover: is one,
    in an order of chance unless its randomize is false.
    """
    if connector.discovery == "masterslave":
        return (connector.remotes,)
    lists = [match[1].split(",") for match in _FAILOVER.finditer(connector.uri or "")]
    groups = (tuple(each for each in connector.remotes if each.text in members) for members in lists)
    return tuple(group for group in groups if len(group) > 1)


def split_uri(uri: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """Return the outer scheme of a discovery uri (empty if none), and each address in it with its offset."""
    match = _SCHEME.match(uri)
    if match is None:
        return "", ((0, uri),)
    composite = _COMPOSITE.match(uri)
    if composite is not None:
        return match[1], tuple(_members(uri, composite.end() - 1))
    inner = uri[match.end() :].removeprefix("//")
    start = len(uri) - len(inner)
    return match[1], tuple(_members(uri, start - 1)) if inner else ()


def parse_address(text: str) -> tuple[str, str, int | None]:
    """Return scheme, lower-case host and port of an address such as `ssl://host:61617?option=1`, or ("", "", None)."""
    match = _ADDRESS.fullmatch(text)
    return ("", "", None) if match is None else (match[1], match[2].lower(), int(match[3]) if match[3] else None)


def _members(uri: str, opening: int) -> Iterator[tuple[int, str]]:
    """Yield each address and its offset, between the parenthesis at `opening` and its end; nested lists are opened.

    One pass, whatever the depth: the text is untrusted.
    """
    lists = [0]  # for each list that is open, the parentheses that are open in its present member, as ssl:(…)x(
    start, over = opening + 1, False  # of the present member; over, once it was a list that has closed
    position = start
    while position <= len(uri):
        character = uri[position] if position < len(uri) else ""
        nested = _COMPOSITE.match(uri, position) if position == start and not over else None
        if nested is not None:
            lists.append(0)
            start = position = nested.end()
            continue
        if character == "(":
            lists[-1] += 1
        elif character == ")" and lists[-1]:
            lists[-1] -= 1
        elif character in ("", ")") or (character == "," and not lists[-1]):
            if not over and position > start:
                yield start, uri[start:position]
            if character == "":
                return
            start, over = position + 1, character == ")"
            if over and not lists[:-1]:
                return
            if over:
                lists.pop()
        position += 1
