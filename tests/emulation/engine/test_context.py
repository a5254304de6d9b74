"""The engine that is meant is the one that the Docker command line would take, or none."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from lab.emulation.engine import engine
from lab.emulation.engine.context import DEFAULT_HOST, resolved
from lab.errors import HostError

AWAY = "tcp://docker.example:2376"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the command line: the contexts `away`, whose engine has TLS, `plain`, and one that is damaged."""
    for name, endpoint in (("away", {"Host": AWAY}), ("plain", {"Host": "tcp://192.0.2.1:2375"}), ("bad", None)):
        its = sha256(name.encode()).hexdigest()
        (tmp_path / "contexts" / "meta" / its).mkdir(parents=True)
        text = json.dumps({"Name": name, "Endpoints": {"docker": endpoint}})
        (tmp_path / "contexts" / "meta" / its / "meta.json").write_text(text)
    (tmp_path / "contexts" / "tls" / sha256(b"away").hexdigest() / "docker").mkdir(parents=True)
    return tmp_path


def choose(folder: Path, name: str) -> None:
    (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def test_without_a_word_it_is_this_machines(tmp_path: Path) -> None:
    for environment in ({"HOME": str(tmp_path)}, {"DOCKER_CONFIG": str(tmp_path / "none")}):
        assert resolved(environment)["DOCKER_HOST"] == DEFAULT_HOST
    (tmp_path / "config.json").write_text("{}")
    assert resolved({"DOCKER_CONFIG": str(tmp_path)})["DOCKER_HOST"] == DEFAULT_HOST


def test_a_context_counts_and_docker_host_counts_more(folder: Path) -> None:
    choose(folder, "plain")
    environment = {"DOCKER_CONFIG": str(folder)}
    assert resolved(environment)["DOCKER_HOST"] == "tcp://192.0.2.1:2375"
    assert resolved({**environment, "DOCKER_CONTEXT": "away"})["DOCKER_HOST"] == AWAY
    assert resolved({**environment, "DOCKER_CONTEXT": "default"})["DOCKER_HOST"] == DEFAULT_HOST
    named = {**environment, "DOCKER_CONTEXT": "away", "DOCKER_HOST": "unix:///mine"}
    assert resolved(named) == named


def test_a_contexts_certificates_come_with_it(folder: Path) -> None:
    found = resolved({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "away"})
    assert found["DOCKER_TLS_VERIFY"] == "1"
    assert found["DOCKER_CERT_PATH"] == str(folder / "contexts/tls" / sha256(b"away").hexdigest() / "docker")
    assert "DOCKER_CERT_PATH" not in resolved({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "plain"})


@pytest.mark.parametrize("name", ["absent", "bad"])
def test_a_context_that_cannot_be_read_is_not_replaced_by_this_machines(folder: Path, name: str) -> None:
    with pytest.raises(HostError, match=f"the Docker context '{name}' cannot be used: .*meta.json") as caught:
        engine.connect({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": name})
    assert "docker context ls" in caught.value.remedy


@pytest.mark.parametrize("name", ["../../../away", "a/b", "\udcff", "\x1b[2J", 300 * "x"])
def test_a_name_leads_to_no_other_file(folder: Path, name: str) -> None:
    with pytest.raises(HostError, match=r"cannot be used: .*meta.json") as caught:
        resolved({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": name})
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", "\0", 100_000 * "["])
def test_nor_is_one_that_a_damaged_file_would_choose(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(HostError, match=r"config\.json, the configuration of the docker command, cannot be read"):
        resolved({"DOCKER_CONFIG": str(tmp_path)})


def test_without_a_home_folder_there_are_no_contexts_and_the_engine_is_this_machines() -> None:
    assert resolved({"HOME": ""})["DOCKER_HOST"] == DEFAULT_HOST
    with pytest.raises(HostError, match="the Docker context 'away' cannot be used: this user has no home folder"):
        resolved({"HOME": "", "DOCKER_CONTEXT": "away"})


def test_a_context_that_is_not_there_is_said_to_be_missing_and_its_file_named_once(folder: Path) -> None:
    with pytest.raises(HostError) as caught:
        resolved({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "absent"})
    file = folder / "contexts" / "meta" / sha256(b"absent").hexdigest() / "meta.json"
    why = f"it does not exist: there is no file {file}"
    assert caught.value.what == f"the Docker context 'absent' cannot be used: {why}"
