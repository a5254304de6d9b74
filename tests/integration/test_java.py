"""A client in Java, with ActiveMQ's own library: it sends, fails over, receives; in a region it feels the ocean."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab import labs
from lab.cli.env import connections, properties
from lab.errors import InputError
from tests.integration.java_program import compiled
from tests.integration.labs import Engine, eventually

pytestmark = pytest.mark.docker

SOURCE = Path(__file__).parent / "java" / "Orders.java"
APPLICATION = Path(__file__).parent / "scenarios" / "application.yaml"
TRUST_STORE_PASSWORD = "-Djavax.net.ssl.trustStorePassword=changeit"
BRIEF = "?connectionTimeout=3000"  # ms, instead of 30 s
COUNT = 60


@pytest.fixture
def program(tmp_path: Path, engine: Engine) -> list[str]:
    """Return the command of the compiled program, with the library of the distribution that the images are made of."""
    return compiled(SOURCE, tmp_path)


def test_a_client_in_java_sends_receives_and_fails_over(program: list[str], tmp_path: Path) -> None:
    with labs.up("failover", runs=tmp_path, runtime="emulation") as lab:
        found = connections(lab)
        of = documents(list(properties(found)))
        trusted = [f"-Djavax.net.ssl.trustStore={found['trust_store']}", TRUST_STORE_PASSWORD]

        def start(broker: str, what: str) -> subprocess.Popen[str]:
            its = of[broker]
            login = {f"MQLAB_JAVA_{name.upper()}": its[f"spring.activemq.{name}"] for name in ("user", "password")}
            words = ["Orders", what, its["spring.activemq.broker-url"], "orders", str(COUNT)]
            return subprocess.Popen(
                [*program[:1], *trusted, *program[1:], *words],
                env={**os.environ, **login},
                stdout=subprocess.PIPE,
                text=True,
            )

        sending = start("singapore", "send")
        assert sending.stdout is not None
        said = [sending.stdout.readline() for _ in range(10)]
        assert said[-1] == "sent 10\n"
        active = lab.lab.instances.active("singapore")
        assert active is not None
        lab.lab.instances.kill("singapore", active)
        rest, _ = sending.communicate(timeout=120)
        assert rest.endswith(f"sent {COUNT}\n")
        assert eventually(lambda: lab.lab.instances.active("singapore") == 3 - active, 60)
        heard, _ = start("singapore", "receive").communicate(timeout=120)
        assert set(heard.splitlines()) == {f"order {number}" for number in range(1, COUNT + 1)}


@pytest.mark.release
def test_a_client_in_a_region_feels_the_ocean_and_times_out_when_the_group_closes(
    program: list[str], tmp_path: Path, engine: Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    with labs.up(APPLICATION, runs=tmp_path / "runs", runtime="emulation") as lab:
        plan = lab.lab.note.plan.broker("singapore")
        (its,) = plan.instances
        image = engine.images[plan.activemq_version].broker
        login = {"USER": "billing", "PASSWORD": lab.lab.password("singapore", "billing").get_secret_value()}

        def timed() -> tuple[int, str]:
            options = ["--rm", "--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{tmp_path}:/app:ro"]
            options += [word for name, value in login.items() for word in ("--env", f"MQLAB_JAVA_{name}={value}")]
            trusted = ["-Djavax.net.ssl.trustStore=/etc/mqlab/truststore.p12", TRUST_STORE_PASSWORD]
            words = [*trusted, "-cp", "/app:/app/*", "Orders", "time", f"ssl://{its.host_name}:61617{BRIEF}", "orders"]
            code = lab.hosts.run("billing", [*options, "--entrypoint", "java", image, *words, "5"])
            return code, "".join(capfd.readouterr())

        code, said = timed()
        assert code == 0, said
        assert int(re.findall(r"quickest (\d+)", said)[0]) >= 70, "to Singapore and back, by the link"
        lab.revoke_ingress("sg-singapore", port=61617, cidr="10.1.0.50/32")
        code, said = timed()
        assert code != 0 and "SocketTimeoutException: Connect timed out" in said
        assert any(each.source == "billing" and "no ingress rule" in each.cause for each in lab.lab.policies.dropped())
        assert lab.lab.policies.attempt("billing", "singapore", 61617, within=1).answer == "silent"
        lab.authorize_ingress("sg-singapore", port=61617, cidr="10.1.0.50/32")
        assert lab.lab.policies.attempt("billing", "singapore", 61617, within=30).answer == "open"
        assert lab.hosts.run("billing", ["--detach", "--entrypoint", "sleep", image, "600"]) == 0
        with pytest.raises(InputError, match="billing already has a container"):
            lab.hosts.run("billing", [image])


def documents(lines: list[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the settings of each profile."""
    found: dict[str, dict[str, str]] = {}
    for part in "\n".join(lines).split("#---\n")[1:]:
        its = dict(line.split("=", 1) for line in part.splitlines())
        found[its.pop("spring.config.activate.on-profile")] = its
    return found
