"""Why something is not permitted, in plain words, with the nearest thing that is."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache

from lab.amazonmq.configurations.configuration import NAMESPACE
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.permitted import Permitted, since, versions
from lab.amazonmq.configurations.reserved import about_attribute, about_element


def element(child: Element, parent: Element, names: Sequence[str], permitted: Permitted) -> str:
    """Say why an element does not stay where it is."""
    if child.namespace != NAMESPACE:
        own = f"in the namespace {child.namespace}" if child.namespace else "in no namespace"
        return f"{child.tag} is {own}: Amazon MQ takes only elements of {NAMESPACE}"
    if known := about_element(child.name):
        return known
    what = f"{child.name} is not permitted in {parent.name}"
    if later := since(f"{parent.name}/{child.name}"):
        return f"{what} before engine version {later}: this is checked for {permitted.engine}"
    homes = permitted.homes(child.name)
    if parent.name not in homes and homes:
        return f"{what}: it belongs in {' or '.join(homes[:3])}{' …' if len(homes) > 3 else ''}"
    return what + _nearest(child.name, tuple(names))


def attribute(name: str, of: str, names: Sequence[str], permitted: Permitted) -> str:
    """Say why an attribute does not stay."""
    if known := about_attribute(of, name):
        return known
    what = f"{name} is not permitted on {of}"
    if later := since(f"{of}@{name}"):
        return f"{what} before engine version {later}: this is checked for {permitted.engine}"
    return what + _nearest(name, tuple(names))


def key(child: Element, attribute: str, value: str | None) -> str:
    """Say why an element that is known by an attribute does not stay; that the service removes it is an assumption."""
    if value is None:
        return f"{child.name} is not permitted without {attribute}: only the one named openwire may be written"
    return f"a second {child.name} is named {value}"


def no_list(engine_version: str) -> tuple[str, str]:
    """Say that an engine version has no list, and name those that do, the nearest first."""
    what = f"what Amazon MQ permits in engine version {engine_version!r} is not known"
    return what, f"there is a list for: {', '.join(versions())}{_nearest(engine_version, versions())}"


@lru_cache(maxsize=1024)
def _nearest(name: str, names: tuple[str, ...]) -> str:
    """Point at the nearest name; a mistake is often made in many places."""
    folded = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return f": did you mean {folded[near[0]]}?" if near else ""
