"""Values set from outside are checked as those in the files are, and told by their KEY and the place they replace."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.check.scenario import check
from lab.declare.loading import load, resolve
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Compound
from lab.declare.steps.flow import Repeat
from lab.declare.steps.links import Cut
from lab.declare.steps.messages import Publish
from lab.declare.topology import ImpairmentFields
from lab.declare.unrolling import every_step
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.plan.brokers import sanitised
from lab.plan.planning import plan

SHIPPED = Path(__file__).parents[2] / "scenarios"
CONFIGURATION = """<broker xmlns="http://activemq.apache.org/schema/core">
  <networkConnectors>
    <networkConnector name="there.and.back" userName="bridge" duplex="true" prefetchSize="5" uri="static:(ssl://{host}:61617)"/>
  </networkConnectors>
</broker>
"""
HOST = "b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-southeast-1.amazonaws.com"
STORY = """scenario: variants
topology: topology.yaml
seed: 7
steps:
  - subscribe: {client: tk, broker: tokyo.one, over: mqtt, topic: t}
  - {as: a.while, wait: 2s}
  - publish: {broker: singapore, over: mqtt, topic: t}
  - together:
      - publish: {broker: singapore, over: mqtt, topic: t}
      - repeat:
          times: 2
          steps:
            - {as: "the.cut-{n}", cut: {link: tokyo-singapore}}
            - heal: {link: tokyo-singapore}
    at: 10s
expect:
  - delivered: {to: tk, promise: at-least-once}
"""
TOPOLOGY = """topology: variants
regions:
  tokyo: {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}
  singapore: {aws-region: ap-southeast-1, vpc: 10.2.0.0/16}
brokers:
  tokyo.one:
    region: tokyo
    configuration: tokyo.xml
    users: {bridge: {password: correct-horse-42}}
  singapore:
    region: singapore
    broker-id: b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5
    users: {bridge: {password: correct-horse-42}}
links:
  - {between: [tokyo, singapore], link: {delay: 35ms, loss: 1%}}
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    (tmp_path / "tokyo.xml").write_text(CONFIGURATION.format(host=HOST))
    (tmp_path / "story.yaml").write_text(STORY)
    return tmp_path / "story.yaml"


def loaded(story: Path, **_: object) -> Scenario:
    return load(story, environment={})


def variant(story: Path, *arguments: str) -> Scenario:
    found = load(story, environment={}, set=settings_of(arguments))
    assert check(found) == ()
    return found


def refused(story: Path, *arguments: str) -> list[str]:
    """Return what is said of a variant, without the folder."""
    try:
        problems = check(load(story, environment={}, set=settings_of(arguments)))
    except InputError as error:
        problems = error.problems
    return [str(problem).replace(f"{story.parent}/", "") for problem in problems]


def test_a_variant_has_the_values_that_are_set_and_all_others(story: Path) -> None:
    before, after = load(story, environment={}), variant(
        story,
        "links.tokyo-singapore.delay=70ms",
        "links.1.jitter=1ms",
        "steps.3.count=50",
        "steps.a.while=5s",
        "steps.the.cut-{n}.leaving=tokyo",
        "steps.4.at=20s",
        "steps.4.1.count=3",
        "steps.4.2.times=4",
        "steps.4.1.qos=1",
        "expect.1.within=9s",
        "brokers.tokyo.one.memory=512MiB",
        "seed=8",
    )  # fmt: skip
    link = after.topology.links[0].link
    assert isinstance(link, ImpairmentFields)
    assert link.impairment().delay == timedelta(milliseconds=70)
    assert link.impairment().jitter == timedelta(milliseconds=1)
    assert link.impairment().loss == 0.01  # as in the file
    counts = [each.count for each in every_step(after.steps) if isinstance(each, Publish)]
    assert counts == [50, 3]
    assert after.steps[1].shortest == timedelta(seconds=5)
    assert [each.leaving for each in every_step(after.steps) if isinstance(each, Cut)] == ["tokyo"]
    assert after.steps[3].at == timedelta(seconds=20)
    repeat = next(each for each in every_step(after.steps) if isinstance(each, Repeat))
    assert (repeat.times, len(repeat.steps)) == (4, 2)
    assert after.topology.brokers["tokyo.one"].memory == 512 * 2**20
    assert after.seed == 8
    assert isinstance(after.steps[3], Compound)
    assert before.declared().get("set") is None
    assert after.declared()["set"]["links.1.jitter"] == "1ms"


def test_the_files_stay_as_they_are_in_the_copies(story: Path) -> None:
    found = variant(story, "links.tokyo-singapore.delay=70ms")
    copies = {source.name: source.text for source in found.origin.sources}
    assert copies["topology.yaml"] == TOPOLOGY.replace("correct-horse-42", '"********"')
    assert copies["story.yaml"] == STORY


def test_figures_of_a_link_that_is_aws_begin_with_its_delay() -> None:
    path = resolve("tokyo-singapore", SHIPPED)
    found = plan(variant(path, "links.tokyo-singapore.delay=70ms", "links.tokyo-singapore.loss=1%").topology, seed=1)
    assert {(way.impairment.delay, way.impairment.loss) for way in found.links[0].directions} == {
        (timedelta(milliseconds=70), 0.01)
    }
    (told,) = refused(path, "links.tokyo-singapore.loss=1%")
    assert "--set links.tokyo-singapore.loss (topologies/tokyo-singapore.yaml:23:41): this link is aws" in told
    assert "set its delay too: --set links.tokyo-singapore.delay=…" in told


def test_a_link_that_was_aws_may_be_told_in_each_way() -> None:
    path = resolve("tokyo-singapore", SHIPPED)
    each = "links.1.leaving.tokyo.delay=70ms", "links.1.leaving.singapore.delay=80ms"
    found = plan(variant(path, *each).topology, seed=1)
    assert [way.impairment.delay.total_seconds() for way in found.links[0].directions] == [0.07, 0.08]
    again = plan(variant(path, "links.1.delay=70ms", "links.1=aws").topology, seed=1)
    assert again == plan(load(path, environment={}).topology, seed=1)
    (told,) = refused(path, "links.1.loss=1%", "links=[]")
    assert "no link joins them" in told


def test_no_password_is_told_where_a_key_leads_into_it(story: Path) -> None:
    (told,) = refused(story, "brokers.singapore.users.bridge.password.env=NAME")
    assert "this is a text" in told
    assert "correct" not in told


def test_an_attribute_of_a_connector_is_set_in_its_configuration(story: Path) -> None:
    found = variant(
        story, "connectors.there.and.back.prefetchSize=10", "connectors.there.and.back.networkTTL=3",
        'connectors.there.and.back.destinationFilter="a" > b & c',
    )  # fmt: skip
    (connector,) = sanitised(found.topology, "tokyo.one").configuration.connectors
    assert connector.xml.get("prefetchSize") == "10"
    assert connector.xml.get("networkTTL") == "3"
    assert connector.xml.get("destinationFilter") == '"a" > b & c'
    assert connector.duplex  # as in the file
    assert {source.name for source in found.origin.sources} == {"story.yaml", "topology.yaml", "tokyo.xml"}


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (
            ["links.tokyo-singapore.delay=70"],
            ["--set links.tokyo-singapore.delay (topology.yaml:15:49): '70' has no unit: write 80ms, 1.5s, 2m"],
        ),
        (
            ["links.tokyo-singapore.dely=70ms"],
            ["--set links.tokyo-singapore.dely (topology.yaml:15:41): unknown key 'dely'\n  did you mean delay?\n"
             "  valid keys here: delay, jitter, distribution, correlation, loss, rate, queue, queue-packets"],
        ),
        (
            ["links.tokyo-osaka.delay=70ms"],
            ["--set links.tokyo-osaka.delay (topology.yaml:15:3): no link named \"tokyo-osaka\"\n"
             "  did you mean tokyo-singapore?\n  numbers: 1 to 1; names: tokyo-singapore"],
        ),
        (["steps.3.count=0"], ["--set steps.3.count (story.yaml:7:14): '0' is too small\n  write at least 1"]),
        (["steps.5.count=1"], ["--set steps.5.count (story.yaml:5:3): there is no step 5\n  write a "
            "number from 1 to 4"]),
        (["steps.0.count=1"], ["--set steps.0.count (story.yaml:5:3): there is no step 0\n  write a "
            "number from 1 to 4"]),
        (
            ["steps.4.2.3.link=x"],
            ["--set steps.4.2.3.link (story.yaml:13:13): there is no step 3\n  write a number from 1 to 2"],
        ),
        (["steps.2.for=1s"], ["--set steps.2.for (story.yaml:6:25): this is a text, which has no parts\n"
                              "  set the whole text"]),
        (["expect.9=1"], ["--set expect.9 (story.yaml:17:3): there is no expectation 9\n  write a number from 1 to 1"]),
        (
            ["brokers.osaka.memory=1GiB"],
            ['--set brokers.osaka.memory (topology.yaml:6:3): no broker named "osaka"\n'
             "  write one of the brokers here: tokyo.one, singapore"],
        ),
        (
            ["brokers.singapore.users.bridge.password=correct-horse-42"],
            ["--set brokers.singapore.users.bridge.password (topology.yaml:13:32): "
             "a password is kept with the run if it is set like this\n  write generated, or {env: NAME}"],
        ),
        (
            ["brokers.singapore.users={bridge: {password: correct-horse-42}}"],
            ["--set brokers.singapore.users (topology.yaml:13:12): "
             "a password is kept with the run if it is set like this\n  write generated, or {env: NAME}"],
        ),
        (
            ["steps.3.headers={kind: order, x-token: abc123}"],
            ["--set steps.3.headers (story.yaml:7:14): a header with a secret is kept with the run if it is set like "
             "this\n  write it in the scenario's file"],
        ),
        (
            ["brokers.singapore.users.bridge.password={env: NOT_SET}"],
            ["--set brokers.singapore.users.bridge.password (topology.yaml:13:32): "
             "the environment variable NOT_SET is not set, or empty\n  export NOT_SET=… first"],
        ),
        (
            ["expect.1.to=[tk"],
            ["--set expect.1.to (story.yaml:17:21): not well-formed YAML: [ is not closed\n"
             "  write ]"],
        ),
        (["expect.1.to=[tk, zz]"], ["--set expect.1.to (story.yaml:17:21): no client named \"zz\"\n"
                                    "  write one of the clients that subscribe: tk"]),
        (["topology=other.yaml"], ["--set topology (story.yaml:2:11): the file other.yaml is not there\n"
                                   "  write a path relative to the folder FOLDER"]),
        (
            ["connectors.there.and.bak.prefetchSize=10"],
            ['--set connectors.there.and.bak.prefetchSize (story.yaml:1:1): no connector named "there.and.bak"\n'
             "  did you mean there.and.back?\n  connectors: there.and.back"],
        ),
        (
            ["connectors.there.and.back.prefetchSiz=10"],
            ["--set connectors.there.and.back.prefetchSiz (tokyo.xml:3:193): prefetchSiz is not permitted on "
             "networkConnector: did you mean prefetchSize?\n  Amazon MQ would remove it: DISALLOWED_ATTRIBUTE_REMOVED"],
        ),
        (
            ["connectors.there.and.back.duplex=ten"],
            ["--set connectors.there.and.back.duplex (tokyo.xml:3:63): duplex of networkConnector: 'ten' "
             "is neither true nor false\n  Amazon MQ would remove it: INVALID_ATTRIBUTE_VALUE_REMOVED"],
        ),
        (
            ["connectors.there.and.back.password=secret"],
            ["--set connectors.there.and.back.password (story.yaml:1:1): a connector's password is set by the service"
             "\n  set that of its user"],
        ),
        (["connectors.x=1"], ["--set connectors.x (story.yaml:1:1): no attribute of a connector is named\n"
                              "  write connectors.NAME.ATTRIBUTE"]),
        (["steps.3.body=a\x07b"], ["--set steps.3.body (story.yaml:7:14): special characters are not allowed in a "
                                   "value\n  only printable ones, spaces and line breaks may be"]),
    ],
    ids=lambda value: str(value[0])[:40],
)  # fmt: skip
def test_what_is_wrong_is_told_by_the_key_and_the_place(story: Path, arguments: list[str], messages: list[str]) -> None:
    assert [each.replace(str(story.parent), "FOLDER") for each in refused(story, *arguments)] == messages


def test_an_unknown_first_word_is_refused_with_all_there_are(story: Path) -> None:
    (told,) = refused(story, "link.tokyo-singapore.delay=70ms")
    assert told.startswith(
        "--set link.tokyo-singapore.delay (story.yaml:1:1): there is no 'link' to set\n  did you mean links?"
    )
    (told,) = refused(story, "topology.links.1.delay=70ms")
    assert told.endswith("the parts of the topology are set without its name\n  write --set links.1.delay=…")


def test_a_place_behind_what_is_set_is_that_of_the_file(story: Path) -> None:
    """What is set is longer than what it replaces, on the same line before the uri."""
    (story.parent / "tokyo.xml").write_text(CONFIGURATION.format(host="nowhere"))
    before = [each.split(": ")[0] for each in refused(story)]
    after = [each.split(": ")[0] for each in refused(story, "connectors.there.and.back.prefetchSize=1000000")]
    assert before == after == ["tokyo.xml:3:107"]


@pytest.mark.parametrize("arguments", [["seed"], ["=7"], ["seed=1", "seed=2"]])
def test_an_argument_is_one_key_and_one_value(arguments: list[str]) -> None:
    with pytest.raises(InputError, match="--set"):
        settings_of(arguments)


WORDS = st.sampled_from(
    [
        "steps",
        "links",
        "brokers",
        "expect",
        "connectors",
        "1",
        "2",
        "4",
        "tokyo.one",
        "users",
        "there.and.back",
        "link",
        "delay",
        "uri",
        "between",
        "at",
        "as",
        "topology",
        "x",
        "4.2",
        "password",
        "configuration",
        "",
    ]
)
VALUES = st.one_of(
    st.text(max_size=8), st.sampled_from(["[]", "{}", "[[", '"', "{a: {b: c}}", "aws", "1s", "5", "&a b"])
)


@given(st.dictionaries(st.lists(WORDS, min_size=1, max_size=5).map(".".join), VALUES, min_size=1, max_size=3))
def test_whatever_is_set_is_taken_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "variants"
    folder.mkdir(exist_ok=True)
    (folder / "topology.yaml").write_text(TOPOLOGY)
    (folder / "tokyo.xml").write_text(CONFIGURATION.format(host=HOST))
    (folder / "story.yaml").write_text(STORY)
    try:
        found = load(folder / "story.yaml", environment={}, set=settings)
    except InputError as error:
        assert error.problems
        return
    check(found)
    json.dumps(found.declared())


INLINE = TOPOLOGY.replace(
    "    configuration: tokyo.xml\n", "    configuration: |   # the bridge\n" + indent(CONFIGURATION, " " * 8)
)


def test_a_configuration_may_stand_in_the_topology(story: Path) -> None:
    from_file = variant(story)
    (story.parent / "topology.yaml").write_text(INLINE.replace("{host}", HOST))
    found = variant(story)
    its, other = (sanitised(each.topology, "tokyo.one") for each in (found, from_file))
    assert its.text == other.text
    assert {source.name for source in found.origin.sources} == {"story.yaml", "topology.yaml"}


def test_places_in_an_inline_configuration_are_those_of_the_topologys_file(story: Path) -> None:
    (story.parent / "topology.yaml").write_text(INLINE.replace("{host}", "nowhere"))
    (told,) = refused(story)
    line = next(
        n for n, each in enumerate((story.parent / "topology.yaml").read_text().splitlines(), 1) if "nowhere" in each
    )
    column = (story.parent / "topology.yaml").read_text().splitlines()[line - 1].index("ssl://") + 1
    assert told.startswith(f"topology.yaml:{line}:{column}: no broker of this topology has the host name nowhere")
    (told,) = refused(story, "connectors.there.and.back.duplex=ten")[:1]
    assert told.startswith(f"--set connectors.there.and.back.duplex (topology.yaml:{line}:")
    (story.parent / "topology.yaml").write_text(INLINE.replace("</networkConnectors>", "</networkConnector>"))
    (told,) = refused(story)
    assert told.startswith(f"topology.yaml:{line + 1}:")
    assert "not well-formed XML" in told


@pytest.mark.parametrize("head", [">", ">-", '"', "'"])
def test_an_inline_configuration_keeps_its_lines(story: Path, head: str) -> None:
    text = "<broker/>"
    written = f"{head}\n        {text}" if head.startswith(">") else f"{head}{text}{head}"
    (story.parent / "topology.yaml").write_text(TOPOLOGY.replace("tokyo.xml", written))
    (told,) = refused(story)
    assert told == ("topology.yaml:8:20: a configuration that is written here has to keep its lines\n"
                    "  write configuration: | and the XML on the lines below it, indented")  # fmt: skip
