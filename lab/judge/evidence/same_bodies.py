"""Bodies that a receiver cannot distinguish: a protocol of text replaces the octets of a body that is not UTF-8."""

from __future__ import annotations

from collections.abc import Iterable

from lab.history.expected.records import Publication, Subscription


class SameBodies:
    """The numbers of digests that stand for one body, joined while a history is read and applied at its end."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}

    def join(self, one: int, other: int) -> None:
        """Note that two digests stand for one body, for some receiver."""
        one, other = self._of(one), self._of(other)
        if one != other:
            self._first[max(one, other)] = min(one, other)

    def apply(self, publications: Iterable[Publication], subscriptions: Iterable[Subscription]) -> None:
        """Write one number for all digests that stand for one body."""
        if not self._first:
            return
        for publication in publications:
            if publication.digests is not None:
                for number, digest in enumerate(publication.digests):
                    publication.digests[number] = self._of(digest)
        for subscription in subscriptions:
            for place, digest in enumerate(subscription.digests):
                subscription.digests[place] = self._of(digest)
            subscription.pending_digests[:] = [self._of(digest) for digest in subscription.pending_digests]
            back = subscription.returned_digests
            back[:] = [(gone, self._of(digest), came) for gone, digest, came in back]

    def _of(self, digest: int) -> int:
        found = digest
        while (first := self._first.get(found)) is not None:
            found = first
        if found != digest:
            self._first[digest] = found  # the next look is short
        return found
