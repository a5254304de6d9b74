"""The page that lists what the simulation makes of each setting, made from the code; run as a module, it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.simulation.bridge import support
from lab.simulation.broker.support import table
from lab.simulation.support import Kind, Support

from .pages import ROOT

PAGE = ROOT / "docs" / "simulated-settings.md"
_HEAD = """\
# What the simulation makes of each setting

Each setting is modelled, or is without effect in a simulation and why, or is refused before anything runs; with a value
in brackets a refused one is taken. The tables are made from the code that refuses: `python -m
tests.docs.simulated_settings` writes this page, and a test compares it.

## Elements and attributes of a configuration

All that Amazon MQ permits, but for network connectors, which follow. An element is refused with all that it has inside.

| element | modelled | without effect | refused |
| --- | --- | --- | --- |
"""
_CONNECTORS = """
## Network connectors, their addresses and their options

| what | modelled | without effect | refused |
| --- | --- | --- | --- |
"""
Line = tuple[str, Support]  # a setting's name, and what becomes of it


def text() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_elements()) + _CONNECTORS + "".join(_connectors())


def _elements() -> Iterable[str]:
    by_element: dict[str, list[Line]] = {}
    for name, its in table().items():
        element, _, attribute = name.partition("@")
        by_element.setdefault(element, []).append((attribute, its))
    for element, lines in by_element.items():
        (_, its), *attributes = lines
        if its.kind is Kind.MODELLED:
            yield _row(element, attributes)
        elif its.kind is Kind.NO_EFFECT:
            yield f"| `{element}` | | {its.why} | |\n"
        else:
            yield f"| `{element}` | | | {its.why} |\n"


def _connectors() -> Iterable[str]:
    yield _row("networkConnector", support.ATTRIBUTES.items())
    yield _row("inside a networkConnector", support.COLLECTIONS.items())
    yield _row("destinations in there", support.DESTINATIONS.items())
    yield _row("discovery: scheme", support.SCHEMES.items())
    yield _row("discovery: options", support.DISCOVERY.items())
    yield _row("options of an address", support.TRANSPORT.items())


def _row(what: str, lines: Iterable[Line]) -> str:
    cells: dict[Kind, dict[str, list[str]]] = {kind: {} for kind in Kind}
    for name, its in lines:
        shown = f"`{name}`" + (f" [`{', '.join(its.harmless)}`]" if its.harmless else "")
        cells[its.kind].setdefault(its.why, []).append(shown)
    modelled = ", ".join(cells[Kind.MODELLED].get("", ()))
    title = what if " " in what else f"`{what}`"
    without, refused = _reasons(cells[Kind.NO_EFFECT]), _reasons(cells[Kind.REFUSED])
    return f"| {title} | {modelled or 'the element itself'} | {without} | {refused} |\n"


def _reasons(by_words: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in by_words.items())


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
