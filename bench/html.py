"""The HTML page and the film of a long history: how large they are, how long making and opening them takes.

`python -m bench.html [MESSAGES]` writes a history of that many messages with every hundredth lost, judges it, makes
the page and the film, and opens both in a browser without a window, five times; prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.judge import story, write
from lab.extras.film.page import to_html as to_film
from lab.history import Observation, Received
from lab.judge import judge_whole
from lab.report.html import Files, to_html
from tests.report.browser import Browser, browser, installed

LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))"


def with_losses(count: int) -> Iterator[Observation]:
    """Tell the judge's story, but for every hundredth message, which nobody received."""
    for seen in story(count):
        if not (type(seen) is Received and str(seen.id).endswith("00")):
            yield seen


def opened(running: Browser, page: Path) -> dict[str, float]:
    """Open the page and give what it took until it was loaded, and until it was painted, in seconds."""
    begin = time.perf_counter()
    running.open(page)
    loaded = running.ask(LOADED) / 1000
    running.ask(PAINTED)
    return {"loaded": loaded, "painted": time.perf_counter() - begin}


def measure(count: int) -> dict[str, Any]:
    """Measure all of it; without a browser, all but the opening."""
    with TemporaryDirectory() as folder:
        history, page = Path(folder, "history.jsonl"), Path(folder, "report.html")
        film = page.with_name("film.html")
        write(history, with_losses(count))
        whole = judge_whole(history)
        judged = time.process_time()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        text = to_html(whole, Files())
        made = time.process_time() - judged
        page.write_text(text, encoding="utf-8")
        found: dict[str, Any] = {
            "messages": count,
            "lost": sum(row.not_delivered.total for row in whole.report.deliveries),
            "size_mib": round(page.stat().st_size / 2**20, 3),
            "making_cpu_s": round(made, 2),
            "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            "peak_rss_of_judging_mib": round(before / 1024, 1),
            "opening_s": None,
            "loading_s": None,
        }
        begun = time.process_time()
        film.write_text(to_film(whole), encoding="utf-8")
        film_fields: dict[str, Any] = {
            "size_mib": round(film.stat().st_size / 2**20, 3),
            "making_cpu_s": round(time.process_time() - begun, 2),
            "opening_s": None,
        }
        found["film"] = film_fields
        if installed() is not None:
            with browser() as running:
                times = [opened(running, page) for _ in range(5)]
                films = [opened(running, film)["painted"] for _ in range(5)]
            film_fields["opening_s"] = round(statistics.median(films), 3)
            found["opening_s"] = round(statistics.median(each["painted"] for each in times), 3)
            found["loading_s"] = round(statistics.median(each["loaded"] for each in times), 3)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
