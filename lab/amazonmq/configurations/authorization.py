"""The rights that a configuration's authorization map grants, as far as bridges depend on them.

A bridge learns of the other broker's consumers through advisories. A user who may not create, read and write their
topics gets no bridge, and the broker logs a local error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lab.activemq.destinations import ADVISORY
from lab.activemq.forwarding.filters import covers
from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.elements import Element
from lab.errors import Problem

ADVISORIES = f"{ADVISORY}>"
RIGHTS = ("read", "write", "admin")
_COVERING = (">", "ActiveMQ.>", ADVISORIES)


def missing_rights(configuration: Configuration, groups: Collection[str] | None) -> tuple[str, ...]:
    """Return the rights on advisories that none of the groups has; of all groups if None is given."""
    entries = list(_entries(configuration))
    if not entries and authorization_map(configuration) is None:
        return ()
    covering = [entry for entry in entries if entry.get("topic") in _COVERING]
    return tuple(right for right in RIGHTS if not any(_gives(entry, right, groups) for entry in covering))


def missing_on(configuration: Configuration, groups: Collection[str], destination: str) -> tuple[str, ...]:
    """Return the rights on a destination such as queue://orders that none of the groups has.

    Rights of all entries that cover it count together, as ActiveMQ's DestinationMap has it.
    """
    if authorization_map(configuration) is None:
        return ()
    covering = [
        entry
        for entry in _entries(configuration)
        for kind in ("queue", "topic")
        if (name := entry.get(kind)) is not None and covers(f"{kind}://{name}", destination)
    ]
    return tuple(right for right in RIGHTS if not any(_gives(entry, right, groups) for entry in covering))


def check_advisory_rights(configuration: Configuration) -> Iterator[Problem]:
    """Yield advice if there are connectors and the map grants no group all rights on advisories."""
    found, missing = authorization_map(configuration), missing_rights(configuration, None)
    if found is not None and missing and configuration.connectors:
        yield Problem(
            what=f"no user may {' or '.join(missing)} {ADVISORIES}, so no bridge of this broker comes up",
            remedy=f'add <authorizationEntry topic="{ADVISORIES}" …/> with the group of the connector\'s user',
            place=configuration.place(found.start),
        )


def authorization_map(configuration: Configuration) -> Element | None:
    """Return a configuration's authorization map, or None if it has none and every user may do anything."""
    return configuration.broker.find("plugins", "authorizationPlugin", "map", "authorizationMap")


def _entries(configuration: Configuration) -> Iterator[Element]:
    found = authorization_map(configuration)
    if found is not None:
        yield from (each for each in found.walk() if each.name == "authorizationEntry")


def _gives(entry: Element, right: str, groups: Collection[str] | None) -> bool:
    given = {each.strip() for each in (entry.get(right) or "").split(",")} - {""}
    return bool(given) if groups is None else "*" in given or not given.isdisjoint(groups)
