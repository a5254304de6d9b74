"""Expected files: what the router tells nftables and `ip`, for two regions with a link and one without."""

from __future__ import annotations

import json
from difflib import unified_diff
from pathlib import Path

import pytest
import rules
from interfaces import check_kernel, find_interfaces

from lab.link.config import Config, parse_config
from lab.link.fields import ConfigError

HERE = Path(__file__).parent / "rules"
# Names do not follow the order of the networks, on purpose.
INTERFACES = {"tokyo": "eth2", "singapore": "eth0", "sydney": "eth3", "internet": "eth1"}


@pytest.fixture
def config() -> Config:
    return parse_config((HERE / "router.json").read_bytes())


def test_the_rules_are_the_expected_ones(config: Config) -> None:
    assert rules.nft_text(config, INTERFACES) == (HERE / "expected.nft").read_text()


def test_the_commands_are_the_expected_ones(config: Config) -> None:
    commands = rules.address_commands(config, INTERFACES) + rules.link_commands(config, INTERFACES, 0)
    assert "".join(" ".join(command) + "\n" for command in commands) == (HERE / "expected.ip").read_text()


def test_callers_from_anywhere_come_to_published_ports_and_their_answers_alone_leave() -> None:
    text = json.loads((HERE / "router.json").read_text()) | {"callers": "anywhere"}
    open_to_all = parse_config(json.dumps(text))
    lines = (HERE / "expected.nft").read_text().splitlines(), rules.nft_text(open_to_all, INTERFACES).splitlines()
    assert [line.strip() for line in unified_diff(*lines, lineterm="", n=0) if line[0] in "+-"][2:] == [
        '+    iifname "eth1" ip saddr { 10.213.0.0/27, 10.213.0.32/27, 10.213.0.96/27 } counter drop '
        'comment "forged source"',
        '+    iifname "eth1" ip daddr 10.213.0.66 tcp dport { 20001, 20002 } accept',
        '+    oifname "eth1" ct mark 1 accept',
        "+  }",
        "+  chain callers {",
        "+    type filter hook prerouting priority mangle; policy accept;",
        '+    iifname "eth1" ip saddr != 10.213.0.64/27 ct mark set 1',
        "+    meta mark set ct mark",
    ]
    assert [" ".join(command) for command in rules.address_commands(open_to_all, INTERFACES)[-2:]] == [
        "ip route replace default via 10.213.0.94 dev eth1 table 99",
        "ip rule add pref 40000 fwmark 1 lookup 99",
    ]


def test_only_our_own_rules_are_forgotten() -> None:
    listed = json.dumps([{"priority": each} for each in (0, 900, 1000, 1000, 32766, 40000)])
    forget = [" ".join(command) for command in rules.forget_commands(listed)]
    assert forget == [f"ip rule del pref {each}" for each in (900, 1000, 1000, 40000)]


def test_no_two_closing_braces_share_a_line(config: Config) -> None:
    assert not any(
        line.count("}") > 1 and line.strip().startswith("}") for line in rules.nft_text(config, INTERFACES).splitlines()
    )


def test_interfaces_are_found_by_address(config: Config) -> None:
    owners = {INTERFACES[network.name]: str(network.interface.ip) for network in config.networks}
    listed = [_interface(name, address) for name, address in sorted(owners.items())]
    assert find_interfaces(config, json.dumps(listed)) == INTERFACES


def test_a_missing_interface_is_named_beside_what_is_there(config: Config) -> None:
    listed = [_interface("eth0", "10.213.0.34")]
    with pytest.raises(
        ConfigError, match=r"no interface has the address of tokyo \(10.213.0.2\), .* has eth0 10.213.0.34"
    ):
        find_interfaces(config, json.dumps(listed))


def test_an_interface_that_is_not_up_yet_counts_as_missing(config: Config) -> None:
    listed = [
        _interface(INTERFACES[network.name], str(network.interface.ip), up=network.name != "tokyo")
        for network in config.networks
    ]
    with pytest.raises(ConfigError, match=r"no interface has the address of tokyo \(10.213.0.2\)"):
        find_interfaces(config, json.dumps(listed))


def _interface(name: str, address: str, up: bool = True) -> dict[str, object]:
    return {"ifname": name, "flags": ["BROADCAST", *(["UP"] if up else [])], "addr_info": [{"local": address}]}


def test_a_container_without_the_kernel_settings_is_refused_with_the_options_it_lacks(tmp_path: Path) -> None:
    for name, value in (("all", "0"), ("default", "0"), ("eth0", "2")):
        (tmp_path / "conf" / name).mkdir(parents=True)
        (tmp_path / "conf" / name / "rp_filter").write_text(f"{value}\n")
    (tmp_path / "ip_forward").write_text("0\n")
    with pytest.raises(ConfigError, match=r"ip_forward=1, --sysctl net\.ipv4\.conf\.eth0\.rp_filter=0"):
        check_kernel({"tokyo": "eth0"}, tmp_path)
