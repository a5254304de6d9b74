"""The file of a served account, from which a server that is started again goes on."""

from __future__ import annotations

import os
import re
import secrets
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkstemp

import msgspec
from msgspec import Struct, field, structs

from lab.base.file_locks import lock
from lab.errors import InputError
from lab.extras.api.records import Records
from lab.plan.control import Control
from lab.runtime import state_file as state_files
from lab.runtime.state_file import make_folder, writing_to

FILE = "account.json"
_LOCK = "server.lock"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_KEY_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class KeptAccount(Struct, frozen=True, kw_only=True):
    """The state of a served account; it has no password."""

    access_key: str
    created: datetime  # the requests of peerings have their age since then
    run: str = ""  # of the lab that has the account's brokers; "": records alone
    control: Control = field(default_factory=Control)
    records: Records = field(default_factory=Records)

    def __repr__(self) -> str:
        return f"KeptAccount(created={self.created!r})"

    def with_state(self, control: Control, records: Records) -> KeptAccount:
        """Return a copy with another state."""
        return structs.replace(self, control=control, records=records)


def account_folder(states: Path, name: str) -> Path:
    """Return the folder of an account below that of the state files; raise InputError if it is not a name."""
    if not _NAME.fullmatch(name):
        raise InputError.of(f"--account {name} is not a name", f"write {_name_like(name)}")
    return states / "accounts" / name


def _name_like(name: str) -> str:
    """Return the option with a name that is like a wrong one, and the characters of a name."""
    like = re.sub("[^A-Za-z0-9._-]+", "-", name).strip("-._")[:40]
    example = f"--account {like}, with " if _NAME.fullmatch(like) else ""
    return f"{example}letters, digits, dots, dashes and underscores"


def new_access_key() -> str:
    """Return an invented id of an access key, in the form of AWS's."""
    return "MQLAB" + "".join(secrets.choice(_KEY_SIGNS) for _ in range(15))


def load(folder: Path) -> KeptAccount | None:
    """Return the account of a folder, or None; raise InputError if this version cannot read the account."""
    path = folder / FILE
    try:
        return _decoder().decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        problem = f"{path}: this version of mqlab cannot read the file of this account"
        raise InputError.of(problem, "remove the file, or write --account NAME for another account") from error


def save(kept: KeptAccount, folder: Path) -> None:
    """Write an account, whole or not at all, readable by its owner only; HostError if it cannot be written."""
    make_folder(folder)
    with writing_to(folder):
        descriptor, name = mkstemp(prefix=f"{FILE}.", suffix=".part", dir=folder)  # one for each writer
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(kept, enc_hook=str))
            part.replace(folder / FILE)
        finally:
            part.unlink(missing_ok=True)


def refuse_lab(folder: Path, states: Path) -> None:
    """Raise InputError if the brokers of a folder's account are in a lab that runs."""
    try:
        kept = load(folder)
    except InputError:  # a file that cannot be read names no lab
        return
    if kept is not None and kept.run and state_files.load(kept.run, states) is not None:
        problem = f"the running lab {kept.run} has the brokers of the account {folder.name}"
        raise InputError.of(problem, f"end it: mqlab down {kept.run}")


def locked(folder: Path) -> int:
    """Return the descriptor of a folder's lock, which this process has; raise InputError if another process has it."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock(descriptor, wait=False)
    except BlockingIOError:
        os.close(descriptor)
        problem = f"another mqlab serve has the account {folder.name}"
        raise InputError.of(problem, "end the other server, or write --account NAME for another account") from None
    return descriptor


@cache
def _decoder() -> msgspec.json.Decoder[KeptAccount]:
    # The hook makes an address or a network from its text.
    return msgspec.json.Decoder(KeptAccount, dec_hook=lambda kind, text: kind(text))
