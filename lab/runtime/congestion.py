"""The congestion control of this machine's TCP: lab clients have it, and brokers with `tcp: host` in a topology."""

from __future__ import annotations

from pathlib import Path

MODELLED = "cubic"  # see lab.simulation.tcp.congestion
USE_IT = f"sysctl -w net.ipv4.tcp_congestion_control={MODELLED}"
_FILE = Path("/proc/sys/net/ipv4/tcp_congestion_control")  # Linux's


def congestion_control(file: Path = _FILE) -> str:
    """Return the name of the congestion control; "" if the system does not report it."""
    try:
        return file.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def is_modelled(name: str) -> bool:
    """Return whether the simulation has this congestion control; True also if the system did not name its own."""
    return name in ("", MODELLED)
