"""The film in a real browser: it plays, pauses, steps, is linked to, and shows what the history has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.extras.film.page import to_html
from lab.extras.film.scenes import Film
from lab.judge import judge_whole
from tests.report.accessibility import barriers
from tests.report.browser import Browser
from tests.report.histories import EVIL, header, judged, story, written
from tests.report.test_page_in_browser import CONTRAST, WIDE

from .film_cases import JUDGED, film_of, hub, hub_header, replayed

CLOCK = "parseFloat(document.querySelector('#clock').textContent)"
PLAYS = "document.querySelector('#play').getAttribute('aria-pressed')"
SHOWN = """[...document.querySelectorAll('svg.network > g')].map((group) => group.getAttribute('class')).concat(
  [...document.querySelectorAll('.end-of-bridge')].map((end) => end.getAttribute('class').split(' ')[1]),
  [...document.querySelectorAll('.box .room')].map((room) => room.textContent))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    history = written(folder / "history.jsonl", hub_header(), hub())
    (folder / "hub.html").write_text(to_html(judge_whole(history)), encoding="utf-8")
    evil = judged(folder / "evil.jsonl", header(scenario=EVIL, about=EVIL), story(topic=f"topic://{EVIL}", client=EVIL))
    (folder / "evil.html").write_text(to_html(evil), encoding="utf-8")
    cut = judge_whole(JUDGED / "cut-short" / "history.jsonl")
    (folder / "cut.html").write_text(to_html(cut, cut_short=True), encoding="utf-8")
    many = judged(folder / "many.jsonl", seen=story(4000))
    (folder / "many.html").write_text(to_html(many), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return film_of("hub", tmp_path_factory.mktemp("made"))


def press(running: Browser, key: str) -> None:
    running.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key if len(key) == 1 else "")
    running.call("Input.dispatchKeyEvent", type="keyUp", key=key)


def until(running: Browser, condition: str) -> None:
    """Wait until a condition of the page is true."""
    again = "() => setTimeout(look, 20)"
    running.ask(f"new Promise((done) => {{ const look = () => ({condition}) ? done() : ({again})(); look(); }})")


def clock(running: Browser) -> Any:
    return running.ask(CLOCK)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_is_quiet_and_alone_and_fits(chromium: Browser, pages: Path, width: int, dark: bool) -> None:
    for name in ("hub", "evil", "cut", "many"):
        page = pages / f"{name}.html"
        chromium.open(page, width=width, dark=dark)
        assert chromium.complaints == [] and chromium.requests == [page.as_uri()]
        assert chromium.ask(WIDE) <= 0
        chromium.ask("location.hash = '#t=99999'")
        until(chromium, "document.querySelectorAll('.later').length === 0")
        assert chromium.ask(CONTRAST) == []


@pytest.mark.sampled(1)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_core_finds_no_grave_barrier(chromium: Browser, pages: Path, width: int, dark: bool) -> None:
    chromium.open(pages / "hub.html", width=width, dark=dark, moment="#t=4.1")
    assert barriers(chromium) == []


def test_it_plays_to_the_end_and_pauses_by_key_and_by_button(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "hub.html")
    assert (clock(chromium), chromium.ask(PLAYS)) == (0.0, None)
    press(chromium, " ")
    until(chromium, f"{CLOCK} > 0")
    assert chromium.ask(PLAYS) == "true"
    chromium.ask("document.querySelector('#play').click()")
    stopped = clock(chromium)
    assert chromium.ask(PLAYS) == "false" and 0 < stopped < 8
    chromium.ask("new Promise(requestAnimationFrame)")
    assert clock(chromium) == stopped
    for _ in range(12):
        press(chromium, "+")
    assert chromium.ask("document.querySelector('#pace').value") == "event"
    press(chromium, "-")
    assert chromium.ask("document.querySelector('#pace').value") == "1000"
    press(chromium, " ")
    until(chromium, f"{PLAYS} === 'false'")
    assert clock(chromium) == 8.0


def test_keys_go_from_event_to_event_and_along_the_time(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "hub.html", moment="#t=4.2")
    assert clock(chromium) == 4.2
    assert "wan from us to ie is cut" in chromium.ask("document.querySelector('#caption').textContent")
    moments = []
    for key in ("n", "n", "p", "p", "ArrowRight", "ArrowLeft"):
        press(chromium, key)
        moments.append(clock(chromium))
    assert moments == [4.5, 4.6, 4.5, 4.0, 4.08, 4.0]
    assert chromium.ask("document.querySelector('#here').getAttribute('href')") == "#t=4.0000"


def test_arrows_scroll_a_map_that_has_the_focus_and_is_too_wide(chromium: Browser, pages: Path) -> None:
    for width, moment in ((360, 4.2), (1280, 4.28)):
        chromium.open(pages / "hub.html", width=width, moment="#t=4.2")
        chromium.ask("document.querySelector('.scroll').focus()")
        press(chromium, "ArrowRight")
        assert clock(chromium) == moment


def test_the_slider_and_a_mark_move_the_film(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "hub.html")
    moved = "((s) => { s.value = '7.6'; s.dispatchEvent(new Event('input')); })(document.querySelector('#moment'))"
    chromium.ask(moved)
    assert 7.59 < clock(chromium) < 7.61
    assert "seconds of 8.000" in chromium.ask("document.querySelector('#moment').getAttribute('aria-valuetext')")
    chromium.ask("document.querySelector('.marks .message').click()")
    until(chromium, f"{CLOCK} === 2")
    labels = chromium.ask("[...document.querySelectorAll('.faults li')].map((each) => each.textContent.trim())")
    assert "2.000 s the first failed message, 2-4 from virginia to frankfurt: waiting at a broker" in labels


def test_without_motion_it_goes_in_steps(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "hub.html", still=True)
    assert chromium.ask("document.querySelector('#pace').value") == "event"
    chromium.ask("setTimeout = () => 0")  # so that a second step does not come
    press(chromium, " ")
    assert clock(chromium) == 0.3
    assert "has a bridge's consumer on queue://orders" in chromium.ask("document.querySelector('#caption').textContent")


def test_the_picture_is_as_the_history_at_ten_moments_in_any_order(chromium: Browser, pages: Path, made: Film) -> None:
    chromium.open(pages / "hub.html")
    for t in (0.0, 8.0, 4.1, 0.25, 4.55, 5.2, 6.5, 1.05, 7.1, 7.5):
        chromium.ask(f"location.hash = '#t={t}'")
        until(chromium, f"{CLOCK} === {t}")
        states, picture = replayed(made, t), chromium.ask(SHOWN)
        links = [f"link {state[0]}" for name, state in states.items() if name.startswith("link")]
        assert [each for each in picture if each and each.startswith("link")] == links, t
        ends = [end for name, state in states.items() if name.startswith("bridge") for end in state]
        assert sorted(each for each in picture if each in ("up", "down", "unknown")) == sorted(
            ends + [_tone(state) for name, state in states.items() if name.startswith("bridge")]
        ), t
        for name, (_, first, second) in ((name, each) for name, each in states.items() if name.startswith("broker")):
            assert any(each.endswith(first) for each in picture if each), (t, name)
            assert second in picture, (t, name)
        sent = sum(one.sent <= t for one in made.messages.deliveries)
        came = sum(one.took is not None and one.sent + one.took <= t for one in made.messages.deliveries)
        assert (f"{sent - came} under way" in picture) == (sent > came), t
        assert (f"{came} received" in picture) == (came > 0), t


def _tone(ends: list[str]) -> str:
    return "up" if all(end in ("up", "none") for end in ends) else "down"


def test_messages_move_along_the_way_while_they_are_under_way(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "hub.html", moment="#t=0.55")
    dots = "[...document.querySelectorAll('.message[visibility=visible]')].length"
    assert chromium.ask(dots) == 1
    chromium.ask("location.hash = '#t=3.9'")
    until(chromium, f"{CLOCK} === 3.9")
    assert chromium.ask(dots) == 0
    chromium.open(pages / "many.html", moment="#t=5")
    assert "/s" in chromium.ask("document.querySelector('.rate').textContent")


def test_a_film_that_is_cut_short_says_where_it_ends(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "cut.html", moment="#t=99")
    text = chromium.ask("document.body.innerText")
    assert "its last line is incomplete. The film ends at 3.200 s." in text
    assert "The film ends here." in chromium.ask("document.querySelector('#caption').textContent")


def test_hostile_texts_do_nothing(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "evil.html", width=360)
    press(chromium, "n")
    assert chromium.ask("document.scripts.length") == 2
    assert chromium.ask("document.images.length") == 0
    assert "<script>alert(1)</script>" in chromium.ask("document.body.textContent")
    assert chromium.complaints == []


def test_without_its_script_it_says_so(chromium: Browser, pages: Path) -> None:
    chromium.open(pages / "hub.html", script=False)
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "The film needs its script." in chromium.ask("document.body.innerText")
