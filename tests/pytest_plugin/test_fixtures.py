"""The fixtures: a test has the session's lab as it was declared, whatever another one did to it."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.conftest import SCENARIO, Session

SPOILING = {
    "user": 'lab.create_user("tokyo", "audit", "over-the-ocean-1858")',
    "revision": 'lab.update_broker("tokyo", window="sunday 03:00 UTC")',
    "kill": 'lab.kill("tokyo")',
    "restart": 'lab.kill("tokyo"); lab.start("tokyo")',
    "behind its back": 'lab.lab.instances.kill("tokyo")',
    "stop": 'lab.stop("tokyo")',
    "pause": 'lab.pause("singapore")',
    "resume": 'lab.pause("singapore"); lab.resume("singapore")',
    "reboot": 'lab.reboot("singapore")',
    "stray client": 'lab.lab.connect(client="stray", broker="tokyo", over="stomp", user="testuser", events=Deaf())'
    '.subscribe(Terms(destination=Destination(kind="queue", name="stray")))',
    "durable": "durable(lab)",  # the bridge's own one outlives it
}
HARMLESS = {
    "nothing": "pass",
    "cut": "lab.cut()",
    "long cut": 'lab.cut(); lab.wait(lambda: not lab.bridged("connector_tokyo_to_singapore"), 120)',
    "impaired": 'lab.impair(delay="300ms")',
    "route": 'lab.delete_route("tokyo", "10.2.0.0/16")',
    "connector": 'lab.stop_connector("tokyo", "connector_tokyo_to_singapore")',
    "client": 'lab.connect("singapore").subscribe(topic="prices.eur")',
    "queue": 'lab.connect("tokyo", over="stomp").publish("left", queue="orders")',
    "retained": 'lab.connect("tokyo").publish("1.08", topic="prices.eur", retained=True)',
    "failed": "assert False",
}
TWO_TESTS = """
from lab.errors import LabTimeout
from lab.runtime.messages import Destination, Session, Terms
import pytest

RUNS = []

class Deaf:
    def received(self, message): pass
    def lost(self, why): pass

def durable(lab):
    its = {{"client": "phone", "broker": "tokyo", "over": "mqtt", "user": "testuser", "events": Deaf()}}
    phone = lab.lab.connect(**its, session=Session(client_id="phone", clean=False))
    phone.subscribe(Terms(destination=Destination(kind="topic", name="alerts")))
    phone.close()

def test_first(mqlab):
    lab = mqlab
    RUNS.append(lab.run)
    {does}

def test_second(mqlab, mqlab_lab):
    assert (mqlab.run == RUNS[0]) is {same}
    assert mqlab_lab.run == mqlab.run
    assert [user.name for user in mqlab.account.broker("tokyo").users] == ["testuser"]
    assert [way.state for way in mqlab.links()] == ["open", "open"]
    assert {{way.impairment for way in mqlab.links()}} == {{"delay 35.3ms"}}
    assert mqlab.network.route_table("tokyo").routes
    assert mqlab.bridged("connector_tokyo_to_singapore")
    assert not mqlab.demand("tokyo", topic="prices.eur")
    with mqlab.connect("tokyo") as tokyo, mqlab.connect("singapore", over="stomp") as singapore:
        tokyo.subscribe(topic="prices.eur")
        singapore.subscribe(queue="orders")
        for client in (tokyo, singapore):
            with pytest.raises(LabTimeout):
                client.receive(within=5)
"""


def two(pytester: pytest.Pytester, does: str, *, same: bool) -> None:
    pytester.makepyfile(TWO_TESTS.format(does=does, same=same))


@pytest.mark.parametrize("does", HARMLESS.values(), ids=HARMLESS)
def test_what_a_test_left_is_brought_back(pytester: pytest.Pytester, session: Session, does: str) -> None:
    two(pytester, does, same=True)
    failed = int("assert False" in does)
    session().assert_outcomes(passed=2 - failed, failed=failed)


@pytest.mark.parametrize("does", SPOILING.values(), ids=SPOILING)
def test_what_cannot_be_brought_back_renews_the_lab(pytester: pytest.Pytester, session: Session, does: str) -> None:
    two(pytester, does, same=False)
    session().assert_outcomes(passed=2)


@pytest.mark.parametrize("does", ["cut()", 'create_user("tokyo", "audit", "over-the-ocean-1858")'])
def test_what_the_first_to_have_the_sessions_fixture_did_is_brought_back_too(
    pytester: pytest.Pytester, session: Session, does: str
) -> None:
    two(pytester, "pass", same=True)
    pytester.makepyfile(test_a=f"def test_first_of_all(mqlab_lab): mqlab_lab.{does}")
    session("test_a.py", ".").assert_outcomes(passed=3)


def test_the_sessions_fixture_has_what_another_test_did_with_it(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        def test_cuts(mqlab_lab):
            mqlab_lab.cut()

        def test_and_so_on(mqlab_lab):
            assert mqlab_lab.links()[0].state == "cut"
        """
    )
    session().assert_outcomes(passed=2)


def test_after_a_renewal_that_failed_nobody_has_the_lab_that_has_ended(
    pytester: pytest.Pytester, session: Session
) -> None:
    (pytester.path / "ours.yaml").write_text(SCENARIO.replace("UP", "both-ends"))
    pytester.makeini("[pytest]\nmqlab_topology = ours.yaml")
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it_is_there(mqlab_lab):
            assert mqlab_lab.links()

        def test_that_spoils_it(mqlab):
            mqlab.lab.instances.kill("tokyo")
            Path("ours.yaml").unlink()

        def test_next(mqlab_lab): pass
        def test_next_but_one(mqlab_lab): pass
        def test_its_own_stretch(mqlab): pass
        """
    )
    session().assert_outcomes(passed=2, errors=3)


def test_a_tests_history_is_its_own(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        import pytest
        from lab.errors import InputError

        @pytest.mark.parametrize("number", [1, 2])
        def test_one(mqlab, number):
            with mqlab.connect("tokyo", name="tk") as tokyo:
                tokyo.subscribe(topic=f"prices.{number}")
                tokyo.publish("1.08", topic=f"prices.{number}")
                tokyo.receive(within=5)
                found = mqlab.judge()
            assert [each.destination for each in found.deliveries if each.expected] == [f"topic://prices.{number}"]
        """
    )
    session().assert_outcomes(passed=2)


def test_labs_by_mark_and_by_hand(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        import pytest
        from lab.errors import InputError

        @pytest.mark.mqlab(topology="one-way")
        class TestOther:
            def test_one(self, mqlab):
                TestOther.run = mqlab.run
                assert not mqlab.lab.note.plan.bridges[0].duplex

            def test_same(self, mqlab, mqlab_lab):
                assert mqlab.run == TestOther.run != mqlab_lab.run

        def test_made(mqlab_make):
            first, second = mqlab_make("one-way", set={"links.tokyo-singapore.delay": "70ms"}), mqlab_make("one-way")
            assert first.links()[0].impairment == "delay 70ms" != second.links()[0].impairment
            assert first.runtime == "simulation"

        def test_no_such(mqlab_make):
            with pytest.raises(InputError, match="no scenario named"):
                mqlab_make("no-way")
        """
    )
    session().assert_outcomes(passed=4)


def test_a_mark_that_says_something_else_is_refused(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mqlab(lab="one-way")
        def test_one(mqlab):
            pass
        """
    )
    ended = session()
    ended.stdout.fnmatch_lines(["*the mark mqlab takes scenario=, topology=, runtime=, observe=, not lab"])
    ended.stdout.no_fnmatch_line("*plugin.py:*")  # a mistake in a test is told without the code that found it


def test_a_misspelled_mark_or_file_is_named_with_the_right_one(pytester: pytest.Pytester, session: Session) -> None:
    (pytester.path / "expectations.yaml").touch()
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mqlab(scenaro="one-way")
        def test_one(mqlab): pass

        @pytest.mark.mqlab(scenario="expectation.yaml", topology="one-way")
        def test_two(mqlab): pass
        """
    )
    session().stdout.fnmatch_lines(["did you mean scenario=?", "*did you mean expectations.yaml?"])


def test_a_scenario_that_is_not_there_is_told_by_its_words_alone(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.mqlab(scenario="nowhere.yaml", topology="one-way")
        def test_one(mqlab):
            pass
        """
    )
    ended = session()
    ended.stdout.fnmatch_lines(['the mark mqlab(scenario="nowhere.yaml"): nowhere.yaml is not there in /*'])
    ended.stdout.no_fnmatch_line("*plugin.py:*")
