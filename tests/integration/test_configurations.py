"""Every activemq.xml that `render` should give, and one of all that is permitted, loads in a real broker."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest
from docker.models.containers import Container

from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.amazonmq.configurations.sanitising import sanitise
from lab.amazonmq.files.activemq_xml import render
from lab.amazonmq.files.broker_files import KEY_STORE, TRUST_STORE, BrokerFile, BrokerSecrets, broker_files
from lab.amazonmq.files.certificates import LabAuthority
from lab.emulation.brokers.containers import OWNER_UID
from lab.emulation.engine.containers import File, archive
from lab.emulation.images import images
from tests.amazonmq.cases import HERE, RenderCase, identity_of, render_cases
from tests.amazonmq.configurations.corpus import whole
from tests.integration.labs import Engine, eventually

pytestmark = [pytest.mark.docker, pytest.mark.release]

# Of the corpus two, which between them have every element and attribute with a choice of two, and what is saved of one
# that was cut; more would cost more time than they show.
VARIANTS = (0, 1)


def corpus_cases() -> tuple[RenderCase, ...]:
    """Return configurations with all that 5.18 permits and a broker takes, and one that was cut."""
    identity, hosts = identity_of(HERE / "bad" / "broker.toml")
    allowed = permitted(identity.engine_version)
    assert allowed is not None
    texts = {f"corpus-{variant}": whole(allowed, variant) for variant in VARIANTS}
    texts["cut"] = (HERE / "sanitised" / "layouts.xml").read_text("utf-8")
    return tuple(
        RenderCase(
            name=name,
            folder=HERE,
            sanitised=sanitise(read(text.encode(), f"{name}.xml"), identity.engine_version),
            identity=identity,
            hosts=hosts,
        )
        for name, text in texts.items()
    )


CASES = {case.name: case for case in (*render_cases(), *corpus_cases())}


def files(case: RenderCase) -> tuple[BrokerFile, ...]:
    """Return a case's activemq.xml and all the other files of its broker."""
    passwords = {user.name: f"a password of {user.name}" for user in case.identity.users}
    secrets = BrokerSecrets(
        users=passwords, key_store="key-store-secret", console="console-secret", jolokia="jolokia-secret"
    )
    authority = LabAuthority.create(datetime.now(UTC))
    names, addresses = [*case.identity.host_names], [IPv4Address("127.0.0.1")]
    return (
        *broker_files(render(case.sanitised, case.identity), case.identity.users, secrets),
        BrokerFile(path=KEY_STORE, content=authority.issue(names, addresses, secrets.key_store), secret=True),
        BrokerFile(path=TRUST_STORE, content=authority.trust_store(secrets.key_store), secret=True),
    )


@pytest.fixture(scope="module")
def brokers(engine: Engine) -> Iterator[Mapping[str, Container]]:
    """One broker per case, with no network at all, all started at once."""
    mark = uuid.uuid4().hex[:12]
    started: dict[str, Container] = {}
    try:
        for name, case in CASES.items():
            version = case.identity.activemq_version
            image = images.ensure(
                engine.client, version=version, archive=None, environment=os.environ, say=lambda note: None
            ).broker
            container = engine.client.containers.create(
                image,
                name=f"mqlab-test-{mark}-{name}",
                network_mode="none",
                init=True,
                cap_drop=["ALL"],
                mem_limit=256 * 2**20,
                environment={"MQLAB_HEAP": "128m"},
            )
            started[name] = container
            own = [File(path=file.path, content=file.content, mode=0o400, owner=OWNER_UID) for file in files(case)]
            container.put_archive("/", archive(own))
            container.start()
        yield started
    finally:
        for container in started.values():
            container.remove(force=True, v=True)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_real_broker_takes_it(brokers: Mapping[str, Container], name: str) -> None:
    container = brokers[name]

    def settled() -> bool:
        container.reload()
        state = container.attrs["State"]
        return state["Status"] != "running" or state["Health"]["Status"] == "healthy"

    assert eventually(settled, 240), container.logs(tail=30).decode(errors="replace")
    log = container.logs().decode(errors="replace")
    assert container.status == "running", log[-3000:]
    assert "started" in log
    expected = CASES[name].identity.name
    assert f"({expected}, " in log, "the broker has the name it was given"
    # A wrong element or attribute would have stopped it; what it takes and then ignores, it says in its log.
    assert "Failed to start" not in log and "was not found" not in log
