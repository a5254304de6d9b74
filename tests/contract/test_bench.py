"""What benches write of contracts and predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import structs

from bench import contract as bench
from bench import predict
from lab.contract.contract import Compared
from lab.contract.figures import Stream
from tests.contract.runs import MACHINE, kept, stream


def test_tables_are_written_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")
    bench.write_page([Compared(name="orders", emulated=(kept(1),), simulated=(), rows=())], page)
    written = page.read_text()
    assert written.startswith(f"before\n{bench.BEGIN}\n\n| scenario |")
    assert written.endswith(f"{bench.END}\nafter\n")
    assert "old" not in written
    assert "| orders | 1 | 0.1 to 0.1 |" in written


def test_predictions_are_of_the_settings_and_counted() -> None:
    rows: list[dict[str, Any]] = [
        {"setting": name, "figure": "p50", "predicted": 100.0, "measured": of} for name, of in MEASURED.items()
    ]
    table = predict.table({"settings": rows})
    assert "| near | p50, ms | 100 | 95 (94 to 109) | +5.3% | 3 | 1 to 2 |\n" in table
    assert "| far | p50, ms | 100 | 80 | +25.0% **missed** | 1 | 1 to 1 |\n" in table
    assert "| none | p50, ms | 100 | – | – | 0 | – |\n" in table
    assert table.endswith("1 of 2 measured settings are within 10% of what was predicted.")
    rows[0]["now"] = 94.0
    table = predict.table({"settings": rows})
    assert "| near | p50, ms | 100 | 95 (94 to 109) | +5.3% | 3 | 1 to 2 | 94 | -1.1% |\n" in table
    assert "| none | p50, ms | 100 | – | – | 0 | – | – | – |\n" in table
    assert {len(each) for each in predict.ROUNDS} == {10}
    assert len({setting.name for each in predict.ROUNDS for setting in each}) == 10 * len(predict.ROUNDS)


def test_each_round_of_predictions_has_a_table_of_its_own() -> None:
    row = {"setting": "near", "figure": "p50", "predicted": 100.0, "measured": MEASURED["near"]}
    tables = predict.tables([{"settings": [row]}, {"settings": [row | {"setting": "nearer"}]}])
    assert (
        tables.index("### The first ten")
        < tables.index("| near |")
        < tables.index("### Ten more")
        < tables.index("| nearer |")
    )


MEASURED: dict[str, list[dict[str, float]]] = {
    "near": [{"is": 94.0, "load": 1.0}, {"is": 109.0, "load": 2.0}, {"is": 95.0, "load": 1.0}],
    "far": [{"is": 80.0, "load": 1.0}],
    "none": [],
}


def test_what_was_measured_with_another_congestion_control_stands_apart() -> None:
    rows: list[dict[str, Any]] = [
        {"setting": its.name, "figure": "p50", "predicted": 40.0, "measured": []} for its in predict.FIRST
    ]
    found, asked = {"settings": rows}, list[int]()

    def run(setting: predict.Setting, runtime: str, seed: int) -> Stream:
        asked.append(seed)
        return stream(p50=44.0, per_s=44.0)

    def measure(tcp: str, at_most: int | None) -> int:
        asked.clear()
        machine = structs.replace(MACHINE, tcp=tcp)
        predict.measure(found, predict.FIRST, at_most, 1, run=run, machine=lambda: machine, keep=lambda: None)
        return len(asked)

    assert [measure("bbr", 1), measure("cubic", 2), measure("", None), measure("cubic", None)] == [1, 2, 8, 0]
    assert measure("bbr", None) == 9
    assert [len(row["measured"]) for row in rows] == [len(row["measured_with_bbr"]) for row in rows] == [1] * 10
    first, *_ = predict.table(found).splitlines()
    assert first.endswith("| load before | measured with bbr |")
    assert {row["measured_with_bbr"][0]["tcp"] for row in rows} == {"bbr"}


def test_a_setting_is_set_as_a_person_would() -> None:
    setting = predict.Setting(delay="1ms", prefetch=7, size="1KiB", count=200, buffer=4096, loss="1%", rate="5mbit")
    found = predict.stream(setting, "simulation", 1)
    assert (found.messages, found.paced) == (200, False)
    assert found.per_s is not None
