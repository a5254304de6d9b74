"""A running lab as a topology: what verbs changed, its links as configured, and never a password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import labs
from lab.cli.export import of_lab, write
from lab.declare.loading import load
from lab.declare.topology import DirectedLink
from lab.errors import InputError
from lab.living.lab import Live
from tests.command import Commands
from tests.living.notes import noted

PASSWORD = "over-the-ocean-1858"
XML = '<broker xmlns="http://activemq.apache.org/schema/core"><destinations/></broker>\n'


def change(lab: Live) -> None:
    lab.create_user("tokyo", "audit", PASSWORD, groups=["readers"])
    lab.update_configuration("singapore-configuration", XML)
    lab.update_broker("singapore", revision=2)
    lab.reboot("singapore")
    lab.impair(delay="80ms", loss="1%", leaving="tokyo")
    lab.authorize_ingress("default-tokyo", cidr="10.9.0.0/16", port=61617)


def test_an_exported_lab_has_what_verbs_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path / "runs", environment={}) as lab:
        change(lab)
        secret = lab.lab.password("tokyo", "testuser").get_secret_value()
        write(of_lab(lab), tmp_path / "network", force=False, json=True)
    made = json.loads(capsys.readouterr().out)
    assert made["variables"] == {
        "TESTUSER_PASSWORD": ["testuser of tokyo", "testuser of singapore"],
        "TOKYO_AUDIT_PASSWORD": ["audit of tokyo"],  # it is not known before the reboot
    }
    environment = dict.fromkeys(made["variables"], PASSWORD)
    topology = load(tmp_path / "network" / "topology.yaml", environment=environment).topology
    assert topology.brokers["tokyo"].users["audit"].groups == ("readers",)
    assert topology.brokers["singapore"].configuration is not None
    assert topology.brokers["singapore"].configuration.text == XML
    link = topology.links[0].link
    assert isinstance(link, DirectedLink)
    assert {region: each.impairment().loss for region, each in link.leaving.items()} == {"tokyo": 0.01, "singapore": 0}
    assert topology.security_groups is not None
    assert str(topology.security_groups["sg-tokyo"].inbound[1].source) == "10.9.0.0/16"
    written = "".join(path.read_text() for path in (tmp_path / "network").rglob("*.*"))
    assert PASSWORD not in written and secret not in written


def test_an_exported_topology_opens_the_same_lab(tmp_path: Path) -> None:
    with labs.up("the-article", runtime="simulation", runs=tmp_path / "runs", environment={}) as lab:
        before, made = lab.lab.note.plan, of_lab(lab)
        write(made, tmp_path / "network", force=False, json=True)
    environment = dict.fromkeys(made.variables, PASSWORD)
    path = str(tmp_path / "network" / "topology.yaml")
    with labs.up(path, runtime="simulation", runs=tmp_path / "again", environment=environment, seed=7) as lab:
        after = lab.lab.note.plan
        assert after.network == before.network
        assert after.links == before.links
        assert [each.activemq_xml for each in after.brokers] == [each.activemq_xml for each in before.brokers]


def test_files_that_are_there_are_left_alone_unless_forced(tmp_path: Path) -> None:
    with labs.up("one-way", runtime="simulation", runs=tmp_path / "runs", environment={}) as lab:
        made = of_lab(lab)
    kept = tmp_path / "configurations" / "tokyo.xml"
    kept.parent.mkdir()
    kept.write_text("mine")
    with pytest.raises(InputError, match="is there"):
        write(made, tmp_path, force=False, json=True)
    assert (kept.read_text(), (tmp_path / "topology.yaml").exists()) == ("mine", False)
    write(made, tmp_path, force=True, json=True)
    assert kept.read_text() != "mine"


def test_a_link_that_is_cut_is_named_with_the_command_that_heals_it(tmp_path: Path) -> None:
    with labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as lab:
        lab.cut(leaving="tokyo")
        with pytest.raises(InputError) as refused:
            of_lab(lab)
    (problem,) = refused.value.problems
    assert problem.what == "the link tokyo-singapore is cut from tokyo to singapore: a topology cannot declare that"
    assert problem.remedy == "heal it: mqlab link heal tokyo-singapore"


def test_no_lab_and_the_lab_of_a_run_are_refused(tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    ended = mqlab.inside("export", "network")
    assert ended.code == 2 and "no lab is running" in ended.err
    noted(mqlab, "20260101-101010-aaaaaa", detached=False, replaying=True)
    ended = mqlab.inside("export", "network", "aaaaaa")
    assert ended.code == 2 and "belongs to a mqlab run" in ended.err
    noted(mqlab, "20260101-101010-bbbbbb")
    (tmp_path / "file").touch()
    for folder, problem in (("file", "FOLDER: file is a file"), ("", "an empty text names no folder")):
        ended = mqlab.inside("export", folder, "bbbbbb")
        assert ended.code == 2 and problem in ended.err
    assert not (tmp_path / "network").exists()
