"""A lab on an engine of another machine, by TCP and TLS, as GitLab's Docker-in-Docker is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.emulation.engine import engine, labels
from tests.command import MQLAB, Commands
from tests.integration import far_engine
from tests.integration.far_engine import FarEngine
from tests.integration.labs import Engine
from tests.promised import lacking

pytestmark = pytest.mark.docker


@pytest.fixture
def far(tmp_path: Path, engine: Engine) -> Iterator[FarEngine]:
    if reason := far_engine.unfit():
        lacking(reason)
    with far_engine.far_engine(tmp_path, engine.client) as its:
        yield its


def test_the_article_is_held_on_an_engine_elsewhere_under_its_name(
    far: FarEngine, mqlab: Commands, tmp_path: Path
) -> None:
    def there(*words: str) -> subprocess.CompletedProcess[str]:
        environment = mqlab.environment(**far.environment, MQLAB_BIND="0.0.0.0")
        return subprocess.run(
            far.knowing([MQLAB, *words]), env=environment, capture_output=True, text=True, check=False, timeout=240
        )

    file = tmp_path / "images.tar"
    saved = mqlab("images", "--save", file)
    assert saved.code == 0, saved
    loaded = there("images", "--load", str(file))
    assert loaded.returncode == 0, loaded
    file.unlink()
    ran = there("run", "tokyo-singapore")
    assert ran.returncode == 0, ran
    assert "the article, replayed: held" in ran.stdout
    assert "published on every address of the engine's machine" in ran.stderr
    client = engine.connect(far.by_address)
    assert client.containers.list(all=True, filters={"label": labels.RUN}) == []
    client.close()
