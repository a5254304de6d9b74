"""The environment variables that mqlab reads or sets: one table, which `mqlab doctor --settings` and the pages print.

Every other module reads a variable through its Setting, so that a variable has one name and one default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from lab.base.dataclass import dataclass
from lab.base.masking import MASK
from lab.base.user_home import user_home

Environment = Mapping[str, str]


class Reader(StrEnum):
    """The program that reads a setting."""

    LAB = "mqlab"
    CI = "scripts for continuous integration"
    MAKE = "make and the tests"
    APPLICATION = "applications, which get it from the lab"
    CONTAINER = "a broker's container, which gets it from the lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An environment variable."""

    name: str
    sentence: str  # for people: what the variable sets
    unit: str  # the kind of text that it holds
    default: str = ""  # in words; "" for none
    reader: Reader = Reader.LAB
    secret: bool = False
    computed: Callable[[Environment], object] | None = None  # the default on this machine

    def get(self, environment: Environment) -> str:
        """Return the text of an environment; "" if the variable is not set, or empty."""
        return environment.get(self.name, "")

    def in_force(self, environment: Environment) -> str:
        """Return the text that the lab uses, with secrets masked; "" for none."""
        if text := self.get(environment):
            return MASK if self.secret else re.sub("//[^/]*@", f"//{MASK}@", text)
        return str(self.computed(environment) or "") if self.computed is not None else self.default


def user_folder(environment: Environment, base: str, below_home: str) -> Path | None:
    """Return the folder that an XDG variable names, or else a folder below the home folder."""
    if named := environment.get(base):
        return Path(named)
    home = user_home(environment)
    return None if home is None else home / below_home


def state_folder(environment: Environment) -> Path | None:
    """Return the default of MQLAB_STATE; None if there is no home folder."""
    base = user_folder(environment, "XDG_STATE_HOME", ".local/state")
    return base and base / "mqlab" / "labs"


def cache_folder(environment: Environment) -> Path | None:
    """Return the default of MQLAB_CACHE; None if there is no home folder."""
    base = user_folder(environment, "XDG_CACHE_HOME", ".cache")
    return base and base / "mqlab"


HOME = Setting(
    name="MQLAB_HOME",
    sentence="Folder that run folders are kept in. `--runs` replaces it for one command.",
    unit="folder",
    default=".mqlab",
)
CACHE = Setting(
    name="MQLAB_CACHE",
    sentence="Folder for downloads. It is required if the user has no home folder.",
    unit="folder",
    default="`mqlab` in `$XDG_CACHE_HOME`, or in `~/.cache`",
    computed=cache_folder,
)
STATE = Setting(
    name="MQLAB_STATE",
    sentence="Folder for the state files of running labs. Labs, but not simulations, require it if the user has no "
    "home folder.",
    unit="folder",
    default="`mqlab/labs` in `$XDG_STATE_HOME`, or in `~/.local/state`",
    computed=state_folder,
)
POOL = Setting(
    name="MQLAB_POOL",
    sentence="Private block of addresses that labs take their subnets from.",
    unit="CIDR block",
    default="10.213.0.0/16",
)
WAIT = Setting(
    name="MQLAB_WAIT",
    sentence="Maximum time that a lab waits for memory. `--wait` of [run](commands.md#run) replaces it.",
    unit="duration",
    default="0s",
)
RUN = Setting(
    name="MQLAB_RUN",
    sentence="Running lab that commands apply to if they name none. [`mqlab env`](commands.md#env) sets it.",
    unit="run id, or its beginning or end",
    default="the only running lab",
)
RUNTIME = Setting(
    name="MQLAB_RUNTIME",
    sentence="Runtime that opens labs. `--runtime` replaces it for one command.",
    unit="`emulation` or `simulation`",
    default="emulation",
)
COSTS = Setting(
    name="MQLAB_COSTS",
    sentence="File with [times of this machine](simulation.md#what-depends-on-a-machine) that simulations use.",
    unit="TOML file",
    default="the times that ship",
)
OFFLINE = Setting(
    name="MQLAB_OFFLINE",
    sentence="With `yes`, nothing is downloaded: a command that needs a download ends with an error. `--offline` sets "
    "it for one command.",
    unit="`yes` or `no`",
    default="no",
)
BIND = Setting(
    name="MQLAB_BIND",
    sentence="Address of the engine's machine that ports are published on, if the engine is on "
    "[another machine](engines.md). Without it, labs are refused there. Over `ssh://` it is always 127.0.0.1.",
    unit="IPv4 address",
)
USER = Setting(
    name="MQLAB_USER",
    sentence="User that [`mqlab record`](recordings.md#record) logs in as at a broker that a URL names.",
    unit="text",
)
PASSWORD = Setting(
    name="MQLAB_PASSWORD",
    sentence="Password of `MQLAB_USER`.",
    unit="text",
    secret=True,
)
DOCKER_HOST = Setting(
    name="DOCKER_HOST",
    sentence="Docker engine, with `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`, as Docker's command line uses them.",
    unit="URL",
    default="the current context of Docker's command line (`DOCKER_CONTEXT`), or else `/var/run/docker.sock`",
)
HOST_OVERRIDE = Setting(
    name="TESTCONTAINERS_HOST_OVERRIDE",
    sentence="Host at which clients reach published ports.",
    unit="name or IPv4 address",
    default="the host of `DOCKER_HOST`",
)
CA_FILE = Setting(
    name="MQLAB_CA_FILE",
    sentence="Certificate of the CA that signed the brokers' certificates.",
    unit="PEM file",
    reader=Reader.APPLICATION,
)
TRUST_STORE = Setting(
    name="MQLAB_TRUST_STORE",
    sentence="The same certificate as a trust store for Java.",
    unit="PKCS #12 file",
    reader=Reader.APPLICATION,
)
TRUST_STORE_PASSWORD = Setting(
    name="MQLAB_TRUST_STORE_PASSWORD",
    sentence="Password of the trust store. It is no secret; Java requires a password.",
    unit="text",
    reader=Reader.APPLICATION,
)
HEAP = Setting(
    name="MQLAB_HEAP",
    sentence="Maximum heap of the broker's Java.",
    unit="size as Java writes it",
    default="128m",
    reader=Reader.CONTAINER,
)
ROUTER = Setting(
    name="MQLAB_ROUTER",
    sentence="The only route out of the container.",
    unit="address as /proc/net/route writes it",
    reader=Reader.CONTAINER,
)
TCP = Setting(
    name="MQLAB_TCP",
    sentence="Congestion control that the container's TCP must have before the broker starts.",
    unit="name",
    reader=Reader.CONTAINER,
)


def _ci(name: str, unit: str, sentence: str, default: str = "") -> Setting:
    return Setting(name=name, unit=unit, sentence=sentence, default=default, reader=Reader.CI)


SETTINGS = (
    *(HOME, CACHE, STATE, POOL, WAIT, RUN, RUNTIME, COSTS, OFFLINE, DOCKER_HOST, BIND, HOST_OVERRIDE, USER, PASSWORD),
    *(CA_FILE, TRUST_STORE, TRUST_STORE_PASSWORD, HEAP, ROUTER, TCP),
    Setting(
        name="MQLAB_JVM",
        sentence="More options for the broker's Java, which override the other options.",
        unit="options",
        reader=Reader.CONTAINER,
    ),
    Setting(
        name="MQLAB_DOCKERD_LOG",
        sentence="Log of an engine that `make engine` starts.",
        unit="file",
        default="/var/log/mqlab-dockerd.log",
        reader=Reader.MAKE,
    ),
    Setting(
        name="MQLAB_TEST_ALL",
        sentence="If set, `.ci/run` runs `make test-all` instead of `make test`.",
        unit="text",
        reader=Reader.MAKE,
    ),
    Setting(
        name="MQLAB_TEST_PROMISED",
        sentence="If set, a test that this machine cannot run fails instead of being skipped. `make test` sets it.",
        unit="text",
        reader=Reader.MAKE,
    ),
    _ci("MQLAB_CI_HOME", "folder", "Folder to cache: the installation and the file of images.", ".mqlab-ci"),
    _ci("MQLAB_CI_VENV", "folder", "Folder that mqlab is installed in.", "`venv` in `MQLAB_CI_HOME`"),
    _ci("MQLAB_CI_PYTHON", "command", "Python that mqlab is installed with.", "python3"),
    _ci("MQLAB_CI_EXTRAS", "extras, such as [amqp]", "Extras of mqlab to install."),
    _ci("MQLAB_CI_RUNTIME", "`emulation` or `simulation`", "Runtime of the scenarios.", "emulation"),
    _ci(
        "MQLAB_CI_ACTIVEMQ",
        "releases, between spaces",
        "Releases of ActiveMQ whose images are in the file that is cached. With brokers of engine version 5.19: "
        "`5.18.3 5.19.1`.",
        "that of the default engine version",
    ),
    _ci("MQLAB_CI_SCENARIOS", "names, files or patterns, between spaces", "Scenarios to run."),
    _ci("MQLAB_CI_JOBS", "number", "Number of scenarios that run at once.", "1"),
    _ci("MQLAB_CI_SHARD", "`2/3`, or `3`", "Part of the scenarios to run; for a number alone, part `$CI_NODE_INDEX`."),
    _ci("MQLAB_CI_LIMIT", "duration", "Maximum time of each run."),
    _ci(
        "MQLAB_CI_RUNS", "`failed` or `none`", "Runs whose folders are kept in `failed-runs` of the reports.", "failed"
    ),
    _ci(
        "MQLAB_CI_SERVE",
        "`yes`, `records` or `no`",
        "Amazon MQ's API for later steps of the job: `yes` with brokers of the runtime, `records` without brokers.",
        "no",
    ),
    _ci("MQLAB_CI_PROCESS", "process number", "Process with whose end the API ends.", "the parent of `serve.sh`"),
    _ci("MQLAB_CI_REPORTS", "folder", "Folder for pages, JUnit XML, `summary.md` and annotations.", "mqlab-reports"),
    _ci("MQLAB_CI_KEY_FILE", "file", "File for the cache key of the images.", "`key` in `MQLAB_CI_HOME`"),
)


def in_plain_text(sentence: str) -> str:
    """Return a sentence of Markdown without its links."""
    return re.sub(r"\[(.*?)\]\(.*?\)", r"\1", sentence)


def read_by(*readers: Reader) -> Iterable[Setting]:
    """Return the settings that programs read, in the order of the table."""
    return (setting for setting in SETTINGS if setting.reader in readers)
