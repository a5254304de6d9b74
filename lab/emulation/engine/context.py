"""The engine that an environment names, as the Docker command line finds it: by DOCKER_HOST, or else a context."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from lab.base.user_home import user_home
from lab.emulation.check_names import ENGINE, see
from lab.errors import HostError

DEFAULT_HOST = "unix:///var/run/docker.sock"
_DEFAULT = "default"  # the context of no file: the engine of this machine


def resolved(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return an environment with DOCKER_HOST, and the TLS variables that go with it, from the current context.

    The context counts where DOCKER_HOST is not set: that of DOCKER_CONTEXT, or the one chosen in config.json. Raise
    HostError if a context that is named cannot be read: the engine of this machine would be another one.
    """
    if environment.get("DOCKER_HOST"):
        return environment
    folder = _folder(environment)
    name = environment.get("DOCKER_CONTEXT") or (_DEFAULT if folder is None else _chosen(folder / "config.json"))
    if name == _DEFAULT:
        return {**environment, "DOCKER_HOST": DEFAULT_HOST}
    if folder is None:
        raise _unusable(name, "this user has no home folder, which would contain it: set HOME, or DOCKER_CONFIG")
    its = sha256(name.encode(errors="surrogatepass")).hexdigest()  # a name of no text has no file, and is an error
    file = folder / "contexts" / "meta" / its / "meta.json"
    try:
        endpoint = _read(file)["Endpoints"]["docker"]
        found, verified = str(endpoint["Host"]), not endpoint.get("SkipTLSVerify")
    except FileNotFoundError as error:
        raise _unusable(name, f"it does not exist: there is no file {file}") from error
    except OSError as error:
        raise _unusable(name, f"{file} cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _unusable(name, f"{file} is damaged: {type(error).__name__}: {error}") from error
    tls = folder / "contexts" / "tls" / its / "docker"
    if not tls.is_dir():
        return {**environment, "DOCKER_HOST": found}
    return {
        **environment,
        "DOCKER_HOST": found,
        "DOCKER_CERT_PATH": str(tls),
        "DOCKER_TLS_VERIFY": "1" if verified else "",
    }


def _folder(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of the command line's settings; None if there is no home folder to have it."""
    if named := environment.get("DOCKER_CONFIG"):
        return Path(named)
    home = user_home(environment)
    return None if home is None else home / ".docker"


def _chosen(file: Path) -> str:
    """Return the context that config.json chooses."""
    try:
        return str(_read(file).get("currentContext") or _DEFAULT)
    except FileNotFoundError:
        return _DEFAULT
    except (OSError, AttributeError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise HostError(
            f"{file}, the configuration of the docker command, cannot be read: {why}",
            f"repair it, or set DOCKER_HOST to the engine's address\n{see(ENGINE)}",
        ) from error


def _unusable(name: str, why: str) -> HostError:
    return HostError(
        f"the Docker context {name!r} cannot be used: {why}",
        f"choose a context from docker context ls, or name the engine by DOCKER_HOST\n{see(ENGINE)}",
    )


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
