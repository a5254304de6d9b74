"""Memory of an open lab after it has replayed the article: every container's, as `docker stats` counts it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from bench.article import SCENARIO, Article
from bench.startup import Stages
from lab.history import Header, HistoryFile
from lab.replay import replay

MIB = 2**20


def measure(article: Article) -> dict[str, Any]:
    """Open a lab, replay the scenario, and give each container's memory in MiB, and the sums."""
    header = Header(run="bench", scenario=SCENARIO, seed=1, runtime="emulation", started="", declared={}, mqlab="bench")
    with tempfile.TemporaryDirectory() as folder, article.opened(Path(folder), Stages()) as lab:
        with HistoryFile(Path(folder) / "history.jsonl", header) as history:
            replay(article.scenario, article.plan, lab, history, run="bench")
        ids = {**{each.name: each.container for each in lab.state.instances}, "router": lab.state.router}
        each = {name: memory_of(article.client.containers.get(container)) for name, container in ids.items()}
    totals = {figure: round(sum(found[figure] for found in each.values()), 1) for figure in ("used_mib", "rss_mib")}
    return {"containers": each, **totals}


def memory_of(container: Container) -> dict[str, float]:
    """Return what its control group holds without the files it could drop, and what its processes have resident.

    Pages that brokers share, such as the class-data-sharing archive, count once in the first, for each in the second.
    """
    said = container.stats(stream=False)
    assert isinstance(said, dict)  # no stream was asked for
    memory = said["memory_stats"]
    kept = memory["stats"]
    droppable = kept.get("total_inactive_file", kept.get("inactive_file", 0))  # cgroup version 1, version 2
    listed = container.top(ps_args="-eo pid,rss")
    column = listed["Titles"].index("RSS")
    resident = sum(int(process[column]) for process in listed["Processes"]) * 1024
    return {"used_mib": round((memory["usage"] - droppable) / MIB, 1), "rss_mib": round(resident / MIB, 1)}
