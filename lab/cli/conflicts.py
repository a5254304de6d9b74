"""The options of a command that exclude each other, or that need another option or a fact: each row is one error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, NamedTuple

from typer.models import ParameterInfo

from lab.errors import InputError

EACH_OTHER = "each other"
WITHOUT = "without "


class Conflict(NamedTuple):
    """An error of a command line; `{given}` in its texts is the first option of `options` that is given."""

    options: str  # one of them is given; "" if the error is about the others alone
    others: str  # options or facts of which one is given, or after "without" none
    problem: str = ""  # default: the options exclude each other
    remedy: str = "choose one"

    def holds(self, given: Mapping[str, Any]) -> bool:
        """Return whether the given options are this error."""
        options = self.options.split()
        count = sum(name in given for name in options)
        if self.others == EACH_OTHER:
            return count > 1
        other = any(name in given for name in self.others.removeprefix(WITHOUT).split())
        return (count > 0 or not options) and other is not self.others.startswith(WITHOUT)


_OF_SCENARIOS = "{given} is for scenarios"
_OF_ONE = "{given} is for the run of one scenario"
_ONE = "run one scenario, without --reports"
_SEVERAL = "several-scenarios"
_FILTERS = "--broker --client --kind --from --to"
_SEED = "remove {given}; or write --seed {seed} instead of --seeds, for one run"
_CHANGES = "--configuration --revision --roll-back --security-groups --maintenance-window"
_ALONE = "--seed --activemq-version --activemq-archive --runs --port-base --wait --time-limit --shard --last-failed"
CONFLICTS: Mapping[str, tuple[Conflict, ...]] = {
    command: tuple(Conflict(*row) for row in rows)
    for command, rows in {
        "broker update": (
            ("--roll-back", "--configuration --revision",
             "--roll-back chooses the revision", "remove --configuration and --revision"),
            ("", f"without {_CHANGES} --apply", "no change is given",
             "add --configuration, --revision, --roll-back, --security-groups or --maintenance-window"),
            ("--downtime", "without --apply",
             "--downtime applies only to a reboot, and no broker is rebooted now", "add --apply immediately"),
        ),
        "bundle save": (
            ("--activemq-version", "without --images",
             "--activemq-version is for images", "add --images, or remove --activemq-version"),
        ),
        "check": (
            ("--engine-version --fix --output", "a-scenario",
             "--engine-version, --fix and --output are for configurations",
             "remove them: a scenario's topology declares the engine version of each broker"),
            ("--activemq-version", "a-configuration", _OF_SCENARIOS, "write --engine-version for a configuration"),
            ("--port-base", "a-configuration", _OF_SCENARIOS, "remove --port-base: a configuration alone has no ports"),
            ("--ignore --set", "a-configuration", _OF_SCENARIOS, "check the scenario that has the configuration"),
            ("--output", "several-configurations", "--output takes one configuration", "use --fix for several"),
        ),
        "clock": (
            ("--to --before", EACH_OTHER),
            ("--by", "without --before", "--by is the time before the window of --before", "add --before BROKER"),
        ),
        "doctor": (("--settings --vulnerabilities", EACH_OTHER),),
        "down": (("RUN --run", "--all", "RUN and --all exclude each other", "remove --all to end only {text}"),),
        "env": (
            ("--shell --dotenv --spring --hosts-file --add-host --json", EACH_OTHER, "", "write one of them alone"),
            ("--user", "--hosts-file --add-host",
             "--user is for logins, and --hosts-file and --add-host print none", "remove --user"),
        ),
        "export": (("RUN --run", "--account", "RUN and --account exclude each other"),),
        "history": (
            ("--as-scenario", f"--follow --message --json {_FILTERS}",
             "--as-scenario writes the whole run", "remove the filters, --follow and --json"),
            ("--expect --force", "without --as-scenario",
             "{given} is valid only with --as-scenario", "add --as-scenario FILE"),
            ("--message", f"--follow {_FILTERS}",
             "--message shows all events of a message", "remove the other filters"),
        ),
        "host options": (
            ("--output", "without --compose", "--output is for a Compose override", "add --compose SERVICE"),
            ("--compose --json", EACH_OTHER),
        ),
        "images": (("--save --load --key", EACH_OTHER),),
        "record": (
            ("", "without --topic --queue",
             "no topic and no queue is named", "write --topic NAME or --queue NAME, such as --topic '>'"),
            ("--consume", "without --queue", "--consume takes messages from queues", "write --queue NAME"),
            ("--ca-file", "no-url",
             "--ca-file is for a URL", "remove --ca-file: a lab's own certificates are known"),
            ("--user", "no-broker-of-a-lab",
             "--user is for a broker of a lab", "set MQLAB_USER for the user at a URL"),
            ("--run", "no-broker-of-a-lab",
             "--run is for a lab's broker", "add a broker of the lab by name, or leave --run out"),
        ),
        "routes": (
            ("SCENARIO --run", EACH_OTHER),
            ("--set --activemq-version", "without SCENARIO",
             "--set and --activemq-version are for scenarios", "name the scenario"),
        ),
        "run": (
            ("--last-failed", "SCENARIO", "--last-failed chooses the scenarios", "remove the names, or --last-failed"),
            ("", "without SCENARIO --last-failed",
             "no scenario is named", "name one: mqlab run SCENARIO; mqlab scenarios lists the shipped scenarios"),
            ("--html", _SEVERAL,
             "--html is for the page of one scenario", "write --reports DIR to keep the page of each scenario"),
            ("--page --profile", _SEVERAL, _OF_ONE, _ONE),
            ("--port-base", "several-runs-at-once",
             "--port-base gives every lab the same ports", "remove --jobs or --port-base"),
            (f"{_ALONE} --html --junit --reports --profile --film --page", "many-seeds",
             "{given} is for one run; --seeds makes many runs, and keeps no run folder", _SEED),
        ),
        "scenarios": (
            ("--student", "without --copy", "--student is for a copy", "add --copy DIR"),
            ("--runtime", "without --check", "--runtime is for --check", "add --check DIR, or remove --runtime"),
            ("--copy --check", EACH_OTHER),
            ("--copy --check", "without NAME",
             "{given} needs the name of a scenario", "run mqlab scenarios for the list"),
        ),
        "status": (
            ("--interval", "without --watch",
             "--interval is the time between two updates of --watch", "add --watch, or remove --interval"),
            ("--watch --json", EACH_OTHER, "", "repeat mqlab status --json instead"),
        ),
        "sweep": (
            ("RUN --all", EACH_OTHER, "", "remove RUN, or remove --all, which ends every lab on the engine"),
            ("--older-than", "RUN --all",
             "--older-than cannot be combined with RUN or --all", "remove --older-than, RUN or --all"),
        ),
        "up": (
            ("--api --detach", EACH_OTHER, "", "remove --detach: --api needs the terminal"),
            ("--page --detach", EACH_OTHER, "", "write --detach alone, then: mqlab page"),
        ),
        "user update": (
            ("--group --no-groups", EACH_OTHER, "", ""),
            ("", "without --password-env --ask-password --group --no-groups --console-access", "no change is given",
             "add --password-env, --ask-password, --group, --no-groups or --console-access"),
        ),
        "vary": (
            ("--jobs --on", EACH_OTHER, "",
             "remove --jobs: a cluster runs as many as its workers have threads"),
        ),
    }.items()
}  # fmt: skip


def check(command: str, given: Mapping[str, Any], *facts: str, **texts: object) -> None:
    """Raise InputError if options that are given exclude each other, or if a fact excludes one.

    `given` has the values of the given options and arguments, by their names. `texts` may be named in a remedy.
    """
    for row in CONFLICTS.get(command, ()):
        if (not facts or row.others in facts) and row.holds({**given, **dict.fromkeys(facts)}):
            *names, last = row.options.split() or [""]
            name = next((option for option in (*names, last) if option in given), "")
            places = {"given": name, "text": given.get(name, ""), **texts}
            problem = row.problem or f"{', '.join(names)} and {last} exclude each other"
            raise InputError.of(problem.format_map(places), row.remedy.format_map(places))


def written(command: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a command's parameters that are given, by the names of options and arguments."""
    given: dict[str, Any] = {}
    for name, parameter in signature(command).parameters.items():
        declared = parameter.default
        if isinstance(declared, ParameterInfo) and values.get(name) not in (None, [], (), declared.default):
            spelled = (declared.param_decls or [str(declared.metavar).strip("[].")])[0]
            given[spelled.partition("/")[0]] = values[name]
    return given
