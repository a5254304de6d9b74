"""page: a running lab in a browser, to see and to change."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

from lab.base.interrupts import Terminated, until_a_signal
from lab.cli import options
from lab.cli.options import RUN, flag, option
from lab.living.attach import attach, why_over
from lab.living.history import PAGE
from lab.runtime.state_file import note_folder

_BETWEEN_LOOKS, _LAST_LOOK = 1.0, 4.0  # seconds; in the second, open pages show that the lab has ended


def page(
    run: str | None = RUN,
    port: int = option("--port", "The port of 127.0.0.1; 0 for any free port.", 0, min=0, max=65535),
    read_only: bool = flag("--read-only", "Show the lab without buttons, and refuse every change."),
    scenario: str | None = option(
        "--scenario SCENARIO",
        "The scenario whose expectations are judged (default: the scenario that `mqlab run` runs in the lab).",
    ),
) -> None:
    """Serve the live page of a running lab on 127.0.0.1, until Ctrl-C.

    Example: mqlab page
    """
    from lab.check.scenarios import applications, expectations
    from lab.extras.http_server import HOST, listening, server
    from lab.extras.page.desk import Desk
    from lab.extras.page.server import Page, new_token
    from lab.extras.page.verdicts import Verdicts

    folder = note_folder(os.environ)
    expected = expectations(scenario, os.environ) if scenario else None
    clients = applications(scenario, os.environ) if scenario else None
    with (
        closing(listening(port, free="4580")) as opened,
        attach(run, environment=os.environ, progress=options.progress(False), by=PAGE) as live,
        ExitStack() as ending,
        ThreadPoolExecutor(1, "mqlab-looking") as looking,
        ThreadPoolExecutor(1, "mqlab-acting") as acting,
        ThreadPoolExecutor(1, "mqlab-following") as following,
    ):
        judged = Verdicts(live.history.file.path, expected, clients) if scenario or live.lab.note.replaying else None
        desk = ending.enter_context(closing(Desk(live, read_only=read_only, verdicts=judged)))
        at, token = opened.getsockname()[1], new_token()
        served = Page(
            desk,
            port=at,
            token=token,
            looking=looking,
            acting=acting,
            following=following,
            on_end=lambda: stop(),
        )
        runs = server(served.application)

        def stop() -> None:
            runs.should_exit = True
            over.set()

        def end_with_the_lab() -> None:
            while not over.wait(_BETWEEN_LOOKS):
                if (why := why_over(live.lab.note, folder)) is not None:
                    over.wait(_LAST_LOOK)
                    served.ended = served.ended or why
                    stop()

        over = threading.Event()
        options.say(f"page of lab {desk.run}: http://{HOST}:{at}/#token={token}")
        if desk.read_only:
            options.say("the page shows the lab, and refuses changes")
        watching = threading.Thread(target=end_with_the_lab, name="mqlab-watching", daemon=True)
        watching.start()
        with until_a_signal(KeyboardInterrupt, Terminated):
            runs.run(sockets=[opened])
        over.set()
        watching.join()
        if served.ended is not None:
            raise served.ended
