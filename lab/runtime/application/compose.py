"""A Compose override that puts a service into a host's place."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lab.runtime.application.place import TRUSTED, HostPlace

# Without `!override` and `!reset` the service would keep its other networks beside the lab's. Reset is what
# `run_options` refuses of `docker run`.
_TEXT = """# {service} in the place of {host} of lab {run}, until it ends.
# For Compose 2.24.4 or newer: an older one does not know !override.
services:
  {service}:
    networks: !override
      mqlab: {{ipv4_address: {address}}}
    network_mode: !reset null
    ports: !reset []
    privileged: !reset false
    cap_add: !reset []
    devices: !reset []
    pid: !reset null
    ipc: !reset null
    uts: !reset null
    userns_mode: !reset null
    cgroup: !reset null
    cgroup_parent: !reset null
    device_cgroup_rules: !reset []
    gpus: !reset null
    runtime: !reset null
    sysctls: !reset []
    volumes_from: !reset []
    use_api_socket: !reset false
    post_start: !reset []
    pre_stop: !reset []
    logging: !override {{driver: json-file}}
    cap_drop: [NET_RAW]
    security_opt: !override ["no-new-privileges:true"]
    restart: "no"
    hostname: "{host}"
    dns: !override [127.0.0.1]
    dns_opt: !override ["timeout:1", "attempts:1"]
    extra_hosts: !override
{names}
    environment:
{environment}
    labels:
{labels}
    volumes:
      - {{type: volume, source: mqlab-trust, target: {trusted}, read_only: true}}
networks:
  mqlab: {{external: true, name: {network}}}
volumes:
  mqlab-trust: {{external: true, name: {volume}}}
"""


def override(place: HostPlace, service: str) -> str:
    """Return the text of a Compose file that is read after those of the application."""
    return _TEXT.format(
        service=json.dumps(service),
        host=place.host,
        run=place.run,
        address=place.address,
        names=_mapping(place.names),
        environment=_mapping(place.environment),
        labels=_mapping(place.labels),
        trusted=TRUSTED,
        network=place.network,
        volume=place.volume,
    )


def _mapping(mapping: Mapping[str, str]) -> str:
    """Return the lines of a mapping; Compose takes one dollar of two, and JSON's strings are YAML's."""
    return "\n".join(f"      {json.dumps(key)}: {json.dumps(text.replace('$', '$$'))}" for key, text in mapping.items())
