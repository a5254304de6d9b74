"""The models that ship are those of the installed botocore, pruned."""

from __future__ import annotations

import json

import pytest

from lab.extras.api.operations import OPERATIONS
from lab.extras.api.wire.models import models
from tests.extras.api import prune


@pytest.mark.release
def test_the_shipped_models_are_those_of_botocore() -> None:
    shipped = json.loads(prune.FILE.read_text(encoding="utf-8"))
    assert shipped == prune.document(), "run python -m tests.extras.api.prune"


def test_every_operation_of_the_models_of_mq_and_sts_has_a_handler() -> None:
    for service in ("mq", "sts"):
        assert set(OPERATIONS[service]) == set(models()[service].operations)


def test_the_models_have_25_operations_of_mq_and_46_of_ec2() -> None:
    assert [len(models()[service].operations) for service in ("mq", "ec2", "sts")] == [25, 46, 1]
