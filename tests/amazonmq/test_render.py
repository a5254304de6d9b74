"""What a broker gets from a configuration, and what a person is told when it is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from lab.amazonmq.configurations.advice import advise
from lab.amazonmq.configurations.configuration import NAMESPACE, read
from lab.amazonmq.configurations.connector_problems import check_configuration
from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.amazonmq.configurations.permitted_elements import versions
from lab.amazonmq.configurations.sanitising import sanitise
from lab.amazonmq.files.activemq_xml import diff, render

from .cases import HERE, RenderCase, bad_cases, identity_of, messages, render_cases, sanitised_cases

CONNECTOR = f"{{{NAMESPACE}}}networkConnector"


def _name(case: RenderCase) -> str:
    return case.name


def _stem(file: Path) -> str:
    return file.stem


@pytest.mark.parametrize("case", render_cases(), ids=_name)
def test_render_gives_the_expected_file(case: RenderCase) -> None:
    assert check_configuration(case.sanitised.configuration, case.identity, case.hosts) == ()
    rendered = render(case.sanitised, case.identity)
    assert rendered == case.expected.read_text("utf-8")
    assert diff(case.sanitised.configuration, rendered) == case.expected_diff.read_text("utf-8")


@pytest.mark.parametrize("case", render_cases(), ids=_name)
def test_the_persons_text_is_kept_piece_by_piece(case: RenderCase) -> None:
    """Every character of the person's stands in the result, in its order, but for the / of empty elements."""
    rest = iter(render(case.sanitised, case.identity))
    assert all(character in rest for character in case.sanitised.text.replace("/>", ">"))


@pytest.mark.parametrize("case", render_cases(), ids=_name)
def test_every_attribute_of_a_connector_passes_unchanged(case: RenderCase) -> None:
    before = etree.fromstring(case.sanitised.configuration.text.encode()).iter(CONNECTOR)
    after = etree.fromstring(render(case.sanitised, case.identity).encode()).iter(CONNECTOR)
    for mine, theirs in zip(before, after, strict=True):
        written, given = dict(mine.attrib.items()), dict(theirs.attrib.items())
        assert given | written == given
        assert given.keys() - written.keys() <= {"password", "decreaseNetworkConsumerPriority"}


@pytest.mark.parametrize("case", render_cases(), ids=_name)
def test_the_expected_files_are_what_a_spring_reader_takes(case: RenderCase) -> None:
    root = etree.fromstring(case.expected.read_bytes())
    assert [etree.QName(child).localname for child in root.iterchildren("*")] == ["bean", "broker", "import"]
    plugins = root.find(f".//{{{NAMESPACE}}}plugins")
    assert plugins is not None
    assert etree.QName(next(plugins.iterchildren("*"))).localname == "simpleAuthenticationPlugin"


@pytest.mark.parametrize("file", (*bad_cases(), *sanitised_cases()), ids=_stem)
def test_a_bad_configuration_gets_its_messages(file: Path) -> None:
    assert messages(file) == file.with_suffix(".txt").read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><broker xmlns="{0}"><plugins/></broker>',
        '<?xml version="1.0"?>\n\n<broker xmlns="{0}"\n/>',
        '<broker xmlns="{0}"><persistenceAdapter><kahaDB/></persistenceAdapter><plugins> </plugins></broker><!-- > -->',
        '<broker xmlns="{0}"><transportConnectors>\n'
        '<transportConnector name="openwire"/>\n</transportConnectors></broker>',
    ],
)
def test_any_layout_becomes_well_formed(text: str) -> None:
    identity, _ = identity_of(HERE / "bad" / "broker.toml")
    rendered = render(sanitise(read(text.format(NAMESPACE).encode(), "user.xml"), "5.18"), identity)
    root = etree.fromstring(rendered.encode())
    assert [len(root.findall(f"{{*}}broker/{{*}}{name}")) for name in ("plugins", "persistenceAdapter")] == [1, 1]
    assert len(root.findall(".//{*}transportConnector[@uri]")) == 5


def test_line_ends_are_kept() -> None:
    case = next(case for case in render_cases() if case.name == "full")
    text = case.sanitised.configuration.text.replace("\n", "\r\n").encode()
    sanitised = sanitise(read(text, "user.xml"), case.identity.engine_version)
    rendered = render(sanitised, case.identity)
    assert rendered.replace("\r\n", "\n") == case.expected.read_text("utf-8")
    assert rendered.count("\n") == rendered.count("\r\n")
    assert diff(sanitised.configuration, rendered) == case.expected_diff.read_text("utf-8")


def test_nothing_of_a_persons_comes_where_the_service_writes() -> None:
    """Otherwise an attribute would be there twice, or a password in the file."""
    identity, _ = identity_of(HERE / "bad" / "broker.toml")
    file = HERE / "sanitised" / "set-by-the-service.xml"
    rendered = render(sanitise(read(file.read_bytes(), file.name), "5.18"), identity)
    root = etree.fromstring(rendered.encode())
    assert root.findall(".//{*}broker[@brokerName='mine']") == []
    assert "hunter2" not in rendered
    assert len(root.findall(".//{*}transportConnector[@uri]")) == 5


def test_the_default_configuration_has_no_problem() -> None:
    identity, hosts = identity_of(HERE / "bad" / "broker.toml")
    configuration = default_configuration()
    assert configuration.connectors == ()
    assert check_configuration(configuration, identity, hosts) == ()
    assert [sanitise(configuration, version).removals for version in versions()] == [()] * len(versions())
    assert advise(sanitise(configuration, "5.18")) == ()
    assert configuration.text == (HERE / "render" / "default" / "user.xml").read_text("utf-8")


@pytest.mark.parametrize(
    "plugins", ["", "<plugins><authorizationPlugin><map><authorizationMap/></map></authorizationPlugin></plugins>"]
)
def test_an_observer_is_the_outermost_plugin(plugins: str) -> None:
    configuration = read(f'<broker xmlns="{NAMESPACE}">{plugins}</broker>'.encode(), "observed.xml")
    case = render_cases()[0]
    identity = replace(case.identity, observe=("orders.>", "topic:prices.*"))
    root = etree.fromstring(render(sanitise(configuration, "5.18"), identity).encode())
    its = root.find(f".//{{{NAMESPACE}}}plugins")
    assert its is not None
    last = list(its)[-1]
    assert last.get("class") == "mqlab.Observer"
    assert [each.get("value") for each in last] == ["orders.> topic:prices.*"]
    assert "mqlab.Observer" not in render(sanitise(configuration, "5.18"), case.identity)
