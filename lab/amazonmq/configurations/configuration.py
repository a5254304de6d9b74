"""Reads a configuration as it is pasted into the Amazon MQ console: one `<broker>` element, its text kept unchanged.

The only user of an XML parser. Refuses text that is not XML, not a configuration, or hostile. `problems` checks what a
configuration asks for, and `activemq_xml` makes a real broker's file of it.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import cast

from lxml import etree

from lab.amazonmq.configurations.connectors import DEFAULT_NAME, NetworkConnector, RemoteUri, parse_address, split_uri
from lab.amazonmq.configurations.edits import Edit, apply
from lab.amazonmq.configurations.elements import Attribute, Element, Tag, scan
from lab.amazonmq.configurations.mistakes import Logged, mistakes, place_of
from lab.amazonmq.configurations.source import Source
from lab.amazonmq.configurations.value_types import is_true
from lab.base import text_files
from lab.base.dataclass import dataclass
from lab.errors import InputError, Place

NAMESPACE = "http://activemq.apache.org/schema/core"
# Bytes. The service's own limit is not known; its default has 2 KB, and twenty connectors with a thousand policies fit.
LARGEST_TEXT_BYTES = 256 * 1024

_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DECLARED_ENCODING = re.compile(r"""<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")
_LINE_END = re.compile("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The offsets at which a text's lines begin: makes many look-ups of a place fast."""

    source: Source
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str, source: Source) -> Lines:
        """Return the lines of a text that comes from a source."""
        return cls(source=source, starts=(0, *(match.end() for match in _LINE_END.finditer(text))))

    def place(self, offset: int) -> Place:
        """Return the place of an offset."""
        line = bisect_right(self.starts, offset)
        return self.source.place(line, offset - self.starts[line - 1] + 1)


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The text of a configuration as it was written, and the elements that are kept: all, until it is sanitised."""

    source: Source
    text: str
    broker: Element
    deletions: tuple[Edit, ...] = ()  # applied to `text`, they leave the elements that are kept

    @property
    def file(self) -> str:
        """The name of the file that holds the text."""
        return self.source.file

    @property
    def kept(self) -> str:
        """The text with the deletions applied."""
        return apply(self.text, self.deletions)

    def place(self, offset: int) -> Place:
        """Return the place of an offset in the text."""
        return _place(self.source, self.text, offset)

    @cached_property
    def connectors(self) -> tuple[NetworkConnector, ...]:
        """The network connectors of the configuration, in the order of the text."""
        return tuple(
            self._connector(element)
            for group in self.broker.children
            if group.name == "networkConnectors"
            for element in group.children
            if element.name == "networkConnector"
        )

    def _connector(self, element: Element) -> NetworkConnector:
        attribute = element.attribute("uri")
        uri = None if attribute is None else attribute.value
        uri_start = element.start if attribute is None else attribute.value_start
        discovery, members = ("", ()) if uri is None else split_uri(uri)
        # An offset in the value is an offset in the text unless a reference such as &amp; made it shorter.
        verbatim = uri is not None and self.text.startswith(uri, uri_start)
        return NetworkConnector(
            name=element.get("name") or DEFAULT_NAME,
            user_name=element.get("userName"),
            uri=uri,
            duplex=is_true(element.get("duplex")),
            attributes=tuple((each.name, each.value) for each in element.attributes),
            discovery=discovery,
            remotes=tuple(
                self._remote(text, uri_start + offset if verbatim else uri_start) for offset, text in members
            ),
            place=self.place(element.start),
            uri_place=self.place(uri_start),
            xml=element,
        )

    def _remote(self, text: str, offset: int) -> RemoteUri:
        scheme, host, port = parse_address(text)
        return RemoteUri(text=text, scheme=scheme, host=host, port=port, place=self.place(offset))


def read_bytes(path: Path, file: str) -> bytes:
    """Return a file's content, at most one byte more than the largest configuration; raise InputError if unreadable."""
    return text_files.read_bytes(path, file, LARGEST_TEXT_BYTES)


def read(text: bytes, file: str | Source) -> Configuration:
    """Return the configuration in a file's bytes; raise InputError, with the place, if they are not a configuration.

    A text that does not stand in a file of its own has a Source.
    """
    source = file if isinstance(file, Source) else Source(file=file)
    decoded = _decode(text, source)
    _refuse_document_type(decoded, source)
    root = _parse(decoded, source)
    tags = scan(decoded)
    if root.tag != f"{{{NAMESPACE}}}broker":
        raise InputError.of(
            f"the document is {_element_name(root)}, not an Amazon MQ configuration",
            f'write the outermost element as <broker xmlns="{NAMESPACE}">',
            _place(source, decoded, tags[0].start),
        )
    return Configuration(source=source, text=decoded, broker=_element(root, iter(tags), {}))


def _decode(text: bytes, source: Source) -> str:
    start = source.place(1, 1)
    if len(text) > LARGEST_TEXT_BYTES:
        what = f"the configuration has more than {LARGEST_TEXT_BYTES} bytes, which is the most that is read"
        raise InputError.of(what, "check the name: this may be the wrong file", start)
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError.of("the file is encoded in UTF-16", "save it as UTF-8", start)
    body = text.removeprefix(codecs.BOM_UTF8)
    if body.startswith(codecs.BOM_UTF8):  # the parser takes it for another mark, everybody else for a sign
        raise InputError.of("two byte-order marks begin the file", "save it as UTF-8, with one mark or none", start)
    nul = body.find(b"\0")
    if nul >= 0:
        place = _place(source, body[:nul].decode(errors="replace"), None)
        raise InputError.of("the file holds a NUL byte, so it is not text", "save it as UTF-8", place)
    try:
        decoded = body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(source, body[: error.start].decode(errors="replace"), None)
        raise InputError.of("the file is not UTF-8 from here on", "save it as UTF-8", place) from error
    declared = _DECLARED_ENCODING.match(decoded)
    if declared and declared[1].lower() not in ("utf-8", "us-ascii"):
        place = _place(source, decoded, declared.start(1))
        raise InputError.of(f"the file declares the encoding {declared[1]}", 'write encoding="UTF-8"', place)
    return decoded


def _refuse_document_type(text: str, source: Source) -> None:
    """Raise InputError if there is a document type: it can define entities, fetch files and grow without end."""
    position = 0
    while (match := _PROLOG.match(text, position)) is not None:
        position = match.end()
    if text.startswith("<!DOCTYPE", position):
        raise InputError.of(
            "the configuration declares a document type or entities",
            "remove <!DOCTYPE …>: Amazon MQ configurations have none",
            _place(source, text, position),
        )


def _parse(text: str, source: Source) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, collect_ids=False
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = (max(each, 1) for each in error.position)
        log = [
            Logged(max(each.line, 1), max(each.column, 1), each.type_name, each.message)
            for each in parser.error_log  # that of the error has what was wrong with other texts too
            if each.level >= etree.ErrorLevels.ERROR
        ]
        here = (each.kind for each in log if (each.line, each.column) == (line, column))
        first = Logged(line, column, next(here, ""), error.msg or "the document is empty")
        raise InputError(mistakes(text, source, first, log)) from error


def _element(node: etree._Element, tags: Iterator[Tag], names: dict[str, tuple[str, str]]) -> Element:
    """Return an element with the parser's names and values and the scan's places.

    `names` caches split names: a large configuration has few names, each thousands of times.
    """
    tag = next(tags)
    namespace, name = names.get(node.tag) or _split(node.tag, names)
    attributes: tuple[Attribute, ...] = ()
    if tag.attributes:
        written = [each for each in tag.attributes if each[0] != "xmlns" and not each[0].startswith("xmlns:")]
        given = cast("list[tuple[str, str]]", node.items())
        spelled = [names.get(key) or _split(key, names) for key, _ in given]
        attributes = tuple(
            Attribute(name=own, namespace=space, value=value, start=start, value_start=value_start, end=end)
            for (space, own), (_, value), (_, start, value_start, end) in zip(spelled, given, written, strict=True)
        )
    children, text = [], node.text or ""
    for child in node:
        if isinstance(child.tag, str):  # the tag of a comment is a function
            children.append(_element(child, tags, names))
        text += child.tail or ""
    return Element(
        tag=tag.name,
        name=name,
        namespace=namespace,
        attributes=attributes,
        children=tuple(children),
        text=text,
        start=tag.start,
        attributes_end=tag.attributes_end,
        open_end=tag.open_end,
        close_start=tag.close_start,
        end=tag.end,
    )


def _split(key: str, names: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Return the namespace and the name of a key that the parser writes as {namespace}name."""
    namespace, _, name = key.rpartition("}")
    names[key] = (namespace.removeprefix("{"), name)
    return names[key]


def _element_name(node: etree._Element) -> str:
    name = etree.QName(node)
    return f"<{name.localname}> in {f'the namespace {name.namespace}' if name.namespace else 'no namespace'}"


def _place(source: Source, text: str, offset: int | None) -> Place:
    """Return the place of an offset, or of the end of the text."""
    return place_of(source, text, len(text) if offset is None else offset)
