"""What is permitted passes untouched, what is not is removed and reported, for each engine version."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.amazonmq.configurations.advice import advise_apart_from_connectors
from lab.amazonmq.configurations.configuration import NAMESPACE, read
from lab.amazonmq.configurations.permitted_elements import Permitted
from lab.amazonmq.configurations.sanitising import sanitise
from lab.errors import InputError
from tests.amazonmq.cases import sanitised_cases
from tests.amazonmq.configurations.corpus import VARIANTS, forbidden_cases, lists, permitted_cases, whole


def _version(allowed: Permitted) -> str:
    return allowed.version


@pytest.mark.parametrize("allowed", lists(), ids=_version)
def test_what_is_permitted_passes_untouched(allowed: Permitted) -> None:
    for case in permitted_cases(allowed):
        configuration = read(case.text.encode(), case.name)
        found = sanitise(configuration, allowed.engine)
        assert found.removals == (), case.name
        assert found.text == case.text
        assert found.configuration == configuration


@pytest.mark.parametrize("allowed", lists(), ids=_version)
def test_what_is_not_permitted_is_removed_and_nothing_else(allowed: Permitted) -> None:
    for case in forbidden_cases(allowed):
        found = sanitise(read(case.text.encode(), case.name), allowed.engine)
        assert tuple((each.reason, each.tag, each.attribute) for each in found.removals) == case.removed, case.name
        again = sanitise(read(found.text.encode(), case.name), allowed.engine)
        assert again.removals == (), (case.name, found.text)
        assert again.text == found.text
        assert case.text.count("<!-- kept -->") == found.text.count("<!-- kept -->"), case.name
        rest = iter(case.text)
        assert all(character in rest for character in found.text), "only removes"


@pytest.mark.parametrize("file", sanitised_cases(), ids=lambda file: file.stem)
def test_what_is_saved_is_the_file_beside_it(file: Path) -> None:
    found = sanitise(read(file.read_bytes(), file.name), "5.18")
    saved = file.with_suffix(".saved.xml").read_bytes().decode()
    assert found.text == saved
    again = sanitise(read(saved.encode(), file.name), "5.18")
    assert (again.removals, again.text) == ((), saved)


def test_the_service_reports_the_first_twenty() -> None:
    text = f'<broker xmlns="{NAMESPACE}">{"<x/>" * 30}</broker>'
    found = sanitise(read(text.encode(), "a.xml"), "5.18")
    assert (len(found.removals), found.reported) == (30, found.removals[:20])


def test_an_attribute_of_a_later_version_says_so() -> None:
    text = (
        f'<broker xmlns="{NAMESPACE}"><persistenceAdapter><kahaDB cleanupOnStop="true"/></persistenceAdapter></broker>'
    )
    (removal,) = sanitise(read(text.encode(), "a.xml"), "5.15").removals
    assert (
        removal.why == "cleanupOnStop is not permitted on kahaDB before engine version 5.16: this is checked for 5.15"
    )
    assert sanitise(read(text.encode(), "a.xml"), "5.16").removals == ()


def test_an_unknown_engine_version_is_refused() -> None:
    with pytest.raises(InputError, match=r"5\.15, 5\.16, 5\.17, 5\.18, 5\.19"):
        sanitise(read(f'<broker xmlns="{NAMESPACE}"/>'.encode(), "a.xml"), "6.1")


@pytest.mark.parametrize("allowed", lists(), ids=_version)
@pytest.mark.parametrize("variant", range(VARIANTS))
def test_whole_configurations_pass_untouched_and_nothing_in_them_stops_a_broker(
    allowed: Permitted, variant: int
) -> None:
    text = whole(allowed, variant)
    found = sanitise(read(text.encode(), "a.xml"), allowed.engine)
    assert (found.removals, found.text) == ((), text)
    # They do load: tests/integration/test_configurations.py.
    assert [each for each in advise_apart_from_connectors(found) if "does not start" in each.remedy] == []
