"""Each network's interface, found by the router's address on it: Docker does not name them in a known order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.link import fields
from lab.link.config import Config
from lab.link.fields import ConfigError

_KERNEL = Path("/proc/sys/net/ipv4")


def find_interfaces(config: Config, addresses: str | bytes) -> dict[str, str]:
    """Return network name → interface name, from the text of `ip -json -4 addr`; raise ConfigError if one is missing.

    An interface that is not up counts as missing: Docker sets its address first, and no route leads through it yet.
    """
    owners = {
        found["local"]: interface["ifname"]
        for interface in fields.load_json(addresses)
        if "UP" in interface["flags"]
        for found in interface.get("addr_info", ())
    }
    missing = [
        f"{network.name} ({network.interface.ip})"
        for network in config.networks
        if str(network.interface.ip) not in owners
    ]
    if missing:
        seen = ", ".join(f"{name} {address}" for address, name in sorted(owners.items()))
        raise ConfigError(f"no interface has the address of {', '.join(missing)}; this container has {seen}")
    return {network.name: owners[str(network.interface.ip)] for network in config.networks}


def check_kernel(interfaces: Mapping[str, str], kernel: Path = _KERNEL) -> None:
    """Raise ConfigError if the container was made without the kernel settings that forwarding needs."""
    wrong = [] if _read(kernel / "ip_forward") == "1" else ["net.ipv4.ip_forward=1"]
    for name in ("all", "default", *interfaces.values()):
        if _read(kernel / "conf" / name / "rp_filter") != "0":
            wrong.append(f"net.ipv4.conf.{name}.rp_filter=0")
    if wrong:
        raise ConfigError("the container must be created with " + ", ".join(f"--sysctl {each}" for each in wrong))


def _read(path: Path) -> str:
    return path.read_text().strip()
