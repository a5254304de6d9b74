"""Loading joins a scenario's files, keeps passwords to itself, and never fails but by InputError."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.amazonmq.files.activemq_xml import LARGEST_BODY
from lab.amazonmq.passwords import check_password
from lab.base.masking import MASK
from lab.check.scenario import check
from lab.declare.expectations import expectations_of
from lab.declare.loading import load, masked_sources, resolve
from lab.declare.origin import Origin
from lab.declare.passwords import Passwords
from lab.declare.scenario import Scenario
from lab.declare.steps.messages import Publish
from lab.declare.unrolling import every_step
from lab.declare.validating import validate
from lab.errors import InputError, Place

SHIPPED = Path(__file__).parents[2] / "scenarios"
TWO = Path(__file__).parents[1] / "check" / "bad" / "topologies" / "two.yaml"
BASE = f"""scenario: all in one file
topology:
{indent(TWO.read_text(), "  ")}steps:
  - subscribe: {{client: sg, broker: singapore, over: stomp, queue: orders}}
  - publish: {{broker: tokyo, over: stomp, queue: orders}}
expect:
  - delivered: {{to: sg, promise: exactly-once}}
"""
WORD = "correct-horse-42"


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text)
    return path


def read_again(declared: dict[str, Any]) -> Scenario:
    """Return the scenario that was declared, with a password for each user, since none is declared."""
    content = deepcopy(declared)
    for broker in content["topology"]["brokers"].values():
        for user in broker["users"].values():
            user["password"] = WORD
    scenario, problems = validate(content, Origin(), topology_read=True)
    assert problems == ()
    assert scenario is not None
    return scenario


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenario_has_no_problem(path: Path) -> None:
    assert check(load(path, environment={})) == ()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_declared_survives_json(path: Path) -> None:
    scenario = load(path, environment={})
    declared = json.loads(json.dumps(scenario.declared()))
    assert declared.pop("set", {}) == scenario.origin.set
    again = read_again(declared)
    assert again.declared() == declared
    # A password is not declared, so a step that sets one has asterisks instead.
    kept = [step for step in scenario.steps if not hasattr(step, "password")]
    assert [step for step in again.steps if not hasattr(step, "password")] == kept
    assert expectations_of(declared) == scenario.expect


def test_no_password_in_anything_that_is_kept(tmp_path: Path) -> None:
    text = BASE.replace(f"password: {WORD}", f'password: "{WORD}"', 1) + f"# once it was {WORD}\n"
    scenario = load(written(tmp_path, text), environment={})
    kept = json.dumps(scenario.declared()) + repr(scenario) + "".join(each.text for each in masked_sources(scenario))
    assert WORD not in kept
    assert kept.count(f'password: "{MASK}"') == 2


def test_a_generated_password_is_one_for_each_name_and_lab(tmp_path: Path) -> None:
    path = written(tmp_path, BASE.replace(f"password: {WORD}", "password: generated"))
    one, other = (load(path, environment={}).topology.passwords() for _ in range(2))
    values = [{each.get_secret_value() for users in its.values() for each in users.values()} for its in (one, other)]
    assert [len(each) for each in values] == [1, 1], "all of them have one name"
    assert values[0] != values[1]
    assert all(check_password(each) is None for each in values[0] | values[1])
    scenario = load(path, environment={})
    assert check(scenario) == ()
    (copy,) = masked_sources(scenario)
    assert copy.text == path.read_text(), "the word is no secret, so that the copy can be run"
    for users in scenario.topology.passwords().values():
        assert scenario.origin.mask.text(f"a {users['testuser'].get_secret_value()} b") == f"a {MASK} b"


def test_names_have_passwords_of_their_own() -> None:
    passwords, place = Passwords({}), Place(file="f", line=1, column=1)
    taken = [passwords.take("generated", user, place) for user in ("a", "b", "a")]
    assert taken[0] == taken[2] != taken[1]
    assert all(problem is None for _, problem in taken)
    assert {*passwords.all} == {taken[0][0], taken[1][0]}


def test_copies_of_sources_differ_in_passwords_alone(tmp_path: Path) -> None:
    block = f"\n          password: |-\n            {WORD}"
    text = BASE.replace(f" {{password: {WORD}}}", block, 1)
    (copy,) = masked_sources(load(written(tmp_path, text), environment={}))
    assert copy.text == text.replace(f"|-\n            {WORD}", f'"{MASK}"').replace(WORD, f'"{MASK}"')


def test_copies_of_sources_keep_their_places_to_each_other(tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / "topologies").mkdir()
    topology = BASE[BASE.index("  topology: two") : BASE.index("steps:")].replace("\n  ", "\n").removeprefix("  ")
    (tmp_path / "topologies" / "two.yaml").write_text(topology)
    story = BASE[: BASE.index("topology:")] + "topology: ../topologies/two.yaml\n" + BASE[BASE.index("steps:") :]
    scenario = load(written(tmp_path / "stories", story), environment={})
    assert [each.name for each in masked_sources(scenario)] == ["stories/scenario.yaml", "topologies/two.yaml"]


def test_password_from_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path, BASE.replace(WORD, "{env: LAB_WORD}", 1))
    scenario = load(path, environment={"LAB_WORD": "battery-staple-7"})
    assert scenario.topology.brokers["tokyo"].users["testuser"].password.get_secret_value() == "battery-staple-7"
    assert "battery" not in "".join(each.text for each in masked_sources(scenario))


def test_scalars_stay_text(tmp_path: Path) -> None:
    scenario = load(
        written(tmp_path, BASE.replace("all in one file", "1:30").replace("queue: orders", "queue: no")), environment={}
    )
    assert scenario.scenario == "1:30"
    assert scenario.declared()["steps"][0]["subscribe"]["queue"] == "no"


def test_byte_order_mark_and_carriage_returns_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert check(load(path, environment={})) == ()


def test_shipped_scenario_by_name() -> None:
    assert resolve("tokyo-singapore", SHIPPED) == SHIPPED / "tokyo-singapore.yaml"


def test_own_scenario_by_path() -> None:
    assert resolve("./tokyo-singapore.yaml", SHIPPED) == Path("tokyo-singapore.yaml")


def test_unknown_name_gets_the_nearest_and_all() -> None:
    with pytest.raises(InputError) as caught:
        resolve("tokio-singapore", SHIPPED)
    assert "did you mean tokyo-singapore?" in str(caught.value)
    assert f"shipped: {', '.join(sorted(path.stem for path in SHIPPED.glob('*.yaml')))}" in str(caught.value)


def test_larger_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than 1 MiB"):
        load(written(tmp_path, "# " + "x" * 2**20), environment={})


def test_what_is_no_plain_file_is_refused() -> None:
    with pytest.raises(InputError, match="is a device"):
        load(Path("/dev/zero"), environment={})


def test_many_problems_end(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, "a: x\n" * 10_000), environment={})
    assert len(caught.value.problems) < 100


# What a person may write wrongly anywhere: texts that look like other things, lists, mappings, nothing.
TREES = st.recursive(
    st.sampled_from(["tokyo", "5s", "35", "yes", "10.1.0.0/16", "aws", "", "-1", "9" * 50, "a/b", "env", "é", "\\"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["delay", "leaving", "env", "topic", "x", "tokyo"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Return a good scenario in which any one thing has become another."""
    import yaml

    content = yaml.load(BASE, Loader=yaml.BaseLoader)
    node = content
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or draw(st.booleans()):
            node[key] = draw(TREES)
            return json.dumps(content, ensure_ascii=False)
        node = node[key]


@pytest.mark.release
@given(spoilt())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_spoilt_is_said_and_nothing_else_is_raised(tmp_path: Path, text: str) -> None:
    try:
        scenario = load(written(tmp_path, text), environment={})
    except InputError as error:
        assert all(problem.place is not None and problem.what for problem in error.problems)
        return
    assert isinstance(scenario, Scenario)
    assert all(problem.place is not None for problem in check(scenario))


def test_a_body_larger_than_a_frame_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "body.bin").open("wb") as body:
        body.truncate(LARGEST_BODY + 1)  # a hole: it takes no room
    text = f"scenario: a body\ntopology: {TWO}\n"
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(f"{text}steps:\n  - publish: {{broker: tokyo, over: stomp, queue: q, file: body.bin}}\n")
    with pytest.raises(InputError) as caught:
        load(scenario, environment={})
    (problem,) = caught.value.problems
    assert str(problem.place).endswith("scenario.yaml:4:59")
    assert f"has {LARGEST_BODY + 1} bytes" in problem.what
    assert f"at most {LARGEST_BODY} bytes" in problem.remedy


def test_a_body_is_read_with_the_scenario_and_only_its_path_is_declared(tmp_path: Path) -> None:
    (tmp_path / "body.bin").write_bytes(b"\x00\xff")
    text = f"scenario: a body\ntopology: {TWO}\n"
    scenario = tmp_path / "scenario.yaml"
    inner = "{publish: {broker: tokyo, over: stomp, queue: q, file: body.bin}}"
    scenario.write_text(f"{text}steps:\n  - together:\n    - repeat: {{times: 2, steps: [{inner}]}}\n    - wait: 1s\n")
    loaded = load(scenario, environment={})
    (publish,) = (step for step in every_step(loaded.steps) if isinstance(step, Publish))
    assert publish.file is not None
    assert publish.file.octets == b"\x00\xff"
    declared = loaded.declared()["steps"][0]["together"][0]["repeat"]["steps"][0]["publish"]
    assert declared["file"] == "body.bin"
    (again,) = (step for step in every_step(read_again(loaded.declared()).steps) if isinstance(step, Publish))
    assert again.file is not None
    assert again.file.path == "body.bin"


def test_a_body_from_proc_is_read_no_further_than_a_body_may_go(tmp_path: Path) -> None:
    """Such files say that they have 0 bytes; this one is as large as the process's memory map makes it."""
    source = tmp_path / "scenario.yaml"
    inner = "{broker: tokyo, over: stomp, queue: q, file: /proc/self/pagemap}"
    source.write_text(f"scenario: a body\ntopology: {TWO}\nsteps:\n  - publish: {inner}\n")
    with pytest.raises(InputError) as caught:
        load(source, environment={})
    (problem,) = caught.value.problems
    assert str(problem.place).endswith("scenario.yaml:4:59")
    assert f"/proc/self/pagemap has more than {LARGEST_BODY} bytes" in problem.what


@pytest.mark.parametrize("text", ["a: {password: x\n", "a: {password: x}\nb: [\n", "password: x\n--- y: \x01"])
def test_a_password_in_a_file_that_cannot_be_read_is_no_trap(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        load(written(tmp_path, text), environment={})
