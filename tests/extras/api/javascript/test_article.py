"""The article by AWS's SDK for JavaScript, which is strict about each answer's form."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lab.extras.api.serving import ServedHere
from tests.extras.api.javascript.tools import made, program
from tests.promised import lacking

pytestmark = [pytest.mark.tools, pytest.mark.release]


@pytest.fixture(scope="module")
def sdk() -> Path:
    try:
        return made()
    except (OSError, subprocess.SubprocessError) as error:
        lacking(f"no SDK for JavaScript, which npm fetches: {error} {getattr(error, 'stderr', '')}")


def test_the_article_is_built_changed_and_deleted_by_the_sdk_for_javascript(mqlab_api: ServedHere, sdk: Path) -> None:
    done = program(sdk, "article.mjs", mqlab_api.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "account": "000000000000",
        "peering": "active",
        "warnings": [],
        "created": True,
        "revision": 2,
        "rebooting": "REBOOT_IN_PROGRESS",
        "users": ["bridge", "late"],
        "taken": {"name": "ConflictException", "attribute": "brokerName", "status": 409},
        "deleted": "NotFoundException",
    }
    control = mqlab_api.account.control
    assert (control.account.brokers, control.network.interfaces) == ((), ())
    assert {str(each.cidrs[0]) for each in control.network.vpcs} == {"172.31.0.0/16"}
