"""A user's weekly plan, and its slots: the moments at which posts go out that ask for the next free one.

plan    users/{uid}/queue/current      weekdays and times on the wall clocks of a time zone
slot    users/{uid}/slots/{instant}    taken: created in the commit that accepts its post, so of any two posts one has it

A time that summer time skips is moved forward by what is skipped; one that comes twice counts once, the first time.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from shared.documents.document import Create, Delete, Documents, Write
from shared.posts.errors import NoFreeSlot
from shared.posts.submission import Submission
from shared.users.user import user_path

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
MAX_SLOTS = 200
# A slot is at least so far ahead.
MIN_AHEAD = timedelta(minutes=2)
# How far a free slot is looked for: so many slots, and so long.
MAX_LOOKED_AT, HORIZON = 1000, timedelta(days=730)
# Of which so many are read at first, and then at once.
FIRST_PORTION, PORTION = 10, 50
# Whoever asks for a slot that is taken meanwhile asks for the next one so often.
MAX_TRIES = 20


@dataclass(frozen=True)
class Slot:
    """On every such day at that time, by the plan's clock."""

    day: Weekday
    time: time


@dataclass(frozen=True)
class Plan:
    zone: str
    slots: tuple[Slot, ...]

    def to_fields(self) -> dict[str, Any]:
        return {"timezone": self.zone, "slots": [{"day": slot.day, "time": f"{slot.time:%H:%M}"} for slot in self.slots]}

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> "Plan":
        slots = (Slot(slot["day"], time.fromisoformat(slot["time"])) for slot in fields["slots"])
        return Plan(fields["timezone"], tuple(slots))

    def instants(self, after: datetime) -> Iterator[datetime]:
        """The moments from then on, in order, each once."""
        zone = ZoneInfo(self.zone)
        today, waiting = after.astimezone(zone).date(), set[datetime]()
        for days in range(-1, HORIZON.days):
            day = today + timedelta(days=days)
            tomorrow = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
            waiting |= {instant for instant in self._of(day, zone) if instant >= after}
            # What was moved over a gap at midnight comes with the next day's.
            yield from sorted(instant for instant in waiting if instant < tomorrow)
            waiting = {instant for instant in waiting if instant >= tomorrow}

    def _of(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        weekday = WEEKDAYS[day.weekday()]
        for slot in self.slots:
            if slot.day == weekday:
                # The first of two, and forward over a gap, as the offset before it is taken (PEP 495).
                yield datetime.combine(day, slot.time, zone).astimezone(UTC)


@cache
def time_zones() -> frozenset[str]:
    """By their IANA names."""
    return frozenset(available_timezones())


def plan_path(uid: str) -> str:
    return f"{user_path(uid)}/queue/current"


def slot_path(uid: str, instant: datetime) -> str:
    return f"{user_path(uid)}/slots/{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def plan_of(uid: str, documents: Documents) -> Plan | None:
    [document] = documents.get(plan_path(uid))
    return Plan.from_fields(document.fields) if document is not None else None


def next_free(
    uid: str, plan: Plan | None, documents: Documents, now: datetime, *, number: int = 1, own: datetime | None = None
) -> Sequence[datetime]:
    """As many free slots; `own` is free for who has it. One RPC for the first ten, and for every fifty that are looked at after.
    Raises NoFreeSlot if there is none."""
    if plan is None or not plan.slots:
        raise NoFreeSlot
    instants = itertools.islice(plan.instants(now + MIN_AHEAD), MAX_LOOKED_AT)
    free: list[datetime] = []
    size = FIRST_PORTION
    while len(free) < number and (portion := list(itertools.islice(instants, size))):
        size = PORTION
        found = documents.get(*(slot_path(uid, instant) for instant in portion))
        free += [instant for instant, taken in zip(portion, found, strict=True) if taken is None or instant == own]
    if not free:
        raise NoFreeSlot(f"All of the next {MAX_LOOKED_AT} slots are taken: add some with PUT /v1/queue")
    return free[:number]


def taken(uid: str, instant: datetime, submission_id: str) -> Create:
    """For this post, if nobody else has it."""
    return Create(slot_path(uid, instant), {"uid": uid, "submissionId": submission_id, "at": instant, "expireAt": instant})


def freed(submission: Submission, documents: Documents) -> Sequence[Write]:
    """The post's slot, for others, if it is still its own."""
    at = submission.slot_at
    [slot] = documents.get(slot_path(submission.uid, at)) if at is not None else [None]
    if slot is None or slot.fields["submissionId"] != submission.id:
        return ()
    return [Delete(slot.path, if_version=slot.version)]
