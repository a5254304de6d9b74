"""The run folder: everything about one run, with no password in it, readable by its owner alone.

.mqlab/runs/<run id>/
  sources/          the scenario, the topology and the configurations, as they were
  plan.json  brokers/<name>/configuration.xml  brokers/<name>/activemq.xml
  history.jsonl  report.json  report.html  report.junit.xml  film.html  logs/  ca.pem  truststore.p12
.mqlab/runs/latest  → the newest
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from lab.base import text_files
from lab.base.dataclass import dataclass
from lab.base.masking import Mask
from lab.base.settings import HOME
from lab.base.text_files import is_file, open_private, read_bytes
from lab.declare.origin import SourceFile
from lab.errors import HostError
from lab.plan.values import Plan

_OF_A_VARIANT = re.compile(r"^[\"']?variant-of[\"']?\s*:", re.MULTILINE)  # at a line's beginning: its own key
TRUST_STORE = "truststore.p12"
TRUST_STORE_PASSWORD = "changeit"  # as Java's own has: nothing in it is secret
MOST_FILES, LARGEST_FILE = 5000, 2**20  # bytes; the most that is read of a run folder that was handed in


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """The folder of one run, and the paths of its files."""

    path: Path

    @property
    def history(self) -> Path:
        """Return the path of the history."""
        return self.path / "history.jsonl"

    @property
    def report(self) -> Path:
        """Return the path of the report as JSON."""
        return self.path / "report.json"

    @property
    def page(self) -> Path:
        """Return the path of the report as an HTML page."""
        return self.path / "report.html"

    @property
    def film(self) -> Path:
        """Return the path of the film, which only some runs have."""
        return self.path / "film.html"

    @property
    def junit(self) -> Path:
        """Return the path of the report as JUnit XML."""
        return self.path / "report.junit.xml"

    @property
    def logs(self) -> Path:
        """Return the folder of the containers' logs."""
        return self.path / "logs"

    def has_a_history(self) -> bool:
        """Return whether a run came so far that its history has a first line."""
        try:
            with self.history.open("rb") as file:
                return file.readline().endswith(b"\n")
        except OSError:
            return False

    def keep(self, sources: tuple[SourceFile, ...], plan: Plan, mask: Mask, set: Mapping[str, str] = {}) -> None:
        """Write the sources, the plan and the brokers' files, before the lab opens; passwords in them are masked.

        The sources are as they were: values that `set` replaced are in the plan's file.
        """
        for source in sources:
            _write(self.path / "sources" / mask.text(source.name), source.text)
        written = {**plan.to_dict(), "set": dict(set)} if set else plan.to_dict()
        _write(self.path / "plan.json", json.dumps(mask.value(written), indent=2))
        for broker in plan.brokers:
            _write(self.path / "brokers" / broker.name / "configuration.xml", mask.text(broker.saved))
            _write(self.path / "brokers" / broker.name / "activemq.xml", mask.text(broker.activemq_xml))

    def broker_files(self) -> Mapping[str, Mapping[str, str]]:
        """Return the texts of each broker's activemq.xml and activemq.N.xml: broker → file name → text.

        Symbolic links are not followed. The folder is untrusted: only so much is read as a run could have written.
        """
        found: dict[str, dict[str, str]] = {}
        for file in sorted(islice((self.path / "brokers").glob("*/activemq*.xml"), MOST_FILES), key=_in_order):
            if not file.is_symlink() and not file.parent.is_symlink() and is_file(file):
                found.setdefault(file.parent.name, {})[file.name] = _read(file)
        return found

    def sources(self) -> Mapping[str, str]:
        """Return the texts of the scenario, the topology and the configurations, by path under `sources`."""
        folder = self.path / "sources"
        found = sorted(
            file for file in islice(folder.rglob("*"), MOST_FILES) if is_file(file) and not file.is_symlink()
        )
        return {str(file.relative_to(folder)): _read(file) for file in found}

    def scenario_name(self) -> str | None:
        """Return the name of the scenario's file, or of the variant's; None if the folder has none, or several."""
        found = [*(self.path / "sources").glob("*.y*ml")]
        if len(found) == 2:
            found = [file for file in found if _OF_A_VARIANT.search(_read(file))]
        return found[0].name if len(found) == 1 else None


def keep_next(folder: Path, broker: str, text: str) -> None:
    """Write another activemq.xml of a broker, without passwords, into a run's folder, beside the earlier ones."""
    number = 2 + len([*(folder / "brokers" / broker).glob("activemq.*.xml")])
    _write(folder / "brokers" / broker / f"activemq.{number}.xml", text)


def _read(file: Path) -> str:
    """Return a file's text, cut where none of a run's goes on."""
    return read_bytes(file, str(file), LARGEST_FILE)[:LARGEST_FILE].decode("utf-8", "replace")


def _in_order(file: Path) -> tuple[str, int, str]:
    """Return a sort key that puts activemq.2.xml, the file after the first change, before activemq.10.xml."""
    number = file.name.split(".")[1]
    return file.parent.name, int(number) if number.isdecimal() else 1, file.name


def home(environment: Mapping[str, str]) -> Path:
    """Return the folder that runs are kept under: MQLAB_HOME, or .mqlab in the working directory."""
    return Path(HOME.in_force(environment))


def unwritable(path: Path, error: OSError) -> HostError:
    """Return why a file of a run could not be written, in words; the error is its cause."""
    return text_files.unwritable(
        path,
        error,
        "free some space there, or set MQLAB_HOME to a folder on another disk; run: mqlab doctor",
        problem=f"{path} cannot be written: {type(error).__name__}: {error}",
        remedy="check that the file exists and that you may write to it",
    )


def make_home(base: Path) -> None:
    """Make the folder that runs are kept under, which git ignores, if it is not there; OSError if it cannot be made."""
    base.mkdir(parents=True, exist_ok=True)
    ignore = base / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def create(base: Path, run: str) -> RunFolder:
    """Create the folder of a new run and point `latest` at it; HostError if the folder cannot be made."""
    runs = base / "runs"
    path = runs / run
    if text_files.is_file(base):
        raise HostError(f"the run folder {path} cannot be made: {base} is a file", "set MQLAB_HOME to a folder")
    try:
        make_home(base)
        runs.mkdir(exist_ok=True)
        path.mkdir(mode=0o700)
        pointer = runs / f".latest-{run}"
        pointer.symlink_to(run)
        pointer.replace(runs / "latest")  # one step, so that another reader never finds it missing
    except OSError as error:
        raise HostError(
            f"the run folder {path} cannot be made: {error.strerror}", "set MQLAB_HOME to a folder of yours"
        ) from error
    return RunFolder(path=path.absolute())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", opener=open_private) as file:
        file.write(text)
