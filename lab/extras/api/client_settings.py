"""The settings by which clients of AWS reach a server: variables of a shell, and a provider block for Terraform."""

from __future__ import annotations

from collections.abc import Mapping

REGION = "ap-northeast-1"
READY = "# READY "  # begins the last line that a server prints
SHELLS = ("bash", "powershell", "dotenv", "terraform")
_FORMS = {"bash": "export {}={}", "powershell": '$env:{} = "{}"', "dotenv": "{}={}"}


def environment(url: str, access_key: str) -> Mapping[str, str]:
    """Return the variables that send the requests of AWS's clients to a server."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": "mqlab",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def exports(variables: Mapping[str, str], shell: str) -> str:
    """Return lines for a shell, or for a file, that set variables.

    >>> exports({"AWS_REGION": "ap-northeast-1"}, "powershell")
    '$env:AWS_REGION = "ap-northeast-1"'
    """
    return "\n".join(_FORMS[shell].format(name, text) for name, text in variables.items())


def provider(url: str, access_key: str) -> str:
    """Return a provider block for Terraform and OpenTofu."""
    return f"""provider "aws" {{
  region     = "{REGION}"
  access_key = "{access_key}"
  secret_key = "mqlab"
  endpoints {{
    ec2 = "{url}"
    mq  = "{url}"
    sts = "{url}"
  }}
}}"""


def settings(url: str, access_key: str, shell: str) -> str:
    """Return the settings to paste; a shell's have the block for Terraform behind them, as a comment."""
    block = provider(url, access_key)
    if shell == "terraform":
        return block
    lines = exports(environment(url, access_key), shell)
    return "\n".join(
        (lines, "# Terraform and OpenTofu, without these variables:", *(f"# {line}" for line in block.splitlines()))
    )
