"""Values are taken as XML Schema takes them, and those that ActiveMQ stops at are known."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from lab.amazonmq.configurations.permitted_elements import ValueType, permitted, since, versions
from lab.amazonmq.configurations.value_types import stops_a_broker, why_not

_SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="x">
  <xs:complexType><xs:attribute name="{0}" type="xs:{0}"/></xs:complexType></xs:element></xs:schema>"""
SCHEMAS = {
    name: etree.XMLSchema(etree.fromstring(_SCHEMA.format(name)))
    for name in ("boolean", "integer", "long", "short", "double", "string")
}
WRITTEN = st.one_of(
    st.integers().map(str),
    st.integers(-(2**64), 2**64).map("{:+d}".format),
    st.floats().map(str),
    st.sampled_from(
        ["true", "false", " true\t", "1", "0", "TRUE", "yes", "", " ", "INF", "-INF", "+INF", "NaN", "1e3"]
    ),
    st.text(st.sampled_from("0123456789+-.eE msk\u00a0\u0663"), max_size=8),
)


@pytest.mark.parametrize("name", SCHEMAS)
@given(value=WRITTEN)
def test_a_value_is_taken_if_the_schema_takes_it(name: str, value: str) -> None:
    # libxml2 takes an exponent without digits, XML Schema does not.
    assume(not re.search(r"[eE][+-]?\s*$", value))
    element = etree.Element("x", {name: value})
    assert (why_not(value, ValueType(name=name)) == "") == SCHEMAS[name].validate(element)


@pytest.mark.parametrize("value", ["9" * 5000, "-" + "9" * 5000])
def test_a_number_of_any_length_is_judged(value: str) -> None:
    assert why_not(value, ValueType(name="integer")) == ""
    assert "the most that ActiveMQ reads" in stops_a_broker(value, ValueType(name="integer"))
    assert "is not between" in why_not(value, ValueType(name="long"))


def test_each_version_permits_as_much_as_its_schema() -> None:
    lists = [found for version in versions() if (found := permitted(version))]
    assert [len(each.elements) for each in lists] == [64] * 5
    counts = [sum(len(element.attributes) for element in each.elements.values()) for each in lists]
    assert counts == [262, 273, 273, 274, 275]


def test_what_came_when() -> None:
    assert since("policyEntry@advisoryForDispatched") == "5.18"
    assert since("networkConnector/uri") == "5.17"
    assert since("networkConnector@duplex") == "5.15"
    assert since("networkConnector@duplx") == ""


@pytest.mark.parametrize("version", ["5.18", "5.18.3", "5.18.99"])
def test_a_list_serves_every_release_of_its_engine_version(version: str) -> None:
    found = permitted(version)
    assert found is not None and found.version == "5.18.4"


@pytest.mark.parametrize("version", ["5.14", "6.1", "5", "", "5.18.x", "٥.18"])
def test_no_other_version_has_a_list(version: str) -> None:
    assert permitted(version) is None
