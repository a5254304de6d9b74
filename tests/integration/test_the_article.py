"""The article on real brokers. `tests/simulation/test_failing_variants.py` leaves out each step, in models."""

from __future__ import annotations

import pytest

from tests.command import Commands
from tests.integration.labs import Engine
from tests.integration.test_run import cleaned_up, report

pytestmark = pytest.mark.docker


def test_the_whole_article_holds(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "the-article")
    assert ended.code == 0, ended
    assert {each["outcome"] for each in report(mqlab.latest)["verdicts"]} == {"passed"}
    given = mqlab.latest / "brokers" / "tokyo" / "activemq.2.xml"
    assert "connector_tokyo_to_singapore" in given.read_text()
    assert "connector_tokyo_to_singapore" not in given.with_name("activemq.xml").read_text()
    cleaned_up(mqlab, engine)
