"""export: a running lab as the files of a topology."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.base import extras
from lab.base.units import several
from lab.cli import new_files, open_lab, options
from lab.cli.options import BY_OPTION, FORCE, JSON, RUN, argument, option
from lab.errors import InputError
from lab.living.lab import Live
from lab.network.link import Direction
from lab.plan.export import FILE, Export, facts_of
from lab.plan.export import export as exported
from lab.plan.values import LinkPlan
from lab.runtime.state_file import note_folder


def export(
    folder: Path = argument(
        "FOLDER", "The folder to write to, new or not.", parser=new_files.folder_named_by("FOLDER")
    ),
    run: str | None = RUN,
    account: str | None = option("--account NAME", "The account of mqlab serve, instead of a running lab."),
    force: bool = FORCE,
    json: bool = JSON,
    by_option: str | None = BY_OPTION,
) -> None:
    """Write the topology and the configurations of a running lab, or of a served account, as they are now.

    The files refer to passwords by environment variables, and the command prints their names. The topology includes
    changes that wait for a reboot.

    Example: mqlab export network
    """
    if folder.exists() and not folder.is_dir():
        raise InputError.of(f"{folder} is not a folder", "name another folder")
    if account is not None:
        made = extras.hook("export_of_account")(note_folder(os.environ), account)
        write(made, folder, force=force, json=json, passwords="passwords of the users")
        return
    note = open_lab.load_note(options.one_run(run, by_option))
    if note.replaying:
        what = f"lab {note.run} belongs to a mqlab run, which keeps the lab's configurations and network to itself"
        raise InputError.of(what, "open the lab of the scenario: mqlab up SCENARIO")
    with open_lab.attached(note.run, quiet=json) as live:
        made = of_lab(live) if note.plan.places is None else _of_served(live)
    write(made, folder, force=force, json=json)


def write(made: Export, folder: Path, *, force: bool, json: bool, passwords: str = "passwords of mqlab env") -> None:
    """Write the files of a topology, and print their paths and the variables of the passwords."""
    new_files.write_texts(folder, made.texts, force=force)
    paths = [str(folder / name) for name in made.texts]
    logins = {name: [f"{user} of {broker}" for broker, user in its] for name, its in made.variables.items()}
    count = len(paths) - 1
    lines = [f"{folder / FILE} and {several(count, 'configuration')}"]
    lines += [f"set these environment variables to the {passwords}:"]
    lines += [f"  {name}  {', '.join(its)}" for name, its in logins.items()]
    options.show({"files": paths, "variables": logins, "notes": list(made.notes)}, lines, json)
    options.warn_of_each(made.notes)


def _of_served(live: Live) -> Export:
    """Return the files of a lab that requests have built, by the names of its account's tags."""
    _ = live.account  # read first: the records on file are of now from then on
    made: Export = extras.hook("export_of_served_lab")(live.lab.note, note_folder(os.environ))
    return made


def of_lab(live: Live) -> Export:
    """Return the files of a running lab's topology; raise InputError for the parts that no topology can have."""
    ways = live.links()  # read first: the records on file are of now from then on
    note = live.lab.note
    links = []
    for link in note.plan.links:
        directions = [
            Direction(
                leaving=way.leaving,
                reaching=way.reaching,
                impairment=way.setting.impairment,
                state=way.setting.state,
            )
            for way in ways
            if way.link == link.name
        ]
        links.append(LinkPlan(name=link.name, directions=(directions[0], directions[1]), source=link.source))
    records = note.control.account.brokers
    passwords = {
        (record.name, user.name): live.lab.password(record.name, user.name).get_secret_value()
        for record in records
        for user in record.users
        if user.current is not None and user.current == user.latest
    }
    return exported(
        note.control,
        note.plan.regions,
        links,
        facts=facts_of(note.plan, reboot_time=timedelta(seconds=note.reboot_time)),
        age=datetime.now(UTC) - note.opened,
        machine=datetime.now(UTC),
        passwords=passwords,
    )
