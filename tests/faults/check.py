"""What came of a history: the clients' answers, the platforms' ledgers and the documents' last state, compared."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.simulation import Simulation

HARMS = ("duplicates", "lost", "false_successes", "false_failures", "unfinished")
# What a run may honestly fail with though everything was done: the account was dead, and nobody published anything.
HONEST = frozenset({"reauth"})


@dataclass
class Verdict:
    """`unknown` counts outcome_unknown by platform (in brackets: how many of those are public); the harms must all be zero."""

    runs: int = 0
    succeeded: int = 0
    reauth: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    unknown_public: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    lost: int = 0
    false_successes: int = 0
    false_failures: int = 0
    unfinished: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not any(getattr(self, harm) for harm in HARMS)

    def __add__(self, other: "Verdict") -> "Verdict":
        total = Verdict()
        for name in ("runs", "succeeded", "reauth", *HARMS):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        total.unknown, total.unknown_public = self.unknown + other.unknown, self.unknown_public + other.unknown_public
        total.examples = (self.examples + other.examples)[:20]
        return total

    def harm(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < 20:
            self.examples.append(f"{kind}: {what}")


def judge(simulation: "Simulation") -> Verdict:
    verdict = Verdict()
    world = simulation.world
    for _ in range(simulation.twins):
        verdict.harm("duplicates", "one request, two submissions")
    by_id = {(entry.platform, entry.id) for entry in world.sandbox.ledger}
    # A platform's own words for a post; stories have none, so they are told apart by their runs' ids alone.
    spoken = Counter((entry.platform, entry.account_id, entry.text) for entry in world.sandbox.ledger if entry.text)
    silent = Counter((entry.platform, entry.account_id) for entry in world.sandbox.ledger if not entry.text)
    claimed: Counter[tuple[str, str]] = Counter()
    may_be: Counter[tuple[str, str]] = Counter()
    submissions = {path.split("/")[1] for path in world.memory.contents if path.startswith("postSubmissions/")}
    for extra in submissions - {submission_id for submission_id, _ in simulation.accepted.values()}:
        verdict.harm("duplicates", f"a submission that nobody was told about: {extra}")
    for text, (submission_id, wanted) in simulation.accepted.items():
        submission = world.memory.contents[f"postSubmissions/{submission_id}"][0]
        if submission.get("completedAt") is None or "sweepAt" in submission:
            verdict.harm("unfinished", f"{text}: {submission['status']} {submission['runCounts']}")
        for target in submission["targets"]:
            platform, account, where = target["platform"], target["accountId"], f"{text} on {target['platform']}"
            path = f"postSubmissions/{submission_id}/runs/{target['runId']}"
            run = world.memory.contents[path][0] if path in world.memory.contents else {"status": "missing"}
            is_silent = platform in wanted.silent
            times = spoken[platform, account, text] if not is_silent else None
            verdict.runs += 1
            if times is not None and times > 1:
                verdict.harm("duplicates", f"{where}: {times} times")
            for said in wanted.said.get(platform, ()):
                if spoken[platform, account, said] > 1:
                    verdict.harm("duplicates", f"{where}: {said!r} {spoken[platform, account, said]} times")
            _judge_run(verdict, run, where, platform, times, by_id)
            if is_silent:
                claimed[platform, account] += run["status"] == "succeeded"
                may_be[platform, account] += run["status"] == "failed" and run["error"]["code"] == "outcome_unknown"
    for account, number in silent.items():
        # Of stories every one must belong to a run that succeeded, or to one whose outcome nobody knows.
        for _ in range(max(0, number - claimed[account] - may_be[account])):
            verdict.harm("duplicates", f"more stories on {account} than runs")
    known = set(simulation.accepted)
    for entry in world.sandbox.ledger:
        if entry.kind == "post" and entry.text and entry.text not in known:
            verdict.harm("false_failures", f"published, but never accepted: {entry.text}")
    return verdict


def _judge_run(verdict: Verdict, run: Any, where: str, platform: str, times: int | None, by_id: set[tuple[str, str]]) -> None:
    """`times` is how often the platform shows it; None where it cannot be told apart."""
    match run["status"]:
        case "succeeded":
            verdict.succeeded += 1
            post_id = run.get("platformPostId")
            if times == 0 or (post_id and not post_id.startswith("v_pub") and (platform, post_id) not in by_id):
                verdict.harm("false_successes", f"{where}: {post_id}")
        case "failed":
            error = run["error"]
            if error["code"] == "outcome_unknown":
                verdict.unknown[platform] += 1
                verdict.unknown_public[platform] += bool(times)
            elif times:
                verdict.harm("false_failures", f"{where}: {error['code']} {error['message']}")
            elif error["class"] in HONEST:
                verdict.reauth += 1
            else:
                verdict.harm("lost", f"{where}: {error['code']} {error['message']}")
        case "missing":
            verdict.harm("lost", f"{where}: there is no run")
        case status:
            verdict.harm("unfinished", f"{where}: {status}")
