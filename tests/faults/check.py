"""What came of a history: the clients' answers, the platforms' ledgers and the documents' last state, compared."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulator.sandbox.platform import Entry
from tests.faults.automations import followed, made_by_automations
from tests.faults.events import untold
from tests.faults.people import UID
from tests.faults.posts import Wanted
from tests.faults.witness import Account
from tests.platforms import all_cases

if TYPE_CHECKING:
    from tests.faults.simulation import Simulation

HARMS = (
    "duplicates",
    "lost",
    "false_successes",
    "false_failures",
    "false_unknowns",
    "wrong_names",
    "too_early",
    "wrong_answers",
    "double_refreshes",
    "older_tokens",
    "buried_alive",
    "wrong_accounts",
    "untold",
    "unfinished",
)
# What is counted beside the harms.
COUNTS = (
    "runs",
    "succeeded",
    "automated",
    "cancelled",
    "retried",
    "resolved",
    "missed",
    "drafted",
    "slots",
    "reauth",
    "refused",
    "late",
    "alike",
    "disconnections",
    "unknown_away",
    "unknown_late",
)
CASES = all_cases()
# A process's clock, the platform's and that of whoever looks may be that much apart.
CLOCKS_APART = timedelta(seconds=30)
# After so long a post is given up; whoever looks for it last may be a while at it.
GIVEN_UP, AT_LAST = timedelta(hours=24), timedelta(minutes=30)


@dataclass
class Verdict:
    """`unknown` counts outcome_unknown by platform where nobody can know (in brackets: how many are public); `unknown_away`
    where its person had disconnected the account before anybody could ask; `unknown_late` where the platform did not say within a
    day. The harms must all be zero."""

    runs: int = 0
    succeeded: int = 0
    # Posts that automations made.
    automated: int = 0
    # Cancelled by their customers.
    cancelled: int = 0
    # Sent again after they had failed; of which a person said whether they are there; not begun in time.
    retried: int = 0
    resolved: int = 0
    missed: int = 0
    # Published from a draft, and posts that took a slot.
    drafted: int = 0
    slots: int = 0
    # Failed because the account was dead or disconnected then.
    reauth: int = 0
    # Failed as the platform had it: refused for good, or not processed.
    refused: int = 0
    # Failed because the platform was down for a day.
    late: int = 0
    # Refused, or unknown, as the account had another post with the same text.
    alike: int = 0
    # Accounts that their people disconnected, and connected again.
    disconnections: int = 0
    unknown_away: int = 0
    unknown_late: int = 0
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
    # Published before its time.
    too_early: int = 0
    # What a customer was answered, beside 201, "try again later" and "that account is not connected".
    wrong_answers: int = 0
    # Two renewals of the same tokens under way at once.
    double_refreshes: int = 0
    # Older tokens written over newer ones.
    older_tokens: int = 0
    # Accounts said to need their person, whose tokens work, and were never refused.
    buried_alive: int = 0
    # The API's word on an account was not so, or what is stored of it disagrees.
    wrong_accounts: int = 0
    # Told by webhooks and not so, or so and not told.
    untold: int = 0
    unfinished: int = 0
    examples: list[str] = field(default_factory=list)
    # (platform, step) that was called at all.
    reached: set[tuple[str, str]] = field(default_factory=set)

    @property
    def is_clean(self) -> bool:
        return not any(getattr(self, harm) for harm in HARMS)

    def __add__(self, other: "Verdict") -> "Verdict":
        total = Verdict()
        for name in (*COUNTS, *HARMS):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        total.unknown, total.unknown_public = self.unknown + other.unknown, self.unknown_public + other.unknown_public
        total.examples = (self.examples + other.examples)[:20]
        total.reached = self.reached | other.reached
        return total

    def harm(self, kind: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < 20:
            self.examples.append(f"{kind}: {what}")


@dataclass(frozen=True)
class _One:
    """One run, what was wanted of it, and on which account, by the sandbox's name."""

    path: str
    run: Any
    wanted: Wanted
    platform: str
    account: str
    due_at: datetime
    # Before it was retried.
    first_due_at: datetime
    # By which it may have failed.
    was_dead: bool
    was_away: bool
    was_away_once_sent: bool
    was_down: bool
    was_cancelled: bool
    in_doubt: bool
    refused_at: frozenset[str]
    failed_at: frozenset[str]

    @property
    def where(self) -> str:
        return f"{self.wanted.number} ({self.wanted.text}) on {self.platform}"

    @property
    def is_late(self) -> bool:
        return self.run["completedAt"] >= self.due_at + GIVEN_UP - CLOCKS_APART

    @property
    def is_out_of_time(self) -> bool:
        """Given up because it may not be sent so late any more, as its customer wanted."""
        within = timedelta(seconds=self.run["publishWithinSeconds"])
        is_over = self.run["completedAt"] >= self.due_at + within - CLOCKS_APART
        return self.wanted.within is not None and is_over and self.run["error"]["code"] in ("missed", "deadline_exceeded")

    @property
    def was_not_asked_again(self) -> bool:
        """Only by sending it again could a LinkedIn member's be asked for, and it was too late for that."""
        is_member = self.platform == "linkedin" and not self.account.startswith("org")
        return is_member and self.in_doubt and self.wanted.within is not None

    @property
    def is_unknown(self) -> bool:
        return self.run["status"] == "failed" and self.run["error"]["code"] == "outcome_unknown"

    def overlaps(self, other: "_One") -> bool:
        """Whether both may have been sent and not answered at one time; or copies are refused, for a day."""
        if CASES[self.platform].refuses_copies:
            return True
        begun = [one.run.get("firstIntentAt") for one in (self, other)]
        if not all(begun):
            return False
        return max(begun) <= min(self.run["completedAt"], other.run["completedAt"]) + CLOCKS_APART

    @property
    def is_told_apart(self) -> bool:
        """Whether the platform shows files by names that only this run has, or keeps a handle that tells."""
        if self.platform == "facebook":
            return bool(self.wanted.media) and self.wanted.chosen["facebook"][1].get("reel") is not False
        return bool(self.wanted.media) and CASES[self.platform].files_have_names

    @property
    def nobody_can_know(self) -> bool:
        """Its answer was lost where the platform answers no questions, or, of a LinkedIn member's, with a copy that was refused."""
        if self.platform in self.wanted.unknowable:
            return self.in_doubt
        is_member = self.platform == "linkedin" and not self.account.startswith("org")
        return is_member and self.in_doubt and "publish" in self.refused_at


def judge(simulation: "Simulation") -> Verdict:
    verdict = Verdict(double_refreshes=simulation.renewals.at_once, reached=set(simulation.witness.reached))
    told = {
        "older_tokens": simulation.stored_tokens.went_back,
        "buried_alive": simulation.stored_tokens.buried_alive,
        "wrong_accounts": [*simulation.people.broken, *simulation.people.disagreements()],
        "wrong_answers": [*simulation.wrong_answers, *simulation.thoughts.shared_slots()],
        "untold": list(untold(simulation.world, UID, simulation.hearer)) if simulation.hearer else [],
        "unfinished": [f"{number} was never answered" for number in simulation.unanswered],
    }
    for harm, examples in told.items():
        for example in examples:
            verdict.harm(harm, example)
    verdict.retried, verdict.resolved = simulation.thoughts.done.get("retry", 0), simulation.thoughts.done.get("resolve", 0)
    verdict.drafted, verdict.slots = simulation.thoughts.done.get("publish", 0), simulation.thoughts.slots
    verdict.disconnections = sum(map(len, simulation.people.away.values()))
    if counted := simulation.world.memory.contents[f"users/{UID}"][0].get("storageBytes", 0):
        verdict.harm("wrong_names", f"{counted} bytes of copies are counted, though all posts are over")
    ledger = _Ledger(simulation)
    alike: dict[Any, list[_One]] = defaultdict(list)
    for wanted, submission_id in _submissions(simulation, verdict):
        for one in _runs(simulation, verdict, wanted, submission_id):
            looks = wanted.digests[:1] if one.platform in wanted.silent else wanted.text
            alike[one.platform, one.account, looks].append(one)
    for runs in alike.values():
        _judge_alike(verdict, runs, ledger)
    for entry in ledger.left():
        verdict.harm("false_failures", f"published, but never accepted: {entry.platform} {entry.kind} {entry.text}")
    return verdict


def _submissions(simulation: "Simulation", verdict: Verdict) -> Iterator[tuple[Wanted, str]]:
    """Each once. A request without a key of its own may have several: a new one after each that provably published nothing."""
    contents = simulation.world.memory.contents
    there = {
        path.split("/")[1]: contents[path][0] for path in contents if path.startswith("postSubmissions/") and path.count("/") == 1
    }
    keyless = {wanted.text: number for number, wanted in simulation.accepted.items() if wanted.key is None}
    known = {number: list(ids) for number, ids in simulation.submissions.items()}
    made = made_by_automations(there)
    by_automations = {one for ids in made.values() for one in ids}
    for extra in there.keys() - by_automations - {submission_id for ids in known.values() for submission_id in ids}:
        number = keyless.get(there[extra]["content"]["text"]) if there[extra].get("derivedKeyPath") else None
        if number is None:
            verdict.harm("duplicates", f"a submission that nobody was told about: {extra}")
        else:
            known[number].append(extra)
    for number, ids in known.items():
        wanted, in_order = simulation.accepted[number], sorted(ids, key=lambda one: there[one]["createdAt"])
        # An earlier one may be retried once a later one has failed, too.
        publishing = [one for one in in_order if not simulation.published_nothing(one)]
        if len(in_order) > 1 and (wanted.key is not None or len(publishing) > 1):
            verdict.harm("duplicates", f"one request, several submissions: {number}")
        for one in in_order:
            yield wanted, one
            for following, follower in followed(simulation, verdict, wanted, one, made):
                by_automations.remove(follower)
                verdict.automated += 1
                yield following, follower
    for extra in by_automations:
        verdict.harm("duplicates", f"a post that no automation was to make: {there[extra]['sourceRun']}")


def _runs(simulation: "Simulation", verdict: Verdict, wanted: Wanted, submission_id: str) -> Iterator[_One]:
    contents = simulation.world.memory.contents
    submission = contents[f"postSubmissions/{submission_id}"][0]
    if submission.get("completedAt") is None or "sweepAt" in submission:
        verdict.harm("unfinished", f"{wanted.number}: {submission['status']} {submission['runCounts']}")
    if submission["status"] == "cancelled":
        # What the platforms have of it all the same is counted as published and never accepted.
        verdict.cancelled += len(submission["targets"])
        verdict.runs += len(submission["targets"])
        if submission_id not in simulation.thoughts.cancelled:
            verdict.harm("lost", f"{wanted.number}: cancelled, though nobody asked for it")
        return
    runs: list[Any] = []
    for target in submission["targets"]:
        path = f"postSubmissions/{submission_id}/runs/{target['runId']}"
        account = (target["platform"], target["accountId"])
        if path not in contents:
            verdict.harm("lost", f"{wanted.number}: there is no run {path}")
            continue
        run = contents[path][0]
        runs.append(run)
        yield _one(simulation, path, run, wanted, account, submission["dueAt"])
    if {name: n for name, n in submission["runCounts"].items() if n or name not in ("cancelled", "missed")} != _counted(runs):
        verdict.harm("wrong_names", f"{wanted.number}: {submission['runCounts']} for runs that are {_counted(runs)}")


def _one(simulation: "Simulation", path: str, run: Any, wanted: Wanted, account: Account, first_due_at: datetime) -> _One:
    since, until = run["createdAt"] - CLOCKS_APART, run.get("completedAt", simulation.scheduler.now) + CLOCKS_APART
    sent, due_at = run.get("firstIntentAt"), run["dueAt"]
    people, witness = simulation.people, simulation.witness
    return _One(
        path,
        run,
        wanted,
        account[0],
        people.names[account],
        due_at,
        first_due_at,
        was_dead=simulation.stored_tokens.was_dead(account, since, until),
        was_away=people.was_away(account, since, until),
        was_away_once_sent=sent is not None and people.was_away(account, sent - CLOCKS_APART, until),
        was_down=simulation.down == account[0],
        was_cancelled=path.split("/")[1] in simulation.thoughts.cancelled,
        in_doubt=path in witness.in_doubt,
        refused_at=frozenset(witness.refused.get(path, ())),
        failed_at=frozenset(witness.failed.get(path, ())),
    )


def _counted(runs: Sequence[Any]) -> dict[str, int]:
    """What the submission must say of its runs."""
    ended = Counter(run["status"] for run in runs)
    unknown = sum(run["status"] == "failed" and run["error"]["code"] == "outcome_unknown" for run in runs)
    counts = {"total": len(runs), "succeeded": ended["succeeded"], "failed": ended["failed"], "outcomeUnknown": unknown}
    for code in ("cancelled", "missed"):
        if number := sum(run["status"] == "failed" and run["error"]["code"] == code for run in runs):
            counts[code] = number
    return counts


class _Ledger:
    """Posts told apart by their texts; those that show none by their files, of which each is used once."""

    def __init__(self, simulation: "Simulation") -> None:
        self._entries: Sequence[Entry] = simulation.world.sandbox.ledger
        self._by_looks: dict[Any, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            looks = (
                [entry.text, entry.media[:1]] if entry.kind == "post" else [entry.id if entry.kind == "thumbnail" else entry.text]
            )
            for one in looks:
                self._by_looks[entry.platform, entry.account_id, entry.kind == "post", one].append(number)
        self._taken: set[int] = set()
        tiktok: Any = simulation.world.platforms["tiktok"]
        # What TikTok calls a post until it is public.
        self.before_public: dict[str, str | None] = {post.id: post.post_id for post in tiktok._posts.values()}

    def posts(self, one: _One) -> list[Entry]:
        looks = one.wanted.digests[:1] if one.platform in one.wanted.silent else one.wanted.text
        return self._take((one.platform, one.account, True, looks))

    def beside(self, one: _One, text: str) -> list[Entry]:
        """Replies and comments by their texts, thumbnails by their videos' ids."""
        return self._take((one.platform, one.account, False, text))

    def left(self) -> list[Entry]:
        return [entry for number, entry in enumerate(self._entries) if number not in self._taken]

    def _take(self, looks: Any) -> list[Entry]:
        numbers = self._by_looks.get(looks, [])
        self._taken |= set(numbers)
        return [self._entries[number] for number in numbers]


def _judge_alike(verdict: Verdict, runs: Sequence[_One], ledger: _Ledger) -> None:
    """Runs that one cannot tell apart on the account by what they show: one as a rule."""
    free = ledger.posts(runs[0])

    def claim(one: _One, fits: Any = lambda _: True, *, whatever_files: bool = False) -> Entry | None:
        found = next((entry for entry in free if fits(entry) and entry.media == one.wanted.digests), None)
        if found is None and whatever_files:
            found = next((entry for entry in free if fits(entry)), None)
        if found is not None:
            free.remove(found)
        return found

    owned: dict[str, Entry | None] = {}
    succeeded = [one for one in runs if one.run["status"] == "succeeded"]
    for one in succeeded:
        post_id = one.run.get("platformPostId")
        named = ledger.before_public.get(post_id, post_id)
        owned[one.path] = claim(one, lambda entry, named=named: entry.id == named, whatever_files=True)
    unnamed = [one for one in succeeded if owned[one.path] is None]
    failed = [one for one in runs if one.run["status"] != "succeeded"]
    for one in (*unnamed, *sorted(failed, key=lambda one: not one.is_unknown)):
        owned[one.path] = claim(one, lambda entry, one=one: entry.accepted_at >= one.first_due_at - CLOCKS_APART) or claim(one)
    for entry in free:
        verdict.harm("duplicates", f"{runs[0].where}: once more than wanted, as {entry.id}")
    for one in runs:
        verdict.runs += 1
        match one.run["status"]:
            case "succeeded":
                _judge_success(verdict, one, owned[one.path], ledger, has_twins=len(runs) > 1)
            case "failed":
                _judge_failure(
                    verdict, one, is_public=owned[one.path] is not None, alike=[other for other in runs if other is not one]
                )
            case status:
                verdict.harm("unfinished", f"{one.where}: {status}")
        if one.run.get("completedAt", one.due_at) > one.due_at + GIVEN_UP + AT_LAST:
            verdict.harm("unfinished", f"{one.where}: not within a day")
        _judge_what_follows(verdict, one, ledger)


def _judge_success(verdict: Verdict, one: _One, entry: Entry | None, ledger: _Ledger, *, has_twins: bool) -> None:
    if entry is None:
        verdict.harm("false_successes", f"{one.where}: {one.run.get('platformPostId')}")
        return
    verdict.succeeded += 1
    if entry.media != one.wanted.digests:
        verdict.harm("wrong_names", f"{one.where}: {len(entry.media)} of {len(one.wanted.digests)} files, or others")
    if not _is_named(one, entry, ledger, has_twins=has_twins):
        verdict.harm("wrong_names", f"{one.where}: {one.run.get('platformPostId')} {one.run.get('platformPostUrl')}")
    within = timedelta(seconds=one.run["publishWithinSeconds"])
    if "intentAt" in one.run and one.run["intentAt"] > one.due_at + within + CLOCKS_APART:
        verdict.harm("too_early", f"{one.where}: begun at {one.run['intentAt']}, due at {one.due_at}, too late")
    if entry.accepted_at < one.first_due_at - CLOCKS_APART:
        verdict.harm("too_early", f"{one.where}: {entry.accepted_at} of {one.due_at}")


def _is_named(one: _One, entry: Entry, ledger: _Ledger, *, has_twins: bool) -> bool:
    """Without a name or an address only where asking for it failed, or would tell which of several it is."""
    post_id, url = one.run.get("platformPostId"), one.run.get("platformPostUrl")
    if one.run.get("resolution"):
        # A person knows which one it is, and says no address.
        return post_id == entry.id
    if post_id is None:
        may_fail = one.failed_at & {"", "list_media"} or has_twins or one.platform in one.wanted.silent
        return CASES[one.platform].may_be_nameless and one.in_doubt and bool(may_fail)
    if post_id in ledger.before_public:
        # Not named by TikTok in time.
        return ledger.before_public[post_id] == entry.id
    lacks_address = url is None and CASES[one.platform].may_lack_address and one.failed_at & {"", "permalink"}
    return post_id == entry.id and (url == entry.url or bool(lacks_address))


def _judge_what_follows(verdict: Verdict, one: _One, ledger: _Ledger) -> None:
    """Replies, comments and thumbnails: there once, or a note says why not; and no note says so of what is there."""
    notes: Sequence[str] = one.run.get("notes") or ()
    texts = one.wanted.said.get(one.platform, ())
    if texts:
        what = "first comment" if len(texts) == 1 else "thread"
        _judge_notes(verdict, one, what, [len(ledger.beside(one, text)) for text in texts], notes)
    if one.platform in one.wanted.with_thumbnail and one.run["status"] == "succeeded":
        times = len(ledger.beside(one, str(one.run["platformPostId"])))
        # Again does no harm.
        _judge_notes(verdict, one, "thumbnail", [min(times, 1)], notes)


def _judge_notes(verdict: Verdict, one: _One, what: str, there: Sequence[int], notes: Sequence[str]) -> None:
    if any(times > 1 for times in there):
        verdict.harm("duplicates", f"{one.where}: {what} {max(there)} times")
    if one.run["status"] != "succeeded":
        return
    of_it = [note for note in notes if what in note]
    missing, surely_not = there.count(0), [note for note in of_it if "may or may not be public" not in note]
    if missing and not of_it:
        verdict.harm("lost", f"{one.where}: {missing} of {what}, and no note says so")
    if surely_not and not missing:
        verdict.harm("false_failures", f"{one.where}: {what} is there, but {surely_not}")


def _judge_failure(verdict: Verdict, one: _One, *, is_public: bool, alike: Sequence[_One]) -> None:
    error = one.run["error"]
    told = f"{one.where}: {error['code']} {error['message']}"
    if one.is_unknown:
        _judge_unknown(verdict, one, told, is_public=is_public, alike=alike)
    elif is_public:
        verdict.harm("false_failures", told)
    elif error["code"] == "cancelled" and one.was_cancelled:
        verdict.cancelled += 1
    elif error["code"] == "not_published" and one.run["resolution"] == {"published": False, "platformPostId": None}:
        # As its person had seen, and did not send again.
        verdict.unknown[one.platform] += 1
    elif one.is_out_of_time:
        verdict.missed += 1
    elif error["class"] == "reauth" and (one.was_dead or one.was_away):
        # Honest: the account was dead or disconnected, and nobody published anything.
        verdict.reauth += 1
    elif error["class"] in ("rejected", "media_invalid") and one.refused_at:
        verdict.refused += 1
    elif alike and CASES[one.platform].refuses_copies and error["class"] in ("duplicate", "rejected"):
        verdict.alike += 1
    elif error["class"] in ("transient", "throttled", "processing") and one.is_late and one.was_down:
        verdict.late += 1
    else:
        verdict.harm("lost", told)


def _judge_unknown(verdict: Verdict, one: _One, told: str, *, is_public: bool, alike: Sequence[_One]) -> None:
    if one.nobody_can_know or one.was_not_asked_again:
        verdict.unknown[one.platform] += 1
        verdict.unknown_public[one.platform] += is_public
    elif one.was_away_once_sent:
        verdict.unknown_away += 1
    elif one.is_late and one.was_down:
        verdict.unknown_late += 1
    elif one.in_doubt and CASES[one.platform].known_by_looks and not one.is_told_apart and any(map(one.overlaps, alike)):
        verdict.alike += 1
    else:
        verdict.harm("false_unknowns", told)
