"""What customers do to posts after they have sent them: cancel, put off, publish drafts, retry what failed, and say of what nobody
knows whether it is there. Each request is sent again until it is answered."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.faults.people import UID

if TYPE_CHECKING:
    from tests.faults.posts import Wanted
    from tests.faults.simulation import Simulation

# Slots every five minutes, from the history's beginning on, for as long as a plan may have any.
SLOT_MINUTES, SLOTS = 5, 200
# Whoever may be late by so much at most.
WITHIN_SECONDS = 300
# What may be answered to somebody who is too late, or is to come back.
TOO_LATE = (409, 412, 429, 503)


@dataclass
class SecondThoughts:
    simulation: "Simulation"
    # How often which was answered with 200.
    done: dict[str, int] = field(default_factory=dict)
    # Submissions that somebody asked to cancel.
    cancelled: set[str] = field(default_factory=set)
    # Drafts that are to be published, and whatever else somebody is at.
    under_way: set[str] = field(default_factory=set)

    @property
    def chance(self) -> random.Random:
        return self.simulation.chance

    def plan(self) -> None:
        """A day with slots, in peace."""
        now = self.simulation.scheduler.now
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        moments = [now + timedelta(minutes=SLOT_MINUTES * n) for n in range(SLOTS)]
        slots = [{"day": days[moment.weekday()], "time": f"{moment:%H:%M}"} for moment in moments]
        answer = self._ask("PUT", "/v1/queue", {"timezone": "UTC", "slots": slots})
        assert answer.status_code == 200, answer.get_json()

    def begin(self, wanted: "Wanted", submission_id: str) -> None:
        """Once the post is accepted."""
        if self.chance.random() < self.simulation.options.cancelled:
            self.cancel_some_time(submission_id)
        if wanted.draft:
            self.publish(wanted, submission_id)
        elif wanted.scheduled and self.chance.random() < 0.3:
            self.put_off_some_time(submission_id)
        if self.chance.random() < self.simulation.options.second_tries:
            self.look_after(wanted, submission_id)

    def cancel_some_time(self, submission_id: str) -> None:
        """While it waits or is under way, or too late."""

        def cancel() -> bool:
            self.cancelled.add(submission_id)
            return self._sent("cancel", submission_id, "/cancel") in (200, 409)

        self._until(cancel, self.chance.choice((0.0, 0.5, 5.0, 60.0, 600.0)))

    def put_off_some_time(self, submission_id: str) -> None:
        """A scheduled post gets another time, if it is not begun before; once, whether that is answered or not."""

        def change() -> None:
            at = (self.simulation.scheduler.now + timedelta(minutes=self.chance.uniform(2, 20))).isoformat()
            answer = self._ask("PATCH", f"/v1/posts/{submission_id}", {"scheduledTime": at}, {"If-Match": '"1"'})
            self._note("put off", submission_id, answer)

        later = timedelta(seconds=self.chance.choice((0.0, 60.0, 300.0, 900.0)))
        scheduler = self.simulation.scheduler
        scheduler.spawn(self.simulation.new_process("customer"), change, scheduler.now + later)

    def publish(self, wanted: "Wanted", submission_id: str) -> None:
        """A draft; at once, where its time has come meanwhile."""
        self.under_way.add(submission_id)
        at_once: list[bool] = []

        def send() -> bool:
            body = {"now": True} if at_once else None
            answer = self._ask("POST", f"/v1/posts/{submission_id}/publish", body)
            if answer.status_code == 400:
                details = answer.get_json()["error"].get("details", ())
                if any(detail["field"] == "body.scheduledTime" for detail in details):
                    at_once.append(True)
                # Else an account is dead or away just now.
                return False
            self._note("publish", submission_id, answer)
            is_done = answer.status_code in (200, 409)
            if is_done:
                self.under_way.discard(submission_id)
            return is_done

        self._until(send, self.chance.choice((0.0, 5.0, 300.0)))
        if self.chance.random() < 0.2:
            self._until(send, self.chance.choice((0.0, 5.0, 300.0)))

    def look_after(self, wanted: "Wanted", submission_id: str) -> None:
        """Retries what failed, and says of what nobody knows whether it is there: whoever looks knows."""

        def look() -> bool:
            submission = self._fields(f"postSubmissions/{submission_id}")
            if submission.get("completedAt") is None:
                return False
            for target in submission["targets"]:
                path = f"postSubmissions/{submission_id}/runs/{target['runId']}"
                run = self._fields(path) if submission["status"] != "cancelled" else {}
                if (run.get("error") or {}).get("code") == "outcome_unknown" and not self._resolved(wanted, submission_id, run):
                    return False
            return self._sent("retry", submission_id, "/retry") in (200, 409)

        self._until(look, self.chance.uniform(60, 1200), times=20)

    def _resolved(self, wanted: "Wanted", submission_id: str, run: Mapping[str, Any]) -> bool:
        if wanted.text in self.simulation.repeated:
            # Of several alike nobody can say which is which.
            return True
        account = self.simulation.people.names[run["platform"], run["accountId"]]
        there = [entry.id for entry in self.simulation.world.sandbox.ledger if self._is_it(entry, account, run["platform"], wanted)]
        verdict: dict[str, Any] = {"published": bool(there), **({"platformPostId": there[0]} if there else {})}
        run_id = run["platform"] if "runId" not in run else run["runId"]
        return self._sent("resolve", submission_id, f"/runs/{run_id}/resolve", verdict) in (200, 409)

    @staticmethod
    def _is_it(entry: Any, account: str, platform: str, wanted: "Wanted") -> bool:
        if (entry.platform, entry.account_id, entry.kind) != (platform, account, "post"):
            return False
        return entry.media == wanted.digests if platform in wanted.silent else entry.text == wanted.text

    # How

    def _fields(self, path: str) -> Any:
        return self.simulation.world.memory.contents[path][0] if path in self.simulation.world.memory.contents else {}

    def _ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        named = {"soku-api-key": self.simulation.key, **(headers or {})}
        return self.simulation.client.open(path, method=method, json=body, headers=named)

    def _sent(self, what: str, submission_id: str, path: str, body: Any = None) -> int:
        answer = self._ask("POST", f"/v1/posts/{submission_id}{path}", body)
        self._note(what, submission_id, answer)
        return answer.status_code

    def _note(self, what: str, submission_id: str, answer: Any) -> None:
        if answer.status_code == 200:
            self.done[what] = self.done.get(what, 0) + 1
        elif answer.status_code not in TOO_LATE:
            code = answer.get_json()["error"]["code"]
            self.simulation.wrong_answers.append(f"{what} {submission_id}: {answer.status_code} {code}")

    def _until(self, do: Callable[[], bool], seconds: float, times: int = 10**6) -> None:
        """Again by another process a minute later, until it is done: each may die of it."""
        scheduler, left = self.simulation.scheduler, [times]
        done: list[bool] = []

        def attempt() -> None:
            if do():
                done.append(True)

        def until_done() -> None:
            if not done and left[0]:
                left[0] -= 1
                scheduler.spawn(self.simulation.new_process("customer"), attempt, scheduler.now)
                scheduler.at(scheduler.now + timedelta(seconds=60), until_done)

        scheduler.at(scheduler.now + timedelta(seconds=seconds), until_done)

    # What came of it

    @property
    def slots(self) -> int:
        """Posts that have, or had, a slot of the plan."""
        return sum(wanted.slot for wanted in self.simulation.accepted.values())

    def shared_slots(self) -> list[str]:
        """Slots that two posts have, or that belong to no post that waits for them."""
        contents = self.simulation.world.memory.contents
        posts = [contents[path][0] for path in contents if path.startswith("postSubmissions/") and path.count("/") == 1]
        having = [post["slotAt"] for post in posts if post.get("slotAt") and post["state"] not in ("cancelled", "missed")]
        twice = [f"{at} is the slot of two posts" for at in sorted(set(having)) if having.count(at) > 1]
        kept = [contents[path][0]["at"] for path in contents if path.startswith(f"users/{UID}/slots/")]
        return [*twice, *(f"{at} is taken, and nobody has it" for at in kept if at not in having)]
