"""Reading a configuration: what is taken, where things stand, and what is refused."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.amazonmq.configurations.configuration import LARGEST_TEXT_BYTES, NAMESPACE, read
from lab.amazonmq.configurations.connectors import split_uri
from lab.errors import InputError

ROOT = f'<broker xmlns="{NAMESPACE}">'
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n\r")
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xfe<\0b\0", "a.xml:1:1: the file is encoded in UTF-16\n  save it as UTF-8"),
        (ROOT.encode() + b"\n a\0", "a.xml:2:3: the file holds a NUL byte, so it is not text\n  save it as UTF-8"),
        (ROOT.encode() + b"\n\xe9", "a.xml:2:1: the file is not UTF-8 from here on\n  save it as UTF-8"),
        (
            b" " * (LARGEST_TEXT_BYTES + 1),
            f"a.xml:1:1: the configuration has more than {LARGEST_TEXT_BYTES} bytes\n  is this the right file?",
        ),
    ],
    ids=["utf-16", "nul", "latin-1", "large"],
)
def test_what_is_not_text_is_refused_where_it_begins(text: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text, "a.xml")
    assert str(caught.value) == message


def test_deep_nesting_is_refused() -> None:
    text = ROOT + "<plugins>" * 5000 + "</plugins>" * 5000 + "</broker>"
    with pytest.raises(InputError, match="not well-formed XML"):
        read(text.encode(), "a.xml")


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    configuration = read(b"\xef\xbb\xbf" + f"{ROOT}</broker>".encode(), "a.xml")
    assert configuration.text == f"{ROOT}</broker>"


def test_a_document_type_in_a_comment_harms_nobody() -> None:
    assert read(f"<!-- <!DOCTYPE x> -->{ROOT}</broker>".encode(), "a.xml").broker.name == "broker"


def test_a_connector_knows_its_lines_and_columns() -> None:
    text = f"""{ROOT}
  <!-- <networkConnector name="not me"/> -->
  <networkConnectors>
    <networkConnector
      name="wan"
      duplex="true"   uri="static:(ssl://a:61617,ssl://b:1?x=1)"/>
  </networkConnectors>
</broker>"""
    (connector,) = read(text.encode(), "a.xml").connectors
    assert (connector.name, connector.user_name, connector.duplex) == ("wan", None, True)
    assert str(connector.place) == "a.xml:4:5"
    assert str(connector.uri_place) == "a.xml:6:28"
    assert [(each.scheme, each.host, each.port, str(each.place)) for each in connector.remotes] == [
        ("ssl", "a", 61617, "a.xml:6:36"),
        ("ssl", "b", 1, "a.xml:6:50"),
    ]


@pytest.mark.parametrize(
    ("uri", "discovery", "members"),
    [
        ("static:(ssl://a:1)", "static", ["ssl://a:1"]),
        ("static://(ssl://a:1,ssl://b:2)?x=1", "static", ["ssl://a:1", "ssl://b:2"]),
        ("static:ssl://a:1", "static", ["ssl://a:1"]),
        ("masterslave:(ssl://a:1,ssl://b:2)", "masterslave", ["ssl://a:1", "ssl://b:2"]),
        ("static:(failover:(ssl://a:1?o=1,ssl://b:2)?r=0&m=0)", "static", ["ssl://a:1?o=1", "ssl://b:2"]),
        ("static:(failover:(ssl://a:1,ssl://b:2),ssl://c:3)", "static", ["ssl://a:1", "ssl://b:2", "ssl://c:3"]),
        ("static:(", "static", []),
        ("static:", "static", []),
        ("no scheme", "", ["no scheme"]),
    ],
)
def test_a_uri_is_taken_apart(uri: str, discovery: str, members: list[str]) -> None:
    found, parts = split_uri(uri)
    assert (found, [text for _, text in parts]) == (discovery, members)
    assert all(uri.startswith(text, offset) for offset, text in parts)


@given(st.text(max_size=60))
def test_any_uri_is_taken_apart_without_fail(uri: str) -> None:
    assert all(uri.startswith(text, offset) for offset, text in split_uri(uri)[1])


@given(st.lists(st.tuples(XML_TEXT, XML_TEXT), max_size=4))
def test_attribute_values_survive_and_are_found_in_the_text(pairs: list[tuple[str, str]]) -> None:
    """quoteattr writes the ends of lines as references, so every value comes back as it was."""
    inner = "".join(f"<!-- a > b <c> --><queue physicalName={quoteattr(a)}\n other ={quoteattr(b)}/>" for a, b in pairs)
    configuration = read(f"{ROOT}{inner}<![CDATA[<x>]]></broker>".encode(), "a.xml")
    children = configuration.broker.children
    assert [(child.get("physicalName"), child.get("other")) for child in children] == pairs
    for child in children:
        assert configuration.text.startswith("<queue", child.start)
        assert all(configuration.text.startswith(each.name, each.start) for each in child.attributes)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    with pytest.raises(InputError):
        read(text, "a.xml")
