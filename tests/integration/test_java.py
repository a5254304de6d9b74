"""A client in Java, with ActiveMQ's own library: it sends, fails over from an active to a standby, receives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab import labs
from lab.cli.env import connections, properties
from lab.emulation.images.downloads import cache_folder
from tests.integration.labs import Engine, eventually

pytestmark = pytest.mark.docker

SOURCE = Path(__file__).parent / "java" / "Orders.java"
COUNT = 60
LIBRARIES = re.compile(
    r"[^/]+/lib/((activemq-(client|openwire)|geronimo|hawtbuf|jakarta|slf4j-api)[^/]*|optional/log4j-[^/]*)\.jar"
)


@pytest.fixture
def program(tmp_path: Path, engine: Engine) -> list[str]:
    """Return the command of the compiled program, with the library of the distribution that the images are made of."""
    if shutil.which("javac") is None:
        pytest.skip("no javac here: install a JDK")
    (distribution,) = (cache_folder(os.environ) / "maven").rglob("apache-activemq-5.18.3-bin.tar.gz")
    with tarfile.open(distribution) as archive:
        for member in archive:
            if LIBRARIES.fullmatch(member.name) and (inside := archive.extractfile(member)) is not None:
                (tmp_path / Path(member.name).name).write_bytes(inside.read())
    libraries = f"{tmp_path}:{tmp_path}/*"
    subprocess.run(["javac", "-cp", libraries, "-d", tmp_path, SOURCE], check=True)
    return ["java", "-cp", libraries]


def test_a_client_in_java_sends_receives_and_fails_over(program: list[str], tmp_path: Path) -> None:
    with labs.up("failover", runs=tmp_path, runtime="emulation") as lab:
        found = connections(lab)
        of = documents(list(properties(found)))
        trusted = [f"-Djavax.net.ssl.trustStore={found['trust_store']}", "-Djavax.net.ssl.trustStorePassword=changeit"]

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
        active = lab.lab.active("singapore")
        assert active is not None
        lab.lab.kill("singapore", active)
        rest, _ = sending.communicate(timeout=120)
        assert rest.endswith(f"sent {COUNT}\n")
        assert eventually(lambda: lab.lab.active("singapore") == 3 - active, 60)
        heard, _ = start("singapore", "receive").communicate(timeout=120)
        assert set(heard.splitlines()) == {f"order {number}" for number in range(1, COUNT + 1)}


def documents(lines: list[str]) -> Mapping[str, Mapping[str, str]]:
    """Return the settings of each profile."""
    found: dict[str, dict[str, str]] = {}
    for part in "\n".join(lines).split("#---\n")[1:]:
        its = dict(line.split("=", 1) for line in part.splitlines())
        found[its.pop("spring.config.activate.on-profile")] = its
    return found
