"""judge writes what is asked for, the same bytes each time, and says what is wrong before it reads anything."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from lab.cli import app
from lab.cli.scenario_argument import load_named
from lab.report.document import write
from lab.report.run_folder import LARGEST_FILE, RunFolder

from .histories import EVIL, TOPOLOGY, header, judged, story, written

FILES = ("report.html", "report.junit.xml")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder as a run leaves it."""
    folder = tmp_path / "run"
    (folder / "brokers" / "tokyo").mkdir(parents=True)
    (folder / "brokers" / "tokyo" / "activemq.xml").write_text("<broker/>")
    (folder / "sources" / "topologies").mkdir(parents=True)
    (folder / "sources" / "topologies" / "two.yaml").write_text("")
    (folder / "sources" / "crossing.yaml").write_text("")
    written(folder / "history.jsonl", header(), story())
    return folder


def judge(*arguments: object) -> tuple[int, str]:
    """Run `mqlab judge` in this process."""
    result = CliRunner().invoke(app, ["judge", *map(str, arguments)])
    return result.exit_code, result.output


def test_judging_again_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    kept = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        paths = [tmp_path / name / file for file in FILES]
        code, told = judge(run, "--html", paths[0], "--junit", paths[1], "--json")
        assert code == 1
        kept.append([told, *(path.read_bytes() for path in paths)])
    assert kept[0] == kept[1]
    page = kept[0][1].decode()
    assert "mqlab run crossing.yaml --seed 7" in page and "&lt;broker/&gt;" in page
    assert json.loads(kept[0][0])["outcome"] == "failed"


def test_the_last_line_names_the_page(run: Path, tmp_path: Path) -> None:
    _, told = judge(run, "--html", tmp_path / "page.html")
    assert told.splitlines()[-1] == f"page: {tmp_path / 'page.html'}"
    _, told = judge(run)
    assert told.splitlines()[-1].startswith("run 20261124-000000-abcdef")


def test_nothing_is_left_half_written(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "page.html").write_text("<!doctype html>an older one")
    judge(run, "--html", out / "page.html", "--junit", out / "junit.xml")
    assert sorted(path.name for path in out.iterdir()) == ["junit.xml", "page.html"]
    assert (out / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("option", ["--html", "--junit"])
def test_a_file_that_cannot_be_written_is_bad_input(run: Path, tmp_path: Path, option: str) -> None:
    code, told = judge(run, option, tmp_path)
    assert (code, told) == (2, f"mqlab: {tmp_path} is a folder\n  name the file to write\n")


def test_the_folder_of_a_page_is_there_and_that_of_a_junit_file_is_made(run: Path, tmp_path: Path) -> None:
    code, told = judge(run, "--html", tmp_path / "none" / "x")
    assert code == 2 and "first" in told
    judge(run, "--junit", tmp_path / "made" / "here" / "junit.xml")
    assert (tmp_path / "made" / "here" / "junit.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize("option", ["--html", "--junit"])
def test_what_is_no_report_is_not_overwritten(run: Path, tmp_path: Path, option: str) -> None:
    history = (run / "history.jsonl").read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "page.html")
    os.mkfifo(tmp_path / "fifo")
    for other in (
        run / "history.jsonl",
        run / "brokers" / "tokyo" / "activemq.xml",
        tmp_path / "link",
    ):
        code, told = judge(run, option, other)
        assert code == 2 and told.startswith(f"mqlab: {other} is there, and is not a report\n"), told
    code, told = judge(run, option, tmp_path / "fifo")
    assert (code, told) == (2, f"mqlab: {tmp_path / 'fifo'} is a device or a pipe\n  name the file to write\n")
    assert (tmp_path / "fifo").is_fifo()
    assert (run / "history.jsonl").read_bytes() == history


def test_links_out_of_a_run_folder_are_not_followed(run: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("private")
    (run / "brokers" / "evil").mkdir()
    (run / "brokers" / "evil" / "activemq.xml").symlink_to(tmp_path / "private")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "activemq.xml").write_text("private")
    (run / "brokers" / "worse").symlink_to(tmp_path / "elsewhere")
    assert RunFolder(path=run).broker_files() == {"tokyo": {"activemq.xml": "<broker/>"}}


def test_of_a_strangers_folder_no_more_is_read_than_a_run_writes(run: Path) -> None:
    os.mkfifo(run / "brokers" / "tokyo" / "activemq.3.xml")
    for name in ("brokers/tokyo/activemq.2.xml", "sources/large.yaml"):
        with (run / name).open("wb") as large:
            large.truncate(50 * LARGEST_FILE)  # a hole: it takes no room
    found = RunFolder(path=run)
    assert {name: len(text) for name, text in found.broker_files()["tokyo"].items()} == {
        "activemq.xml": 9,
        "activemq.2.xml": LARGEST_FILE,
    }
    assert len(found.sources()["large.yaml"]) == LARGEST_FILE


def test_the_files_a_broker_got_are_in_their_order(run: Path) -> None:
    names = ["activemq.xml", "activemq.2.xml", "activemq.10.xml"]
    for name in names:
        (run / "brokers" / "tokyo" / name).write_text(name)
    assert [*RunFolder(path=run).broker_files()["tokyo"].values()] == names


@pytest.mark.parametrize(
    "text",
    [
        "variant-of: base.yaml\nscenario: mine\n",
        "# with more delay\nvariant-of: base.yaml\n",
        "scenario: mine\nvariant-of : base.yaml\n",
        "---\n'variant-of': base.yaml\n",
    ],
)
def test_a_variant_is_the_scenario_wherever_in_its_file_it_says_so(tmp_path: Path, text: str) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "mine.yaml").write_text(text)
    (sources / "base.yaml").write_text("scenario: base\nabout: |\n  variant-of: nothing, here are words\n")
    assert RunFolder(path=tmp_path).scenario_name() == "mine.yaml"


def test_a_shipped_scenario_is_called_by_its_name_as_long_as_it_is_as_it_ships(run: Path, tmp_path: Path) -> None:
    """What a run folder has of a password is masked, so that texts are compared as a run folder has them."""
    for name in ("cut-and-heal", "user-not-rebooted"):
        shutil.rmtree(run / "sources")
        for source in load_named(name).origin.sources:
            (run / "sources" / source.name).parent.mkdir(parents=True, exist_ok=True)
            (run / "sources" / source.name).write_text(source.text)
        judge(run, "--html", tmp_path / "page.html")
        assert f"mqlab run {name} --seed 7" in (tmp_path / "page.html").read_text()
    (run / "sources" / "configurations" / "tokyo-bridge-user.xml").write_text("<broker/>")
    judge(run, "--html", tmp_path / "page.html")
    assert "mqlab run user-not-rebooted.yaml --seed 7" in (tmp_path / "page.html").read_text()


def test_half_a_surrogate_pair_is_written_as_json_has_it(tmp_path: Path) -> None:
    whole = judged(tmp_path / "history.jsonl", header(scenario=EVIL))
    write(whole.report, tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_bytes())["scenario"] == EVIL
    assert json.loads(judge(tmp_path, "--json")[1])["scenario"] == EVIL


def test_a_connector_is_duplex_where_the_configuration_says_so(tmp_path: Path) -> None:
    """Its bridge may never have come up: then the configuration alone tells."""
    for duplex in (True, False):
        head = header()
        text = (
            '<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors><networkConnector name="wan" '
            f'duplex="{str(duplex).lower()}" uri="static:(ssl://sg:61617)"/></networkConnectors></broker>'
        )
        brokers = TOPOLOGY["brokers"] | {
            "tokyo": {"region": "tk", "engine-version": "5.18", "configuration": {"file": "f", "text": text}}
        }
        head = replace(head, declared={**head.declared, "topology": TOPOLOGY | {"brokers": brokers}})
        ends = judged(tmp_path / "history.jsonl", head).report.bridges
        assert [(end.connector, end.duplex) for end in ends] == [("wan", duplex)]
