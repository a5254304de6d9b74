"""The emulated runs that were made already: a small file each, known by digests of the scenario and of the images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.contract.figures import Figures, from_json, to_json
from lab.base.dataclass import dataclass
from lab.base.text_files import read_bytes, write_text
from lab.check.scenarios import PlannedScenario
from lab.declare.origin import SourceFile
from lab.declare.yaml_reading import read
from lab.errors import InputError
from lab.report.run_folder import unwritable

LARGEST = 2**20  # bytes of a file


def digest(planned: PlannedScenario) -> str:
    """Return 16 hexadecimal digits for what a run depends on but its seed and its images.

    That is what its files say, what was set instead of it, the delays that AWS's figures give, and what brokers start
    from: not what mqlab makes of a file with defaults of its own.
    """
    origin, plan = planned.scenario.origin, planned.plan
    links = {link.name: [str(way.impairment.delay) for way in link.directions] for link in plan.links}
    brokers = {broker.name: broker.activemq_xml for broker in plan.brokers}
    made_of = ([*map(_said, origin.sources)], _without_words(dict(origin.set)), links, brokers)
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]


def _said(source: SourceFile) -> Any:
    """Return what a file says: of YAML, without comments, seed and words about it."""
    return source.text if source.name.endswith(".xml") else _without_words(read(source.text, source.name).content)


def _without_words(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {key: value for key, value in content.items() if key not in ("about", "seed", "scenario", "topology")}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRuns:
    """The runs of one scenario that are kept in a folder, a file for each seed."""

    folder: Path
    name: str  # of the scenario's file
    digest: str

    def runs(self, images: Sequence[str] | None = None) -> tuple[Figures, ...]:
        """Return the runs of this digest, in the order of seeds: with those images, or whatever they had if None.

        Raise InputError for a file that is none of these, or cannot be read.
        """
        found = [each for each in self._all() if each.digest == self.digest]
        found = [each for each in found if images is None or each.images == tuple(images)]
        return tuple(sorted(found, key=lambda each: each.seed))

    def keep(self, run: Figures) -> None:
        """Keep a run, instead of one of the same seed."""
        try:
            (self.folder / self.name).mkdir(parents=True, exist_ok=True)
            write_text(self._path(run.seed), to_json(run))
        except OSError as error:
            raise unwritable(self._path(run.seed), error) from error

    def _path(self, seed: int) -> Path:
        return self.folder / self.name / f"{self.digest}-{seed}.json"

    def _all(self) -> Iterator[Figures]:
        for path in sorted((self.folder / self.name).glob("*.json")):
            content = read_bytes(path, str(path), LARGEST)
            try:
                if len(content) > LARGEST:
                    raise ValueError("it is too large")
                yield from_json(content.decode("utf-8"))
            except ValueError as error:
                raise InputError.of(
                    f"{path} is no kept run: {error}", "remove it, and the run is made again"
                ) from error
