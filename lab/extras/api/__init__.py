"""Amazon MQ's API over HTTP: AWS's clients reach the records of a lab with their own requests."""

from lab.base.extras import Command, Extra

EXTRA = Extra(
    commands={
        "serve": Command(
            "a running lab",
            "Serve the APIs of Amazon MQ, EC2 and STS to AWS's clients and Terraform, until Ctrl-C.",
            "commands.serve",
        )
    },
    hooks={
        "api_of_a_lab": "commands.up_api:door",
        "api_of_tests": "serving:served",
        "export_of_account": "exporting:exported",
        "export_of_served_lab": "exporting:exported_lab",
        "servers": "commands.open_servers:running",
        "server_logs": "commands.open_servers:logs",
    },
    needs=("starlette", "uvicorn"),
)
