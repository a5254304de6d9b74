"""The pictures of docs/, taken anew by `make pictures`: runs the scenarios they are of, and opens their pages.

Look at them before they are believed. Words on the pages that show them say what is to be seen.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.docs.pages import ROOT, blocks
from tests.extras.page.pages import served
from tests.extras.page.test_in_browser import click, enter, until

from .browser import Browser, browser
from .moving import animated

MQLAB = str(Path(sys.executable).with_name("mqlab"))
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
EVEN, AFTER, MOST_BYTES = 16, (0.0, 0.06, 0.12), 600_000  # of the moving picture: moments in all, and behind events
LIVE = ("page-cut.png", 1000, 1450, False), ("page-phone.png", 390, 1300, True)  # name, width, height, dark
UNHEALED = ("- heal:", "- wait:")  # lines that a copy of cut-and-heal is run without
CUT = "  - cut:"
# All that was sent before it is answered for when the cut comes, so that a slow machine's page is alike.
ANSWERED = "  - wait: {until: received, client: warehouse, count: 20}\n  - wait: 2s\n"


def phone(running: Browser, folder: Path) -> None:
    """Keep the film of a hub on a phone, dark, by models."""
    words = ["run", "hub-and-spokes", "--quiet", "--film", "--runs", str(folder / "hub"), "--runtime", "simulation"]
    subprocess.run([MQLAB, *words], capture_output=True, check=True)
    running.open(folder / "hub" / "runs" / "latest" / "film.html", width=390, height=900, dark=True, moment="#t=0.6")
    running.ask("document.documentElement.style.overflow = 'hidden'")
    (PICTURES / "film-phone.png").write_bytes(running.screenshot(whole=False))


def moving(running: Browser, folder: Path) -> None:
    """Keep the film of a cut as a moving picture, by models: messages that pass, wait, and arrive after the heal."""
    words = ["run", "cut-and-heal", "--quiet", "--film", "--runs", str(folder / "moving"), "--runtime", "simulation"]
    subprocess.run([MQLAB, *words], capture_output=True, check=True)
    running.open(folder / "moving" / "runs" / "latest" / "film.html", width=860, moment="#t=0")
    running.ask("document.documentElement.style.overflow = 'hidden'")
    running.ask("Object.assign(document.querySelector('#caption').style, {height: '8.4em'})")
    running.ask("document.querySelector('#here').remove()")
    begin, end = "document.querySelector('#caption')", "document.querySelector('.controls')"
    left, top, right, bottom = running.ask(
        f"((a, b) => [a.left, a.top, a.right, b.bottom].map(Math.round))"
        f"({begin}.getBoundingClientRect(), {end}.getBoundingClientRect())"
    )
    clip = {"x": left - 8, "y": top - 8, "width": right - left + 16, "height": bottom - top + 16, "scale": 1}
    last, told = running.ask("(its => [its.end, its.scenes.map(([t]) => t)])(JSON.parse(content.textContent))")
    moments = {round(last * number / EVEN, 3) for number in range(EVEN + 1)}
    moments |= {round(t + after, 3) for t in told for after in AFTER if t + after < last}  # slower where things happen
    frames = []
    for moment in sorted(moments):
        running.ask(f"location.hash = '#t={moment}'")
        running.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        taken = running.call("Page.captureScreenshot", format="webp", quality=55, clip=clip)["data"]
        frames.append(base64.b64decode(taken))
    picture = animated(frames, (clip["width"], clip["height"]), milliseconds=180, rest=3000, times=3)
    if len(picture) > MOST_BYTES:
        raise SystemExit(f"the moving picture has {len(picture)} bytes: more than {MOST_BYTES}")
    (PICTURES / "film.webp").write_bytes(picture)


def failover(running: Browser, folder: Path) -> None:
    """Keep a failover as its film shows it, by models."""
    words = ["run", "failover", "--quiet", "--film", "--runs", str(folder / "pair"), "--runtime", "simulation"]
    subprocess.run([MQLAB, *words], capture_output=True, check=True)
    running.open(folder / "pair" / "runs" / "latest" / "film.html", width=1000, dark=True, moment="#t=3.3")
    running.ask("document.documentElement.style.overflow = 'hidden'")
    begin, end = "document.querySelector('#caption')", "document.querySelector('.controls')"
    box = running.ask(f"[{begin}.getBoundingClientRect().top, {end}.getBoundingClientRect().bottom]")
    keep(running, "film-failover.png", top=box[0] - 12, bottom=box[1] + 8)


def live(running: Browser, folder: Path) -> None:
    """Keep the live page of a pair that failed over and of a link that is cut, by models; on a dark phone too."""
    orders = {"broker": "singapore", "kind": "queue", "name": "orders"}
    with served("failover", folder / "live") as page:
        for act in (
            {"act": "publish", **orders, "body": "an order"},
            {"act": "kill", "broker": "singapore", "instance": "1", "sure": "yes"},
        ):
            status, reply = page.act(**act)
            if status != 200:
                raise SystemExit(f"{act}: {reply}")
        page.lab(lambda lab: lab.lab.clock.sleep(60))  # the standby takes over
        for name, width, height, dark in LIVE:
            enter(running, page, width=width, height=height, dark=dark)
            if name == LIVE[0][0]:
                click(running, "cut both ways tokyo-singapore")
                until(running, "document.querySelector('#done code')")
                page.lab(lambda lab: lab.lab.clock.sleep(90))  # both brokers notice the cut
            until(running, "document.querySelectorAll('svg.network .end-of-bridge.down').length === 2")
            running.ask("document.documentElement.style.overflow = 'hidden'")
            (PICTURES / name).write_bytes(running.screenshot(whole=False))


def page_of(scenario: str | Path, folder: Path, *, passed: bool, runtime: str = "emulation") -> Path:
    """Run a scenario and give its page."""
    page = folder / f"{Path(scenario).stem}-{'passed' if passed else 'failed'}.html"
    words = ["run", str(scenario), "--quiet", "--runs", str(folder), "--html", str(page), "--runtime", runtime]
    done = subprocess.run([MQLAB, *words], capture_output=True, text=True, check=False)
    if done.returncode != (0 if passed else 1):
        raise SystemExit(f"mqlab {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return page


def unhealed(folder: Path) -> Path:
    """Copy cut-and-heal without its heal."""
    subprocess.run([MQLAB, "scenarios", "cut-and-heal", "--copy", str(folder)], capture_output=True, check=True)
    copy = folder / "cut-and-heal.yaml"
    kept = [line for line in copy.read_text().splitlines() if not line.strip().startswith(UNHEALED)]
    copy.write_text("\n".join(kept).replace("within: 60s", "within: 10s").replace(CUT, ANSWERED + CUT))
    return copy


def varied(folder: Path) -> Path:
    """Vary the scenario of docs/vary.md over delay and prefetch, and give its page."""
    shown = next(each for each in blocks("console") if each.page == "docs/vary.md")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    (folder / "orders.yaml").write_text(shown.text.partition("\n")[2].partition("\n$ ")[0])
    page = folder / "varied.html"
    keys = "links.tokyo-singapore.delay", "connectors.connector_tokyo_to_singapore.prefetchSize"
    values = "5ms,15ms,35ms,70ms,105ms,150ms", "5,10,20,40,60,100,1000"
    words = [word for key, value in zip(keys, values, strict=True) for word in ("--set", f"{key}={value}")]
    subprocess.run(
        [MQLAB, "vary", "orders.yaml", *words, "--html", str(page)], cwd=folder, capture_output=True, check=False
    )
    return page


def top(running: Browser, page: Path, name: str, *, width: int, height: int, dark: bool = False) -> None:
    """Keep the top of a page."""
    running.open(page, width=width, height=height, dark=dark)
    running.ask("document.documentElement.style.overflow = 'hidden'")  # no scroll bar in a picture
    (PICTURES / name).write_bytes(running.screenshot(whole=False))


def part(running: Browser, page: Path, name: str, heading: str, *, width: int, following: int) -> None:
    """Keep what is under a heading of a page: so many elements that follow it."""
    running.open(page, width=width, height=900)
    begin = f"[...document.querySelectorAll('h3')].find(each => each.textContent.startsWith({heading!r}))"
    last = ".nextElementSibling" * following
    box = running.ask(
        f"(h => [h.getBoundingClientRect().top + scrollY, h{last}.getBoundingClientRect().bottom + scrollY])({begin})"
    )
    keep(running, name, top=box[0] - 8, bottom=box[1] + 8, section=f"{begin}.closest('section')")


def keep(
    running: Browser, name: str, *, top: float, bottom: float, section: str = "document.querySelector('section')"
) -> None:
    """Keep a part of a section, from a height of the page to another one."""
    left, right = running.ask(f"(r => [r.left, r.right])({section}.getBoundingClientRect())")
    clip = {"x": left + 1, "y": top, "width": right - left - 2, "height": bottom - top, "scale": 1}
    taken = running.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
    (PICTURES / name).write_bytes(base64.b64decode(taken))


def stopped(running: Browser, folder: Path) -> None:
    """Keep the page of a hub that passes no topics on, by models: so that verdicts have their basis."""
    page = page_of("hub-and-spokes-fails", folder, passed=False, runtime="simulation")
    top(running, page, "report-stopped.png", width=1000, height=1370, dark=True)


def main() -> None:
    """Take all of them."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as place, browser() as running:
        folder = Path(place)
        passed = page_of("cut-and-heal", folder, passed=True)
        failed = page_of(unhealed(folder / "copy"), folder, passed=False)
        slow = page_of("slow-bridge", folder, passed=True)
        many = page_of("hub-and-spokes", folder, passed=True)
        top(running, failed, "report-failed.png", width=1000, height=1330)
        top(running, passed, "report-passed-dark.png", width=1000, height=1330, dark=True)
        top(running, failed, "report-phone.png", width=390, height=1500)
        top(running, many, "report-network.png", width=1000, height=860)
        stopped(running, folder)
        failover(running, folder)
        moving(running, folder)
        phone(running, folder)
        live(running, folder)
        top(running, varied(folder), "vary.png", width=640, height=905)
        part(running, slow, "report-cross-check.png", "Cross-check", width=1000, following=3)


if __name__ == "__main__":
    main()
