"""The article's scenario with something left out, and the reason in words that its report should then give.

Leaving out a step also leaves out what nobody could do or ask without it: a request that was never made cannot be
accepted, and no route leads to it. What `mqlab check` says of the step left out alone is in `REFUSED`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base.shipped import shipped

NAME = "the-article"
PATIENCE = "12s"  # for a bridge that will not come; its reason is told by other expectations than its absence


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is left out, as regular expressions of lines; which expectations break by it, and why."""

    name: str
    lines: tuple[str, ...]
    fails: tuple[tuple[str, str], ...]  # how an expectation begins, and what its reason says
    instead: tuple[str, str, str] | None = None  # a file, a text in it, and what is written in its place

    def written(self, to: Path) -> Path:
        """Copy the shipped scenarios without it, and give the path of the one."""
        folder = Path(shutil.copytree(shipped("scenarios"), to / "scenarios"))
        scenario = folder / f"{NAME}.yaml"
        lines = scenario.read_text().splitlines(keepends=True)
        for pattern in self.lines:
            kept = [line for line in lines if not re.search(pattern, line)]
            assert len(kept) < len(lines), f"{self.name}: nothing is like {pattern}"
            lines = kept
        scenario.write_text("".join(lines).replace("within: 60s", f"within: {PATIENCE}"))
        if self.instead is not None:
            file, old, new = self.instead
            text = (folder / file).read_text()
            assert old in text, f"{self.name}: no {old} in {file}"
            (folder / file).write_text(new.join(text.rsplit(old, 1)))
        return scenario

    def misses(self, verdicts: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return each expectation that does not fail for the reason that it should."""
        failed = [f"{each['expectation']}: {each['reason']}" for each in verdicts if each["outcome"] == "failed"]
        return [
            f"{expectation} … {why}"
            for expectation, why in self.fails
            if not any(each.startswith(expectation) and why in each for each in failed)
        ]


USER = "{password: generated, console-access: yes}"
MQTT, CONSOLE = "{port: 8883, from: 127.0.0.1/32}", "{port: 8162, from: 127.0.0.1/32}"
TOKYOS = "{region: tokyo,     inbound: ["
STEP_OF_BRIDGE = r"- wait: .*bridge-up"
EXPECTATION_OF_BRIDGE = r"- bridge: "
WAY = "reachable: {from: tokyo, to: singapore"
NO_BRIDGE = ("bridge: ", "up nowhere when the time was over")
NO_ROW = ("network-page: {broker: tokyo", "tokyo's Network page is empty")
NOTHING_CROSSED = (
    ("delivered: {topic: MQ Test Singapore-to-Tokyo", "tk"),
    ("delivered: {topic: MQ Test Tokyo-to-Singapore", "sg"),
)
UNCONNECTED = (NO_BRIDGE, NO_ROW, *NOTHING_CROSSED)
NOT_EVEN_TRIED = (NO_ROW, ("network-page: {broker: singapore", "singapore's Network page is empty"))

LEFT_OUT = (
    LeftOut(
        name="tokyo's console",
        lines=(),
        instead=("topologies/the-article.yaml", f"{TOKYOS}{MQTT}, {CONSOLE}]", f"{TOKYOS}{MQTT}]"),
        fails=(("reachable: {from: internet, to: tokyo", "no ingress rule on sg-tokyo for tcp 8162 from 127.0.0.1"),),
    ),
    LeftOut(
        name="singapore's console",
        lines=(),
        instead=("topologies/the-article.yaml", f"{MQTT}, {CONSOLE}]", f"{MQTT}]"),  # the last one
        fails=(
            (
                "reachable: {from: internet, to: singapore",
                "no ingress rule on sg-singapore for tcp 8162 from 127.0.0.1",
            ),
        ),
    ),
    LeftOut(
        name="create-peering",
        lines=(r"- create-peering", r"- accept-peering", r"- create-route", r"- peering: "),
        fails=(
            (WAY, "no route to 10.2.0.10 in the route table rtb-tokyo"),
            ("route: {table: rtb-tokyo", "no route 10.2.0.0/16 was ever seen in rtb-tokyo"),
            *UNCONNECTED,
        ),
    ),
    LeftOut(
        name="accept-peering",
        lines=(r"- accept-peering",),
        fails=(
            ("peering: ", "pending-acceptance since"),
            ("route: {table: rtb-tokyo", "the route 10.2.0.0/16 of rtb-tokyo is a blackhole"),
            ("route: {table: rtb-singapore", "the route 10.1.0.0/16 of rtb-singapore is a blackhole"),
            (WAY, "blackhole"),
            *UNCONNECTED,
        ),
    ),
    LeftOut(
        name="tokyo's route",
        lines=(r"- create-route: .*rtb-tokyo",),
        fails=(
            (WAY, "no route to 10.2.0.10 in the route table rtb-tokyo"),
            ("route: {table: rtb-tokyo", "no route 10.2.0.0/16 was ever seen in rtb-tokyo"),
            *UNCONNECTED,
        ),
    ),
    LeftOut(
        name="singapore's route",
        lines=(r"- create-route: .*rtb-singapore",),
        fails=(
            (WAY, "no route to 10.1.0.10 in the route table rtb-singapore"),
            ("route: {table: rtb-singapore", "no route 10.1.0.0/16 was ever seen in rtb-singapore"),
            *UNCONNECTED,
        ),
    ),
    LeftOut(
        name="the ingress rule",
        lines=(r"- authorize-ingress: .*61617",),
        fails=((WAY, "no ingress rule on sg-singapore for tcp 61617 from 10.1.0.10"), *UNCONNECTED),
    ),
    LeftOut(
        name="the edit",
        lines=(
            r"- update-configuration",
            STEP_OF_BRIDGE,
            EXPECTATION_OF_BRIDGE,
            r"after: update-configuration",
            "- warnings:",
        ),
        fails=(
            (
                "configuration: {broker: tokyo, current: 2",
                "tokyo has tokyo-configuration revision 1, nothing pending",
            ),
            *NOT_EVEN_TRIED,
        ),
    ),
    LeftOut(
        name="update-broker",
        lines=(r"- update-broker", STEP_OF_BRIDGE, EXPECTATION_OF_BRIDGE, r"during: update-broker"),
        fails=(
            (
                "configuration: {broker: tokyo, current: 2",
                "tokyo has tokyo-configuration revision 1, nothing pending",
            ),
            *NOT_EVEN_TRIED,
        ),
    ),
    LeftOut(
        name="apply immediately",
        lines=(),
        instead=("the-article.yaml", ", apply: immediately", ""),
        fails=(
            (
                "configuration: {broker: tokyo, current: 2",
                "tokyo has tokyo-configuration revision 1, pending tokyo-configuration revision 2",
            ),
            ("broker-state: ", "tokyo was RUNNING during update-broker"),
            NO_BRIDGE,
            *NOT_EVEN_TRIED,
        ),
    ),
    LeftOut(
        name="tokyo's user",
        lines=(),
        instead=("topologies/the-article.yaml", f"testuser: {USER}\n  singapore:", f"somebody: {USER}\n  singapore:"),
        fails=(("log: {broker: tokyo", "User name [testuser] or password is invalid"), NO_ROW, *NOTHING_CROSSED),
    ),
    LeftOut(
        name="singapore's user",
        lines=(),
        instead=("topologies/the-article.yaml", f"testuser: {USER}", f"somebody: {USER}"),  # the last one
        fails=(("log: {broker: singapore", "User name [testuser] or password is invalid"), NO_ROW, *NOTHING_CROSSED),
    ),
)

# What is refused before anything is opened, when nothing but these lines is left out.
REFUSED = (
    (r"- create-peering", "The vpcPeeringConnection ID 'tokyo-singapore' does not exist"),
    (r"- update-configuration", 'no connector named "connector_tokyo_to_singapore"'),
    (r"- update-broker", 'no connector named "connector_tokyo_to_singapore"'),
)
