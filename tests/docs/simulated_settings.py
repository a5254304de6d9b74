"""The page that lists what the simulation makes of each setting, made from the code; run as a module, it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.simulation.bridge import support
from lab.simulation.broker.modelled import MODELLED, WITHOUT_EFFECT, table
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
Line = tuple[str, str, str, str]  # its name, how it stands, why or what instead, a value that is taken


def text() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_elements()) + _CONNECTORS + "".join(_connectors())


def _elements() -> Iterable[str]:
    by_element: dict[str, list[Line]] = {}
    for name, standing in table().items():
        element, _, attribute = name.partition("@")
        lines = by_element.setdefault(element, [])
        lines.append((attribute, standing.is_, standing.words, standing.unless or ""))
    for element, lines in by_element.items():
        (_, is_, words, _), *attributes = lines
        if is_ == MODELLED:
            yield _row(element, attributes)
        elif is_ == WITHOUT_EFFECT:
            yield f"| `{element}` | | {words} | |\n"
        else:
            yield f"| `{element}` | | | {words} |\n"


def _connectors() -> Iterable[str]:
    yield _row("networkConnector", _lines(support.ATTRIBUTES))
    yield _row("inside a networkConnector", _lines(support.COLLECTIONS))
    yield _row("destinations in there", _lines(support.DESTINATIONS))
    yield _row("discovery: scheme", _lines(support.SCHEMES))
    yield _row("discovery: options", _lines(support.DISCOVERY))
    yield _row("options of an address", _lines(support.TRANSPORT))


def _lines(found: Mapping[str, Support]) -> list[Line]:
    return [
        (name, its.kind.value if its.kind is not Kind.NO_EFFECT else WITHOUT_EFFECT, its.why, ", ".join(its.harmless))
        for name, its in found.items()
    ]


def _row(what: str, lines: Iterable[Line]) -> str:
    cells: dict[str, dict[str, list[str]]] = {}
    for name, is_, words, taken in lines:
        shown = f"`{name}`" + (f" [`{taken}`]" if taken else "")
        cells.setdefault(is_, {}).setdefault(words if is_ != MODELLED else "", []).append(shown)
    modelled = ", ".join(cells.pop(MODELLED, {"": []})[""])
    without = _reasons(cells.pop(WITHOUT_EFFECT, {}))
    (refused,) = cells.values() or ({},)
    title = what if " " in what else f"`{what}`"
    return f"| {title} | {modelled or 'the element itself'} | {without} | {_reasons(refused)} |\n"


def _reasons(by_words: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{', '.join(names)}: {words}" for words, names in by_words.items())


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
