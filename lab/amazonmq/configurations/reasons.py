"""Reasons why an element or attribute is not permitted, in plain words, with the nearest name that is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from lab.amazonmq.configurations.configuration import NAMESPACE
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.permitted_elements import Permitted, since, versions
from lab.amazonmq.configurations.reserved_elements import about_attribute, about_element
from lab.base.printable import shown
from lab.base.suggestions import guess


def element(child: Element, parent: Element, names: Sequence[str], permitted: Permitted) -> str:
    """Return why an element is not permitted in its parent; `names` are those that are."""
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


def attribute(name: str, kind: str, names: Sequence[str], permitted: Permitted) -> str:
    """Return why an attribute is not permitted on the element `kind`; `names` are those that are."""
    if known := about_attribute(kind, name):
        return known
    what = f"{name} is not permitted on {kind}"
    if later := since(f"{kind}@{name}"):
        return f"{what} before engine version {later}: this is checked for {permitted.engine}"
    return what + _nearest(name, tuple(names))


def key(child: Element, attribute: str, text: str | None) -> str:
    """Return why an element is removed whose key attribute is missing, wrong or repeated.

    That the service removes it is assumed. `text` is None for a missing or wrong one.
    """
    if text is None:
        written = child.get(attribute)
        named = f"without {attribute}" if written is None else f"with the {attribute} {shown(written)}"
        return f"{child.name} is not permitted {named}: the only permitted {attribute} is openwire"
    return f"a second {child.name} is named {text}"


def no_list(engine_version: str) -> tuple[str, str]:
    """Return the problem and the remedy for an engine version that has no list of permitted elements."""
    what = f"the lab has no list of the elements that Amazon MQ permits in engine version {engine_version!r}"
    return what, f"choose a version with a list: {', '.join(versions())}{_nearest(engine_version, versions())}"


@lru_cache(maxsize=1024)
def _nearest(name: str, names: tuple[str, ...]) -> str:
    """Return a hint at the nearest name, or an empty text; cached, since a mistake is often made in many places."""
    near = guess(name, names)
    return f": {near}" if near else ""
