"""The article by Ansible: nine changes, none the second time, and nothing left after its deletion."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from lab.api.serving import ServedHere
from tests.api.ansible.tools import made, playbook
from tests.promised import PROMISED, lacking

pytestmark = pytest.mark.skipif(not os.environ.get(PROMISED), reason="a minute of CPU: make test runs it")


@pytest.fixture(scope="module")
def ansible() -> Path:
    try:
        return made()
    except (OSError, subprocess.SubprocessError) as error:
        lacking(f"no Ansible, which pip fetches: {error} {getattr(error, 'stderr', '')}")


def test_the_article_is_built_once_and_deleted_by_ansible(mqlab_api: ServedHere, ansible: Path, tmp_path: Path) -> None:
    def changed(name: str) -> int:
        done = playbook(ansible, name, tmp_path, mqlab_api.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        recap = re.search(r"changed=(\d+) +unreachable=0 +failed=0", done.stdout)
        assert recap is not None, done.stdout
        return int(recap[1])

    assert changed("article.yml") == 9
    control = mqlab_api.account.control
    assert {each.name for each in control.account.brokers} == {"tokyo", "singapore"}
    assert [each.state for each in control.network.peerings] == ["active"]
    assert changed("article.yml") == 0
    assert changed("destroy.yml") == 6
    control = mqlab_api.account.control
    assert control.account.brokers == ()
    assert {str(each.cidrs[0]) for each in control.network.vpcs} == {"172.31.0.0/16"}
    assert control.network.interfaces == ()
