"""Three network namespaces, two regions with the router between them, for the tests and the bench. Needs root.

a (10.213.0.10) ── tokyo ── router ── singapore ── (10.213.0.42) b        router ── internet ── (10.213.0.94) host
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import link
from lab.base.shipped import shipped
from lab.emulation.images.names import router_recipe
from lab.link.impairment import Setting

SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.fwmark_reflect=1",
)
A, B, HOST, ROUTER_OUTSIDE = "10.213.0.10", "10.213.0.42", "10.213.0.94", "10.213.0.66"
PUBLISHED = 20001

# A child that enters a namespace before anything else; `setns` needs no library.
_ENTER = "import ctypes,os,sys;ctypes.CDLL(None,use_errno=True).setns(os.open('/run/netns/'+sys.argv[1],0),0x40000000)"


def run(*command: str) -> str:
    """Run a command; CalledProcessError if it fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """The namespaces of one test, and a folder for the router's file and sockets."""

    prefix: str
    folder: Path

    def namespace(self, name: str) -> str:
        """Return the namespace's full name."""
        return f"{self.prefix}{name}"

    def command(self, where: str, *command: str) -> list[str]:
        """Return the command that runs another one in a namespace."""
        return ["ip", "netns", "exec", self.namespace(where), *command]

    def python(self, where: str, program: str, *arguments: object) -> list[str]:
        """Return the command that runs a Python program in a namespace; its arguments begin at sys.argv[2]."""
        return [sys.executable, "-c", f"{_ENTER}\n{program}", self.namespace(where), *map(str, arguments)]

    @property
    def config(self) -> Path:
        """Return the router's file."""
        return self.folder / "router.json"

    @property
    def programs(self) -> Path:
        """Return the folder of the router's programs, laid out as in its image."""
        return self.folder / "opt"

    def program(self, name: str, *arguments: str) -> list[str]:
        """Return the command that runs one of them, on Python's standard library alone."""
        return [sys.executable, "-S", "-E", str(self.programs / name), *arguments]

    def linkctl(self, *arguments: str, link: str = "tokyo-singapore") -> tuple[int, dict[str, Any]]:
        """Run linkctl in the router's namespace and give its exit code and answer."""
        options = ["--sockets", str(self.folder), "--config", str(self.config)]
        command = self.command("router", *self.program("linkctl.py", *options, link, *arguments))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout or "{}")

    def policy(self, **request: Any) -> dict[str, Any]:
        """Ask the router's policy, as the lab does, and give its answer."""
        command = self.command("router", *self.program("relay.py", "--sockets", str(self.folder)))
        given = json.dumps({"request": request})
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def set(self, **impairment: Any) -> dict[str, Any]:
        """Set one impairment for both directions; keys that are not given get their defaults."""
        setting = {**Setting().json(), **impairment}
        code, answer = self.linkctl("change", json.dumps({"tokyo": setting, "singapore": setting}))
        if code:
            raise RuntimeError(answer)
        return answer

    @contextlib.contextmanager
    def router(self, config: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
        """Run the router until the end of the block; it is ready when the block begins."""
        self.config.write_text(json.dumps(config))
        command = self.program("router.py", "--config", str(self.config), "--sockets", str(self.folder))
        # The capabilities of the container and no other; one log for both outputs, as a container has.
        # The niceness stands for the weight that --cpu-shares gives the container.
        caps = ["nice", "-n", "-18", "setpriv", "--inh-caps=-all", "--bounding-set=-all,+net_admin"]
        process = subprocess.Popen(
            self.command("router", *caps, *command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            log = []
            assert process.stdout is not None
            for line in process.stdout:
                log.append(line)
                if line == "router ready\n":
                    break
            else:
                raise RuntimeError(f"router ended with {process.wait()}: {''.join(log)}")
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=60)


def lay_out(folder: Path) -> None:
    """Write the router's programs, and what they import, as the image has them."""
    for path, content in router_recipe(shipped("docker") / "router", Path(link.__file__).parent).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@contextlib.contextmanager
def bed(folder: Path) -> Iterator[Bed]:
    """Make the namespaces and their cables, and take them away afterwards."""
    made = Bed(prefix=f"mqlab-{uuid.uuid4().hex[:6]}-", folder=folder)
    lay_out(made.programs)
    with contextlib.ExitStack() as opened:
        for name in ("a", "b", "router", "host"):
            run("ip", "netns", "add", made.namespace(name))
            opened.callback(run, "ip", "netns", "del", made.namespace(name))
            run(*made.command(name, "ip", "link", "set", "lo", "up"))
        run(*made.command("router", "sysctl", "-qw", *SYSCTLS))
        for name, theirs, ours, gateway in (
            ("a", A, "10.213.0.2", "10.213.0.1"),
            ("b", B, "10.213.0.34", "10.213.0.33"),
            ("host", HOST, ROUTER_OUTSIDE, "10.213.0.66"),
        ):
            inside, router = made.namespace(name), made.namespace("router")
            peer = ("peer", "name", "eth0", "netns", inside)
            run("ip", "link", "add", f"to-{name}", "netns", router, "type", "veth", *peer)
            run(*made.command(name, "ip", "addr", "add", f"{theirs}/27", "dev", "eth0"))
            run(*made.command("router", "ip", "addr", "add", f"{ours}/27", "dev", f"to-{name}"))
            run(*made.command(name, "ip", "link", "set", "eth0", "up"))
            run(*made.command("router", "ip", "link", "set", f"to-{name}", "up"))
            run(*made.command(name, "ip", "route", "add", "default", "via", gateway))
        yield made


def config(tokyo: Mapping[str, Any] = {}, singapore: Mapping[str, Any] = {}, **changes: Any) -> dict[str, Any]:
    """Return a router's file for the namespaces above."""
    return {
        "version": 1,
        "networks": [
            {"name": "tokyo", "address": "10.213.0.2/27", "gateway": "10.213.0.1", "kind": "region"},
            {"name": "singapore", "address": "10.213.0.34/27", "gateway": "10.213.0.33", "kind": "region"},
            {"name": "internet", "address": "10.213.0.66/27", "gateway": "10.213.0.65", "kind": "internet"},
        ],
        "management_port": 8778,
        "published": [{"port": PUBLISHED, "to": f"{A}:8883"}],
        "links": [
            {
                "name": "tokyo-singapore",
                "between": ["tokyo", "singapore"],
                "directions": {"tokyo": dict(tokyo), "singapore": dict(singapore)},
                "seed": 7,
            }
        ],
    } | changes


def unfit() -> str | None:
    """Say why this machine cannot make namespaces, None if it can."""
    if os.geteuid() != 0:
        return "needs root"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    missing = [tool for tool in ("ip", "nft", "setpriv") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else None
