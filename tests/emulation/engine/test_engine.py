"""What is wrong with an engine is said once, with its remedy."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import DockerException, ImageNotFound, NotFound

from lab.emulation.check_names import ENGINE, see
from lab.emulation.engine import engine
from lab.emulation.engine.context import DEFAULT_HOST
from lab.errors import HostError, NoEngine
from tests.answering import Answering


def wrapped(cause: Exception) -> DockerException:
    """Wrap an error as deep as docker and requests do."""
    middle = requests.exceptions.ConnectionError("Connection aborted.", cause)
    outer = DockerException(f"Error while fetching server API version: {middle}")
    outer.__cause__ = middle
    return outer


def test_no_permission_names_the_group() -> None:
    said = engine.explain(wrapped(PermissionError(13, "Permission denied")), "unix:///x.sock")
    assert said.what == "no permission to use the Docker engine at unix:///x.sock"
    assert "usermod -aG docker" in said.remedy


@pytest.mark.parametrize(
    "cause",
    [
        FileNotFoundError(2, "No such file"),
        ConnectionRefusedError(111, "refused"),
        requests.exceptions.ConnectTimeout("connect timeout=10.0"),
        TimeoutError(110, "timed out"),
        OSError(113, "No route to host"),
        OSError(101, "Network is unreachable"),
    ],
)
def test_no_engine_says_how_to_get_one(cause: Exception) -> None:
    said = engine.explain(wrapped(cause), DEFAULT_HOST)
    assert isinstance(said, NoEngine) and said.what.startswith("no Docker engine answers")
    assert "make engine" in said.remedy


def test_a_name_that_is_not_known_is_no_engine_that_does_not_run() -> None:
    with pytest.raises(HostError, match=r"host name of the Docker engine, tcp://no-such-host\.invalid:2376, cannot be"):
        engine.connect({"DOCKER_HOST": "tcp://no-such-host.invalid:2376"})


def test_an_engine_elsewhere_is_not_ours_to_start() -> None:
    said = engine.explain(wrapped(ConnectionRefusedError()), "tcp://127.0.0.1:1")
    assert "DOCKER_HOST" in said.remedy
    assert "make engine" not in said.remedy


def test_anything_else_keeps_its_words() -> None:
    said = engine.explain(DockerException("odd thing"), "unix:///x.sock")
    assert "odd thing" in said.what and not isinstance(said, NoEngine)


@pytest.mark.parametrize("api", ["1.40", "1.9", "", "nonsense"])
def test_an_old_engine_is_refused(api: str) -> None:
    with pytest.raises(HostError, match="too old") as caught:
        engine.check_api(api, "19.03")
    assert "20.10" in caught.value.remedy


@pytest.mark.parametrize("api", ["1.41", "1.55", "2.0"])
def test_a_newer_engine_is_taken(api: str) -> None:
    engine.check_api(api, "any")


def test_podman_is_named_and_refused() -> None:
    # As `podman system service` answers to Docker's API.
    said = {
        "Version": "4.3.1",
        "ApiVersion": "1.41",
        "Os": "linux",
        "Components": [
            {"Name": "Podman Engine", "Version": "4.3.1"},
            {"Name": "Conmon"},
            {"Name": "OCI Runtime (crun)"},
        ],
    }
    with pytest.raises(HostError, match=r"the engine is Podman 4\.3\.1") as caught:
        engine.check_is_docker(said)
    assert "past the router" in caught.value.remedy


def test_docker_is_taken_for_itself() -> None:
    engine.check_is_docker({"Version": "20.10.24", "Components": [{"Name": "Engine"}, {"Name": "containerd"}]})
    engine.check_is_docker({"Version": "20.10.24"})


@pytest.mark.parametrize(
    "host", ["tcp://lab:s3cret@127.0.0.1:1", "tcp://lab:s3cret@127.0.0.1:x", "odd://lab:s3cret@east"]
)
def test_a_password_of_an_engine_is_not_shown(host: str) -> None:
    with pytest.raises(HostError) as refused:
        engine.connect({"DOCKER_HOST": host})
    assert "lab:…@" in str(refused.value) and "s3cret" not in str(refused.value)


@pytest.mark.parametrize("host", ["unix://{folder}/none.sock", "tcp://127.0.0.1:1", "nonsense://"])
def test_connecting_in_vain_is_a_host_error(host: str, tmp_path: Path) -> None:
    with pytest.raises(HostError) as caught:
        engine.connect({"DOCKER_HOST": host.format(folder=tmp_path)})
    assert caught.value.exit_code == 3
    assert caught.value.remedy


@engine.explaining
class Asking:
    """What asks an engine that is not well."""

    def ask(self, error: Exception) -> None:
        raise error

    @contextmanager
    def held(self) -> Iterator[None]:
        yield

    def _inside(self, error: Exception) -> None:
        raise error


def test_what_the_engine_s_library_raises_is_put_into_words_where_a_class_is_entered() -> None:
    for error in (DockerException("no"), requests.exceptions.ConnectionError("no")):
        with pytest.raises(HostError, match=r"^the request to the Docker engine failed: no\n.*mqlab doctor"):
            Asking().ask(error)
        with pytest.raises(type(error)):
            Asking()._inside(error)
        with pytest.raises(type(error)), Asking().held():
            raise error  # of whoever holds it, and not of the engine
    with pytest.raises(KeyError):
        Asking().ask(KeyError("no"))


@pytest.mark.parametrize(
    ("its", "ahead"),
    [
        ("2026-01-01T00:00:10.5Z", 0.0),
        ("2026-01-01T00:00:12.123456789Z", 1.123456),
        ("2026-01-01T00:00:07Z", -3.0),
    ],
)
def test_an_engines_clock_is_compared_no_finer_than_its_answer_takes(its: str, ahead: float) -> None:
    class Clocked:
        def info(self) -> dict[str, str]:
            return {"SystemTime": its}

    began = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC).timestamp()
    moments = iter((began, began + 1))
    client: Any = Clocked()
    assert engine.clock_ahead(client, lambda: next(moments)) == pytest.approx(ahead)


def test_a_container_that_has_gone_is_said_in_words() -> None:
    said = engine.in_words(NotFound("404 Client Error for http+docker://", explanation="No such container: mqlab-1"))
    assert (
        str(said)
        == "a part of the lab has gone: No such container: mqlab-1\n  check whether the lab was removed: mqlab status"
    )
    assert "no such image" in str(engine.in_words(ImageNotFound("no such image")))


class Windows(Answering):
    """An engine of Windows containers."""

    os = "windows"


def of_windows() -> None:
    with HTTPServer(("127.0.0.1", 0), Windows) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            engine.connect({"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"})
        finally:
            server.shutdown()


def raised(error: HostError) -> None:
    raise error


@pytest.mark.parametrize(
    ("work", "what"),
    [
        (
            lambda: raised(engine.explain(wrapped(ConnectionRefusedError()), DEFAULT_HOST)),
            "no Docker engine answers at",
        ),
        (lambda: raised(engine.explain(wrapped(TimeoutError()), "tcp://127.0.0.1:1")), "no Docker engine answers at"),
        (lambda: raised(engine.explain(wrapped(PermissionError()), DEFAULT_HOST)), "no permission to use"),
        (lambda: engine.check_api("1.40", "19.03"), "the Docker engine is too old"),
        (lambda: engine.check_is_docker({"Components": [{"Name": "Podman Engine"}]}), "the engine is Podman"),
        (of_windows, "runs windows containers"),
        (lambda: engine.connect({"DOCKER_HOST": "", "DOCKER_CONTEXT": "no-such"}), "the Docker context 'no-such'"),
    ],
)
def test_what_is_wrong_at_the_start_names_the_doctors_check_in_its_last_line(
    work: Callable[[], None], what: str
) -> None:
    with pytest.raises(HostError) as caught:
        work()
    assert what in caught.value.what and "\n" not in caught.value.what
    assert caught.value.remedy.splitlines()[-1] == see(ENGINE) == "mqlab doctor has a check for it: Docker engine"
