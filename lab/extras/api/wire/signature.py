"""The signature of a request, of which the key's id, the region and the service are read; it is not verified."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from lab.base.dataclass import dataclass
from lab.extras.api.wire.http import HttpRequest

VALID_FOR = timedelta(minutes=15)
_CREDENTIAL = re.compile(
    r"(?P<key>[!-+\-.0-~]{1,128})/\d{8}/(?P<region>[a-z0-9-]{1,40})/(?P<service>[a-z0-9.-]{1,60})/aws4_request"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The parts of a signature that name who asks for which service and where."""

    access_key: str
    region: str
    service: str
    signed: datetime | None  # None if the request does not have it

    def __repr__(self) -> str:
        return f"Signature(region={self.region!r}, service={self.service!r})"

    def is_expired(self, now: datetime) -> bool:
        """Return whether AWS would refuse the request for the time of its signature."""
        return self.signed is not None and abs(now - self.signed) > VALID_FOR


def signature_of(request: HttpRequest) -> Signature | None:
    """Return the signature in a request's headers or address; None if there is none of version 4."""
    header = request.headers.get("authorization", "")
    if header:
        match = re.search(rf"Credential={_CREDENTIAL.pattern}", header[:4096])
        date = request.headers.get("x-amz-date", "")
    else:
        fields = parse_qs(request.query[:16384]) if "X-Amz-Credential" in request.query else {}
        match = _CREDENTIAL.fullmatch(fields.get("X-Amz-Credential", [""])[0])
        date = fields.get("X-Amz-Date", [""])[0]
    if match is None:
        return None
    return Signature(access_key=match["key"], region=match["region"], service=match["service"], signed=_moment(date))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
