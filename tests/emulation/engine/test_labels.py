import os
from dataclasses import replace

from lab.emulation.engine import labels
from lab.emulation.engine.labelled_labs import Found
from lab.runtime.owner import Owner


def test_an_owner_survives_its_label() -> None:
    owner = Owner.current()
    assert Owner.parse(str(owner)) == owner


def test_a_label_of_somebody_else_is_no_owner() -> None:
    assert Owner.parse("") is None
    assert Owner.parse("host/boot/pid/1") is None


def test_this_process_is_alive_and_others_are_told_apart() -> None:
    here = Owner.current()
    assert here.pid == os.getpid()
    assert not here.is_dead(here)
    assert replace(here, boot="another boot").is_dead(here)
    assert replace(here, started=here.started - 1000).is_dead(here), "a reused pid is no owner"
    assert replace(here, pid=2**22 + 1).is_dead(here)


def test_an_owner_on_another_host_is_never_known_dead() -> None:
    here = Owner.current()
    assert not replace(here, host="elsewhere", pid=2**22 + 1).is_dead(here)


def test_an_owner_among_other_pids_is_never_known_dead() -> None:
    """A container may share this host's name and boot; its pids say nothing of the processes here."""
    here = replace(Owner.current(), pids="1")
    there = replace(here, pids="2", pid=2**22 + 1)
    assert Owner.parse(str(there)) == there
    assert not there.is_dead(here)
    assert replace(there, boot="another boot").is_dead(here), "nothing outlives a boot"
    assert replace(there, pids="").is_dead(here), "as labelled by mqlab 0.1.0, and known no better"


def test_everything_of_a_lab_says_whose_it_is() -> None:
    owner = Owner.current()
    found = labels.of_lab("r-1", owner, detached=True)
    assert (found[labels.RUN], found[labels.OWNER], found[labels.DETACHED]) == ("r-1", str(owner), "yes")


def test_a_detached_lab_is_left_behind_only_if_its_opening_died() -> None:
    here = Owner.current()
    dead = replace(here, pid=2**22 + 1)
    found = Found(run="r", created="", owner=dead, detached=True, containers=3, networks=3, volumes=0, whole=True)
    assert not found.is_left_behind(here)
    assert replace(found, whole=False).is_left_behind(here)
    assert replace(found, detached=False).is_left_behind(here)
    assert not replace(found, detached=False, owner=here).is_left_behind(here)


def test_the_router_of_a_detached_lab_alone_has_another_name_while_the_lab_opens() -> None:
    def name(*, detached: bool) -> str:
        return labels.opening_name("r", labels.of_lab("r", Owner.current(), detached=detached))

    assert (name(detached=False), name(detached=True)) == ("mqlab-r-router", "mqlab-r-router-opening")
