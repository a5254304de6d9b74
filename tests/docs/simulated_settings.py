"""The page that lists the settings that the simulation refuses, made from the code; run as a module, it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.simulation.bridge import support
from lab.simulation.support import Kind, Support, tables

from .pages import ROOT

PAGE = ROOT / "docs" / "simulated-settings.md"
_REFUSED = "leave it out, or run it with --runtime emulation"  # the usual remedy, which the page has once
_HEAD = """\
# Settings that the simulation does not model

A setting of this list stops a run before it starts, unless it has the value in brackets. Leave it out, or use
`--runtime emulation`, or the remedy in the line. An element is refused with everything inside it.
`mqlab check FILE --runtime simulation` answers for your files.

All other settings that Amazon MQ permits are modelled, or have no effect in a simulation. Where the effect would
matter, the run is refused or [uncalibrated](simulation.md#outside-the-calibrated-range).

## Elements and attributes of a configuration

"""
_CONNECTORS = """
## Network connectors, their addresses and their options

"""
Line = tuple[str, Support]  # a setting's name, and the model's answer


def text() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_elements()) + _CONNECTORS + "".join(_connectors())


def _elements() -> Iterator[str]:
    alike: dict[str, list[str]] = {}  # elements by the rest of their line
    for element, lines in tables().items():
        its = lines.get("element")
        rest = _remedy(its) or "the element" if its and its.kind is Kind.REFUSED else _refused(lines.items())
        if rest and not element.startswith(support.ATTRIBUTES):
            alike.setdefault(rest, []).append(f"`{element}`")
    yield from (f"- {', '.join(elements)}: {rest}\n" for rest, elements in alike.items())


def _connectors() -> Iterator[str]:
    for title, table in (
        ("`networkConnector`", support.ATTRIBUTES),
        ("inside a networkConnector", support.ELEMENTS),
        ("destinations in there", support.DESTINATIONS),
        ("discovery: scheme", support.SCHEMES),
        ("discovery: options", support.DISCOVERY),
        ("options of an address", support.ADDRESS),
    ):
        if refused := _refused(tables()[table].items()):
            yield f"- {title}: {refused}\n"


def _refused(lines: Iterable[Line]) -> str:
    """Return the refused settings; empty without such settings."""
    by_words: dict[str, list[str]] = {}
    for name, its in lines:
        if its.kind is Kind.REFUSED:
            shown = f"`{name}`" + (f" [`{', '.join(its.harmless)}`]" if its.harmless else "")
            by_words.setdefault(_remedy(its), []).append(shown)
    return "; ".join(", ".join(names) + (words and f": {words}") for words, names in by_words.items())


def _remedy(its: Support) -> str:
    return "" if its.why == _REFUSED else its.why


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
