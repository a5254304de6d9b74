"""Every kind of input that a person or a stranger hands in: how a case is made of sound ones, and what it is put to."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from typer.testing import CliRunner

from bench.contract.comparison import compare
from bench.contract.figures import from_json
from bench.contract.kept_runs import KeptRuns
from lab.activemq.destinations import has_wildcard, hears
from lab.activemq.log_lines import is_kept, name_of, pattern, read
from lab.activemq.selectors import Untold, matches, matches_over
from lab.amazonmq.configurations.connectors import parse_address, split_uri
from lab.base import units
from lab.cli import app
from lab.emulation.images import archive, bundle
from lab.emulation.images.names import Images
from lab.errors import InputError
from lab.runtime import state_file as note
from lab.simulation.costs import own_values, with_values
from tests.activemq.selectors import CASES
from tests.command import Commands
from tests.fuzz import mutations
from tests.living.notes import noted

ROOT = Path(__file__).parents[2]
FAMILY = (0, 1, 2)  # exit codes; a lab is never opened here, so that it cannot fail to be built
Case = Callable[[Random, Path], None]


class Wrong(AssertionError):
    """A command ended as no command may."""


def command(folder: Path, *words: str, **more: str) -> None:
    """Run a command in this process; raise Wrong unless it ends in words, with a code of the family and a place."""
    environment = {"MQLAB_HOME": str(folder / "home"), "MQLAB_STATE": str(folder / "state"), "COLUMNS": "250", **more}
    ended = CliRunner().invoke(app, list(words), env=environment)
    if not isinstance(ended.exception, SystemExit | None):
        raise ended.exception
    if ended.exit_code not in FAMILY:
        raise Wrong(f"{words[0]} ended with {ended.exit_code}: {ended.output[-500:]}")
    if "Traceback" in ended.stderr:
        raise Wrong(f"{words[0]} printed a traceback")
    named = (str(folder), *(word.partition("=")[0] for word in words[1:]))
    if ended.exit_code == 2 and not any(each in ended.stderr for each in named):
        raise Wrong(f"{words[0]} names no place: {ended.stderr[-500:]}")


@cache
def texts(*patterns: str) -> tuple[str, ...]:
    """Return the texts of files of the repository, the large ones left out."""
    found = sorted(path for each in patterns for path in ROOT.glob(each))
    return tuple(path.read_text(errors="surrogateescape") for path in found if path.stat().st_size < 60_000)


SCENARIOS = "scenarios/*.yaml", "tests/check/bad/*.yaml", "tests/integration/scenarios/*.yaml"
TOPOLOGIES = "scenarios/topologies/*.yaml", "tests/check/bad/topologies/*.yaml"
CONFIGURATIONS = "scenarios/configurations/*.xml", "tests/amazonmq/**/*.xml"
HISTORIES = "tests/judge/*/history.jsonl", "tests/replay/stories/*.jsonl"


def put(path: Path, text: str) -> Path:
    """Write a text that need not be UTF-8."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def scenario(dice: Random, folder: Path) -> None:
    """A scenario, with the shipped topologies and configurations beside it."""
    _scenarios(folder)
    path = put(folder / "story.yaml", mutations.damaged(dice, dice.choice(texts(*SCENARIOS)), mutations.YAML))
    command(folder, *dice.choice((("check", "--json"), ("check",), ("plan",), ("render",))), str(path))


def topology(dice: Random, folder: Path) -> None:
    """A topology of a scenario that is sound."""
    _scenarios(folder)
    put(
        folder / "topologies" / "tokyo-singapore.yaml",
        mutations.damaged(dice, dice.choice(texts(*TOPOLOGIES)), mutations.YAML),
    )
    command(folder, dice.choice(("check", "plan", "routes")), str(folder / "tokyo-singapore.yaml"))


def configuration(dice: Random, folder: Path) -> None:
    """A configuration alone, in a file of its own of a topology, or in the topology itself."""
    text = mutations.damaged(dice, dice.choice(texts(*CONFIGURATIONS)), mutations.XML)
    where = dice.choice(("alone", "alone", "file", "inline"))
    if where == "alone":
        path = put(folder / "c.xml", text)
        return command(folder, "check", *dice.choice(((), ("--json",), ("--engine-version", "5.17"))), str(path))
    _scenarios(folder)
    if where == "file":
        put(folder / "configurations" / "tokyo.xml", text)
    else:
        lines = "\n".join(f"      {line}" for line in text.split("\n"))
        file = folder / "topologies" / "tokyo-singapore.yaml"
        put(file, file.read_text().replace("../configurations/tokyo.xml", f"|\n{lines}"))
    return command(folder, "check", str(folder / "tokyo-singapore.yaml"))


def variant(dice: Random, folder: Path) -> None:
    """Values that are set from outside."""
    keys = (
        "links.tokyo-singapore.delay", "steps.2.count", "connectors.connector_tokyo_to_singapore.prefetchSize",
        "seed", "expect.1.to", "brokers.tokyo.memory", "regions.tokyo.vpc", "topology", "steps.1.at", "about",
        "brokers.tokyo.configuration", "brokers.tokyo.users.testuser.password", "links", "links.1", "steps", "steps.1",
        "brokers.tokyo", "brokers", "topology.x", "connectors..x", "expect", "links.1.leaving.tokyo.delay",
        "links.1.loss",
    )  # fmt: skip
    arguments = []
    for _ in range(dice.randint(1, 3)):
        key = mutations.damaged(dice, dice.choice(keys), mutations.ANY) if dice.random() < 0.5 else dice.choice(keys)
        arguments += ["--set", f"{key}={mutations.word(dice)}"]
    command(folder, dice.choice(("check", "plan", "routes")), "tokyo-singapore", *arguments)


def variant_file(dice: Random, folder: Path) -> None:
    """A variant's file, or the scenario that it is of, which is beside it."""
    _scenarios(folder)
    text = dice.choice(texts("scenarios/*-fails.yaml"))
    (name,) = re.findall(r"^variant-of: (\S+)$", text, re.MULTILINE)
    (original,) = texts(f"scenarios/{name}")
    if dice.random() < 0.8:
        text = mutations.damaged(dice, text, mutations.YAML)
    else:
        original = mutations.damaged(dice, original, mutations.YAML)
    put(folder / name, original)
    command(folder, dice.choice(("check", "check", "plan", "routes")), str(put(folder / "variant.yaml", text)))


def history(dice: Random, folder: Path) -> None:
    """A history that is judged, shown, and made a page of."""
    path = put(folder / "history.jsonl", mutations.damaged(dice, dice.choice(texts(*HISTORIES)), mutations.JSON))
    words = dice.choice(
        (
            ("judge", "--html", str(folder / "page.html"), "--junit", str(folder / "junit.xml")),
            ("judge", "--json"),
            ("judge",),
            ("history",),
            ("history", "--unfold"),
            ("history", "--json", "--from", "1s"),
            ("history", "--message", "3-1"),
        )
    )
    command(folder, *words, str(path))


def run_folder(dice: Random, folder: Path) -> None:
    """The files beside a history, of which a page is made."""
    put(folder / "history.jsonl", dice.choice(texts("tests/judge/*/history.jsonl")))
    for name in ("brokers/tokyo/activemq.xml", "brokers/tokyo/activemq.2.xml", "sources/story.yaml", "plan.json"):
        file = folder / mutations.damaged(dice, name, (mutations.repeat,)) if dice.random() < 0.1 else folder / name
        with suppress(OSError):  # no file can have that name
            file.parent.mkdir(parents=True, exist_ok=True)
            put(file, mutations.damaged(dice, dice.choice(texts(*CONFIGURATIONS)), mutations.XML))
    command(folder, "judge", "--html", str(folder / "page.html"), str(folder))


def notes(dice: Random, folder: Path) -> None:
    """The note of a lab that stands: one that is damaged is left out."""
    whole = noted(Commands(folder=folder), "20260101-101010-aaaaaa")
    path = folder / "state" / f"{whole.run}.json"
    put(path, mutations.damaged(dice, path.read_text(), mutations.JSON))
    for found in note.load_all(path.parent):
        assert isinstance(found, note.StateFile)
        assert found.now() is not None


def costs(dice: Random, folder: Path) -> None:
    """The times of a person's own machine, which a simulation has."""
    path = put(folder / "costs.toml", mutations.damaged(dice, texts("lab/simulation/costs.toml")[0], mutations.TOML))
    with suppress(InputError):
        with_values(own_values({"MQLAB_COSTS": str(path)}))
    command(folder, "check", "tokyo-singapore", "--runtime", "simulation", MQLAB_COSTS=str(path))


def kept_run(dice: Random, folder: Path) -> None:
    """An emulated run's figures, as they are kept to be compared with those of models."""
    sound = dice.choice(texts("tests/contract/kept/*/*.json"))
    its = from_json(sound)
    (folder / "story").mkdir()
    path = put(
        folder / "story" / f"{its.digest}-1.json",
        mutations.damaged(dice, json.dumps(json.loads(sound), ensure_ascii=False), mutations.JSON),
    )
    try:
        found = KeptRuns(folder=folder, name="story", digest=its.digest).runs()
    except InputError as error:
        assert str(path) in str(error)
        return
    if found:
        compare(found, (its,))


def selector(dice: Random, folder: Path) -> None:
    """A selector, which matches, does not, or cannot be told."""
    text = mutations.damaged(dice, dice.choice(CASES)[0], mutations.ANY)
    headers = {"size": mutations.word(dice), "colour": "red"}
    with suppress(Untold):
        matches(text, headers)
    with suppress(Untold):
        matches_over(dice.choice(("stomp", "amqp")), text, headers)


def address(dice: Random, folder: Path) -> None:
    """The uri of a connector."""
    text = mutations.damaged(
        dice, "static:(ssl://a:61617,failover:(ssl://b:61617?x=(y),ssl://c:61617))?z=1", mutations.ANY
    )
    for offset, each in split_uri(text)[1]:
        assert text.startswith(each, offset)
        parse_address(each)


def destination(dice: Random, folder: Path) -> None:
    """A destination and a wildcard."""
    one, other = (mutations.damaged(dice, each, mutations.ANY) for each in ("topic://a.*.c.>", "topic://a.b.c.d"))
    hears(one, other)
    hears(other, one)
    has_wildcard(one)


def quantity(dice: Random, folder: Path) -> None:
    """A quantity of a command's option."""
    path = put(folder / "history.jsonl", texts("tests/judge/all-passed/history.jsonl")[0])
    value = mutations.damaged(dice, dice.choice(("1.5s", "80ms", "2m")), mutations.ANY) or "x"
    command(folder, "history", f"--from={value}", str(path))
    for parse in (
        units.parse_duration,
        units.parse_rate,
        units.parse_size,
        units.parse_percent,
        units.parse_message_rate,
    ):
        with suppress(ValueError, OverflowError):
            parse(value[:40])


def log_line(dice: Random, folder: Path) -> None:
    """A line of a broker's log, and a pattern for it."""
    line = mutations.damaged(dice, dice.choice(texts("tests/activemq/log-lines.txt")[0].split("\n")), mutations.ANY)
    found = read(line)
    if found is not None:
        name_of(found.text)
        is_kept(found)
    with suppress(ValueError):
        pattern(mutations.damaged(dice, r"(a|b)*\\d{2,5}[^x]+$", mutations.ANY)).search(line)


def archive_on_disk(dice: Random, folder: Path) -> None:
    """An archive of ActiveMQ on disk."""
    written = BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for name in ("lib/a.jar", "bin/activemq", "../out", mutations.word(dice)[:80].replace("\0", "")):
            its = tarfile.TarInfo(f"apache-activemq-5.18.3/{name}")
            its.size, its.type = 3, dice.choice((tarfile.REGTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE))
            its.linkname = mutations.word(dice)[:80].replace("\0", "")
            with suppress(UnicodeEncodeError):
                tar.addfile(its, BytesIO(b"abc"))
    octets = bytearray(written.getvalue())
    for _ in range(dice.choice((0, 0, 1, 5))):
        octets[dice.randrange(len(octets))] = dice.randrange(256)
    path = folder / "apache-activemq-5.18.3-bin.tar.gz"
    path.write_bytes(octets[: dice.choice((len(octets), len(octets), dice.randint(0, len(octets))))])
    with suppress(InputError):
        archive.version_of(path)
        for _, _, content in archive.members(path):
            content.read()


def saved_images(dice: Random, folder: Path) -> None:
    """A file of images that an engine is to load, and its digest beside it: no engine gets what is refused."""
    its = ("mqlab/base:a", "mqlab/broker:b", "mqlab/router:c")
    manifest = json.dumps([{"Config": "blobs/sha256/a", "RepoTags": [each], "Layers": ["b"]} for each in its])
    listed = [{"annotations": {"io.containerd.image.name": f"docker.io/{each}"}} for each in its]
    index = json.dumps({"schemaVersion": 2, "manifests": listed})
    members = [("manifest.json", manifest), ("index.json", index), (mutations.word(dice)[:80], "abc")]
    number = dice.choice((0, 0, 0, 1, 2))
    members[number] = (members[number][0], mutations.damaged(dice, members[number][1], mutations.JSON))
    path = folder / "images.tar"
    with tarfile.open(path, "w") as tar:
        for name, text in dice.sample(members, len(members)):
            member = tarfile.TarInfo(name.replace("\0", ""))
            content = text.encode("utf-8", "surrogateescape")
            member.size = len(content)
            member.type = dice.choice((*[tarfile.REGTYPE] * 12, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE))
            member.linkname = dice.choice(members)[0].replace("\0", "")
            tar.addfile(member, BytesIO(content))
    if dice.random() < 0.3:
        octets = bytearray(path.read_bytes())
        octets[dice.randrange(len(octets))] = dice.randrange(256)
        path.write_bytes(octets[: dice.choice((len(octets), dice.randint(0, len(octets))))])
    digest = f"{hashlib.sha256(path.read_bytes()).hexdigest()}  images.tar\n"
    damaged = dice.random() < 0.1
    put(bundle.digest_file(path), mutations.damaged(dice, digest, mutations.ANY) if damaged else digest)
    loaded: list[object] = []
    engine = cast(Any, SimpleNamespace(images=SimpleNamespace(load=loaded.append)))
    try:
        bundle.load(engine, [Images(base=its[0], broker=its[1], router=its[2])], path, None)
    except InputError as error:
        assert str(path) in str(error)
        assert not loaded


def _scenarios(folder: Path) -> None:
    for name in ("topologies", "configurations"):
        shutil.copytree(ROOT / "scenarios" / name, folder / name)
    shutil.copytree(ROOT / "tests" / "check" / "bad" / "topologies", folder / "topologies", dirs_exist_ok=True)
    shutil.copy(ROOT / "scenarios" / "tokyo-singapore.yaml", folder)


# How many of 100 cases are of a kind.
KINDS: Mapping[Case, int] = {
    scenario: 18, topology: 10, configuration: 12, variant: 7, variant_file: 5, history: 17, run_folder: 4, notes: 4,
    costs: 3, kept_run: 4, selector: 3, address: 3, destination: 2, quantity: 2, log_line: 2, archive_on_disk: 2,
    saved_images: 2,
}  # fmt: skip


def kinds() -> Iterator[Case]:
    """Yield each kind as often as it has a share."""
    for kind, share in KINDS.items():
        yield from (kind for _ in range(share))
