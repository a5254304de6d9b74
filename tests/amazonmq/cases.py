"""The pairs of files under render/ and bad/, for every test that wants them.

`python -m tests.amazonmq.cases` writes the expected files anew; read the difference before you keep it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.amazonmq.configurations.advice import advise
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.connector_problems import check_configuration
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.amazonmq.files.activemq_xml import diff, render
from lab.amazonmq.identity import BrokerIdentity, DeploymentMode, UserIdentity
from lab.amazonmq.names import host_name
from lab.errors import InputError

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderCase:
    """A configuration, the broker it is for, and where the expected texts are."""

    name: str
    folder: Path
    sanitised: Sanitised
    identity: BrokerIdentity
    hosts: Mapping[str, str]

    @property
    def expected(self) -> Path:
        """The activemq.xml that the broker should get."""
        return self.folder / "activemq.xml"

    @property
    def expected_diff(self) -> Path:
        """What `render --diff` should show."""
        return self.folder / "diff.txt"


def render_cases() -> tuple[RenderCase, ...]:
    """Return every case under render/."""
    return tuple(_render_case(folder) for folder in sorted((HERE / "render").iterdir()) if folder.is_dir())


def bad_cases() -> tuple[Path, ...]:
    """Return every configuration under bad/; its messages are in the .txt beside it."""
    return tuple(sorted((HERE / "bad").glob("*.xml")))


def sanitised_cases() -> tuple[Path, ...]:
    """Return every configuration under sanitised/; what is saved of it is beside it, and what is told of it."""
    return tuple(each for each in sorted((HERE / "sanitised").glob("*.xml")) if ".saved" not in each.suffixes)


def identity_of(file: Path) -> tuple[BrokerIdentity, dict[str, str]]:
    """Read a broker.toml: the broker, and every host name of its topology."""
    declared = tomllib.loads(file.read_text("utf-8"))
    ids = declared.pop("brokers")
    name, mode = declared["name"], DeploymentMode(declared.get("deployment_mode", "SINGLE_INSTANCE"))
    hosts = {
        host_name(each["broker_id"], each["aws_region"], number): other
        for other, each in ids.items()
        for number in (mode.instances if other == name else (1,))
    }
    users = tuple(
        UserIdentity(name=each["name"], groups=tuple(each["groups"]), console_access=each["console_access"])
        for each in declared["users"]
    )
    identity = BrokerIdentity(
        name=name,
        broker_id=ids[name]["broker_id"],
        aws_region=ids[name]["aws_region"],
        host_names=tuple(host for host, broker in hosts.items() if broker == name),
        users=users,
        engine_version=declared["engine_version"],
        activemq_version=declared["activemq_version"],
        deployment_mode=mode,
    )
    return identity, hosts


def messages(file: Path) -> str:
    """Return what a person is told about a bad configuration: what is removed, what is wrong then, and advice."""
    identity, hosts = identity_of(HERE / "bad" / "broker.toml")
    try:
        sanitised = sanitise(read(file.read_bytes(), file.name), identity.engine_version)
    except InputError as error:
        return "".join(f"{problem}\n" for problem in error.problems)
    problems = check_configuration(sanitised.configuration, identity, hosts)
    advice = [each for each in advise(sanitised) if each not in problems]
    told = [*sanitised.removals, *problems, *(f"advice: {each}" for each in advice)]
    return "".join(f"{each}\n" for each in told)


def _render_case(folder: Path) -> RenderCase:
    identity, hosts = identity_of(folder / "broker.toml")
    sanitised = sanitise(read((folder / "user.xml").read_bytes(), "user.xml"), identity.engine_version)
    return RenderCase(name=folder.name, folder=folder, sanitised=sanitised, identity=identity, hosts=hosts)


def _write_anew() -> None:
    for case in render_cases():
        rendered = render(case.sanitised, case.identity)
        case.expected.write_text(rendered, "utf-8", newline="")
        case.expected_diff.write_text(diff(case.sanitised.configuration, rendered), "utf-8", newline="")
    for file in sanitised_cases():
        saved = sanitise(read(file.read_bytes(), file.name), "5.18").text
        file.with_suffix(".saved.xml").write_text(saved, "utf-8", newline="")
    for file in (*bad_cases(), *sanitised_cases()):
        file.with_suffix(".txt").write_text(messages(file), "utf-8")


if __name__ == "__main__":
    _write_anew()
