"""A base image from a public Debian image: pulled, packages installed in a container on the host's network, flattened.

Not a `docker build`: its steps would lack the host's proxy and certificates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import requests
from docker.errors import APIError, DockerException

import docker
from lab.emulation.engine import labels
from lab.emulation.engine.containers import File, archive
from lab.emulation.images.build import take_root
from lab.emulation.images.downloads import Say
from lab.emulation.images.names import SUITE
from lab.errors import HostError

REPOSITORY, TAG = "debian", f"{SUITE}-slim"
SILENCE_SECONDS = 10  # seconds a registry may say nothing before we go another way
_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_INSTALL = """set -eu
export DEBIAN_FRONTEND=noninteractive
mkdir -p /usr/share/man/man1  # slim images lack it, and Java's installation fails without it
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
rm -f /etc/apt/apt.conf.d/99mqlab
sh /mqlab/finish.sh
rm -rf /mqlab
"""


def make(
    client: docker.DockerClient,
    name: str,
    wanted: Sequence[str],
    finish: bytes,
    changes: Sequence[str],
    proxies: Mapping[str, str],
    say: Say,
) -> None:
    """Make the base from a pulled image; raise HostError if no registry answers or a package cannot be installed."""
    pull(client, say)
    container = None
    try:
        container = client.containers.create(
            f"{REPOSITORY}:{TAG}",
            ["sh", "/mqlab/install.sh", *wanted],
            network_mode="host",
            environment=dict(proxies),
            labels={labels.ROLE: "image"},
        )
        container.put_archive("/", _files(finish))
        container.start()
        for line in container.logs(stream=True, follow=True):
            say(f"base image: {line.decode(errors='replace').strip()[:70]}")
        if status := container.wait()["StatusCode"]:
            tail = container.logs(tail=15).decode(errors="replace")
            raise HostError(f"installing packages in {REPOSITORY}:{TAG} failed with {status}", tail)
        say("flattening the base image")
        take_root(client, name, cast("Iterable[bytes]", container.export()), changes)
    except (DockerException, requests.RequestException) as error:
        raise HostError(f"a container of {REPOSITORY}:{TAG} cannot be used: {error}") from error
    finally:
        if container is not None:
            container.remove(force=True, v=True)


def pull(client: docker.DockerClient, say: Say) -> None:
    """Pull the public image unless the engine has it; raise HostError if no registry gives it within 10 s."""
    if client.api.images(name=f"{REPOSITORY}:{TAG}", quiet=True):
        return
    with _impatient(client) as api:
        try:
            for said in api.pull(REPOSITORY, tag=TAG, stream=True, decode=True):
                if "error" in said:
                    raise HostError(f"pulling {REPOSITORY}:{TAG} failed: {said['error']}")
                say(f"pulling {REPOSITORY}:{TAG}: {said.get('status', '')}")
        except APIError as error:
            raise HostError(f"no registry served {REPOSITORY}:{TAG}: {error.explanation or error}") from error
        except requests.RequestException as error:
            raise HostError(f"no registry served {REPOSITORY}:{TAG} within {SILENCE_SECONDS} s") from error


@contextmanager
def _impatient(client: docker.DockerClient) -> Iterator[docker.APIClient]:
    """Return the engine's API with a timeout of 10 s for the block."""
    before, client.api.timeout = client.api.timeout, SILENCE_SECONDS
    try:
        yield client.api
    finally:
        client.api.timeout = before


def _files(finish: bytes) -> bytes:
    """Return a tar of the two scripts, and the host's certificates for package mirrors behind TLS."""
    files = {"mqlab/install.sh": _INSTALL.encode(), "mqlab/finish.sh": finish}
    bundle = next((Path(path) for path in _CERTIFICATES if Path(path).exists()), None)
    if bundle is not None:
        files["mqlab/certificates.pem"] = bundle.read_bytes()
        files["etc/apt/apt.conf.d/99mqlab"] = b'Acquire::https::CaInfo "/mqlab/certificates.pem";\n'
    return archive([File(path=path, content=content, mode=0o644) for path, content in files.items()])
