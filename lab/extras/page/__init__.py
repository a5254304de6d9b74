"""The live page of a running lab: a server on 127.0.0.1 that shows the lab in a browser, and does verbs by click."""

from lab.base.extras import Command, Extra

EXTRA = Extra(
    commands={
        "page": Command(
            "a running lab",
            "Serve the live page of a running lab on 127.0.0.1, until Ctrl-C.",
            "command",
        )
    },
    hooks={"page_beside": "process:page_beside"},
    needs=("starlette", "uvicorn"),
)
