"""A broker's maintenance window: a day, a time and a zone, and its next opening. Pure; the moment is handed in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day  # a name of its own: a field is called time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lab.amazonmq.account.refusals import bad_request
from lab.base.dataclass import dataclass

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The weekly time at which the service may reboot a broker to apply pending changes."""

    day: str
    time: time_of_day
    zone: str

    def __str__(self) -> str:
        return f"{self.day} {self.time:%H:%M} {self.zone}"

    def opens_after(self, moment: datetime) -> datetime:
        """Return the first opening after a moment, in UTC; its local time stays when daylight saving begins or ends."""
        zone = ZoneInfo(self.zone)
        here = moment.astimezone(zone)
        date = here.date() + timedelta(days=(DAYS.index(self.day) - here.weekday()) % 7)
        while True:
            opening = datetime.combine(date, self.time, zone).astimezone(UTC)
            if opening > moment:
                return opening
            date += timedelta(days=7)


# The window of a broker created without one, as emulators written against real traffic show it.
DEFAULT_WINDOW = Window(day="sunday", time=time_of_day(0, 0), zone="UTC")


def window(day: str, at: str, zone: str = "UTC") -> Window:
    """Return a window from its written parts, such as monday, 03:00, UTC; raise InputError if one is wrong."""
    if day.lower() not in DAYS:
        raise bad_request(f"{day!r} is not a day of the week", f"days: {', '.join(DAYS)}", attribute="day")
    if not _TIME.fullmatch(at):
        raise bad_request(
            f"{at!r} is not a time of day", 'write hours and minutes of a 24-hour clock: "03:00"', attribute="time"
        )
    check_zone(zone)
    return Window(day=day.lower(), time=time_of_day.fromisoformat(at), zone=zone)


def check_zone(zone: str) -> None:
    """Raise InputError if a time zone is unknown."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a zone that is a folder, such as Asia
        right = "write UTC, or a name such as Asia/Tokyo"
        raise bad_request(f"{zone!r} is not a time zone", right, attribute="zone") from error
