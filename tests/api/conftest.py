"""A server of records alone, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.api.serving import ServedHere, served


@pytest.fixture(scope="session")
def session_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHere]:
    with served(tmp_path_factory.mktemp("api") / "account") as here:
        yield here


@pytest.fixture
def api(session_api: ServedHere) -> ServedHere:
    session_api.reset()
    return session_api
