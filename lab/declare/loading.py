"""Loads a Scenario from a path: reads the scenario, its topology and the configurations, and joins them into one.

Stops at the end of a stage with every Problem of that stage. Whether names agree with each other is left to `check`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from lab.amazonmq.configurations.configuration import read as read_configuration
from lab.base import wide_signs
from lab.base.masking import Mask, is_secret, named_in
from lab.base.suggestions import remedy
from lab.base.text_files import STANDARD_INPUT, file_near, is_file, why_not_a_file
from lab.declare.configuration_texts import configuration_problems, is_xml, source_of
from lab.declare.copies import Text, masked, texts_of
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Declared, types_in
from lab.declare.file_fields import NamedFile
from lab.declare.origin import Keys, Origin, SourceFile, without_passwords
from lab.declare.passwords import Passwords
from lab.declare.scenario import Scenario
from lab.declare.steps import STEPS
from lab.declare.steps.base import Compound, Step
from lab.declare.topology import Configuration
from lab.declare.validating import validate, validate_variant
from lab.declare.variant_file import VariantFile, is_variant
from lab.declare.variants import Variant
from lab.declare.yaml_reading import Document, no_topology, read, read_text
from lab.errors import InputError, Place, Problem

_MALFORMED = ("not well-formed YAML", "nothing is written here")
_UNREAD = {"file": "", "text": ""}  # a configuration whose Problem is noted already


def load(
    path: Path,
    *,
    environment: Mapping[str, str],
    set: Mapping[str, str] = {},
    steps: Mapping[str, type[Step]] = STEPS,
    expectations: Mapping[str, type[Expectation]] = EXPECTATIONS,
) -> Scenario:
    """Return the scenario of a file, with the files it names; raise InputError with every Problem found.

    A topology's file is a scenario that has neither steps nor expectations; a variant's file is the scenario that it
    names, with other values.

    Passwords written as `{env: NAME}` are taken from `environment`, `generated` ones are new each time; `set` has
    values instead of those of the files, by KEYs as `variants` reads them.

    >>> scenario = load(shipped("scenarios") / "tokyo-singapore.yaml", environment={})
    >>> scenario.scenario, len(scenario.steps)
    ('the article, replayed', 4)
    """
    loader = _Loader(path, environment, set, steps)
    content = loader.scenario()
    if loader.unreadable:
        raise InputError(without_passwords(_sorted(loader.with_wide_signs(loader.problems)), loader.mask()))
    origin = loader.origin()
    scenario, problems = validate(
        content, origin, topology_read=loader.topology_read, steps=steps, expectations=expectations
    )
    if scenario is None or loader.problems:
        topology = content.get("topology") if isinstance(content, dict) else None
        found = dict.fromkeys((*loader.problems, *problems, *configuration_problems(topology)))
        raise InputError(without_passwords(_sorted(loader.with_wide_signs(found)), origin.mask))
    return scenario.with_logins().from_files(origin)


def mask_of(path: Path, *, environment: Mapping[str, str], set: Mapping[str, str] = {}) -> Mask:
    """Return the mask of all passwords in a scenario's files, even if `load` refuses the files."""
    loader = _Loader(path, environment, set, STEPS)
    loader.scenario()
    return loader.mask()


def masked_sources(scenario: Scenario) -> tuple[SourceFile, ...]:
    """Return copies of the scenario's files with asterisks instead of every password."""
    return scenario.origin.sources


def resolve(name_or_path: str, shipped: Path) -> Path:
    """Return the path of a scenario given by path, or by name in the folder `shipped`; raise InputError if unknown.

    A dash is the standard input.
    """
    path = Path(name_or_path)
    names = sorted(each.stem for each in shipped.glob("*.yaml"))
    bare = name_or_path == path.name and path.suffix in (".yaml", ".yml")  # no folder
    if bare and path.stem in names and not is_file(path):
        what = f"{path} is not there, and a scenario of this name ships with mqlab"
        raise InputError.of(what, f"write {path.stem}, without {path.suffix}")
    if path == STANDARD_INPUT or path.suffix in (".yaml", ".yml") or len(path.parts) > 1 or is_file(path):
        return path
    if name_or_path in names:
        return shipped / f"{name_or_path}.yaml"
    if why_not_a_file(path) != "is not there":
        return path  # a folder, a pipe, a name too long: refused when it is read
    raise InputError.of(
        f'no scenario named "{name_or_path}" ships with mqlab',
        remedy(name_or_path, names, "shipped") + "\nwrite the path of a file of your own, such as ./mine.yaml",
    )


class _Loader:
    """A scenario's files while they are read: their texts, the places in them, the passwords to mask, the problems."""

    def __init__(
        self, path: Path, environment: Mapping[str, str], set: Mapping[str, str], steps: Mapping[str, type[Step]]
    ) -> None:
        self._path = path
        self._passwords = Passwords(environment)
        self._kinds = steps
        self._texts: dict[str, str] = {}
        self._yaml: dict[str, tuple[Text, ...]] = {}
        self._values: dict[Keys, Place] = {}
        self._keys: dict[Keys, Place] = {}
        self.problems: list[Problem] = []
        self._variant = Variant(settings=set, values=self._values, keys=self._keys, problems=self.problems)
        self.unreadable = False
        self.topology_read = True
        self.alone = False  # the file is a topology
        self._file: VariantFile | None = None

    def scenario(self) -> Any:
        """Return the scenario's content with the topology, configurations, bodies and passwords put in."""
        document = self._read_document(str(self._path), self._path, ())
        if document is not None and is_variant(document.content):
            document = self._read_original(document)
        content = document.content if document else None
        if document is None or not isinstance(content, dict):
            return content
        prefix: Keys = ("topology",)
        self.alone = not content.keys() & {"scenario", "steps"} and bool(content.keys() & {"regions", "brokers"})
        if self.alone:
            content, prefix = self._without_steps(content), ()
        if self._file is not None:
            content |= {"scenario": self._file.scenario, "about": self._file.about}
        self._variant.set_topology(content)
        folder, holder = self._path.parent, document  # of the topology
        topology = content.get("topology")
        if isinstance(topology, str) and not self.alone:
            named = self._find_file(folder, topology, here := self._values[prefix])
            topology_document = self._read_document(*named, prefix, here) if named else None
            if topology_document is not None and (error := no_topology(topology_document)):
                self._note(error, here)
                topology_document = None
            self.topology_read = topology_document is not None
            if topology_document is None:
                return content
            content["topology"] = topology = topology_document.content
            folder, holder, prefix = named[1].parent if named else folder, topology_document, ()
        self._variant.set_values(content)
        self._fill_steps(content.get("steps"), ("steps",))
        brokers = topology.get("brokers") if isinstance(topology, dict) else None
        for name, broker in brokers.items() if isinstance(brokers, dict) else ():
            if isinstance(broker, dict):
                self._fill_broker(folder, broker, ("topology", "brokers", name), holder, prefix)
        self._variant.check_connectors()
        return content

    def _read_original(self, variant: Document) -> Document | None:
        """Read the scenario of a variant, with the variant's values; return None if it cannot be read."""
        its, problems = validate_variant(variant.content, Origin(values=self._values, keys=self._keys))
        self.problems += problems
        named_at = self._values.get(("variant-of",))
        named = self._find_file(self._path.parent, its.variant_of, named_at) if its and named_at else None
        if its is None or named is None:
            self.unreadable = True
            return None
        self._variant.add(its.set, {key: self._keys["set", key] for key in its.set})
        self._values.clear()
        self._keys.clear()
        self._file, (file, self._path) = its, named
        original = self._read_document(file, self._path, (), named_at)
        if original is not None and is_variant(original.content):
            self._note(InputError.of(f"{file} is a variant itself", "name the original scenario"), named_at)
            self.unreadable = True
        return original

    def _without_steps(self, topology: dict[str, Any]) -> dict[str, Any]:
        """Return the content of a scenario that is nothing but a topology, whose places are put below its key."""
        for found in (self._values, self._keys):
            written = dict(found)
            found.clear()
            found |= {keys: place for keys, place in written.items() if not keys}  # the file itself
            found |= {("topology", *keys): place for keys, place in written.items()}
        return {"scenario": str(topology.get("topology") or self._path.stem), "topology": topology, "steps": []}

    def with_wide_signs(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems; a problem in a line with full-width characters names these characters."""
        known: list[Problem] = []
        lines = {file: text.splitlines() for file, text in self._texts.items() if not text.isascii()}
        for problem in problems:
            signs, place = _wide_signs(problem, lines.get(problem.place.file, [])) if problem.place else ("", None)
            alone = problem.what.startswith(_MALFORMED) or wide_signs.remedy(problem.what) or "\\u3000" in problem.what
            right = "\n".join(filter(None, (signs, "" if alone else problem.remedy)))
            known.append(replace(problem, remedy=right, place=place) if signs else problem)
        return list(dict.fromkeys(known))

    def mask(self) -> Mask:
        """Return the mask of all passwords in the files, including passwords that no user of the scenario has."""
        read = (each.content for texts in self._yaml.values() for each in texts)  # without YAML's own escapes
        named = (each for text in (*self._texts.values(), *read) for each in named_in(text))
        return Mask.of((*self._passwords.all, *named))

    def origin(self) -> Origin:
        """Return the places of keys and values, and copies of the files without passwords."""
        mask = self.mask()
        sources, its = self._copy_sources(mask), self._variant.settings
        origin = Origin(topology_alone=self.alone, values=self._values, keys=self._keys, sources=sources, set=its)
        return replace(origin, mask=mask, fails=self._file.fails if self._file else ())

    def _read_document(self, file: str, path: Path, prefix: Keys, named_at: Place | None = None) -> Document | None:
        """Read one YAML file and note its places under a prefix; return None if it cannot be read."""
        try:
            text = read_text(path, file)
            if is_xml(text):
                alone = f"\nrun mqlab check {file} to check it alone" if path.suffix == ".xml" else ""
                right = f"write configuration: {path.name} in a broker of a topology to use the file there{alone}"
                raise InputError.of(f"{file} is XML, not YAML", right)
            document = read(text, file)
        except InputError as error:
            self._note(error, named_at)
            self.unreadable = True
            return None
        self._texts[file] = document.text
        if document.content is not None:
            self._yaml[file] = texts_of(document)
            self._passwords.all += [each.content for each in self._yaml[file] if each.is_password]
        self._values |= {(*prefix, *keys): spot.place for keys, spot in document.values.items()}
        self._keys |= {(*prefix, *keys): spot.place for keys, spot in document.keys.items()}
        self.problems += document.problems
        self.unreadable = self.unreadable or bool(document.problems)
        return document

    def _note(self, error: InputError, named_at: Place | None) -> None:
        """Note the Problems of a file; a Problem without a place gets the place that names the file."""
        self.problems += (replace(each, place=each.place or named_at) for each in error.problems)

    def _find_file(self, folder: Path, name: str, place: Place) -> tuple[str, Path] | None:
        """Return the name and path of a file that another file names; if it is missing, note a Problem."""
        path = Path(os.path.normpath(folder / name))
        what = why_not_a_file(path)
        if not what:
            return str(path), path
        near = file_near(path) if what == "is not there" else None
        guess = "" if near is None else f"did you mean {os.path.relpath(near, folder)}?\n"
        right = f"{guess}write a path relative to the folder {folder}"
        self.problems.append(Problem(what=f"the file {path} {what}", remedy=right, place=place))
        return None

    def _fill_steps(self, steps: Any, path: Keys) -> None:
        """Put files and passwords into the steps that name them, inner steps included."""
        for number, entry in enumerate(steps if isinstance(steps, list) else ()):
            for verb, fields in entry.items() if isinstance(entry, dict) else ():
                kind, here = self._kinds.get(verb), (*path, number, verb)
                if kind is not None and issubclass(kind, Compound):
                    self._fill_steps(kind.inner_entries(fields), (*here, *kind.inside))
                elif kind is not None and isinstance(fields, dict):
                    self._fill_step(kind, fields, here)

    def _fill_step(self, kind: type[Step], fields: dict[str, Any], path: Keys) -> None:
        """Put files and passwords into the fields of a step; the type of each field determines which."""
        if isinstance(headers := fields.get("headers"), dict):
            self._passwords.all += [text for name, text in headers.items() if is_secret(name) and isinstance(text, str)]
        for key, field in kind.model_fields.items():
            if key not in fields:
                continue
            holds = tuple(types_in(field.annotation))
            if Configuration in holds:
                fields[key] = self._read_configuration(self._path.parent, fields[key], (*path, key))
            elif SecretStr in holds:
                self._take_password(fields, fields.get("user"), (*path, key))
            elif isinstance(fields[key], str) and (kinds := [each for each in holds if _is_named_file(each)]):
                fields[key] = self._read_named(fields[key], kinds[0], self._values[(*path, key)])

    def _fill_broker(self, folder: Path, broker: dict[str, Any], keys: Keys, holder: Document, prefix: Keys) -> None:
        """Put a configuration and passwords into a broker of the topology that stands in the document `holder`."""
        written, path = broker.get("configuration"), (*keys, "configuration")
        if isinstance(written, str) and is_xml(written) and not self._values[path].set:
            spot = holder.values[*prefix, "brokers", keys[-1], "configuration"]
            try:
                found = {"text": written, "source": source_of(written, spot, holder), "file": holder.file}
            except InputError as error:
                self.problems += error.problems
                found = dict(_UNREAD)
        elif written is not None:
            found = self._read_configuration(folder, written, path)
        if written is not None:
            broker["configuration"] = self._with_attributes(found)
        users = broker.get("users")
        for user, fields in users.items() if isinstance(users, dict) else ():
            if isinstance(fields, dict) and "password" in fields:
                self._take_password(fields, user, (*keys, "users", user, "password"))

    def _with_attributes(self, written: dict[str, Any]) -> dict[str, Any]:
        """Return a configuration with the values that are set from outside for its connectors."""
        if not self._variant.sets_attributes or written == _UNREAD:
            return written
        try:
            found = read_configuration(written["text"].encode(), written.get("source") or written["file"])
        except InputError as error:
            self.problems += error.problems
            return written
        text, source = self._variant.set_attributes(found)
        return {**written, "text": text, "source": source}

    def _read_configuration(self, folder: Path, written: Any, keys: Keys) -> dict[str, Any]:
        """Return the name and the text of a configuration's file; note a Problem if it cannot be read."""
        place = self._values[keys]
        if not isinstance(written, str):
            what = "a configuration is a text, not a list or a mapping"
            right = "write its path, such as configurations/tokyo.xml"
            self.problems.append(Problem(what=what, remedy=right, place=place))
            return dict(_UNREAD)
        named = self._find_file(folder, written, place)
        if named is None:
            return dict(_UNREAD)
        file, path = named
        try:
            self._texts[file] = read_text(path, file)
        except InputError as error:
            self._note(error, place)
            return dict(_UNREAD)
        return {"file": file, "text": self._texts[file]}

    def _read_named(self, written: str, kind: type[NamedFile], place: Place) -> Declared | str:
        """Return the content of a step's file; note a Problem and return the file's name if it cannot be read."""
        from lab.declare.named_files import READERS, file_meant  # here, since few scenarios have such files

        folder = self._path.parent
        named = self._find_file(folder, file_meant(kind, folder, written), place)
        try:
            return written if named is None else READERS[kind](named[1], named[0], written)
        except InputError as error:
            self._note(error, place)
            return written

    def _take_password(self, fields: dict[str, Any], user: Any, keys: Keys) -> None:
        """Take one password: as it is written, from the environment, or a new one."""
        fields["password"], problem = self._passwords.take(fields["password"], str(user), self._values[keys])
        if problem is not None:
            self.problems.append(problem)

    def _copy_sources(self, mask: Mask) -> tuple[SourceFile, ...]:
        paths = {file: Path(os.path.normpath(Path.cwd() / file)) for file in self._texts}
        common = Path(os.path.commonpath([path.parent for path in paths.values()]))
        names = {file: path.relative_to(common).as_posix() for file, path in paths.items()}
        copies = {file: masked(text, self._yaml.get(file, ()), mask) for file, text in self._texts.items()}
        return tuple(SourceFile(name=names[file], text=text) for file, text in copies.items())


def _sorted(problems: list[Problem]) -> list[Problem]:
    nowhere = Place(file="", line=0, column=0)
    return sorted(problems, key=lambda problem: problem.place or nowhere)


def _is_named_file(part: Any) -> bool:
    """Return whether a part of an annotation is a file that a step names."""
    return isinstance(part, type) and issubclass(part, NamedFile)


def _wide_signs(problem: Problem, lines: Sequence[str]) -> tuple[str, Place | None]:
    """Return the remedy for full-width signs in a problem's line, or "", and their place; by default the problem's.

    Where YAML stumbled, the signs may be in the lines around it, and the place is that of the first sign.
    """
    place, malformed = problem.place, problem.what.startswith(_MALFORMED)
    here = place.line - 1 if place else 0
    for at in [here, here - 1, here + 1] if malformed else [here]:
        if 0 <= at < len(lines) and (signs := wide_signs.remedy_in_yaml(lines[at])):
            column = wide_signs.column_in_yaml(lines[at])
            return signs, replace(place, line=at + 1, column=column) if place and malformed else place
    return "", place
