"""What axe-core finds on a page: barriers for people who cannot see it, or use no mouse."""

from __future__ import annotations

from tests.npm import packages

from .browser import Browser

AXE = "axe-core@4.14.1"
_GRAVE = ("serious", "critical")


def barriers(running: Browser) -> list[str]:
    """Return the grave findings on the page that is open: the rule, and the first of its places."""
    running.ask((packages(AXE) / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = running.ask("axe.run(document, {resultTypes: ['violations']}).then((its) => its.violations)")
    return [
        f"{each['impact']}: {each['id']}: {each['help']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in _GRAVE
        for node in each["nodes"][:1]
    ]
