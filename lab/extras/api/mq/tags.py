"""Tags of brokers and configurations: kept, without effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.amazonmq.quotas import TAGS_PER_RESOURCE
from lab.extras.api.call import Call
from lab.extras.api.mq.lookup import bad_request, not_found
from lab.extras.api.records import Records
from lab.extras.api.served_account import ServedAccount
from lab.plan.control import Control

LONGEST_KEY, LONGEST_TEXT = 128, 256


def checked(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Return the tags of a request; raise ApiRefused if AWS would refuse one."""
    tags = dict(tags or {})
    if len(tags) > TAGS_PER_RESOURCE:
        raise bad_request(f"{len(tags)} tags: a resource has at most {TAGS_PER_RESOURCE}", "tags")
    for key, text in tags.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(text) > LONGEST_TEXT:
            limits = f"1 to {LONGEST_KEY} characters, and its text at most {LONGEST_TEXT}"
            raise bad_request(f"the key of a tag has {limits}", "tags")
        if key.lower().startswith("aws:"):
            raise bad_request("the key of a tag does not begin with aws:, which AWS reserves", "tags")
    return tags


def create_tags(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add tags to a resource."""
    arn = _known(account, call, request["ResourceArn"])
    added = checked(request.get("Tags"))
    checked({**account.records.mq.tags.get(arn, {}), **added})
    account.change(
        lambda control, records: (control, _with_tags(records, arn, {**records.mq.tags.get(arn, {}), **added})),
        f"create tags of {arn}",
    )
    return {}


def delete_tags(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove tags from a resource; unknown keys are no mistake."""
    arn, removed = _known(account, call, request["ResourceArn"]), set(request["TagKeys"])

    def delete(control: Control, records: Records) -> tuple[Control, Records]:
        left = {key: text for key, text in records.mq.tags.get(arn, {}).items() if key not in removed}
        return control, _with_tags(records, arn, left)

    account.change(delete, f"delete tags of {arn}")
    return {}


def list_tags(account: ServedAccount, call: Call, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tags of a resource."""
    return {"Tags": dict(account.records.mq.tags.get(_known(account, call, request["ResourceArn"]), {}))}


def _known(account: ServedAccount, call: Call, arn: str) -> str:
    mq = account.records.mq
    arns = {facts.arn for facts in mq.brokers.values() if facts.region == call.region}
    arns |= {facts.arn for facts in mq.configurations.values() if facts.region == call.region}
    if arn not in arns:
        raise not_found("resource", arn, "resource-arn")
    return arn


def _with_tags(records: Records, arn: str, tags: Mapping[str, str]) -> Records:
    return replace(records, mq=replace(records.mq, tags={**records.mq.tags, arn: tags}))
