"""The settings of a container in a host's place: its network, its address, the lab's names, trusted certificates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.activemq.protocols import ENDPOINTS
from lab.base import settings
from lab.base.dataclass import dataclass
from lab.errors import InputError
from lab.plan.values import Plan
from lab.report.run_folder import TRUST_STORE, TRUST_STORE_PASSWORD

TRUSTED = "/etc/mqlab"  # the folder in the container that has the CA's certificate and the trust store
CA_FILE = f"{TRUSTED}/ca.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlace:
    """The place of one host in a running lab, on the engine."""

    run: str
    host: str
    region: str
    network: str  # the engine's name of the region's network
    address: str  # really used; the Plan has the declared one
    names: Mapping[str, str]  # host name of each instance → the address really used
    volume: str  # with the CA's certificate and the trust store
    labels: Mapping[str, str]  # by which the container is removed with the lab
    environment: Mapping[str, str]


def environment(plan: Plan, run: str, brokers: Iterable[str]) -> dict[str, str]:
    """Return the variables of an application in a region, named as `mqlab env` names them; no password is among them.

    `brokers` are the existing ones. Raise InputError if two variables have one name.
    """
    found = {
        settings.RUN.name: run,
        settings.CA_FILE.name: CA_FILE,
        settings.TRUST_STORE.name: f"{TRUSTED}/{TRUST_STORE}",
        settings.TRUST_STORE_PASSWORD.name: TRUST_STORE_PASSWORD,
    }
    for broker in brokers:
        for its in plan.broker(broker).instances:
            for endpoint in ENDPOINTS:
                values = {"url": endpoint.url(its.host_name), "host": its.host_name, "port": str(endpoint.port)}
                for name, value in values.items():
                    key = variable(f"{its.name}_{endpoint.name}_{name}")
                    if key in found:
                        raise InputError.of(f"two parts of this lab would have the name {key}", "rename one of them")
                    found[key] = value
    return found


def variable(name: str) -> str:
    """Return the environment variable in which `mqlab env` has a setting of a lab, such as MQLAB_TOKYO_MQTT_URL."""
    return "MQLAB_" + "".join(sign if sign.isalnum() else "_" for sign in name).upper()
