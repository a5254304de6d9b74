"""A refusal of the lab's rules → the answer's code, status, words and attribute, as AWS's clients read them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lab.errors import InputError, Refused
from lab.extras.api.refused import ApiRefused

_STATUS: Mapping[str, int] = {"NotFoundException": 404, "ConflictException": 409, "ForbiddenException": 403}
_USUAL_CODE: Mapping[str, str] = {"mq": "BadRequestException"}
_CODE_FIRST = re.compile(r"(?P<code>[A-Z][A-Za-z]+(?:\.[A-Z][A-Za-z]+)?): (?P<reason>.+)", re.DOTALL)
ATTRIBUTES: Mapping[str, str] = {  # the lab's fields → the API's names
    "user": "username",
    "day": "dayOfWeek",
    "time": "timeOfDay",
    "zone": "timeZone",
    "security-groups": "securityGroups",
    "broker": "broker-id",
    "broker-name": "brokerName",
}


def refused(error: InputError, service: str) -> ApiRefused:
    """Return the refusal of an error: AWS's sentence first, the lab's remedy behind it."""
    problem = error.problems[0]
    code, reason, attribute = _USUAL_CODE.get(service, "InvalidParameterValue"), problem.what, ""
    if isinstance(error, Refused):
        code, reason, attribute = error.code, error.sentence, error.attribute
    elif (match := _CODE_FIRST.fullmatch(reason)) is not None:
        code, reason = match["code"], match["reason"]
    place = f" ({problem.place})" if problem.place else ""
    sentences = [reason + place, *problem.remedy.splitlines()]
    message = ". ".join(sentence.rstrip(".") for sentence in sentences if sentence) + "."
    return ApiRefused(code, message, _STATUS.get(code, 400), ATTRIBUTES.get(attribute, attribute))
