"""How late posts are that all are due at the same moment: 200 posts, each with a video, to eight platforms."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.core.clock import iso8601
from shared.core.platforms import PLATFORMS
from tests.bench.local import Local, spread

# A platform takes only so much from one account: TikTok six videos a minute.
USERS, POSTS_EACH = 40, 5
AHEAD = timedelta(seconds=150)
VIDEO = "https://example.com/vertical.mp4"


def print_lateness(local: Local) -> None:
    keys = [local.add_user(f"bench-{number}") for number in range(USERS)]
    due = (datetime.now(UTC) + AHEAD).replace(microsecond=0)
    wanted = [(key, f"post {user}.{n}") for user, key in enumerate(keys) for n in range(POSTS_EACH)]

    def schedule(post: tuple[str, str]) -> str:
        key, text = post
        content = {"text": text, "videoUrl": VIDEO, "platform": list(PLATFORMS)}
        return local.post(key, content, scheduledTime=iso8601(due))

    with ThreadPoolExecutor(8) as pool:
        submissions = list(pool.map(schedule, wanted))
    if datetime.now(UTC) >= due:
        raise RuntimeError("this machine needed longer to accept the posts than they were ahead")
    ended = [local.await_end(submission, within_seconds=1800, look_every_seconds=0.5) for submission in submissions]
    counts = {name: sum(one["runCounts"][name] for one in ended) for name in ("total", "succeeded", "failed", "outcomeUnknown")}
    late: dict[str, list[float]] = {platform: [] for platform in PLATFORMS}
    for entry in local.ledger():
        if entry["accountId"].startswith(f"{entry['platform']}_bench-"):
            late[entry["platform"]].append(_late(entry, due))
    print(f"\n{len(submissions)} posts with a video to {len(PLATFORMS)} platforms, all due at one instant: {counts}")
    print("Seconds between that instant and the platform's having the post")
    for platform, values in late.items():
        print(f"{platform:>14}  {len(values):>4} posts   earliest {min(values):7.3f}   {spread(values)}")
    print(f"{'all':>14}  {sum(map(len, late.values())):>4} posts   {spread([v for values in late.values() for v in values])}")


def _late(entry: dict[str, Any], due: datetime) -> float:
    return (datetime.fromisoformat(entry["acceptedAt"]) - due).total_seconds()
