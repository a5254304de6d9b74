"""The page in a real browser: quiet, alone, as wide as the screen, in light and dark, with and without its script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.judge.values import Report
from lab.report.html import Files, to_html

from .accessibility import barriers
from .browser import Browser
from .histories import EVIL, header, judged, story
from .networks import THIRTY, THREE, hub, network

WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    path = folder / "report.html"
    text = to_html(
        judged(folder / "history.jsonl"), Files(brokers={"tokyo": {"activemq.xml": "<broker/>" + "long " * 100}})
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.sampled(2)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_it_is_quiet_and_alone_and_fits(chromium: Browser, made: Path, width: int, dark: bool) -> None:
    chromium.open(made, width=width, dark=dark)
    assert chromium.complaints == []
    assert chromium.requests == [made.as_uri()]
    chromium.ask("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert chromium.ask(WIDE) <= 0
    text = chromium.ask("document.body.innerText")
    for words in ("32 of 36 messages arrived, 4 were lost", "Tokyo", "Singapore", "tokyo → singapore", "link cut"):
        assert words in text
    assert barriers(chromium) == []
    light, night = "rgb(244, 246, 248)", "rgb(13, 18, 23)"
    assert chromium.ask(GROUND) == (night if dark else light)


def test_every_text_can_be_read_against_its_ground(chromium: Browser, made: Path) -> None:
    """WCAG asks for a contrast of 4.5 for text; large figures and marks may have 3."""
    for dark in (False, True):
        chromium.open(made, dark=dark)
        poor = chromium.ask(CONTRAST)
        assert poor == [], f"dark: {dark}"


def test_it_is_read_without_its_script(chromium: Browser, made: Path) -> None:
    chromium.open(made, width=390, script=False)
    assert chromium.complaints == []
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)
    assert chromium.ask("getComputedStyle(document.querySelector('.tools')).display") == "none"
    assert "4 were lost" in chromium.ask("document.body.innerText")


def test_the_script_zooms_points_out_and_filters(chromium: Browser, made: Path) -> None:
    chromium.open(made)
    ask = chromium.ask
    ask("document.querySelector('[data-zoom=in]').click()")
    assert ask("document.querySelector('.lines').getAttribute('viewBox')") == "250 0 500 100"
    ask("document.querySelector('[data-zoom=all]').click()")
    assert ask("document.querySelector('.lines').getAttribute('viewBox')") == "0 0 1000 100"
    ask("document.querySelector('.lines').scrollIntoView({block: 'center'})")
    box = ask("(r => [r.left, r.top, r.width])(document.querySelector('.lines').getBoundingClientRect())")
    x = ask("+document.querySelector('line.lost').getAttribute('x1')")
    chromium.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + box[2] * x / 1000, y=box[1] + 3)
    assert "lost" in ask("document.querySelector('.readout').textContent")
    ask(FILTERED)
    shown = "document.querySelector('section[data-filter] tbody').querySelectorAll('tr:not([hidden])').length"
    assert ask(shown) == 1
    assert chromium.complaints == []


@pytest.mark.parametrize("many", [network(THREE, hub(3)), network(THIRTY, hub(30))], ids=["3", "30"])
def test_a_map_of_many_regions_is_quiet_and_fits(chromium: Browser, tmp_path: Path, many: Report) -> None:
    base = judged(tmp_path / "history.jsonl")
    names = ("regions", "links", "bridges", "flows")
    shown = replace(base.report, **{name: getattr(many, name) for name in names})
    path = tmp_path / "report.html"
    path.write_text(to_html(replace(base, report=shown), Files()), encoding="utf-8")
    for width in (390, 1280):
        chromium.open(path, width=width, script=width > 390)
        assert chromium.complaints == [] and chromium.requests == [path.as_uri()]
        chromium.call("Emulation.setScriptExecutionDisabled", value=False)
        assert chromium.ask(WIDE) <= 0
        assert chromium.ask(CROWDED) == []


def test_hostile_texts_do_nothing(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    whole = judged(tmp_path / "history.jsonl", header(scenario=EVIL, about=EVIL), story(topic=f"topic://{EVIL}"))
    path.write_text(to_html(whole, Files(brokers={EVIL: {EVIL: EVIL}}, scenario=EVIL)), encoding="utf-8")
    chromium.open(path, width=390)
    assert chromium.complaints == [] and chromium.requests == [path.as_uri()]
    assert chromium.ask("document.scripts.length") == 1
    assert chromium.ask(WIDE) <= 0


FILTERED = """(input => {
  input.value = "2-11";
  input.dispatchEvent(new Event("input"));
})(document.querySelector("input"))"""
CROWDED = """[...document.querySelectorAll(".network .box")].flatMap((box) => {
  const frame = box.querySelector("rect").getBoundingClientRect();
  return [...box.querySelectorAll("text")].filter((text) => {
    const words = text.getBoundingClientRect();
    return words.left < frame.left || words.right > frame.right || words.bottom > frame.bottom;
  }).map((text) => text.textContent);
})"""
CONTRAST = """(() => {
  const part = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement, style = getComputedStyle(element);
    if (!walk.currentNode.data.trim() || !element.getClientRects().length) continue;
    if (element.closest("script, svg")) continue;
    const [a, b] = [light(colour(style.color)), light(ground(element))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 18.5 && Number(style.fontWeight) >= 600;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${walk.currentNode.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
})()"""
