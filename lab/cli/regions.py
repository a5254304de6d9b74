"""regions: AWS's regions, and how far they are from each other in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lab.cli import options
from lab.cli.options import JSON, argument
from lab.errors import InputError
from lab.network.aws import Preset, round_trip
from lab.network.regions import REGIONS, unknown_region
from lab.plan.text import table


def regions(
    names: list[str] | None = argument("[A [B]]", "One region, or two (default: all regions)."),
    json: bool = JSON,
) -> int:
    """List the AWS regions, the round trips of one region, or the round trip between two, with its source.

    Example: mqlab regions ap-northeast-1 ap-southeast-1
    """
    named = names or []
    for name in named:
        if name not in REGIONS:
            raise InputError.of(*unknown_region(name))
    if len(named) > 2:
        raise InputError.of(
            f"{len(named)} regions are named", f"write two of them: mqlab regions {named[0]} {named[1]}"
        )
    rows = _rows(named)
    if json:
        options.print_json(rows)
        return 0
    if not named:
        options.say("\n".join(table("regions", ("code", "city"), [(each["code"], each["city"]) for each in rows])[1:]))
        return 0
    if len(named) == 2:
        options.say(rows[0]["source"] if rows else f"no round trip between {named[0]} and {named[1]} is known")
        return 0
    head = ("to", "city", "there", "back", "each way")
    lines = [(each["to"], each["city"], *_words(each)) for each in rows]
    options.say("\n".join(table(f"round trips of {named[0]}, {REGIONS[named[0]].city}", head, lines)[1:]))
    if any(each["estimated"] for each in rows):
        options.say("~ estimated from the distance; name two regions to see the error")
    return 0


def _rows(named: list[str]) -> list[dict[str, Any]]:
    if not named:
        return [{"code": code, "city": region.city} for code, region in REGIONS.items()]
    others = named[1:] or [code for code in REGIONS if code != named[0]]
    trips = [(code, round_trip(named[0], code)) for code in others]
    near = sorted(((code, preset) for code, preset in trips if preset is not None), key=lambda each: each[1].delay)
    return [_row(named[0], code, preset) for code, preset in near]


def _row(region: str, code: str, preset: Preset) -> dict[str, Any]:
    milli = timedelta(milliseconds=1)
    return {
        "from": region,
        "to": code,
        "city": REGIONS[code].city,
        "there_ms": preset.forth / milli,
        "back_ms": preset.back / milli,
        "delay_ms": preset.delay / milli,
        "estimated": preset.estimated,
        "source": preset.source,
    }


def _words(row: dict[str, Any]) -> tuple[str, str, str]:
    about = "~" if row["estimated"] else ""
    there, back, delay = (f"{about}{row[key]:.4g} ms" for key in ("there_ms", "back_ms", "delay_ms"))
    return there, back, delay
