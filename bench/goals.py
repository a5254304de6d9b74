"""What the figures should be, and whether they are. Pure: a bench's result in, lines of the table out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `holds` is None where nothing is asked, or nothing was measured."""

    name: str
    goal: str
    measured: str
    holds: bool | None
    left_out: bool = False  # since this machine lacks something


def figures(bench: str, result: Result) -> tuple[Figure, ...]:
    """Return the figures of one bench's result."""
    if "not_measured" in result:
        return (_left_out(bench, "", result["not_measured"]),)
    return tuple(_READ[bench](result))


def table(lines: Sequence[Figure]) -> str:
    """Write the figures below each other."""
    said = {True: "yes", False: "NO", None: "-"}
    rows = [("figure", "goal", "measured", "holds?")]
    rows += [(each.name, each.goal, each.measured, said[each.holds]) for each in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    missed = [each.name for each in lines if each.holds is False]
    left_out = [each.name for each in lines if each.left_out]
    return "\n".join(
        [
            *text,
            "",
            f"GOALS MISSED: {', '.join(missed)}" if missed else "every goal that was measured holds",
            *([f"NOT MEASURED: {', '.join(left_out)}"] if left_out else []),
        ]
    )


def _left_out(name: str, goal: str, reason: str) -> Figure:
    return Figure(name=name, goal=goal, measured=f"not measured: {reason}", holds=None, left_out=True)


def _startup(found: Result) -> Iterator[Figure]:
    measured = f"{found['ratio']:.2f}   ({found['lab_s']:.2f} s, bare {found['bare_s']:.2f} s, {found['pairs']} pairs)"
    yield _most("start-up, of the brokers' bare start", found["ratio"], 1.3, "", measured)
    name = "start-up without the ocean's round trips, of the bare start"
    if (less := found.get("ratio_without_ocean")) is not None:  # an earlier result has none
        measured = f"{less:.2f}   (without {found['ocean_s']:.2f} s, five round trips of the link)"
        yield _most(name, less, 1.18, "", measured)


def _eight(found: Result) -> Iterator[Figure]:
    labs = found["labs"]
    measured = (
        f"{found['ratio']:.2f}   ({found['together_s']:.1f} s, one {found['alone_s']:.1f} s, {found['pairs']} pairs)"
    )
    yield _most(f"{labs} labs opened at once, of one lab's time", found["ratio"], round(0.6 * labs, 2), "", measured)


def _failover(found: Result) -> Iterator[Figure]:
    measured = f"{found['ratio']:.2f}   ({found['lab_s']:.2f} s, bare {found['bare_s']:.2f} s, {found['turns']} turns)"
    yield _most("failover of a pair, of the bare pair's", found["ratio"], 1.5, "", measured)


def _policy(found: Result) -> Iterator[Figure]:
    measured = f"{found['p99_ms']:g} ms   (p50 {found['p50_ms']:g} ms, {found['changes']} changes)"
    yield _most("a changed security group or route holds, p99", found["p99_ms"], 50, " ms", measured)


def _link(found: Result) -> Iterator[Figure]:
    for row in found["round_trip_error_ms"]:
        name = f"link at {row['round_trip_ms']} ms, round-trip error"
        yield _most(f"{name} p50", _size(row["p50"]), 0.3, " ms")
        yield _most(f"{name} p99", _size(row["p99"]), 1.0, " ms")
    for row in found["busy_error_ms"]:
        yield _most(f"link at {row['round_trip_ms']} ms, every core busy, error p99", _size(row["p99"]), 5.0, " ms")
    plain = found["throughput"]["plain_mbit_s"]
    for row in found["throughput"]["rows"]:
        asked, speed = row["round_trip_ms"], row["mbit_s"]
        measured = f"{row['of_plain']:.2f}   ({speed} of {plain} Mbit/s, {row['cpu_seconds']} CPU s)"
        name = f"link at {asked} ms, throughput"
        if asked == 10:
            yield _least(f"{name}, of plain forwarding", row["of_plain"], 0.3, "", measured)
        elif asked == 70:
            yield _least(f"{name}, 16 MiB windows", speed, 1000, " Mbit/s", f"{speed} Mbit/s")
        else:
            yield Figure(name=f"{name}, of plain forwarding", goal="", measured=measured, holds=None)
    bare = found["throughput_in_namespaces"]
    measured = f"{bare['of_plain']:.2f}   ({bare['mbit_s']} of {bare['plain_mbit_s']} Mbit/s)"
    name = f"link at {bare['round_trip_ms']} ms, throughput, of plain forwarding, both without Docker"
    yield Figure(name=name, goal="", measured=measured, holds=None)


def _replay(found: Result) -> Iterator[Figure]:
    for name, case in found["cases"].items():
        measured = f"{case['ratio']:.2f}   ({case['replay_per_s']}/s, bare {case['bare_per_s']}/s)"
        yield _least(f"replay, {name}, of a bare client loop", case["ratio"], 0.9, "", measured)


def _observer(found: Result) -> Iterator[Figure]:
    for name, case in found["cases"].items():
        measured = f"{case['ratio']:.2f}   ({case['with_per_s']}/s, without {case['without_per_s']}/s)"
        goal = 0.9 if name == "persistent" else 0.7
        yield _least(f"a broker with an observer, {name}, of one without", case["ratio"], goal, "", measured)
        if "processor_us" in case:  # an older result has none
            yield _most(f"an observer's processor time for a message, {name}", case["processor_us"], 20, " µs")
    yield _most("events that an observer's full buffer dropped", found["lost_events"], 0, "")
    if (delay := found.get("delay_ms")) is not None:
        measured = f"{delay['p99']:g} ms   (p50 {delay['p50']:g} ms)"
        yield _most(f"an event to the history at {delay['per_s']}/s, p99", delay["p99"], 100, " ms", measured)


def _publish(found: Result) -> Iterator[Figure]:
    for name, case in found["cases"].items():
        measured = f"{case['ratio']:.2f}   ({case['publish_per_s']}/s, bare {case['bare_per_s']}/s)"
        yield _least(f"mqlab publish over {name}, of a bare client loop", case["ratio"], 0.9, "", measured)


def _traffic(found: Result) -> Iterator[Figure]:
    for row in found["rows"]:
        measured = f"{abs(row['error']):.2%}   (asked {row['asked_per_s']}/s, reached {row['reached_per_s']}/s)"
        name = f"traffic, {row['case']}, at {row['part']:.0%} of a bare loop's rate, error"
        yield Figure(name=name, goal="≤ 2%", measured=measured, holds=abs(row["error"]) <= 0.02)


def _recordings(found: Result) -> Iterator[Figure]:
    its, rate = found["replay"], f"{found['replay']['per_s']}/s for {found['replay']['seconds']} s"
    late = its["late_ms"]
    measured = f"{late['p99']:g} ms   (p50 {late['p50']:g} ms, most {late['max']:g} ms)"
    yield _most(f"a recording replayed at {rate}, sent late, p99", late["p99"], 5, " ms", measured)
    drift = abs(its["drift"])
    name = f"a recording replayed at {rate}, drift"
    yield Figure(name=name, goal="≤ 0.1%", measured=f"{drift:.3%}", holds=drift <= 0.001)
    for over, cost in found["recording"].items():
        yield _most(f"recording over {over}, processor time a message, the client's too", cost, 100, " µs")
    grown = found["memory"]["growth_mib"]
    weights = ", ".join(f"{count}: {mib:g}" for count, mib in found["memory"]["mib"].items())
    yield _most("recording ten times as many messages, more memory", grown, 10, " MiB", f"{grown:g} MiB   ({weights})")


def _memory(found: Result) -> Iterator[Figure]:
    parts = ", ".join(f"{name} {each['used_mib']:.0f}" for name, each in found["containers"].items())
    yield _most(
        "memory of the lab, as docker stats has it",
        found["used_mib"],
        600,
        " MiB",
        f"{found['used_mib']} MiB   ({parts})",
    )
    yield _most("memory of the lab, resident in processes", found["rss_mib"], 600, " MiB", f"{found['rss_mib']} MiB")


def _demo(found: Result) -> Iterator[Figure]:
    yield _most("make demo, the second time", found["median_s"], 20, " s", f"{found['median_s']:.1f} s")


def _judge(found: Result) -> Iterator[Figure]:
    read, judged, count = found["read_only_cpu_s"], found["read_and_judge_cpu_s"], found["messages"]
    measured = f"{judged:.1f} CPU s   (reading alone {read:.1f})"
    yield _most(f"judge, {count} messages", judged, 10 * count / 1_000_000, " s", measured)
    yield _most(f"judge, {count} messages, memory", found["peak_rss_mib"], 1024, " MiB")
    yield _most("ledger, while judging", found["ledger_bytes_a_message"], 300, " bytes a message")
    yield _most("ledger, while replaying", found["outstanding_bytes_a_message"], 300, " bytes a message")


def _html(found: Result) -> Iterator[Figure]:
    name = f"HTML page of {found['messages']} messages"
    yield _most(f"{name}, size", found["size_mib"], 5, " MiB")
    measured = f"{found['making_cpu_s']:.1f} CPU s   ({found['peak_rss_mib']:.0f} MiB with the judging)"
    yield Figure(name=f"{name}, making it", goal="", measured=measured, holds=None)
    if found["opening_s"] is None:
        yield _left_out(f"{name}, opening it", "≤ 3 s", "no chromium")
    else:
        measured = f"{found['opening_s']:.2f} s   (loaded after {found['loading_s']:.2f} s)"
        yield _most(f"{name}, opening it", found["opening_s"], 3, " s", measured)
    if "film" in found:  # an earlier result has none
        film, name = found["film"], f"film of {found['messages']} messages"
        yield _most(f"{name}, size", film["size_mib"], 3, " MiB")
        if film["opening_s"] is None:
            yield _left_out(f"{name}, opening it", "≤ 1 s", "no chromium")
        else:
            yield _most(f"{name}, opening it", film["opening_s"], 1, " s")


def _page(found: Result) -> Iterator[Figure]:
    late, name = (
        found["event_to_pixel_ms"],
        f"live page, {found['brokers']} brokers, {found['messages_per_s']} messages/s",
    )
    measured = f"{late['p95']:g} ms   (p50 {late['p50']:g} ms, {found['cores_busy_meanwhile']:g} cores busy meanwhile)"
    yield _most(f"{name}, event to pixel p95", late["p95"], 250, " ms", measured)
    yield _most(f"{name}, events that were not shown", found["events_not_shown"], 0, "")
    yield _most(f"{name}, its server's share of a core", round(100 * found["core_share"], 1), 5, " %")
    measured = f"{found['memory_mib']:g} MiB   ({found['memory_with_shared_mib']:g} with shared pages)"
    yield _most(f"{name}, its server's memory", found["memory_mib"], 60, " MiB", measured)
    yield _most("live page, size", round(found["bytes"] / 1024, 1), 150, " KiB")
    yield _most("live page, first picture", found["first_picture_s"], 0.5, " s")


def _check(found: Result) -> Iterator[Figure]:
    size = f"{found['bytes'] // 1024} KiB, {found['removed']} removals"
    parts = f"   (sanitise {found['sanitise_ms']:g}, render {found['render_ms']:g}; {size})"
    took = found["sanitise_and_render_ms"]
    yield _most("largest configuration, sanitised and rendered", took, 100, " ms", f"{took:g} ms{parts}")
    yield _most("largest configuration, mqlab check in all", found["check_ms"], 500, " ms")
    networks = found["networks"]
    most, cpu = networks["brokers"], networks["cpu_s"]
    yield _most(f"mqlab check of {most} brokers, processor time", cpu[str(most)], 2, " s")
    said = f"{networks['ratio']:g}   ({', '.join(f'{count}: {its:g} s' for count, its in cpu.items())})"
    name = f"and of {most} to {most // 2}, where {networks['linear']:g} is linear"
    yield _most(name, networks["ratio"], 1.25 * networks["linear"], "", said)
    for name, goal in (("import lab", 100), ("mqlab --help", 300), ("mqlab check tokyo-singapore", 400)):
        started = found["starting"][name]
        yield _most(name, started["ms"], goal, " ms", f"{started['ms']:g} ms   ({started['of_bare']:g} × bare Python)")


def _vary(found: Result) -> Iterator[Figure]:
    parts = f"{found['runs']} runs: {found['one_s']:g} s by one, {found['two_s']:g} s by two"
    yield _least("vary by two processes, of one's speed", found["ratio"], 1.8, "", f"{found['ratio']:.2f}   ({parts})")
    of_bare = round(found["ratio"] / found["bare_ratio"], 3)
    said = f"{of_bare:.2f}   (two processes of a bare loop: {found['bare_ratio']:.2f} × one)"
    yield _least("and of what a bare loop gains by two", of_bare, 0.95, "", said)


def _simulation(found: Result) -> Iterator[Figure]:
    for kind, its in found["hops"].items():
        measured = f"{its['hops_per_s']}   ({its['us_a_hop']:g} µs each, {its['messages']} messages both ways)"
        yield _least(f"simulation, {kind}, message hops a second", its["hops_per_s"], 40_000, "", measured)
    for kind, its in found["growth"].items():
        rows = ", ".join(f"{row['hops']}: {row['events_of_a_hop']:g}" for row in its["rows"])
        name = f"simulation, {kind}, cost of a hop, of its cost at a tenth of the hops"
        yield _most(name, its["growth"], 1.25, "", f"{its['growth']:g}   (in events of a bare heap loop, {rows})")
    hub = found["hub"]
    seconds = hub["whole_cpu_s"] * 1_000_000 / hub["hops"] if hub["hops"] < 1_000_000 else hub["whole_cpu_s"]
    name = f"simulation, a hub of {hub['regions']} regions, {hub['hops']} hops"
    measured = f"{hub['whole_cpu_s']:g} CPU s   (replay alone {hub['replay_cpu_s']:g})"
    yield _most(f"{name}, with opening, judging and page", seconds, 60, " s", measured)
    yield _most(f"{name}, memory", hub["peak_rss_mib"], 1024, " MiB")
    slowest, most = max(found["shipped"]["cpu_s"].items(), key=lambda each: each[1])
    yield _most("simulation, the slowest shipped scenario", most, 1, " s", f"{most:g} CPU s   ({slowest})")
    yield _most("simulation, a process that opens a lab and ends", found["start"]["cpu_s"], 0.5, " s")


def _size(error: float | None) -> float:
    """Return how far off an error is; one of which nothing came back is endless."""
    return float("inf") if error is None else abs(error)


def _most(name: str, found: float, goal: float, unit: str, measured: str = "") -> Figure:
    return Figure(name=name, goal=f"≤ {goal:g}{unit}", measured=measured or f"{found:g}{unit}", holds=found <= goal)


def _least(name: str, found: float, goal: float, unit: str, measured: str = "") -> Figure:
    return Figure(name=name, goal=f"≥ {goal:g}{unit}", measured=measured or f"{found:g}{unit}", holds=found >= goal)


_READ: Mapping[str, Callable[[Result], Iterator[Figure]]] = {
    "startup": _startup,
    "eight": _eight,
    "failover": _failover,
    "policy": _policy,
    "link": _link,
    "replay": _replay,
    "observer": _observer,
    "publish": _publish,
    "traffic": _traffic,
    "recordings": _recordings,
    "memory": _memory,
    "demo": _demo,
    "judge": _judge,
    "html": _html,
    "page": _page,
    "check": _check,
    "simulation": _simulation,
    "vary": _vary,
}
