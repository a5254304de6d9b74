"""The page that lists what the simulation makes of each setting, made from the code; run as a module, it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.simulation.bridge import support
from lab.simulation.broker.support import table
from lab.simulation.support import Kind, Support

from .pages import ROOT

PAGE = ROOT / "docs" / "simulated-settings.md"
_REFUSED = "leave it out, or run it with --runtime emulation"  # the usual remedy, which the page has once
_HEAD = """\
# Settings that the simulation does not model

All other settings that Amazon MQ permits are modelled. `mqlab check FILE --runtime simulation` answers for your files.

- A setting *without effect* is accepted. Where it would matter, the run is refused or
  [uncalibrated](simulation.md#outside-the-calibrated-range).
- A *refused* setting stops a run before it starts, unless it has the value in brackets. Leave it out, or use
  `--runtime emulation`, or the remedy in the line. An element is refused with everything inside it.

## Elements and attributes of a configuration

"""
_CONNECTORS = """
## Network connectors, their addresses and their options

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
    alike: dict[str, list[str]] = {}  # elements by the rest of their line
    for element, lines in by_element.items():
        (_, its), *attributes = lines
        if its.kind is Kind.MODELLED:
            rest = _parts(attributes)
        elif its.kind is Kind.NO_EFFECT:
            rest = f"*without effect*: {its.why}"
        else:
            rest = "*refused*" + ("" if its.why == _REFUSED else f": {its.why}")
        if rest:
            alike.setdefault(rest, []).append(f"`{element}`")
    yield from (f"- {', '.join(elements)}: {rest}\n" for rest, elements in alike.items())


def _connectors() -> Iterable[str]:
    yield _row("networkConnector", support.ATTRIBUTES.items())
    yield _row("inside a networkConnector", support.COLLECTIONS.items())
    yield _row("destinations in there", support.DESTINATIONS.items())
    yield _row("discovery: scheme", support.SCHEMES.items())
    yield _row("discovery: options", support.DISCOVERY.items())
    yield _row("options of an address", support.TRANSPORT.items())


def _row(what: str, lines: Iterable[Line]) -> str:
    title = what if " " in what else f"`{what}`"
    return f"- {title}: {rest}\n" if (rest := _parts(lines)) else ""


def _parts(lines: Iterable[Line]) -> str:
    """Return the settings without effect and the refused ones; empty without such settings."""
    cells: dict[Kind, dict[str, list[str]]] = {kind: {} for kind in Kind}
    for name, its in lines:
        shown = f"`{name}`" + (f" [`{', '.join(its.harmless)}`]" if its.harmless else "")
        cells[its.kind].setdefault(its.why, []).append(shown)
    without = ", ".join(shown for settings in cells[Kind.NO_EFFECT].values() for shown in settings)
    parts = {"without effect": without, "refused": _reasons(cells[Kind.REFUSED])}
    return ". ".join(f"*{title}*: {settings}" for title, settings in parts.items() if settings)


def _reasons(by_words: Mapping[str, list[str]]) -> str:
    return "; ".join(
        ", ".join(names) + (f": {words}" if words != _REFUSED else "") for words, names in by_words.items()
    )


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
