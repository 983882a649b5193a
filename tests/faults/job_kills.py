"""Jobs on the real stack, their workers killed at every call that leaves them, and every answer lost once: one result, one charge.

As with posts (kills.py): a job of each kind is done undisturbed first, and whatever its workers called is struck afterwards.
"""

import hashlib
import itertools
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from shared.credits.credits import credits_path
from shared.documents.document import Query
from tests.conftest import ROOT, LocalStack
from tests.faults.kills import LOSABLE, STRIKE_SECONDS, WAYS, Point

MEDIA = ROOT / "emulator" / "sandbox" / "media"
# Beyond two leases and what the job itself may take.
PATIENCE_SECONDS = 400.0
CREDITS = 10
MOST_OF_A_REQUEST = 2
FUNCTIONS: Mapping[str, Sequence[str]] = {
    "media": ("api", "ingest"),
    "upload": ("api", "ingest"),
    "image": ("api", "templates"),
    "picture": ("ingest", "templates"),
    "transcript": ("api", "transcribe"),
    "long": ("encode", "transcribe"),
    "started": ("api",),
    "cancelled": ("api",),
    "retried": ("api",),
}
# What is answered with the job, which goes on.
NOT_WAITED_FOR = frozenset({"started", "cancelled", "retried"})
_numbers = itertools.count(1)


@dataclass
class JobShot:
    """A request that was struck, sent until it was answered; `answers` in their order."""

    point: Point
    uid: str
    key: str
    api_key: str
    # Method, path, body.
    request: tuple[str, str, Any]
    # The job that it is about, if there was one before.
    about: str = ""
    struck: bool = True
    answers: list[requests.Response] = field(default_factory=list)
    sender: threading.Thread | None = None


@dataclass
class JobRange:
    stack: LocalStack
    shots: list[JobShot] = field(default_factory=list)
    _spared: list[str] = field(default_factory=list)

    def points(self, kinds: Sequence[str] = tuple(FUNCTIONS)) -> list[Point]:
        found: list[Point] = []
        for kind in kinds:
            for function, calls in self._discovered(kind).items():
                found += [
                    Point(kind, function, call, nth, way) for call, nth in calls for way in WAYS if way != "lost" or call in LOSABLE
                ]
        return found

    def _discovered(self, kind: str) -> Mapping[str, Sequence[tuple[str, int]]]:
        shot = self._prepared(Point(kind, "", "none", 0, "undisturbed"))
        records = {function: self.stack.kill_plans / f"{function}.calls" for function in FUNCTIONS[kind]}
        for record in records.values():
            record.write_text("")
        self._send(shot)
        self._await(shot)
        assert wrong_with(self.stack, shot) == [], kind
        [job] = jobs_of(self.stack, shot.uid)
        calls = {function: [json.loads(line) for line in record.read_text().splitlines()] for function, record in records.items()}
        for record in records.values():
            record.unlink()
        subjects = [job.id, shot.key, *([shot.about] if shot.about else [])]
        self._spared += subjects
        return {
            function: list(
                dict.fromkeys((one["call"], one["nth"]) for one in made if one["subject"] in subjects and _is_sure(function, one))
            )
            for function, made in calls.items()
        }

    def strike(self, point: Point) -> None:
        """The request is on its way, and its worker dead, when this returns."""
        shot = self._prepared(point)
        plan = self.stack.kill_plans / point.function
        self.stack.plan_kill(point.function, point.call, point.nth, point.way, self._spared)
        self._send(shot)
        until = time.monotonic() + STRIKE_SECONDS
        while plan.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if plan.exists():
            plan.unlink()
            shot.struck = False
        self._spared += [shot.key, shot.about, *(job.id for job in jobs_of(self.stack, shot.uid))]
        self.shots.append(shot)

    def await_all(self) -> None:
        for shot in self.shots:
            self._await(shot)

    def _prepared(self, point: Point) -> JobShot:
        """A user of its own for each."""
        number = next(_numbers)
        uid = f"job-{number}"
        user = self.stack.add_user(uid, [], credits=CREDITS)
        key = f"job key {number}"
        shot = JobShot(point, uid, key, user["apiKey"], ("POST", "", None))
        shot.request = (
            self._of_a_job(point.kind, shot) if point.kind in NOT_WAITED_FOR else ("POST", *self._request(point.kind, shot))
        )
        return shot

    def _of_a_job(self, kind: str, shot: JobShot) -> tuple[str, str, Any]:
        _, spoken = self._request("transcript", shot)
        wanted = {"type": "transcription", "input": spoken}
        if kind == "started":
            return "POST", "/v1/jobs", wanted
        shot.about = self._post(shot, "/v1/jobs", wanted).json()["id"]
        if kind == "cancelled":
            return "DELETE", f"/v1/jobs/{shot.about}", None
        # Or it is done by then, and retried all the same: which is refused, each time.
        self._send_once(shot, "DELETE", f"/v1/jobs/{shot.about}", None)
        return "POST", f"/v1/jobs/{shot.about}/retry", None

    def _request(self, kind: str, shot: JobShot) -> tuple[str, Any]:
        match kind:
            case "media":
                return "/v1/media", {"url": "https://example.com/video.mp4"}
            case "upload":
                content = (MEDIA / "photo.jpg").read_bytes()
                return f"/v1/media/uploads/{self._arrived(shot, content, 'image/jpeg')}/complete", None
            case "image" | "picture":
                config = {"title": "Struck", "author": "@a", "content": shot.uid}
                pictures = {"avatarUrl": "https://example.com/photo.jpg"} if kind == "picture" else {}
                return "/v1/templates", {"templateSlug": "tweetImage", "config": {**config, **pictures}}
            case "transcript":
                stored = self._post(shot, "/v1/media", {"url": "https://example.com/podcast.mp3"}).json()["id"]
                return "/v1/ai/transcribe", {"mediaId": stored}
            case _:
                # The provider takes no QuickTime: its sound is taken out first.
                spoken = (MEDIA / "my-video.mp4").read_bytes()
                upload_id = self._arrived(shot, spoken[:8] + b"qt  " + spoken[12:], "video/quicktime")
                stored = self._post(shot, f"/v1/media/uploads/{upload_id}/complete", None).json()["id"]
                return "/v1/ai/transcribe", {"mediaId": stored}

    def _arrived(self, shot: JobShot, content: bytes, content_type: str) -> str:
        digest = hashlib.sha256(content).hexdigest()
        begun = self._post(shot, "/v1/media/uploads", {"contentType": content_type, "sizeBytes": len(content), "sha256": digest})
        assert begun.status_code == 201, begun.text
        requests.put(begun.json()["uploadUrl"], data=content, timeout=60).raise_for_status()
        return begun.json()["id"]

    def _post(self, shot: JobShot, path: str, body: Any) -> requests.Response:
        return self._send_once(shot, "POST", path, body)

    def _send_once(self, shot: JobShot, method: str, path: str, body: Any, **headers: str) -> requests.Response:
        sent = {"soku-api-key": shot.api_key, **headers}
        return requests.request(method, f"{self.stack.apiUrl}{path}", json=body, headers=sent, timeout=500)

    def _send(self, shot: JobShot) -> None:
        """As a program does that insists: the same request again until it is answered."""

        def send() -> None:
            until = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < until:
                try:
                    answer = self._send_once(shot, *shot.request, **{"Idempotency-Key": shot.key})
                except requests.RequestException:
                    time.sleep(0.3)
                    continue
                shot.answers.append(answer)
                if answer.status_code not in (503, 500):
                    return
                time.sleep(0.5)

        shot.sender = threading.Thread(target=send, daemon=True)
        shot.sender.start()

    def _await(self, shot: JobShot) -> None:
        assert shot.sender is not None
        shot.sender.join(PATIENCE_SECONDS)


def _is_sure(function: str, call: Mapping[str, Any]) -> bool:
    """Whether it is made each time. How often a request looks whether its job has ended depends on how long that takes; whether it
    leases units of a window, on the requests before it."""
    return function != "api" or call["nth"] <= MOST_OF_A_REQUEST


def jobs_of(stack: LocalStack, uid: str) -> list[Any]:
    """Those that were asked for in the request, not what prepared it."""
    found = stack.documents.query(Query("jobs", where=(("uid", "==", uid),)))
    return sorted(found, key=lambda job: job.fields["createdAt"])[-1:]


def wrong_with(stack: LocalStack, shot: JobShot) -> list[str]:
    where = f"{shot.point} of {shot.uid}"
    if shot.point.kind in NOT_WAITED_FOR:
        return _wrong_with_job(stack, shot, where)
    if not shot.answers or shot.answers[-1].status_code not in (200, 201):
        return [f"{where}: {[answer.text[:200] for answer in shot.answers[-2:]] or 'not answered'}"]
    wrong: list[str] = []
    told = shot.answers[-1].json()
    _, path, body = shot.request
    again = requests.post(
        f"{stack.apiUrl}{path}", json=body, headers={"soku-api-key": shot.api_key, "Idempotency-Key": shot.key}, timeout=60
    )
    if again.json() != told:
        wrong.append(f"{where}: answered {told}, then {again.text[:200]}")
    media = stack.documents.query(Query("media", where=(("uid", "==", shot.uid),)))
    if len(media) != 1:
        wrong.append(f"{where}: {len(media)} files")
    if "url" in told and requests.get(told["url"], timeout=30).status_code != 200:
        wrong.append(f"{where}: there is nothing at {told['url']}")
    return [*wrong, *_wrong_credits(stack, shot, where, [-1] if path == "/v1/ai/transcribe" else [])]


def _wrong_with_job(stack: LocalStack, shot: JobShot, where: str) -> list[str]:
    """Answered with one job, which ends as was said; and each of the user's jobs is paid for, or was given back, once."""
    last = shot.answers[-1] if shot.answers else None
    too_late = shot.point.kind != "started" and last is not None and last.status_code == 409
    if last is None or (last.status_code not in (200, 202) and not too_late):
        return [f"{where}: {[answer.text[:200] for answer in shot.answers[-2:]] or 'not answered'}"]
    jobs = _ended_jobs(stack, shot)
    wanted = [-1 for _ in jobs] + [1 for job in jobs if job["credits"]["refunded"]]
    wrong = [f"{where}: {job['id']} is {job['status']}" for job in jobs if job["status"] not in ("succeeded", "cancelled")]
    told = {answer.json()["id"] for answer in shot.answers if answer.status_code < 300}
    if len(told) > 1 or len(jobs) > 1 + (shot.point.kind == "retried"):
        wrong.append(f"{where}: answered with {told}, of {[job['id'] for job in jobs]}")
    if shot.point.kind == "cancelled" and told and jobs[0]["status"] != "cancelled":
        wrong.append(f"{where}: said to be cancelled, and {jobs[0]['status']}")
    return [*wrong, *_wrong_credits(stack, shot, where, wanted)]


def _ended_jobs(stack: LocalStack, shot: JobShot) -> list[Any]:
    headers, until = {"soku-api-key": shot.api_key}, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        answer = requests.get(f"{stack.apiUrl}/v1/jobs?type=transcription", headers=headers, timeout=60)
        jobs: list[Any] = answer.json()["jobs"] if answer.status_code == 200 else [{"done": False}]
        if all(job["done"] for job in jobs):
            return jobs
        time.sleep(0.5)
    return []


def _wrong_credits(stack: LocalStack, shot: JobShot, where: str, charged: Sequence[int]) -> list[str]:
    [balance] = stack.documents.get(credits_path(shot.uid))
    entries = [entry.fields["amount"] for entry in stack.documents.query(Query(f"{credits_path(shot.uid)}/ledger", limit=50))]
    assert balance is not None
    if balance.fields["balance"] != sum(entries):
        return [f"{where}: the balance is {balance.fields['balance']}, and the ledger {entries}"]
    return [] if sorted(entries) == sorted([*charged, CREDITS]) else [f"{where}: charged {entries}"]
