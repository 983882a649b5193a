"""What came of a history: the clients' answers, the platforms' ledgers and the documents' last state, compared."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from emulator.sandbox.platform import Entry
from tests.faults.posts import Wanted

if TYPE_CHECKING:
    from tests.faults.simulation import Simulation

HARMS = (
    "duplicates",
    "lost",
    "false_successes",
    "false_failures",
    "false_unknowns",
    "wrong_names",
    "double_refreshes",
    "older_tokens",
    "wrong_accounts",
    "unfinished",
)
# Where the platform names what it published only by a listing that may fail, or by what came before.
MAY_BE_NAMELESS = ("instagram", "threads")
MAY_LACK_ADDRESS = ("instagram", "threads", "facebook")
# Where only sending it again tells what became of a post: nobody knows, if the copy is refused for another reason.
ONLY_A_COPY_TELLS = ("linkedin",)
CLOCKS_APART = timedelta(seconds=30)


@dataclass
class Verdict:
    """`unknown` counts outcome_unknown by platform where nobody can know (in brackets: how many are public); `unknown_away`
    where its person had disconnected the account before anybody could ask. The harms must all be zero."""

    runs: int = 0
    succeeded: int = 0
    reauth: int = 0
    # Accounts that their people disconnected, and connected again.
    disconnections: int = 0
    # Failed as the platform had it: refused for good, or not processed.
    refused: int = 0
    unknown_away: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    unknown_public: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    lost: int = 0
    false_successes: int = 0
    false_failures: int = 0
    # outcome_unknown where the platform could have been asked.
    false_unknowns: int = 0
    # Succeeded, with another post's id or address, or not with all of its files; or the submission counts its runs wrongly.
    wrong_names: int = 0
    # Two renewals of the same tokens under way at once.
    double_refreshes: int = 0
    # Older tokens written over newer ones.
    older_tokens: int = 0
    # The API's word on an account was not so, or what is stored of it disagrees.
    wrong_accounts: int = 0
    unfinished: int = 0
    examples: list[str] = field(default_factory=list)
    # (platform, step) that was called at all.
    reached: set[tuple[str, str]] = field(default_factory=set)

    @property
    def is_clean(self) -> bool:
        return not any(getattr(self, harm) for harm in HARMS)

    def __add__(self, other: "Verdict") -> "Verdict":
        total = Verdict()
        for name in ("runs", "succeeded", "reauth", "refused", "disconnections", "unknown_away", *HARMS):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        total.unknown, total.unknown_public = self.unknown + other.unknown, self.unknown_public + other.unknown_public
        total.examples = (self.examples + other.examples)[:20]
        total.reached = self.reached | other.reached
        return total

    def harm(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < 20:
            self.examples.append(f"{kind}: {what}")


def judge(simulation: "Simulation") -> Verdict:
    verdict = Verdict(double_refreshes=simulation.renewals.at_once, reached=set(simulation.reached))
    world = simulation.world
    for _ in range(simulation.twins):
        verdict.harm("duplicates", "one request, two submissions")
    for what in simulation.stored_tokens.went_back:
        verdict.harm("older_tokens", what)
    for what in (*simulation.people.broken, *simulation.people.disagreements()):
        verdict.harm("wrong_accounts", what)
    verdict.disconnections = sum(map(len, simulation.people.away.values()))
    for text in simulation.unanswered:
        verdict.harm("unfinished", f"{text} was never answered")
    submissions = {path.split("/")[1] for path in world.memory.contents if path.startswith("postSubmissions/")}
    for extra in submissions - {submission_id for submission_id, _ in simulation.accepted.values()}:
        verdict.harm("duplicates", f"a submission that nobody was told about: {extra}")
    told_apart = _Ledger(world.sandbox.ledger)
    for text, (submission_id, wanted) in simulation.accepted.items():
        submission = world.memory.contents[f"postSubmissions/{submission_id}"][0]
        if submission.get("completedAt") is None or "sweepAt" in submission:
            verdict.harm("unfinished", f"{text}: {submission['status']} {submission['runCounts']}")
        runs: list[Any] = []
        for target in submission["targets"]:
            path = f"postSubmissions/{submission_id}/runs/{target['runId']}"
            run = world.memory.contents[path][0] if path in world.memory.contents else {"status": "missing"}
            runs.append(run)
            account = (target["platform"], target["accountId"])
            named = (target["platform"], simulation.people.names[account])
            _judge_run(verdict, run, wanted, named, told_apart, _excuse(simulation, account, submission, path))
        if submission["runCounts"] != _counted(runs):
            verdict.harm("wrong_names", f"{text}: {submission['runCounts']} for runs that are {_counted(runs)}")
    for entry in told_apart.left():
        verdict.harm("false_failures", f"published, but never accepted: {entry.platform} {entry.text}")
    return verdict


def _counted(runs: Sequence[Any]) -> dict[str, int]:
    """What the submission must say of its runs."""
    ended = Counter(run["status"] for run in runs)
    unknown = sum(run["status"] == "failed" and run["error"]["code"] == "outcome_unknown" for run in runs)
    return {"total": len(runs), "succeeded": ended["succeeded"], "failed": ended["failed"], "outcomeUnknown": unknown}


@dataclass(frozen=True)
class _Excuse:
    """Whether the account had died at some time, was disconnected while the post was on its way, and whether that was refused."""

    has_died: bool
    was_away: bool
    was_refused: bool


def _excuse(simulation: "Simulation", account: tuple[str, str], submission: Mapping[str, Any], run: str) -> _Excuse:
    ended = submission.get("completedAt") or simulation.scheduler.now
    # Two clocks may be that much apart.
    since, until = submission["createdAt"] - CLOCKS_APART, ended + CLOCKS_APART
    was_away = simulation.people.was_away(account, since, until)
    return _Excuse(account in simulation.stored_tokens.died, was_away, run in simulation.refused)


class _Ledger:
    """Posts told apart by their texts; those that show none by their files, of which each is used once."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._taken: set[int] = set()

    def posts(self, wanted: Wanted, account: tuple[str, str]) -> list[Entry]:
        def is_it(entry: Entry) -> bool:
            if (entry.platform, entry.account_id) != account or entry.kind != "post":
                return False
            return entry.media[:1] == wanted.digests[:1] if account[0] in wanted.silent else entry.text == wanted.text

        return self._take([number for number, entry in enumerate(self._entries) if is_it(entry)])

    def said(self, text: str, account: tuple[str, str]) -> list[Entry]:
        return self._take(
            [
                number
                for number, entry in enumerate(self._entries)
                if entry.kind != "post" and (entry.platform, entry.account_id, entry.text) == (*account, text)
            ]
        )

    def left(self) -> list[Entry]:
        return [entry for number, entry in enumerate(self._entries) if number not in self._taken]

    def _take(self, numbers: list[int]) -> list[Entry]:
        self._taken |= set(numbers)
        return [self._entries[number] for number in numbers]


def _judge_run(verdict: Verdict, run: Any, wanted: Wanted, account: tuple[str, str], ledger: _Ledger, excuse: _Excuse) -> None:
    platform, where = account[0], f"{wanted.text} on {account[0]}"
    posts = ledger.posts(wanted, account)
    verdict.runs += 1
    if len(posts) > 1:
        verdict.harm("duplicates", f"{where}: {len(posts)} times")
    for said in wanted.said.get(platform, ()):
        times = len(ledger.said(said, account))
        if times > 1:
            verdict.harm("duplicates", f"{where}: {said!r} {times} times")
        unsent = [note for note in run.get("notes") or () if "was not sent" in note or "was refused" in note]
        if times and unsent and len(wanted.said[platform]) == 1:
            verdict.harm("false_failures", f"{where}: {said!r} is there, but {unsent}")
        if times == 0 and run["status"] == "succeeded" and not run.get("notes"):
            verdict.harm("lost", f"{where}: {said!r} is not there, and no note says so")
    match run["status"]:
        case "succeeded" if not posts:
            verdict.harm("false_successes", f"{where}: {run.get('platformPostId')}")
        case "succeeded":
            verdict.succeeded += 1
            if posts[0].media != wanted.digests:
                verdict.harm("wrong_names", f"{where}: {len(posts[0].media)} of {len(wanted.digests)} files, or others")
            if not _is_named(run, posts[0]):
                verdict.harm("wrong_names", f"{where}: {run.get('platformPostId')} {run.get('platformPostUrl')}")
        case "failed":
            _judge_failure(verdict, run["error"], wanted, platform, where, excuse, is_public=bool(posts))
        case "missing":
            verdict.harm("lost", f"{where}: there is no run")
        case status:
            verdict.harm("unfinished", f"{where}: {status}")


def _is_named(run: Any, entry: Entry) -> bool:
    post_id, url = run.get("platformPostId"), run.get("platformPostUrl")
    if post_id is None:
        return entry.platform in MAY_BE_NAMELESS
    if entry.platform == "tiktok" and post_id.startswith(("v_pub", "p_pub")):
        # Not named by TikTok in time.
        return True
    return post_id == entry.id and (url == entry.url or (url is None and entry.platform in MAY_LACK_ADDRESS))


def _judge_failure(
    verdict: Verdict, error: Any, wanted: Wanted, platform: str, where: str, excuse: _Excuse, *, is_public: bool
) -> None:
    told = f"{where}: {error['code']} {error['message']}"
    if error["code"] == "outcome_unknown":
        if platform in wanted.unknowable or (platform in ONLY_A_COPY_TELLS and excuse.was_refused):
            verdict.unknown[platform] += 1
            verdict.unknown_public[platform] += is_public
        elif excuse.was_away:
            verdict.unknown_away += 1
        else:
            verdict.harm("false_unknowns", told)
    elif is_public:
        verdict.harm("false_failures", told)
    elif error["class"] == "reauth" and (excuse.has_died or excuse.was_away):
        # Honest: the account was dead or disconnected, and nobody published anything.
        verdict.reauth += 1
    elif error["class"] in ("rejected", "media_invalid") and excuse.was_refused:
        verdict.refused += 1
    else:
        verdict.harm("lost", told)
