"""A Transcript → the texts of a scenario's files: the scenario, and beside it a topology and configurations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from lab.base.dataclass import dataclass
from lab.check.timing import earliest_end
from lab.declare.file_fields import NamedFile
from lab.declare.passwords import GENERATED
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Compound, Step
from lab.declare.steps.flow import LONGEST, Together
from lab.declare.topology import Configuration, Topology
from lab.declare.topology_text import add_text, file_stem, topology_files
from lab.declare.yaml_writing import comment, entry_lines, lines
from lab.errors import InputError
from lab.extras.transcript.making import Transcript
from lab.extras.transcript.values import Act, Note, Part, at

_PASSWORDS = "passwords are not in a history: the file has a generated password for each user's name"
_FIRST = ("name", "link", "client", "broker", "over", "topic", "queue")  # keys of a step, in a person's order


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFiles:
    """Texts by the name of a file, the scenario's first, and the warnings for the user."""

    texts: Mapping[str, str]
    warnings: tuple[str, ...]


def scenario_files(
    transcript: Transcript, file: str, *, topology_file: Callable[[Topology], str | None], expected: Scenario | None
) -> ScenarioFiles:
    """Return the files of a transcript; files beside the scenario begin with the name of `file`, without its suffix.

    `topology_file` returns the path of a file that has the same topology, or None. The expectations and the clients
    come from `expected`.
    """
    return _Writer(transcript, file, topology_file, expected).files()


class _Writer:
    """The texts of one scenario while they are made."""

    def __init__(
        self,
        transcript: Transcript,
        file: str,
        topology_file: Callable[[Topology], str | None],
        expected: Scenario | None,
    ) -> None:
        self._transcript, self._file, self._expected = transcript, file, expected
        self._stem = Path(file).stem
        self._topology_file = topology_file
        self._texts: dict[str, str] = {}
        self._warnings: list[str] = []

    def files(self) -> ScenarioFiles:
        header, expected = self._transcript.header, self._expected
        topology = self._topology()
        body = list(self._steps())
        content: dict[str, Any] = {"scenario": header.scenario}
        content |= {"about": about} if isinstance(about := header.declared.get("about"), str) and about else {}
        content |= {"topology": topology, "seed": header.seed}
        content |= {"user": user} if isinstance(user := header.declared.get("user"), str) and user else {}
        if expected is not None and expected.clients:
            content["clients"] = {name: _dumped(each) for name, each in expected.clients.items()}
        text = [comment(f"Made of the history of run {header.run}, {header.runtime}, {header.started}")]
        text += [comment(each) for each in self._notes()]
        text += [*lines(content), *(body if any(each.lstrip()[:2] != "# " for each in body[1:]) else _none(body))]
        if expected is not None and expected.expect:
            mask = expected.origin.mask
            its = [{each.kind: mask.value(_single(_dumped(each)))} for each in expected.expect]
            text += ["expect:", *(line for each in its for line in entry_lines(each, "  "))]
        warnings = dict.fromkeys((*self._transcript.warnings, *self._warnings))
        return ScenarioFiles(texts={self._file: "\n".join((*text, "")), **self._texts}, warnings=tuple(warnings))

    def _notes(self) -> Iterator[str]:
        if self._begin:
            yield f"0s is {at(self._begin)} of the history"
        yield from self._warnings

    @property
    def _begin(self) -> float:
        """Return the moment from which steps count: of a running lab the first act's, since a person came at any."""
        acts = self._transcript.acts
        return acts[0].t if acts and self._transcript.header.standing else 0.0

    def _topology(self) -> str:
        """Return the path of the topology as the scenario has it, and add its files, if no file has the same."""
        topology = _read_topology(self._transcript.header.declared.get("topology"))
        if (path := self._topology_file(topology)) is not None:
            return path
        self._warnings.append(_PASSWORDS)
        file = f"{self._stem}-topology.yaml"
        notes = [f"The topology of run {self._transcript.header.run}", _PASSWORDS]
        folder = f"{self._stem}-configurations"
        self._texts |= topology_files(topology, lambda _, __: GENERATED, file=file, folder=folder, notes=notes)
        return file

    def _steps(self) -> Iterator[str]:
        """Yield the lines of the steps, in the order of time, with the notes as comments."""
        yield "steps:"
        free = timedelta(0)  # the earliest moment at which the steps so far can have ended
        for part in self._grouped():
            if isinstance(part, Note):
                yield f"  {comment(part.text)}"
                continue
            entry = self._entry(part.step)
            if entry is None:
                yield f"  {comment(self._warnings[-1])}"
                continue
            moment = max(free, self._moment(part.t))
            # A millisecond apart: of two steps at one moment no judge knows in which order they were done.
            free = max(earliest_end(part.step, moment), moment + timedelta(milliseconds=1))
            yield from entry_lines({"at": _seconds(moment), **entry}, "  ")

    def _moment(self, t: float) -> timedelta:
        """Return a moment of the history as one of the scenario, rounded up: earlier steps have ended by then."""
        if t - self._begin > LONGEST.total_seconds():
            raise InputError.of(f"the history has the time {t:g} s, but no run is as long", "name another history")
        return timedelta(milliseconds=ceil(round(max(t - self._begin, 0.0) * 1000, 3)))

    def _grouped(self) -> Iterator[Part]:
        """Yield the parts with acts that began during another one, in a running lab, put into one `together`."""
        if not self._transcript.header.standing:
            yield from self._transcript.parts
            return
        group: list[Act] = []
        notes: list[Note] = []
        for part in self._transcript.parts:
            if isinstance(part, Note):
                notes.append(part)
            elif group and part.t < max(each.end for each in group) and _apart(group, part):
                group.append(part)
            else:
                yield from self._whole(group)
                yield from notes
                group, notes = [part], []
        yield from self._whole(group)
        yield from notes

    def _whole(self, group: list[Act]) -> Iterator[Act]:
        if len(group) > 1:
            steps = tuple(each.step.with_entry(at=self._moment(each.t)) for each in group)
            end = max(each.end for each in group)
            yield replace(group[0], end=end, step=Together(steps=(group[0].step, *steps[1:])))
        else:
            yield from group

    def _entry(self, step: Step) -> dict[str, Any] | None:
        """Return the entry of a step without its `at`; None, with a warning, if a file that it names is missing."""
        beside = {"as": step.named} if step.named else {}
        beside |= {"fails": "yes"} if step.fails else {}
        if isinstance(step, Compound):
            inner = [self._entry(each) for each in step.steps]
            if any(each is None for each in inner):
                return None
            entries = [
                {**({} if each.at is None else {"at": _seconds(each.at)}), **(entry or {})}
                for each, entry in zip(step.steps, inner, strict=True)
            ]
            fields = step.written()
            return {**beside, step.verb: {**fields, "steps": entries} if step.inside else entries}
        fields = _dumped(step)
        for name, field in type(step).model_fields.items():
            key, held = field.alias or name, getattr(step, name)
            if held is None or not isinstance(fields, dict) or key not in fields:
                continue
            if isinstance(held, SecretStr):
                fields[key] = GENERATED
                self._warn(_PASSWORDS)
            elif isinstance(held, Configuration):
                fields[key] = add_text(self._texts, f"{self._stem}-configurations/{_stem_of(step)}", held.text)
            elif isinstance(held, NamedFile):
                if not (path := Path(held.path)).exists():
                    self._warn(f"{step.words()}: {held.path} does not exist, relative to {Path.cwd()}; omitted")
                    return None
                fields[key] = str(path.resolve())
        return {**beside, step.verb: fields}

    def _warn(self, text: str) -> None:
        if text in self._warnings:
            self._warnings.remove(text)
        self._warnings.append(text)


def _none(body: list[str]) -> list[str]:
    """Return the lines of a scenario without steps."""
    return ["steps: []", *body[1:]]


def _apart(group: list[Act], part: Act) -> bool:
    """Return whether no client of an act has an act in the group: a client does one action at a time."""
    clients = {getattr(each.step, "client", None) for each in group} - {None}
    return getattr(part.step, "client", None) not in clients


def _dumped(model: Any) -> Any:
    """Return the fields of a step, an expectation or a client as a person writes them: without defaults."""
    written = model.written() if hasattr(model, "written") else {}
    if not isinstance(written, dict):
        return written
    fields = model.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    return dict(sorted(fields.items(), key=lambda each: _FIRST.index(each[0]) if each[0] in _FIRST else len(_FIRST)))


def _single(fields: Any) -> Any:
    """Return fields with a list of one item written as that item, as an expectation takes it."""
    if isinstance(fields, list):
        return fields[0] if len(fields) == 1 else fields
    return {key: _single(each) for key, each in fields.items()} if isinstance(fields, dict) else fields


def _stem_of(step: Step) -> str:
    return file_stem(str(getattr(step, "configuration", step.verb)))


def _seconds(moment: timedelta) -> str:
    return f"{moment.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"


def _read_topology(declared: Any) -> Topology:
    """Return the topology of a history's header, whose passwords are missing."""
    try:
        brokers = {
            name: {**fields, "users": {user: {**its, "password": GENERATED} for user, its in fields["users"].items()}}
            for name, fields in declared["brokers"].items()
        }
        return Topology.model_validate({**declared, "brokers": brokers})
    except (ValidationError, TypeError, KeyError, AttributeError) as error:
        what = "the history does not have the whole topology of its lab"
        raise InputError.of(what, "name the history of another run: mqlab history lists its events") from error
