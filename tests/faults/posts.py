"""What is published in a simulation: every kind of post of every platform, of small files that are there already."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JPEG, VIDEO = b"\xff\xd8\xff" + b"\0" * 500, b"\0\0\0\x18ftypisom" + b"\0" * 80_000
FILES: Mapping[str, bytes] = {"photoone.jpg": JPEG + b"1", "phototwo.jpg": JPEG + b"2", "video.mp4": VIDEO}
# Fetched and copied on the way.
COVER = "https://example.com/photo.jpg"

_ONE, _TWO, _VIDEO = ["photoone"], ["photoone", "phototwo"], ["video"]
# platform → the kinds of posts it takes, as (mediaIds, options)
KINDS: Mapping[str, Sequence[tuple[list[str], dict[str, Any]]]] = {
    "x": (([], {}), (_ONE, {}), (_VIDEO, {}), ([], {"thread": 2})),
    "instagram": ((_ONE, {}), (_TWO, {}), (_VIDEO, {}), (_ONE, {"firstComment": 1})),
    "facebook": (([], {}), (_TWO, {}), (_VIDEO, {}), (_VIDEO, {"reel": False}), (_ONE, {"story": True}), (_VIDEO, {"story": True})),
    "threads": (([], {}), (_ONE, {}), (_TWO, {}), (_VIDEO, {})),
    "tiktok": ((_VIDEO, {}), (_TWO, {})),
    "youtube": ((_VIDEO, {}), (_VIDEO, {"thumbnailUrl": COVER})),
    "linkedin": (([], {}), (_ONE, {}), (_TWO, {}), (_VIDEO, {}), ([], {"firstComment": 1})),
    "snapchat": ((_VIDEO, {}), (_ONE, {}), (_VIDEO, {"story": True})),
}


@dataclass(frozen=True)
class Wanted:
    """One request. `targets` are (platform, account id); `said` what follows the post, per platform; `files` are its own."""

    text: str
    body: Mapping[str, Any]
    targets: tuple[tuple[str, str], ...]
    said: Mapping[str, tuple[str, ...]]
    # Stories show no text: they are told apart by their files.
    silent: frozenset[str]
    # Where the platform tells nobody what became of a request without an answer.
    unknowable: frozenset[str]
    files: Mapping[str, bytes]

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(f"sha256:{hashlib.sha256(content).hexdigest()}" for content in self.files.values())


def wanted_post(chance: random.Random, platforms: Sequence[str], accounts: Callable[[str], Sequence[str]], number: str) -> Wanted:
    """To one platform as a rule, to all that take the same files now and then; `accounts` there are of a platform."""
    text = f"post {number}"
    first = chance.choice(list(platforms))
    files, options = chance.choice(KINDS[first])
    chosen = {first: options}
    if chance.random() < 0.3:
        for platform in platforms:
            alike = [options for media, options in KINDS[platform] if media == files]
            if alike:
                chosen.setdefault(platform, chance.choice(alike))
    said: dict[str, tuple[str, ...]] = {}
    entries: list[dict[str, Any]] = []
    targets: list[tuple[str, str]] = []
    for platform, given in chosen.items():
        account = chance.choice(accounts(platform))
        targets.append((platform, account))
        spoken = dict(given)
        if "thread" in given:
            said[platform] = tuple(f"{text} {platform} reply {n}" for n in range(given["thread"]))
            spoken["thread"] = list(said[platform])
        if "firstComment" in given:
            said[platform] = (f"{text} {platform} comment",)
            spoken["firstComment"] = said[platform][0]
        entries.append({"platform": platform, "accountId": account, "options": spoken})
    silent = {p for p, given in chosen.items() if given.get("story") or (p == "snapchat" and files == _ONE)}
    unknowable = {p for p in chosen if (p == "snapchat" and p in silent) or (p == "tiktok" and files == _TWO)}
    own = {name.replace(".", f"-{number.replace('.', '-')}."): FILES[name] + number.encode() for name in _names(files)}
    content = {"text": text, "mediaIds": [name.partition(".")[0] for name in own], "platform": entries}
    body = {"post": {"content": content}}
    return Wanted(text, body, tuple(targets), said, frozenset(silent), frozenset(unknowable), own)


def _names(media_ids: Sequence[str]) -> list[str]:
    return [name for media_id in media_ids for name in FILES if name.partition(".")[0] == media_id]
