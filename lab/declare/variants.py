"""Variants: values set from outside or by a variant's file, KEY → VALUE, instead of a scenario's own values.

A KEY is the way to a value in the files: `links.tokyo-singapore.delay`, `steps.2.count`, `connectors.C.prefetchSize`.
The value is set before the files are validated, so that it is checked as if it stood in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, NoReturn

from lab.amazonmq.configurations.configuration import Configuration
from lab.amazonmq.configurations.edits import Edit, quoted
from lab.amazonmq.configurations.source import Source, change
from lab.base.dataclass import dataclass
from lab.base.printable import shown
from lab.base.suggestions import remedy
from lab.declare.origin import Keys
from lab.declare.passwords import NO_PASSWORDS, leads_to_a_secret
from lab.declare.steps.base import BESIDE_THE_VERB
from lab.declare.yaml_reading import read, unprintable
from lab.errors import InputError, Place, Problem
from lab.link.impairment import FIGURES

_OF_A_SCENARIO = ("scenario", "about", "topology", "seed", "clients", "steps", "expect")
_OF_A_TOPOLOGY = (
    "sanitising", "reboot-time", "service-time", "tcp", "observe", "regions", "brokers", "links", "peerings",
    "route-tables", "security-groups",
)  # fmt: skip
_CONNECTORS = "connectors"  # the first word of a KEY that leads into a configuration
_ENTRIES = {"steps": "step", "together": "step", "expect": "expectation"}  # lists of entries: a word with its fields
# Mappings by name; none is made by setting a part of it.
_NAMED = {"regions": "region", "brokers": "broker", "users": "user", "peerings": "peering"}
_LINKS: Keys = ("topology", "links")
_SHOWN = re.compile(r"[\w.-]*?(?:[Pp]assword\b|(?![\w.-]))")
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_UNPRINTABLE = ("special characters are not allowed in a value", "only printable ones, spaces and line breaks may be")
_PASSWORD = ("a password is kept with the run if it is set like this", "write generated, or {env: NAME}")
_HEADER = ("a header with a secret is kept with the run if it is set like this", "write it in the scenario's file")


def settings_of(arguments: Iterable[str]) -> dict[str, str]:
    """Return KEY → VALUE of arguments such as `seed=7`; raise InputError for a missing `=` or a KEY given twice."""
    found: dict[str, str] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not key or not equals:
            named = argument if argument and _key_of(argument) == argument else "KEY"
            right = f"write --set {named}=VALUE" + (", with = instead of the full-width ＝" if "＝" in argument else "")
            raise InputError.of(f"--set {_key_of(argument)} gives no value", right)
        if key != key.strip():
            right = f"write --set {_key_of(key.strip())}=VALUE"
            raise InputError.of(f"--set {_key_of(key.strip())} has a space beside its key", right)
        if key in found:
            raise InputError.of(f"--set {_key_of(key)} is given twice", "give each KEY one value")
        found[key] = value
    return found


def _key_of(argument: str) -> str:
    """Return the part of an argument that may be shown: a KEY, up to its end or up to the word password."""
    found = _SHOWN.match(argument)
    key = "" if found is None else found[0]
    return key if key == argument else f"{key}…"


class _NowhereError(Exception):
    """A KEY that names no value: the path to its last part that exists, the problem, and the remedy."""

    def __init__(self, path: Keys, problem: str, remedy: str) -> None:
        self.path, self.what, self.remedy = path, problem, remedy


@dataclass(slots=True, kw_only=True)
class Variant:
    """Values to be set while a scenario's files are read; their mistakes are added to `problems`."""

    settings: Mapping[str, str]
    values: dict[Keys, Place]  # the places of what was read, to which those of what is set are added
    keys: dict[Keys, Place]
    problems: list[Problem]
    places: Mapping[str, Place] = field(default_factory=dict)  # of KEYs that a variant's file sets
    _connectors: set[str] = field(default_factory=set)  # the names of those that were seen
    _were_aws: dict[Keys, str] = field(default_factory=dict)  # links of which figures are set, by their KEYs

    def add(self, settings: Mapping[str, str], places: Mapping[str, Place]) -> None:
        """Set also the values of a variant's file, except values set from outside."""
        self.places = {key: place for key, place in places.items() if key not in self.settings}
        self.settings = {**settings, **self.settings}

    def set_topology(self, content: dict[str, Any]) -> None:
        """Replace the topology that a scenario names, before the topology is read."""
        if "topology" in self.settings:
            self._set("topology", content)

    def set_values(self, content: dict[str, Any]) -> None:
        """Set everything in a scenario's content that is neither its topology's name nor a connector's attribute."""
        no_topology = () if isinstance(content.get("topology"), dict) else _OF_A_TOPOLOGY
        for key in self.settings:
            root = key.partition(".")[0]
            if key != "topology" and root != _CONNECTORS and root not in no_topology:
                self._set(key, content)
        for path, key in self._were_aws.items():
            link = _at(content, path)
            # Another Problem names a key that is no figure.
            if isinstance(link, dict) and "delay" not in link and link.keys() <= {figure.key for figure in FIGURES}:
                right = f"set its delay too: --set {key.rpartition('.')[0]}.delay=…"
                self._refuse(
                    key, path, "this link is aws, a delay alone, and with another value it would have no delay", right
                )

    @property
    def sets_attributes(self) -> bool:
        """Return whether anything is set in configurations."""
        return any(key.partition(".")[0] == _CONNECTORS for key in self.settings)

    def set_attributes(self, configuration: Configuration) -> tuple[str, Source]:
        """Return the text and the source of a configuration whose connectors have the attributes that are set."""
        edits: list[tuple[Edit, str]] = []
        for connector in configuration.connectors:
            self._connectors.add(connector.name)
            element = connector.xml
            for key, name, attribute in self._attributes():
                if name != connector.name or not _ATTRIBUTE.fullmatch(attribute) or unprintable(self.settings[key]):
                    continue
                value = quoted(self.settings[key])
                old = element.attribute(attribute)
                if old is None:
                    edit = Edit(start=element.attributes_end, end=element.attributes_end, text=f" {attribute}={value}")
                else:
                    kept = configuration.text[old.start : old.value_start - 1]
                    edit = Edit(start=old.start, end=old.end, text=kept + value)
                edits.append((edit, key))
        return change(configuration.text, configuration.source, edits)

    def check_connectors(self) -> None:
        """Add a Problem for each connector that is set and that no configuration has; call it after the last one."""
        for key, name, attribute in self._attributes():
            if not _ATTRIBUTE.fullmatch(attribute) or not name:
                self._refuse(key, (), "no attribute of a connector is named", "write connectors.NAME.ATTRIBUTE")
            elif attribute == "password":
                self._refuse(key, (), "a connector's password is set by the service", "set that of its user")
            elif unprintable(self.settings[key]):
                self._refuse(key, (), *_UNPRINTABLE)
            elif name not in self._connectors:
                self._refuse(key, (), f'no connector named "{name}"', remedy(name, self._connectors, "connectors"))

    def _attributes(self) -> Iterator[tuple[str, str, str]]:
        """Yield the KEY, the connector's name and the attribute of everything that is set in configurations."""
        for key in self.settings:
            root, _, rest = key.partition(".")
            name, _, attribute = rest.rpartition(".")
            if root == _CONNECTORS:
                yield key, name, attribute

    def _set(self, key: str, content: dict[str, Any]) -> None:
        try:
            path = _path(content, key)
            value = _value(self.settings[key], path)
        except _NowhereError as error:
            self._refuse(key, error.path, error.what, error.remedy)
            return
        place = self._place(key, path)
        node: Any = content
        for number, step in enumerate(path[:-1], 1):
            if isinstance(node, dict) and not isinstance(node.get(step), dict | list):
                if node.get(step) == "aws":
                    self._were_aws[path[:number]] = key
                node[step] = {}  # not written yet; or the word aws, instead of which figures are set
                self.values[path[:number]] = self.keys[path[:number]] = place
            node = node[step]
        node[path[-1]] = value
        for places in (self.values, self.keys):
            for old in [each for each in places if each[: len(path)] == path]:
                del places[old]
            places |= {(*path, *inside): place for inside in _paths(value)}

    def _refuse(self, key: str, path: Keys, problem: str, right: str) -> None:
        self.problems.append(Problem(what=problem, remedy=right, place=self._place(key, path)))

    def _place(self, key: str, path: Keys) -> Place:
        """Return the place of a KEY: in a variant's file, else of its old value or of the nearest value around it."""
        if key in self.places:
            return replace(self.places[key], set=key)
        while path and path not in self.values:
            path = path[:-1]
        return replace(self.values[path], set=key)


def _path(content: dict[str, Any], key: str) -> Keys:
    """Return the path in a scenario's content that a KEY means; raise _NowhereError if there is none."""
    root = key.partition(".")[0]
    node: Any = content
    path: Keys = ()
    if root in _OF_A_TOPOLOGY and isinstance(content.get("topology"), dict):
        node, path = content["topology"], ("topology",)
    elif root not in _OF_A_SCENARIO or (root == "topology" and root != key):
        if root == "topology":  # its parts are set without it
            inner = key.partition(".")[2]
            raise _NowhereError(
                (), "the parts of the topology are set without its name", f"write --set {_key_of(inner)}=…"
            )
        raise _NowhereError((), f"there is no {root!r} to set", remedy(root, _ROOTS, "to set"))
    rest = key
    while rest:
        if isinstance(node, list):
            path, rest = _entry(node, path, rest)
            node = _at(content, path)
            word = _word_of(node, path[:-1], rest)
            if word is not None:
                node, path = node[word], (*path, word)
            if isinstance(node, dict) and rest[:1].isdecimal() and isinstance(node.get("steps"), list):
                node, path = node["steps"], (*path, "steps")
        elif isinstance(node, dict):
            name = _longest(node, rest)
            if name not in node and path and path[-1] in _NAMED:
                what = f'no {_NAMED[str(path[-1])]} named "{name}"'
                raise _NowhereError(path, what, remedy(name, node, f"{path[-1]} here"))
            node, path, rest = node.get(name, {}), (*path, name), rest[len(name) + 1 :]
        elif node == "aws" and path[:2] == _LINKS:
            node = {}
        else:
            raise _NowhereError(path, "this is a text, which has no parts", "set the whole text")
    return path


_ROOTS = (*_OF_A_SCENARIO, *_OF_A_TOPOLOGY, _CONNECTORS)


def _entry(entries: list[Any], path: Keys, rest: str) -> tuple[Keys, str]:
    """Return the path of the entry of a list that the first words of a KEY mean, and the other words."""
    kind = "link" if path == _LINKS else _ENTRIES.get(str(path[-1]), "entry")
    word, _, left = rest.partition(".")
    if word.isdecimal():
        if len(word) < 6 and 1 <= int(word) <= len(entries):
            return (*path, int(word) - 1), left
        raise _NowhereError(
            path,
            f"there is no {kind} {word if len(word) <= 10 else shown(word, 10)}",
            f"write a number from 1 to {len(entries)}",
        )
    names = dict(_names_in(entries, path))
    name = _longest(names, rest)
    if name in names:
        return names[name], rest[len(name) + 1 :]
    numbers = f"numbers: 1 to {len(entries)}; names"
    raise _NowhereError(path, f'no {kind} named "{name}"', remedy(name, names, numbers))


def _names_in(entries: list[Any], path: Keys) -> Iterator[tuple[str, Keys]]:
    """Yield the name and the path of each entry with a name: the regions of a link, or the name of a step."""
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        here = (*path, number)
        between, own = entry.get("between"), entry.get("as")
        if isinstance(between, list) and all(isinstance(each, str) for each in between):
            yield "-".join(between), here
        if isinstance(own, str):
            yield own, here
        for word, fields in entry.items():
            inside = fields.get("steps") if isinstance(fields, dict) else fields
            if path[0] == "steps" and isinstance(inside, list):
                yield from _names_in(inside, (*here, word, "steps") if isinstance(fields, dict) else (*here, word))


def _word_of(entry: Any, path: Keys, rest: str) -> str | None:
    """Return the key of an entry that a KEY leaves out: a step's verb, an expectation's kind, `link` of a link."""
    first = rest.partition(".")[0]
    if not isinstance(entry, dict):
        return None
    if path == _LINKS:
        return "link" if first != "between" and "link" in entry else None
    words = [each for each in entry if each not in BESIDE_THE_VERB]
    return words[0] if path[-1] in _ENTRIES and first not in BESIDE_THE_VERB and len(words) == 1 else None


def _longest(names: Iterable[str], rest: str) -> str:
    """Return the longest name that the words of a KEY begin with, as names may have dots; else the first word."""
    fitting = [each for each in names if rest == each or rest.startswith(f"{each}.")]
    return max(fitting, key=len, default=rest.partition(".")[0])


def _value(text: str, path: Keys) -> Any:
    """Return the value of a VALUE: the text, or its YAML if it begins as a list, mapping or quote."""
    value: Any = text
    if unprintable(text):
        _nowhere(path, *_UNPRINTABLE)
    if text.startswith(("[", "{", '"', "'")):
        document = read(text, "VALUE")
        for problem in document.problems:
            _nowhere(path, problem.what, problem.remedy)  # it is not quoted: it may have a password
        value = document.content
    for inside in _paths(value):
        written, keys = _at(value, inside), (*path, *inside)
        if leads_to_a_secret(keys) and isinstance(written, str) and written not in NO_PASSWORDS:
            _nowhere(path, *(_PASSWORD if keys[-1] == "password" else _HEADER))
    return value


def _nowhere(path: Keys, problem: str, right: str) -> NoReturn:
    raise _NowhereError(path, problem, right)


def _at(tree: Any, path: Keys) -> Any:
    """Return the part of a value at a path; None if the path leads nowhere."""
    for step in path:
        inside = isinstance(step, int) and step < len(tree) if isinstance(tree, list) else False
        if not inside and not (isinstance(tree, dict) and step in tree):
            return None
        tree = tree[step]
    return tree


def _paths(tree: Any) -> Iterator[Keys]:
    """Yield the path of a value and of everything in it."""
    yield ()
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(tree, dict):
        inner = tuple(tree.items())
    elif isinstance(tree, list):
        inner = tuple(enumerate(tree))
    for step, each in inner:
        yield from ((step, *path) for path in _paths(each))
