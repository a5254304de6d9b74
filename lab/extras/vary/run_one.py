"""One run: a scenario's texts and a combination in, a Row out. It can be pickled, and done on another machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lab import labs
from lab.base import settings
from lab.errors import LabError
from lab.extras.vary.combinations import Combination
from lab.extras.vary.row import Flow, Row, error_row
from lab.extras.vary.texts import Texts
from lab.judge import Judged
from lab.judge.not_delivered import FATES, NotDelivered
from lab.judge.percentiles import Percentiles
from lab.operating import runtimes


def run_one(texts: Texts, combination: Combination, limit: timedelta | None = None) -> Row:
    """Simulate a combination and return its row, an error row for a LabError; `limit` is of virtual time."""
    before = time.thread_time()
    with TemporaryDirectory(prefix="mqlab-vary-") as place:
        folder = Path(place).resolve()
        for name, content in texts.files.items():
            path = folder / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        environment = {**texts.environment, settings.STATE.name: str(folder / "state")}
        if texts.costs is not None:
            (folder / "costs.toml").write_bytes(texts.costs)
            environment[settings.COSTS.name] = str(folder / "costs.toml")
        try:
            ran = labs.run(
                folder / "files" / texts.scenario,
                seed=combination.seed,
                set=combination.set,
                runs=folder,
                environment=environment,
                runtime=runtimes.simulation(environment, limit, texts.ignored),
                progress=Untold(),
                raising=False,
                reports=False,  # which take as long as the rest
            )
            error = ran.error
        except LabError as refused:
            error = refused
        if error is not None:
            why = error.what.replace(f"{folder}/files{os.sep}", f"{texts.folder}{os.sep}")
            return error_row(combination, why, error.exit_code)
    return row_of(combination, ran.judged, time.thread_time() - before)


def row_of(combination: Combination, judged: Judged, cpu: float) -> Row:
    """Return the figures of a judged run that took so many seconds of the processor."""
    report, evidence = judged.report, judged.evidence
    timed = [
        (tally.publication.sent_at[number], took)
        for audience in evidence.audiences
        for tally in audience.tallies
        for number, took in zip(*tally.timed(), strict=True)
    ]
    sent = [
        at
        for publication in evidence.ledger.publications.values()
        for at in publication.sent_at[publication.first : publication.last + 1]
        if at == at  # not NaN
    ]
    return Row(
        combination=combination,
        outcome=str(report.outcome),
        seed=report.seed,
        verdicts=report.verdicts,
        expected=sum(each.expected for each in report.deliveries),
        delivered=sum(each.received for each in report.deliveries),
        **_became(each.not_delivered for each in report.deliveries),
        duplicates=sum(each.duplicated for each in report.deliveries),
        latency=Percentiles.of(sorted(took * 1000 for _, took in timed)),
        flows=tuple(
            Flow(
                subscriber=each.subscriber,
                destination=each.destination,
                expected=each.expected,
                delivered=each.received,
                **_became([each.not_delivered]),
                duplicates=each.duplicated,
                latency=each.latency,
            )
            for each in report.deliveries
        ),
        took=max(at + took for at, took in timed) - min(sent) if timed else None,
        lasted=evidence.timeline.end,
        cpu=cpu,
    )


def _became(fates: Iterable[NotDelivered]) -> dict[str, Any]:
    """Return how many messages had each fate."""
    found = NotDelivered.together(fates)
    return {fate: found.count(fate) for fate in FATES}


class Untold:
    """A progress without output: hundreds of runs would print the same."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Do nothing for the block."""
        yield

    def say(self, note: str) -> None:
        """Do nothing."""

    def tell(self, note: str) -> None:
        """Do nothing."""

    def warn(self, warning: str) -> None:
        """Do nothing: warnings are printed once, before the first run."""
