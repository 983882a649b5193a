"""What is published in a simulation: every kind of post of every platform, of small files that are there already."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.platforms import FILM, ONE, all_cases

JPEG, VIDEO = b"\xff\xd8\xff" + b"\0" * 500, b"\0\0\0\x18ftypisom" + b"\0" * 80_000
FILES: Mapping[str, bytes] = {"photoone.jpg": JPEG + b"1", "phototwo.jpg": JPEG + b"2", "video.mp4": VIDEO}
# platform → the kinds of posts it takes, as (mediaIds, options)
KINDS: Mapping[str, Sequence[tuple[list[str], dict[str, Any]]]] = {
    platform: cases.histories for platform, cases in all_cases().items()
}


# platform → the account, and the options there
Chosen = Mapping[str, tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Wanted:
    """One request. `number` tells requests apart; several may have the same `text`. `said` is what follows the post, per platform;
    `files` are its own; `chosen` and `media` are what it was made of."""

    number: str
    text: str
    chosen: Chosen
    media: tuple[str, ...]
    # What is sent as Idempotency-Key, if one is.
    key: str | None
    # When it is to be published, if not at once.
    scheduled: datetime | None = None
    # Whether its files are named by address, to be copied, and not by the ids of what was uploaded before.
    by_address: bool = False
    # Whether it is made as a draft first; how late it may be, in seconds; and whether it goes out at the next free slot.
    draft: bool = False
    within: int | None = None
    slot: bool = False
    # Whether automations follow from it; and, of a post that one made, which post it was made of.
    repurposed: bool = False
    source: str = ""
    # Whether TikTok pulls videos, whose publish_id is lost with an answer then.
    pulled: bool = False

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """(platform, account id)"""
        return tuple((platform, account) for platform, (account, _) in self.chosen.items())

    @property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        return {platform: _said(f"{self.number} {platform}", given) for platform, (_, given) in self.chosen.items()}

    @property
    def with_thumbnail(self) -> frozenset[str]:
        return frozenset(platform for platform, (_, given) in self.chosen.items() if "thumbnailUrl" in given)

    @property
    def silent(self) -> frozenset[str]:
        """Stories show no text: they are told apart by their files."""
        is_photo = self.media == tuple(ONE)
        return frozenset(p for p, (_, given) in self.chosen.items() if given.get("story") or (p == "snapchat" and is_photo))

    @property
    def unknowable(self) -> frozenset[str]:
        """Where the platform tells nobody what became of a request without an answer."""
        is_film = not self.media or self.media == tuple(FILM)
        return frozenset(
            p for p in self.chosen if (p == "tiktok" and (self.pulled or not is_film)) or (p == "snapchat" and p in self.silent)
        )

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        names = [name for media_id in self.media for name in FILES if name.partition(".")[0] == media_id]
        number = self.source or self.number
        return {name.replace(".", f"-{number.replace('.', '-')}."): FILES[name] + number.encode() for name in names}

    @cached_property
    def digests(self) -> tuple[str, ...]:
        return tuple(f"sha256:{hashlib.sha256(content).hexdigest()}" for content in self.files.values())

    @property
    def body(self) -> Mapping[str, Any]:
        entries: list[dict[str, Any]] = []
        for platform, (account, given) in self.chosen.items():
            spoken = dict(given)
            if "thread" in given:
                spoken["thread"] = list(self.said[platform])
            if "firstComment" in given:
                spoken["firstComment"] = self.said[platform][0]
            entries.append({"platform": platform, "accountId": account, "options": spoken})
        ids = [name.partition(".")[0] for name in self.files]
        named = {"mediaUrls": [address_of(name) for name in self.files]} if self.by_address else {"mediaIds": ids}
        content = {"text": self.text, **named, "platform": entries}
        when = {"scheduledTime": self.scheduled.isoformat()} if self.scheduled else {}
        more: dict[str, Any] = {
            "scheduledTime": "next-free-slot" if self.slot else None,
            "enableRepurposing": self.repurposed,
            "draft": self.draft,
            "publishWithinSeconds": self.within,
        }
        return {"post": {"content": content}, **when, **{name: value for name, value in more.items() if value}}


def wanted_post(chance: random.Random, platforms: Sequence[str], accounts: Callable[[str], Sequence[str]], number: str) -> Wanted:
    """To one platform as a rule, to all that take the same files now and then; `accounts` there are of a platform."""
    first = chance.choice(list(platforms))
    files, options = chance.choice(KINDS[first])
    chosen = {first: options}
    if chance.random() < 0.3:
        for platform in platforms:
            alike = [options for media, options in KINDS[platform] if media == files]
            if alike:
                chosen.setdefault(platform, chance.choice(alike))
    placed = {platform: (chance.choice(accounts(platform)), given) for platform, given in chosen.items()}
    by_address, repurposed = chance.random() < 0.4, chance.random() < 0.3
    return Wanted(number, f"post {number}", placed, tuple(files), f"key {number}", by_address=by_address, repurposed=repurposed)


def address_of(name: str) -> str:
    return f"https://files.test/{name}"


def _said(prefix: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    if "thread" in given:
        return tuple(f"{prefix} reply {n}" for n in range(given["thread"]))
    return (f"{prefix} comment",) if "firstComment" in given else ()
