"""The pictures of docs/: `python -m tests.report.pictures HELD_RUN BROKEN_RUN` takes them anew from two run folders.

Look at them before they are believed. HELD_RUN is of `mqlab run cut-and-heal`, BROKEN_RUN of the same without its heal.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.folder import RunFolder
from lab.judge import judge_whole
from lab.report.html import Files, to_html

from .browser import Browser, browser

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def take(running: Browser, run: Path, name: str, *, width: int, height: int, dark: bool = False) -> None:
    """Open a run's page and keep the top of it."""
    folder = RunFolder(path=run)
    with TemporaryDirectory() as place:
        page = Path(place, "report.html")
        files = Files(brokers=folder.broker_files(), scenario=folder.scenario_name() or "SCENARIO")
        page.write_text(to_html(judge_whole(folder.history), files), encoding="utf-8")
        running.open(page, width=width, height=height, dark=dark)
        running.ask("document.documentElement.style.overflow = 'hidden'")  # no scroll bar in a picture
        (PICTURES / name).write_bytes(running.screenshot(whole=False))


if __name__ == "__main__":
    held, broken = (Path(each) for each in sys.argv[1:3])
    PICTURES.mkdir(exist_ok=True)
    with browser() as running:
        take(running, broken, "report-broken.png", width=1000, height=1330)
        take(running, held, "report-held-dark.png", width=1000, height=1330, dark=True)
        take(running, broken, "report-phone.png", width=390, height=1500)
