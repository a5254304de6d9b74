"""The pairs of files under render/ and bad/, for every test that wants them.

`python -m tests.amazonmq.cases` writes the expected files anew; read the difference before you keep it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.amazonmq.activemq_xml import diff, render
from lab.amazonmq.configuration import Configuration, read
from lab.amazonmq.identity import BrokerIdentity, UserIdentity
from lab.amazonmq.names import host_name
from lab.amazonmq.problems import check_configuration
from lab.errors import InputError

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderCase:
    """A configuration, the broker it is for, and where the expected texts are."""

    name: str
    folder: Path
    configuration: Configuration
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
    """Give every case under render/."""
    return tuple(_render_case(folder) for folder in sorted((HERE / "render").iterdir()) if folder.is_dir())


def bad_cases() -> tuple[Path, ...]:
    """Give every configuration under bad/; its messages are in the .txt beside it."""
    return tuple(sorted((HERE / "bad").glob("*.xml")))


def identity_of(file: Path) -> tuple[BrokerIdentity, dict[str, str]]:
    """Read a broker.toml: the broker, and every host name of its topology."""
    declared = tomllib.loads(file.read_text("utf-8"))
    ids = declared.pop("brokers")
    hosts = {host_name(each["broker_id"], each["aws_region"]): name for name, each in ids.items()}
    name = declared["name"]
    users = tuple(
        UserIdentity(name=each["name"], groups=tuple(each["groups"]), console_access=each["console_access"])
        for each in declared["users"]
    )
    identity = BrokerIdentity(
        name=name,
        broker_id=ids[name]["broker_id"],
        aws_region=ids[name]["aws_region"],
        host_name=next(host for host, broker in hosts.items() if broker == name),
        users=users,
        engine_version=declared["engine_version"],
        activemq_version=declared["activemq_version"],
    )
    return identity, hosts


def messages(file: Path) -> str:
    """Give what a person is told about a bad configuration."""
    identity, hosts = identity_of(HERE / "bad" / "broker.toml")
    try:
        problems = check_configuration(read(file.read_bytes(), file.name), identity, hosts)
    except InputError as error:
        problems = error.problems
    return "".join(f"{problem}\n" for problem in problems)


def _render_case(folder: Path) -> RenderCase:
    identity, hosts = identity_of(folder / "broker.toml")
    configuration = read((folder / "user.xml").read_bytes(), "user.xml")
    return RenderCase(name=folder.name, folder=folder, configuration=configuration, identity=identity, hosts=hosts)


def _write_anew() -> None:
    for case in render_cases():
        rendered = render(case.configuration, case.identity)
        case.expected.write_text(rendered, "utf-8", newline="")
        case.expected_diff.write_text(diff(case.configuration, rendered), "utf-8", newline="")
    for file in bad_cases():
        file.with_suffix(".txt").write_text(messages(file), "utf-8")


if __name__ == "__main__":
    _write_anew()
