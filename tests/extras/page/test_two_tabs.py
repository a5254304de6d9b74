"""The live page over more than one tab, over a lost connection, and as the start of a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history import StepStarted
from lab.history.reading import read
from tests.command import Commands
from tests.report.browser import Browser, browser

from .pages import Served, served
from .test_in_browser import LINK, READY, enter, until

HEAL = "document.querySelector('button[aria-label^=\"heal both\"]')"
EVENTS = "[...document.querySelectorAll('#log li')].map((event) => event.textContent)"


def test_two_tabs_show_what_is_done_in_one_and_share_each_poll(chromium: Browser, page: Served) -> None:
    with browser() as other:
        for each in (chromium, other):
            enter(each, page)
        page.act(act="cut", link="tokyo-singapore")
        for each in (chromium, other):
            until(each, f"{LINK} === 'link shut'")
        other.ask(f"({HEAL} ?? document.querySelector('button[aria-label^=heal]')).click()")
        for each in (chromium, other):
            until(each, f"{LINK} === 'link well'")
        until(other, "document.querySelectorAll('#done code').length === 1")
        assert chromium.ask("document.querySelectorAll('#done code').length") == 0
    steps = [each.by for each in read(page.lab(lambda live: live.history.file.path)).observations
             if isinstance(each, StepStarted)]  # fmt: skip
    assert steps == ["page", "page"]


@pytest.mark.release
def test_what_happens_without_a_network_is_there_after_it_and_after_a_reload(chromium: Browser, page: Served) -> None:
    enter(chromium, page)
    chromium.call("Page.reload")
    until(chromium, READY)
    before = chromium.ask(EVENTS)
    offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    chromium.call("Network.emulateNetworkConditions", offline=True, **offline)
    chromium.ask("document.querySelector('button[aria-label^=cut]').click()")
    until(chromium, "document.querySelector('#outcome.bad')")
    said = chromium.ask("document.querySelector('#outcome').textContent")
    chromium.call("Network.emulateNetworkConditions", offline=False, **offline)
    assert "the server did not answer" in said
    page.act(act="cut", link="tokyo-singapore")
    page.act(act="heal", link="tokyo-singapore")
    chromium.call("Page.reload")
    until(chromium, f"{EVENTS}.some((event) => event.includes('heal link tokyo-singapore (by page)'))")
    after = chromium.ask(EVENTS)
    assert [each for each in before if each not in after] == []
    assert sum("cut link tokyo-singapore (by page)" in each for each in after) == 1  # not the click that met no network
    assert all(way.state == "open" for way in page.lab(lambda live: live.links()))


def test_what_is_done_on_the_page_is_a_scenario_that_runs(tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path / "page") as page:
        page.act(act="cut", link="tokyo-singapore")
        page.act(act="heal", link="tokyo-singapore")
        run = page.lab(lambda live: live.history.file.path).parent
    mqlab = Commands(folder=tmp_path)
    written = mqlab.inside("history", str(run), "--as-scenario", "mine.yaml")
    assert written.code == 0, written.err
    text = (tmp_path / "mine.yaml").read_text()
    assert "cut:" in text and "heal:" in text
    assert mqlab.inside("run", "mine.yaml", "--runtime", "simulation", "--quiet").code == 0
