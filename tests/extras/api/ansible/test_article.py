"""The article by Ansible, in models: nine changes, none the second time, a bridge, and nothing left at the end."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from lab.extras.api.client_settings import environment
from lab.extras.api.commands.serve_lab import Served, Wanted, served
from lab.extras.api.server import Door
from lab.extras.http_server import HOST, listening, server
from lab.runtime.progress import Logged
from tests.extras.api.ansible.tools import made, playbook
from tests.promised import lacking

pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def ansible() -> Path:
    try:
        return made()
    except (OSError, subprocess.SubprocessError) as error:
        lacking(f"no Ansible, which pip fetches: {error} {getattr(error, 'stderr', '')}")


def changed(ansible: Path, name: str, home: Path, variables: Mapping[str, str]) -> int:
    """Run a playbook, and return how many tasks changed something."""
    done = playbook(ansible, name, home, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    recap = re.search(r"changed=(\d+) +unreachable=0 +failed=0", done.stdout)
    assert recap is not None, done.stdout
    return int(recap[1])


def played(made: Served, ansible: Path, home: Path, *names: str) -> list[int]:
    """Serve models in this thread, which has them, while playbooks run; return the number of changes of each."""
    with closing(listening(0)) as opened, ThreadPoolExecutor() as pool:
        port = opened.getsockname()[1]
        runs = server(Door(port=port, access_key="test", serve=made.serve, log=lambda text: None).application)

        def play() -> list[int]:
            try:
                return [changed(ansible, name, home, environment(f"http://{HOST}:{port}", "test")) for name in names]
            finally:
                runs.should_exit = True

        counts = pool.submit(play)
        runs.run(sockets=[opened])
        return counts.result()


def test_the_article_is_built_once_and_bridges_its_brokers_and_ansible_deletes_it(
    ansible: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQLAB_HOME", str(tmp_path / "runs"))
    wanted = Wanted(
        folder=tmp_path / "account",
        runtime="simulation",
        vpcs=None,
        brokers=None,
        usual=(2, 3),
        reboot_time=timedelta(0),
        progress=Logged(),
        log=lambda text: None,
    )
    with served(wanted, access_key="test") as made:
        assert played(made, ansible, tmp_path, "article.yml", "article.yml") == [9, 0]
        live = made.account.live
        assert [each.state for each in live.network.peerings] == ["active"]
        live.wait(lambda: live.bridged("ocean"), 60)
        for group in (each for each in live.network.groups if each.group_name == "mq"):
            live.authorize_ingress(group.name, cidr="0.0.0.0/0", port=61614)
        with live.connect("singapore", over="stomp") as there, live.connect("tokyo", over="stomp") as here:
            there.subscribe(queue="orders")
            live.wait(lambda: live.demand("tokyo", queue="orders"), 30)
            here.publish("order 1", queue="orders")
            assert there.receive(within=30).body == b"order 1"
        assert played(made, ansible, tmp_path, "destroy.yml") == [6]
        assert live.account.brokers == ()
        assert {str(each.cidrs[0]) for each in live.network.vpcs} == {"172.31.0.0/16"}
