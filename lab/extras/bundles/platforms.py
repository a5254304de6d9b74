"""The platforms and Pythons that a bundle can be for, with the tags of their wheels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lab.base.dataclass import dataclass
from lab.base.suggestions import remedy
from lab.errors import InputError
from lab.extras.bundles.install import machine

_LINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17", "manylinux2014", "manylinux_2_12")
_OLDER = ("manylinux2010", "manylinux_2_5", "manylinux1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A system with a processor: the tags of its wheels, and the variables of requirements."""

    tags: tuple[str, ...]
    variables: Mapping[str, str]


def _platform(tags: Sequence[str], system: str, sys_platform: str, processor: str, os_name: str) -> Platform:
    variables = {"platform_system": system, "sys_platform": sys_platform, "platform_machine": processor}
    return Platform(tags=tuple(tags), variables={**variables, "os_name": os_name})


PLATFORMS = {
    "linux-x86_64": _platform([f"{tag}_x86_64" for tag in (*_LINUX, *_OLDER)], "Linux", "linux", "x86_64", "posix"),
    "linux-arm64": _platform([f"{tag}_aarch64" for tag in _LINUX], "Linux", "linux", "aarch64", "posix"),
    "macos-arm64": _platform(["macosx_14_0_arm64"], "Darwin", "darwin", "arm64", "posix"),
    "windows-x86_64": _platform(["win_amd64"], "Windows", "win32", "AMD64", "nt"),
}
PYTHONS = ("3.11", "3.12", "3.13")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The machines that a bundle is for."""

    platform: str
    python: str

    def variables(self) -> Mapping[str, str]:
        """Return the variables that the markers of requirements have there."""
        known = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
        versions = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        return {**PLATFORMS[self.platform].variables, **known, **versions}


def target(platform: str | None, python: str | None) -> Target:
    """Return the machines that a platform and a Python name (default: this machine's); InputError if unknown."""
    here = machine()
    chosen = Target(platform=platform or here[0], python=python or here[1])
    if chosen.platform not in PLATFORMS:
        raise InputError.of(
            f"--platform: there are no wheels for {chosen.platform}", remedy(chosen.platform, PLATFORMS, "platforms")
        )
    if chosen.python not in PYTHONS:
        raise InputError.of(f"--python: {chosen.python!r} is not supported", f"write one of {', '.join(PYTHONS)}")
    return chosen
