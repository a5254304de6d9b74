"""Kept runs: by the digest of what they depend on, and nothing that is no run is taken for one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bench.contract.figures import RULES, Stream, figures, from_json, to_json
from bench.contract.kept_runs import LARGEST, KeptRuns, digest
from lab.check.scenarios import plan_named
from lab.errors import InputError
from lab.judge import judge_whole
from tests.contract.runs import MACHINE, kept, run, stream
from tests.judge.cases import HERE


def of(name: str = "narrow-link", **set: str) -> str:
    return digest(plan_named(name, {}, set={key.replace("__", "."): value for key, value in set.items()}))


def test_the_digest_is_of_what_a_run_depends_on() -> None:
    same = [of(), of(seed="99"), of(about="other words"), of(seed="9"), digest(plan_named("narrow-link", {}, seed=3))]
    other = [
        of("small-buffers"),
        of(steps__3__count="31"),
        of(steps__2__delay="36ms"),
        of(connectors__connector_tokyo_to_singapore__prefetchSize="9"),
    ]
    assert len(set(same)) == 1
    assert len({same[0], *other}) == 1 + len(other)


def test_a_configuration_that_only_a_step_names_counts(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "scenarios"
    copy = tmp_path / "scenarios"
    for path in [*shipped.rglob("*.yaml"), *shipped.rglob("*.xml")]:
        to = copy / path.relative_to(shipped)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(path.read_bytes())
    same = digest(plan_named(str(copy / "revision-pending.yaml"), {}))
    assert same == of("revision-pending")
    configuration = copy / "configurations" / "tokyo.xml"
    configuration.write_text(configuration.read_text().replace('duplex="true"', 'duplex="true" prefetchSize="9"'))
    assert digest(plan_named(str(copy / "revision-pending.yaml"), {})) != same


def test_what_was_kept_is_read_again_by_its_digest_and_images(tmp_path: Path) -> None:
    its = KeptRuns(folder=tmp_path, name="orders", digest="d1")
    runs = [kept(seed, digest="d1", images=("broker:1",)) for seed in (2, 1)]
    for each in runs:
        its.keep(each)
    KeptRuns(folder=tmp_path, name="orders", digest="d2").keep(kept(1, digest="d2"))
    assert its.runs() == its.runs(("broker:1",)) == tuple(reversed(runs))
    assert its.runs(("broker:2",)) == ()
    assert [each.digest for each in KeptRuns(folder=tmp_path, name="orders", digest="d2").runs()] == ["d2"]
    its.keep(kept(1, digest="d1", images=("broker:2",)))
    assert [each.seed for each in its.runs()] == [1, 2]


def test_figures_survive_their_file() -> None:
    found = run(3, stream(per_s=12.5), verdict="failed", lost=2)
    assert from_json(to_json(found)) == found


def test_a_kept_run_that_does_not_say_by_which_rules_is_of_the_first(tmp_path: Path) -> None:
    its = json.loads(to_json(kept(1, digest="d1")))
    assert its.pop("rules") == 1
    assert from_json(json.dumps(its)) == kept(1, digest="d1", rules=1)


_TO_TK, _TO_SG = "to tk, topic://MQ Test Singapore-to-Tokyo: ", "to sg, topic://prices: "
_WAY = "counters, topic://MQ Test Singapore-to-Tokyo, singapore → tokyo: "
_BRIDGED = {"bridge connector_tokyo_to_singapore at tokyo: up": 1, "bridge #4 at singapore: up": 1}
COUNTS = {
    "burst-discarded": {
        **{_TO_TK + name: count for name, count in (("expected", 2000), ("received", 1650), ("not delivered", 350))},
        **{_WAY + name: 2000 for name in ("accepted", "enqueued")},
        **{_WAY + name: 1651 for name in ("forwarded", "taken")},
        _WAY + "discarded": 349,
        "step 3: sent": 2000,
        **_BRIDGED,
    },
    "traffic-and-timing": {
        **{_TO_SG + name: count for name, count in (("expected", 15), ("received", 13), ("not delivered", 2))},
        "step 3: sent": 15,
        **_BRIDGED,
    },
}


@pytest.mark.parametrize(
    ("case", "stream"),
    [
        (
            "burst-discarded",
            Stream(name="step 3 to tk", messages=1650, paced=False, p50=710.0, p99=1636.4, per_s=790.29),
        ),
        (
            "traffic-and-timing",
            Stream(name="step 2.1 to sg", messages=13, paced=True, p50=40.0, p99=40.0, per_s=None),
        ),
    ],
)
def test_a_history_gives_the_same_figures_as_long_as_the_rules_have_their_number(case: str, stream: Stream) -> None:
    """Where this fails for a good reason, `RULES` is one more than before: what was kept is another thing then."""
    found = figures(judge_whole(HERE / case / "history.jsonl"))
    assert (found.rules, found.streams) == (RULES, (stream,))
    assert (RULES, found.counts) == (1, COUNTS[case])


def but(**other: Any) -> str:
    """Return a kept run's text with something else in it."""
    return json.dumps({**json.loads(to_json(kept(1, digest="d1"))), **other})


STREAM, RUNS_ON = structs.asdict(stream()), structs.asdict(MACHINE)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "7", '{"machine": null, "images": [], "streams": [], "more": 1}', "[" * 200_000),
        *(
            but(rules="1"),
            but(rules=None),
            but(seed="1"),
            but(seed=True),
            but(seed=2**64),
            but(verdicts=[]),
            but(verdicts={"delivered": 1}),
        ),
        *(but(counts={"lost": "1"}), but(counts={"lost": float("nan")}), but(images="broker"), but(images=[1])),
        *(but(streams={}), but(streams=[1]), but(streams=[{}]), but(streams=[{**STREAM, "p50": "1"}])),
        *(but(streams=[{**STREAM, "p50": float("inf")}]), but(streams=[{**STREAM, "p99": 10**400}])),
        *(but(machine=[]), but(machine={}), but(machine={**RUNS_ON, "load": "low"})),
        *(but(machine={**RUNS_ON, "more": 1}), but(more=1), but(digest=None), f'"{"x" * LARGEST}"'),
    ],
    ids=lambda text: ascii(text[-40:]),
)
def test_what_is_no_kept_run_is_refused_with_its_path(text: str, tmp_path: Path) -> None:
    assert from_json(but()) == kept(1, digest="d1")
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "d1-1.json").write_text(text)
    with pytest.raises(InputError, match=r"orders/d1-1.json is no kept run"):
        KeptRuns(folder=tmp_path, name="orders", digest="d1").runs()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    os.mkfifo(tmp_path / "orders" / "d1-1.json")
    with pytest.raises(InputError, match=r"orders/d1-1.json is a device or a pipe"):
        KeptRuns(folder=tmp_path, name="orders", digest="d1").runs()
