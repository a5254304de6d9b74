"""The live page in a real browser: clicks and keys, and that picture, router and history agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.history import Acknowledged, BrokerChanged, LinkChanged, StepStarted
from lab.history.reading import read
from tests.report.accessibility import barriers
from tests.report.browser import Browser
from tests.report.test_page_in_browser import CONTRAST, WIDE

from .pages import Served, served

EVIL = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\u202e"
LINK = "document.querySelector('svg.network g.link').getAttribute('class')"
CROSSES = "[...document.querySelectorAll('svg.network .cross')].map((cross) => cross.textContent).join('')"
READY = "document.querySelectorAll('tr[data-at]').length > 3"
PATIENCE = 15  # seconds
OUTCOME = "document.querySelector('#outcome').textContent"


def enter(running: Browser, page: Served, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
    """Open the address that the command prints, in a page that remembers nothing."""
    running.open("about:blank")
    running.open(f"{page.url}#token={page.token}", width=width, height=height, dark=dark)
    until(running, READY)


def until(running: Browser, condition: str) -> None:
    """Wait until a condition of the page is true, and fail with the page's words if that takes too long."""
    script = f"""new Promise((done) => {{
      const end = performance.now() + {PATIENCE * 1000};
      const look = () => {{
        if ({condition}) done("");
        else if (performance.now() > end) done(document.body.innerText);
        else setTimeout(look, 20);
      }};
      look();
    }})"""
    text = running.ask(script)
    assert text == "", f"not true: {condition}\n{text}"


def click(running: Browser, label: str) -> None:
    button = f"document.querySelector('button[aria-label=\"{label}\"]')"
    until(running, button)
    running.ask(f"{button}.click()")


def history(page: Served) -> list[object]:
    return list(read(page.lab(lambda live: live.history.file.path)).observations)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_quiet_fits_can_be_read_and_asks_its_own_server_alone(
    chromium: Browser, page: Served, width: int, dark: bool
) -> None:
    page.act(act="cut", link="tokyo-singapore")
    page.act(act="kill", broker="singapore", sure="yes")
    enter(chromium, page, width=width, dark=dark)
    until(chromium, CROSSES)
    assert chromium.ask(WIDE) <= 0 and chromium.ask(CONTRAST) == []
    assert chromium.complaints == [] and barriers(chromium) == []
    assert set(chromium.requests) == {page.url, f"{page.url}live.css", f"{page.url}live.js", f"{page.url}stream"}
    assert chromium.ask("location.href") == page.url and chromium.ask("document.cookie") == ""


def test_a_click_cuts_and_picture_router_and_history_agree(chromium: Browser, page: Served) -> None:
    enter(chromium, page)
    assert (chromium.ask(LINK), chromium.ask(CROSSES)) == ("link well", "")
    click(chromium, "cut both ways tokyo-singapore")
    until(chromium, f"{LINK} === 'link shut' && {CROSSES} === '✕✕'")
    assert [way.state for way in page.lab(lambda live: live.links())] == ["cut", "cut"]
    changes = [each for each in history(page) if isinstance(each, LinkChanged)]
    assert [(each.leaving, each.state) for each in changes] == [("tokyo", "cut"), ("singapore", "cut")]
    assert [each.by for each in history(page) if isinstance(each, StepStarted)] == ["page"]
    until(chromium, "document.querySelector('#done code')")
    line = f"mqlab link cut tokyo-singapore --run {page.desk.run}"
    assert chromium.ask("document.querySelector('#done code').textContent") == line
    page.lab(lambda live: live.lab.clock.sleep(120))
    until(chromium, "document.querySelector('svg.network .end-of-bridge.down')")  # once the brokers miss each other
    click(chromium, "heal both ways tokyo-singapore")
    until(chromium, f"{LINK} === 'link well' && {CROSSES} === ''")


def test_a_kill_asks_first_and_a_cancelled_one_is_not_done(chromium: Browser, page: Served) -> None:
    enter(chromium, page)
    click(chromium, "kill singapore")
    until(chromium, "document.querySelector('#ask').open")
    assert chromium.ask("document.activeElement.textContent") == "cancel"
    asked = chromium.ask("document.querySelector('#ask').innerText")
    assert "Kill singapore?" in asked and f"mqlab broker kill singapore --run {page.desk.run}" in asked
    key(chromium, "Escape", 27)
    until(chromium, f"!document.querySelector('#ask').open && {OUTCOME} === 'kill singapore: not done'")
    click(chromium, "kill singapore")
    until(chromium, "document.querySelector('#ask').open")
    chromium.ask("document.querySelector('#yes').click()")
    until(chromium, "document.querySelector('button[aria-label=\"start singapore\"]')")
    killed = [each for each in history(page) if isinstance(each, BrokerChanged) and each.state == "killed"]
    assert [each.broker for each in killed] == ["singapore"]
    assert chromium.ask("document.querySelector('svg.network .room.down').textContent") == "▼ exited"


def test_a_reload_goes_on_with_the_whole_state(chromium: Browser, page: Served) -> None:
    enter(chromium, page)
    click(chromium, "cut both ways tokyo-singapore")
    until(chromium, f"{LINK} === 'link shut'")
    chromium.open(page.url)
    until(chromium, f"document.querySelector('svg.network') && {LINK} === 'link shut' && {CROSSES} === '✕✕'")
    events = chromium.ask("document.querySelector('#log').textContent")
    assert "cut link tokyo-singapore (by page)" in events and "logged INFO: BrokerService" in events


def test_without_a_token_it_shows_nothing_and_says_where_one_is(chromium: Browser, page: Served) -> None:
    chromium.open("about:blank")
    chromium.open(page.url.replace("127.0.0.1", "localhost"))  # another origin, which has no token
    until(chromium, "document.querySelector('#state.bad')")
    said = chromium.ask("document.querySelector('#state').textContent")
    assert said == "the token is wrong: open the address that mqlab page has printed"
    assert not chromium.ask("document.querySelector('svg.network, tr')")


def test_the_keyboard_is_enough_to_cut_and_to_set_a_delay(chromium: Browser, page: Served) -> None:
    enter(chromium, page)
    labels = "document.activeElement.getAttribute('aria-label') ?? ''"
    for _ in range(40):
        if chromium.ask(labels).startswith("cut both ways "):
            break
        key(chromium, "Tab", 9)
    assert chromium.ask(labels) == "cut both ways tokyo-singapore"
    key(chromium, "Enter", 13, text="\r")
    until(chromium, f"{LINK} === 'link shut'")
    until(chromium, f"{labels} === 'heal tokyo → singapore'")  # the focus stays in the row
    for _ in range(2):
        key(chromium, "Tab", 9)
    assert chromium.ask(labels).startswith("delay of tokyo-singapore")
    key(chromium, "End", 35)
    until(chromium, f"{OUTCOME}.includes('delay tokyo-singapore 500: done')")
    assert [way.impairment for way in page.lab(lambda live: live.links())] == ["delay 500ms", "delay 500ms"]


def test_names_and_bodies_of_strangers_are_text(chromium: Browser, page: Served) -> None:
    name = EVIL + 300 * "x"
    enter(chromium, page)
    fill(chromium, "publish", kind="queue", name=name, body=EVIL)
    until(chromium, "document.querySelector('#table-Queues tbody tr')")
    shown = EVIL.replace("\u202e", "\ufffd")
    assert chromium.ask("document.querySelector('#table-Queues tbody td').textContent") == shown + 300 * "x"
    for width in (700, 801):  # with rows as cards, and the narrowest page whose rows are lines
        chromium.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        assert chromium.ask(WIDE) <= 0
    until(chromium, f"document.querySelector('#log').textContent.includes({json.dumps(shown)})")
    assert chromium.ask("document.querySelectorAll('img, td script, li script, code script').length") == 0
    assert chromium.complaints == []
    assert [str(each.outcome) for each in history(page) if isinstance(each, Acknowledged)] == ["ok"]


def fill(running: Browser, act: str, **fields: str) -> None:
    """Fill a form in, and submit it as its button does."""
    running.ask(f"""(() => {{
      const form = document.querySelector('form[data-act={act}]');
      for (const [name, text] of Object.entries({json.dumps(fields)})) form.elements[name].value = text;
      form.requestSubmit();
    }})()""")


def test_a_queue_is_listened_to_by_hand_after_a_question(chromium: Browser, page: Served) -> None:
    enter(chromium, page)
    fill(chromium, "listen", broker="singapore", kind="queue", name="orders", over="amqp")
    until(chromium, "document.querySelector('#ask').open")
    assert "Each message that is shown leaves the queue" in chromium.ask("document.querySelector('#ask').innerText")
    chromium.ask("document.querySelector('#yes').click()")
    until(chromium, f"{OUTCOME}.endsWith('the table of messages shows them')")
    fill(chromium, "publish", broker="singapore", kind="queue", name="orders", body="an order")
    until(chromium, "document.querySelector('#table-Messages tbody')?.innerText.includes('an order')")
    lines = [f"publish singapore 'an order' --queue orders --run {page.desk.run}",
             f"listen singapore --queue orders --over amqp --run {page.desk.run}"]  # fmt: skip
    assert chromium.ask("[...document.querySelectorAll('#done code')].map((one) => one.textContent)") == [
        f"mqlab {line}" for line in lines
    ]
    click(chromium, "stop listening to queue://orders")
    until(chromium, "document.querySelector('#table-Listeners p').textContent === 'none yet'")
    assert chromium.ask("document.querySelector('#table-Messages tbody').innerText").count("an order") == 1


def test_a_security_group_is_opened_and_closed_by_hand(chromium: Browser, page: Served) -> None:
    rows = "document.getElementById('table-Security groups').innerText"
    enter(chromium, page)
    fill(chromium, "authorize", group="default-tokyo", source="10.9.0.0/16", port="8883")
    until(chromium, f"{rows}.includes('tcp 8883 10.9.0.0/16')")
    click(chromium, "close tcp 8883 10.9.0.0/16 in default-tokyo")
    until(chromium, "document.querySelector('#ask').open")
    chromium.ask("document.querySelector('#yes').click()")
    until(chromium, f"!{rows}.includes('tcp 8883 10.9.0.0/16')")


def test_verdicts_are_the_first_table_and_marked_so_far(chromium: Browser, tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, judged=True) as page:
        page.act(act="cut", link="tokyo-singapore")
        enter(chromium, page)
        first = "document.querySelector('#tables section')"
        until(chromium, f"{first}.id === 'table-Verdicts so far' && {first}.querySelectorAll('tbody tr').length === 3")
        states = chromium.ask(f"[...{first}.querySelectorAll('.state-of')].map((one) => one.textContent)")
        assert len(states) == 3 and all(state.endswith(" so far") for state in states)


def test_a_page_that_only_shows_has_no_buttons(chromium: Browser, tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path, read_only=True) as page:
        enter(chromium, page)
        shown = "[...document.querySelectorAll('main button, main input')].filter((one) => one.checkVisibility())"
        assert chromium.ask(f"{shown}.length") == 0
        assert "only shows" in chromium.ask("document.querySelector('#state').textContent")


@pytest.mark.release
def test_figures_grow_old_when_the_server_is_gone(chromium: Browser, tmp_path: Path) -> None:
    with served("tokyo-singapore", tmp_path) as page:
        enter(chromium, page)
    until(chromium, "document.querySelector('#state.bad')")
    until(chromium, "parseInt(document.querySelector('tr[data-at] .age').textContent) >= 2")


def key(running: Browser, name: str, code: int, **more: str) -> None:
    for kind in ("keyDown", "keyUp"):
        its = more if kind == "keyDown" else {}
        running.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **its)
