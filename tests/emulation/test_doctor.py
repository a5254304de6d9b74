"""What the doctor finds of this machine, from what is handed in."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from lab.activemq.releases import RELEASES
from lab.check.scenarios import plan_named
from lab.emulation import check_names, doctor
from lab.emulation.engine.own_container import in_container
from tests.answering import Answering


def test_the_disk_of_the_runs_is_looked_at_before_its_folder_is_made(tmp_path: Path) -> None:
    found = doctor.runs_disk(tmp_path / "not" / "there" / "yet")
    assert found.what == "disk of the runs" and "MiB free" in found.found and str(tmp_path) in found.found
    assert "MQLAB_HOME" in found.remedy


def test_it_does_not_send_to_itself(tmp_path: Path) -> None:
    away = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "MQLAB_HOME": str(tmp_path)}
    found = {each.what: each for each in doctor.examine(away)}[check_names.ENGINE]
    assert found.ok is False and "start it" in found.remedy
    assert not any("mqlab doctor" in each.remedy for each in doctor.examine(away))


def test_each_release_has_one_line_on_its_known_vulnerabilities() -> None:
    found = {each.what: each for each in doctor.known_holes()}
    assert set(found) == {f"ActiveMQ {release}" for release in RELEASES.values()}
    assert all("known vulnerabilities" in each.found and "CVE-" not in each.found for each in found.values())
    assert found["ActiveMQ 5.18.3"].ok is None


@pytest.mark.parametrize(
    ("free", "writable", "ok"),
    [
        (doctor.RUNS_ROOM, True, True),
        (doctor.RUNS_ROOM - 1, True, None),
        (doctor.RUNS_LEAST - 1, True, False),
        (doctor.RUNS_ROOM, False, False),
    ],
)
def test_little_room_is_a_warning_and_none_a_failure(free: int, writable: bool, ok: bool | None) -> None:
    assert doctor.room_of_runs(Path("runs"), free, writable=writable).ok is ok


@pytest.mark.parametrize(("mode", "ok"), [(0o666, True), (0o600, False), (0o660, False), (0o662, False)])
def test_a_tun_device_that_a_remapped_router_cannot_open_is_a_failure(mode: int, ok: bool) -> None:
    found = doctor.remapped_tun(mode)
    assert found.ok is ok and f"{mode:04o}" in found.found and "chmod o+rw /dev/net/tun" in found.remedy


def test_a_rootless_engine_that_limits_no_memory_is_a_warning() -> None:
    assert doctor.rootless(limits_memory=True).ok is True
    found = doctor.rootless(limits_memory=False)
    assert found.ok is None and "limits no container's memory" in found.found and "cgroup v2" in found.remedy


@pytest.mark.parametrize(("name", "ok"), [("cubic", True), ("bbr", True), ("", None)])
def test_the_machines_congestion_control_is_told_beside_that_of_brokers(name: str, ok: bool | None) -> None:
    found = doctor.tcp(name)
    assert found.ok is ok
    assert found.found.startswith(f"{name or 'unknown'}; ") and "brokers use cubic" in found.found
    assert "net.ipv4.tcp_congestion_control=cubic" in found.remedy


def test_less_memory_than_the_brokers_may_take_is_a_warning() -> None:
    its = plan_named("tokyo-singapore", {}).plan
    assert doctor.too_little_memory(its, 512 * 2**20) == ""
    assert doctor.too_little_memory(its, 512 * 2**20 - 1) == (
        "the brokers may use 512MiB of memory together, but 511MiB are available here: leave out brokers, or give them "
        "less memory"
    )


@pytest.mark.parametrize(
    ("ahead", "words"), [(0.05, ""), (-0.1, ""), (2.0, "2.0 s ahead of"), (-61.5, "61.5 s behind")]
)
def test_clocks_that_differ_by_more_than_a_lab_bears_are_told(ahead: float, words: str) -> None:
    found = doctor.clock(ahead)
    assert found.ok is (None if words else True) and words in found.found
    assert bool(doctor.clocks_apart(ahead)) is bool(words)


def test_proxies_are_told_by_the_names_of_their_variables_alone() -> None:
    found = doctor.proxies({"https_proxy": "http://me:over-the-ocean-1858@proxy:3128", "HTTP_PROXY": ""})
    assert "https_proxy" in found.found and "HTTP_PROXY" not in found.found
    assert "over-the-ocean-1858" not in repr(found)


def test_leftovers_of_dead_runs_are_named_with_what_removes_them() -> None:
    assert doctor.leftovers([]).ok is True
    found = doctor.leftovers(["20260101-101010-aaaaaa"])
    assert found.ok is None and "20260101-101010-aaaaaa" in found.found and found.remedy == "mqlab sweep"


def test_of_an_engine_elsewhere_this_machines_devices_prove_nothing(tmp_path: Path) -> None:
    here = {"DOCKER_HOST": f"unix://{tmp_path}/nobody"}
    away = {"DOCKER_HOST": "tcp://192.0.2.1:2376"}
    assert doctor.elsewhere(here) is in_container()
    assert doctor.elsewhere(away)


def test_what_cannot_be_tried_is_unknown_and_not_well() -> None:
    found = doctor.examine({"DOCKER_HOST": "tcp://127.0.0.1:1"})
    names = (*check_names.TRIED, check_names.AWS_PORTS)
    assert [(each.what, each.ok) for each in found[-len(names) :]] == [(name, None) for name in names]
    (engine,) = [each for each in found if each.what == check_names.ENGINE]
    assert engine.ok is False


def test_an_engine_of_no_url_is_a_finding() -> None:
    (engine,) = [each for each in doctor.examine({"DOCKER_HOST": "tcp://[bad"}) if each.what == check_names.ENGINE]
    assert engine.ok is False


def test_the_disk_of_downloads_is_looked_at_before_there_is_a_folder_and_where_there_can_be_none(
    tmp_path: Path,
) -> None:
    found = doctor.disk({"HOME": str(tmp_path / "not" / "there")})
    assert found.what == "disk" and "GiB free" in found.found
    found = doctor.disk({"HOME": ""})
    assert found.ok is None and "no folder for downloads" in found.found and "MQLAB_CACHE" in found.remedy


class Stopping(Answering):
    """Answers the first questions, and hangs up at all others."""

    def do_GET(self) -> None:
        if self.path.endswith("/version"):
            super().do_GET()
        self.close_connection = True


def test_an_engine_that_stops_answering_is_a_finding_and_no_hint_at_the_doctor_itself(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stopping) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        environment = {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}", "HOME": str(tmp_path)}
        findings = doctor.examine(environment)
        server.shutdown()
    (failed,) = (each for each in findings if each.what == check_names.ENGINE)
    assert (failed.ok, failed.found) == (False, "the Docker engine does not answer any more")
    assert not any("mqlab doctor" in each.remedy for each in findings)
    tried = (*check_names.TRIED, check_names.AWS_PORTS)
    assert [(each.what, each.ok) for each in findings[-len(tried) :]] == [(what, None) for what in tried]


def test_many_images_are_counted_and_the_first_are_named() -> None:
    names = [f"mqlab/activemq:{number}" for number in range(30)]
    its = doctor.built_images(names)
    shown = ", ".join(names[:3])
    assert (its.ok, its.names) == (True, tuple(names))
    assert its.found == f"30 built: {shown} and 27 more; mqlab doctor --json lists all"
    assert doctor.built_images(names[:2]).found == f"2 built: {names[0]}, {names[1]}"
    assert (doctor.built_images([]).ok, doctor.built_images([]).found) == (None, "none built yet")
