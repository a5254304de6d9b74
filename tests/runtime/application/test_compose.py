"""The Compose override is the one that lies beside this, YAML that says what `docker run` is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from lab.runtime.application.compose import override
from tests.runtime.application.test_run_options import PLACE

EXPECTED = Path(__file__).with_name("override.yaml")


class Merging(yaml.SafeLoader):
    """YAML with Compose's own tags."""


def _plain(loader: Merging, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return yaml.safe_load(str(node.value)) if isinstance(node, yaml.ScalarNode) else None


Merging.add_constructor("!override", _plain)
Merging.add_constructor("!reset", _plain)


def test_the_override_is_the_one_beside_this() -> None:
    assert override(PLACE, "app") == EXPECTED.read_text(encoding="utf-8")


def test_it_says_what_docker_run_is_told() -> None:
    found = yaml.load(override(PLACE, "app"), Merging)  # a safe loader with two more tags
    (service,) = found["services"].values()
    assert service["networks"] == {"mqlab": {"ipv4_address": PLACE.address}}
    assert found["networks"]["mqlab"] == {"external": True, "name": PLACE.network}
    assert found["volumes"]["mqlab-trust"]["name"] == PLACE.volume
    assert service["extra_hosts"] == dict(PLACE.names) and service["labels"] == dict(PLACE.labels)
    assert service["environment"] == dict(PLACE.environment)
    refused = ("privileged", "cap_add", "devices", "device_cgroup_rules", "pid", "ipc", "uts", "userns_mode", "runtime")
    for key in (
        "networks",
        "network_mode",
        "ports",
        "security_opt",
        "dns",
        "volumes_from",
        "use_api_socket",
        "logging",
        "post_start",
        "pre_stop",
        *refused,
    ):
        assert f"    {key}: !" in override(PLACE, "app"), "what the application's own file says of it does not count"


def test_no_word_becomes_more_than_a_word() -> None:
    odd = replace(PLACE, environment={"A": 'x"\n  y: $HOME'})
    found = yaml.load(override(odd, "a: b\nc"), Merging)
    assert list(found["services"]) == ["a: b\nc"]
    assert found["services"]["a: b\nc"]["environment"] == {"A": 'x"\n  y: $$HOME'}
