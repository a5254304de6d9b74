"""A lab whose engine has gone cannot be closed, and that is told with the way to do it later; the first error stays."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from typing import cast

import pytest
import requests

import docker
from lab.cli.options import ending
from lab.emulation.closing import Closing
from lab.emulation.engine.engine import in_words
from lab.errors import HostError
from lab.runtime.clock import RealClock
from lab.runtime.runtime import Opening
from tests.living.live_lab import RUN


class Gone:
    """The client of an engine that has gone: every question ends as it does when its socket is not there."""

    def __getattr__(self, name: str) -> Gone:
        return self

    def __call__(self, *arguments: object, **options: object) -> None:
        raise gone()


def gone() -> requests.exceptions.ConnectionError:
    return requests.exceptions.ConnectionError("Connection aborted.", FileNotFoundError(2, "No such file"))


@pytest.fixture
def closing(tmp_path: Path) -> Closing:
    return closing_of(Gone(), tmp_path)


def closing_of(client: Gone, tmp_path: Path) -> Closing:
    (tmp_path / "run").mkdir()
    plan = cast("object", None)
    opening = Opening(
        plan=plan,  # type: ignore[arg-type]  # a lab is closed by its run id
        run=RUN,
        scenario="s",
        folder=tmp_path / "run",
        note_folder=tmp_path / "state",
        passwords={},
    )
    return Closing(cast(docker.DockerClient, client), opening, RealClock())


def test_the_first_error_stays_and_the_rest_is_said(closing: Closing, caplog: pytest.LogCaptureFixture) -> None:
    first = HostError("the router has ended: exit code 137")
    with caplog.at_level(logging.ERROR):
        assert not closing.__exit__(HostError, first, None)
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith("the lab could not be closed: the Docker engine does not answer any more")
    assert f"mqlab sweep {RUN}" in said and "--all" not in said
    assert first.what == "the router has ended: exit code 137"


def test_alone_it_is_the_error(closing: Closing) -> None:
    with pytest.raises(HostError, match="the Docker engine does not answer any more") as caught:
        closing.__exit__(None, None, None)
    assert f"mqlab sweep {RUN}" in caught.value.remedy


@pytest.mark.parametrize("first", [None, HostError("the router has ended: exit code 137")])
def test_it_is_told_also_as_a_signal_comes_meanwhile(
    tmp_path: Path, first: HostError | None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    class Going(Gone):
        def __call__(self, *arguments: object, **options: object) -> None:
            signal.raise_signal(signal.SIGTERM)
            super().__call__()

    def command() -> None:
        with closing_of(Going(), tmp_path):
            if first is not None:
                raise first

    with pytest.raises(SystemExit) as ended:
        ending(command)()
    told = capsys.readouterr().err
    assert ended.value.code == 143 and f"mqlab sweep {RUN}" in told + caplog.text
    assert ("the Docker engine does not answer any more" if first is None else first.what) in told


@pytest.mark.parametrize("cause", [FileNotFoundError(), ConnectionRefusedError(), ConnectionResetError()])
def test_an_engine_that_has_gone_is_told_as_that(cause: OSError) -> None:
    error = requests.exceptions.ConnectionError("Connection aborted.", cause)
    assert in_words(error).what == "the Docker engine does not answer any more"
    assert in_words(requests.exceptions.InvalidHeader("odd")).what == "the request to the Docker engine failed: odd"


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ReadTimeout("60 s"),
        requests.exceptions.ConnectTimeout("60 s"),
        requests.exceptions.ConnectionError("no room for another connection", BlockingIOError(11, "again")),
    ],
)
def test_an_engine_that_hangs_is_told_as_that_and_asked_once_for_each_part_of_the_end(
    tmp_path: Path, error: requests.exceptions.RequestException
) -> None:
    class Hung(Gone):
        asked = 0

        def __call__(self, *arguments: object, **options: object) -> None:
            Hung.asked += 1
            raise error

    with pytest.raises(HostError, match="the Docker engine does not answer any more") as caught:
        closing_of(Hung(), tmp_path).__exit__(None, None, None)
    assert "if the machine is busy" in caught.value.remedy and f"mqlab sweep {RUN}" in caught.value.remedy
    assert Hung.asked == 2, "for the logs, and for what is to be removed"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), requests.exceptions.ReadTimeout("60 s")])
def test_a_log_that_cannot_be_kept_keeps_no_lab(tmp_path: Path, error: OSError) -> None:
    """Also where a time-out of a person's own, or a file that was not there, ended the block."""

    class Once(Gone):
        asked = 0

        def __call__(self, *arguments: object, **options: object) -> list[object]:  # type: ignore[override]
            Once.asked += 1
            if Once.asked == 1:
                raise error
            return []

    try:
        raise TimeoutError("no message in 5 s")
    except TimeoutError as own:
        closing_of(Once(), tmp_path).__exit__(TimeoutError, own, None)
        assert not hasattr(own, "__notes__")
    assert Once.asked > 1
