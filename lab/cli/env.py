"""env: a running lab's addresses and logins for other programs. It is the one command that prints passwords."""

from __future__ import annotations

import json as as_json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.activemq.protocols import OPENWIRE
from lab.base import settings
from lab.base.columns import columns
from lab.base.suggestions import unknown
from lab.base.text_files import open_private, write_new
from lab.cli import new_files, open_lab, options, status_text
from lab.cli.options import BY_OPTION, JSON, RUN, flag, option
from lab.errors import InputError
from lab.living.lab import Live
from lab.report.run_folder import TRUST_STORE, TRUST_STORE_PASSWORD
from lab.runtime.application.place import variable

_NOT_BARE = "'\"\\$#`= \t"  # in a line of a .env file


def env(
    run: str | None = RUN,
    shell: bool = flag("--shell", 'Print shell commands, for eval "$(mqlab env --shell)".'),
    dotenv: bool = flag("--dotenv", "Print the lines of a .env file."),
    spring: bool = flag(
        "--spring", "Print an application.properties for Spring Boot, with one profile for each broker."
    ),
    hosts_file: bool = flag(
        "--hosts-file", "Print the lines for /etc/hosts that map AWS's names to the lab's addresses."
    ),
    add_host: bool = flag(
        "--add-host",
        "Print the names of --hosts-file as --add-host options of docker run, for a container on the host's network.",
    ),
    json: bool = JSON,
    user: str | None = option(
        "--user NAME", "The only user to print, for each broker that has this user (default: all users)."
    ),
    output: Path | None = option("--output FILE", "The new file to write, readable only by you."),
    by_option: str | None = BY_OPTION,
) -> int:
    """Print the endpoints, users, passwords and CA file of a running lab; no other command prints passwords.

    Example: mqlab env --shell
    """
    new_files.check_new(output)
    with open_lab.attached(options.one_run(run, by_option)) as live:
        found = connections(live)
        if hosts_file or add_host:
            named = hosts(live)
    if user is not None:
        found = of_user(found, user)
    if json:
        text = as_json.dumps(found, indent=2, ensure_ascii=output is None and options.only_ascii()) + "\n"
    elif hosts_file:
        text = "".join(f"{address} {host}\n" for host, address in named.items())
    elif add_host:
        text = "".join(f"--add-host {host}:{address}\n" for host, address in named.items())
    elif spring:
        text = "".join(f"{each}\n" for each in properties(found))
    elif shell or dotenv:
        line = shell_line if shell else dotenv_line
        text = "".join(line(name, value) for name, value in variables(found).items())
    else:
        text = "".join(f"{each}\n" for each in table(found))
    if output is None:
        options.say(text, nl=False)
    else:
        write_new(output, text.encode("utf-8", "backslashreplace"), open_private)
        options.say(f"{output} is written; only you can read it")
    return 0


def connections(live: Live) -> dict[str, Any]:
    """Return a lab's endpoints, and the users whom each broker knows now, with their passwords, as JSON-able values."""
    found = status_text.endpoints(live.lab.note, live.lab.whereabouts())
    records = {each.name: each for each in live.account.brokers}
    there = {name: its for name, its in found["brokers"].items() if name in records}
    for name, its in there.items():
        users = [user.name for user in records[name].users if user.current is not None]
        its["users"] = {user: live.lab.password(name, user).get_secret_value() for user in users}
    store = Path(found["ca_file"]).with_name(TRUST_STORE)
    return {**found, "trust_store": str(store), "brokers": there}


def hosts(live: Live) -> dict[str, str]:
    """Return the address of this machine for each of AWS's names in a lab; raise InputError if there are none."""
    where, plan, gone = live.lab.whereabouts(), live.lab.note.plan, live.lab.note.deleted
    named = {
        declared.host_name: its.own_address
        for broker in plan.brokers
        if broker.name not in gone
        for declared, its in zip(broker.instances, where.brokers.get(broker.name, ()), strict=False)
        if its.own_address
    }
    if not named:
        why = f": {where.no_own_addresses}" if where.no_own_addresses else ""
        remedy = "use the ports of mqlab env" if why else "open the lab with mqlab up SCENARIO --endpoints aws"
        raise InputError.of(f"AWS's names have no addresses on this machine{why}", remedy)
    return named


def of_user(connection: Mapping[str, Any], user: str) -> dict[str, Any]:
    """Return a lab's endpoints with one user alone; raise InputError if no broker has the user."""
    brokers = {
        name: {**broker, "users": {known: secret for known, secret in broker["users"].items() if known == user}}
        for name, broker in connection["brokers"].items()
    }
    if not any(broker["users"] for broker in brokers.values()):
        names = dict.fromkeys(known for broker in connection["brokers"].values() for known in broker["users"])
        raise InputError([unknown("user", user, names, "users of this lab", None)])
    return {**connection, "brokers": brokers}


def variables(connection: Mapping[str, Any]) -> dict[str, str]:
    """Return environment variables: MQLAB_<BROKER>_<ENDPOINT>_URL, _HOST and _PORT, _USER, _PASSWORD, then _USER_2 ….

    Of a pair, each instance has facts endpoints under facts own name. Raise InputError if two variables have one name.
    """
    named: dict[str, str] = {
        settings.RUN.name: connection["run"],
        settings.CA_FILE.name: connection["ca_file"],
        settings.TRUST_STORE.name: connection["trust_store"],
        settings.TRUST_STORE_PASSWORD.name: TRUST_STORE_PASSWORD,
    }
    for broker, facts in connection["brokers"].items():
        for name, value in _of_broker(broker, facts):
            key = variable(name)
            if key in named:
                raise InputError.of(f"two parts of this lab would have the name {key}", "write --json instead")
            named[key] = value
    return named


def _of_broker(broker: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for instance in facts.get("instances") or ({"name": broker, **facts},):
        for endpoint, url in instance["endpoints"].items():
            yield f"{instance['name']}_{endpoint}_url", url
            host, _, port = url.partition("://")[2].partition("/")[0].rpartition(":")
            yield f"{instance['name']}_{endpoint}_host", host
            yield f"{instance['name']}_{endpoint}_port", port
    for number, (user, password) in enumerate(facts["users"].items(), 1):
        more = "" if number == 1 else f"_{number}"
        yield f"{broker}_user{more}", user
        yield f"{broker}_password{more}", password


def table(connection: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that a person reads."""
    for broker, facts in connection["brokers"].items():
        yield broker
        for instance in facts.get("instances") or (facts,):
            if "name" in instance:
                yield f"  {instance['name']}"
            yield from columns(instance["endpoints"].items(), before="  ")
            if "own_address" in instance:
                yield f"  AWS's ports at {instance['own_address']} for {instance['host_name']}"
        rows = [(f"user {user}", f"password {password}") for user, password in facts["users"].items()]
        yield from columns(rows, before="  ")
        yield ""
    if why := connection.get("no_own_addresses"):
        yield f"no address has the ports of AWS: {why}"
    yield f"CA file  {connection['ca_file']}"


def properties(connection: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of an application.properties: a document for each broker, with a profile of that name.

    Raise InputError for a password with `${`, which Spring would replace by a property.
    """
    yield "# java needs to trust this lab:"
    yield f"#   -Djavax.net.ssl.trustStore={connection['trust_store']}"
    yield f"#   -Djavax.net.ssl.trustStorePassword={TRUST_STORE_PASSWORD}"
    yield ""  # below a line of a comment, #--- would be one too
    for broker, facts in connection["brokers"].items():
        urls = ",".join(instance["endpoints"][OPENWIRE.name] for instance in facts.get("instances") or (facts,))
        yield "#---"
        yield f"spring.config.activate.on-profile={_value(broker)}"
        yield f"spring.activemq.broker-url=failover:({_value(urls)})"
        for user, password in [*facts["users"].items()][:1]:
            if "${" in password:
                raise InputError.of(
                    f"the password of {user} at {broker} contains ${{, which begins a placeholder of Spring",
                    "choose a password without ${, or use --dotenv or --json",
                )
            yield f"spring.activemq.user={_value(user)}"
            yield f"spring.activemq.password={_value(password)}"


def _value(text: str) -> str:
    """Return a value escaped for a .properties file: with backslashes, and numbers for characters beyond ASCII."""
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    units = escaped.encode("utf-16-be", "surrogatepass")
    words = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    plain = "".join(chr(word) if 32 <= word < 127 else f"\\u{word:04x}" for word in words)
    return f"\\{plain}" if plain.startswith(" ") else plain


def shell_line(name: str, value: str) -> str:
    """Return a line for a shell to evaluate."""
    return f"export {name}={shlex.quote(value)}\n"


def dotenv_line(name: str, value: str) -> str:
    """Return a line of a .env file; in single quotes if possible, since such a text is not interpreted."""
    if not set(_NOT_BARE) & set(value):
        return f"{name}={value}\n"
    if "'" not in value:
        return f"{name}='{value}'\n"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return f'{name}="{escaped}"\n'
