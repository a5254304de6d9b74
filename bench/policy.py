"""A security group changed: from the order to the moment at which the router holds it, between two packets.

Every change is one that matters: Singapore lets Tokyo in, or nobody. Of the first ones a connection is tried, so that
what the router says is what packets meet.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bench.article import Article
from bench.startup import Stages
from lab.emulation.lab import EmulatedLab
from lab.network import security_groups

TRIED = 4


def measure(article: Article, *, changes: int) -> dict[str, Any]:
    """Open a lab and change a group in it so often, nothing and everything let in by turns."""
    with tempfile.TemporaryDirectory() as folder, article.opened(Path(folder), Stages()) as lab:
        lab.router.begin()  # as every replay does before its first step
        took = [_change(lab, turn) for turn in range(changes)]
    ordered = sorted(took)
    return {
        "changes": changes,
        "first_ms": round(took[0], 1),
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p99_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 1),
        "max_ms": round(ordered[-1], 1),
    }


def _change(lab: EmulatedLab, turn: int) -> float:
    open_ = lab.note.plan.network
    target = open_.interface("singapore")
    (rule,) = open_.group(target.groups[0]).inbound
    closed = security_groups.revoke(open_, target.groups[0], rule)
    to = (closed, open_)[turn % 2]
    applied = lab.policies.apply(to)
    if turn < TRIED:
        met = lab.policies.attempt("tokyo", "singapore", 61617, within=1.0).answer
        assert met == ("silent", "open")[turn % 2], met
    return applied.took_ms
