"""A real lab's logs and history have no password either, though a client says one and the broker logs it."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lab import clients, labs
from lab.errors import BrokerError
from lab.living.lab import Live
from lab.runtime.messages import ORDINARY
from tests.command import Commands
from tests.integration.labs import Ear, Engine, eventually
from tests.test_no_password_is_kept import CONFIGURATION, ENVIRONMENT, SCENARIO, USERS, leaks

pytestmark = pytest.mark.docker


def refused(live: Live, broker: str) -> bool:
    return "or password is invalid" in "".join(live.logs(broker))


def test_what_a_client_says_of_a_password_is_kept_and_shown_nowhere(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "secret.xml").write_text(CONFIGURATION)
    (tmp_path / "secret.yaml").write_text(SCENARIO)
    mqlab = Commands(folder=tmp_path)
    environment = {**os.environ, **ENVIRONMENT, "MQLAB_STATE": str(mqlab.state)}
    with labs.up(tmp_path / "secret.yaml", runs=mqlab.home, environment=environment) as live:
        for broker in USERS:
            right = live.endpoint(broker, "mqtt")
            assert right.password.get_secret_value() == USERS[broker]
            teller = replace(right, user=USERS[broker], client_id=f"x {USERS[broker]}")
            with pytest.raises(BrokerError, match="user or password"):
                clients.connect("mqtt", teller, Ear(), ORDINARY)
            assert eventually(partial(refused, live, broker), 30)
        with live.connect("tokyo", "stomp", name="teller") as client:
            client.publish("said", topic="t", headers={"pw": USERS["tokyo"], "other": USERS["singapore"]})
        told = {broker: "\n".join(live.logs(broker)) for broker in USERS}
        assert all("********" in each for each in told.values())
        update = ("config", "update", "tokyo-configuration", tmp_path / "secret.xml", "--description", USERS["tokyo"])
        for command in (("mark", f"a {USERS['tokyo']} b"), ("mark", USERS["singapore"], "--json"), update):
            ended = mqlab(*command, **ENVIRONMENT)
            assert ended.code == 0, ended
            told[str(command[:2])] = ended.out + ended.err
        words = (
            "status",
            "logs tokyo",
            "logs singapore --json",
            "config list",
            "config list --json",
            "config show tokyo-configuration",
        )
        told |= {each: mqlab(*each.split(), **ENVIRONMENT).out for each in words}
        shown = mqlab("env", "--json")
        assert shown.json["brokers"]["singapore"]["users"] == {"testuser": USERS["singapore"]}
    kept = {str(path): path.read_text(errors="replace") for path in mqlab.latest.rglob("*") if path.is_file()}
    assert {"tokyo.log", "history.jsonl"} <= {Path(name).name for name in kept}
    assert "********" in kept[str(mqlab.latest / "logs" / "tokyo.log")]
    assert {name: leaks(text) for name, text in {**kept, **told}.items() if leaks(text)} == {}
