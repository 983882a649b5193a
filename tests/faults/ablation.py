"""Each mechanism switched off in turn, from outside: the harness must see the harm that it prevents."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.core.ids import random_base62
from shared.documents.document import Create, Delete, Document, Documents, Update, Version, Write
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Absent, Failed, Finding, NotListed, Platform, Publication


class Rewriting:
    """A database whose writes and reads are rewritten on the way."""

    def __init__(
        self,
        documents: Documents,
        *,
        write: Callable[[Write], Write | None] = lambda write: write,
        read: Callable[[Document], Document] = lambda document: document,
    ) -> None:
        self._documents, self._write, self._read = documents, write, read

    def get(self, *paths: str) -> list[Document | None]:
        return [document and self._read(document) for document in self._documents.get(*paths)]

    def commit(self, *writes: Write) -> Version:
        return self._documents.commit(*(w for w in (self._write(write) for write in writes) if w is not None))

    def query(self, query: Any) -> list[Document]:
        return [self._read(document) for document in self._documents.query(query)]


def without_fences(documents: Documents) -> Documents:
    """No compare-and-set on runs: an overtaken worker goes on writing."""

    def write(write: Write) -> Write:
        return replace(write, if_version=None) if isinstance(write, Update | Delete) and "/runs/" in write.path else write

    return Rewriting(documents, write=write)


def without_leases(documents: Documents) -> Documents:
    """Nobody sees that somebody else is at work."""

    def read(document: Document) -> Document:
        fields = {name: value for name, value in document.fields.items() if name != "leaseUntil"}
        return replace(document, fields=fields) if "/runs/" in document.path else document

    return Rewriting(documents, read=read)


def without_leases_and_fences(documents: Documents) -> Documents:
    return without_leases(without_fences(documents))


def without_intents(documents: Documents) -> Documents:
    """The call is made without having been announced."""

    def write(write: Write) -> Write:
        if isinstance(write, Update) and write.fields.get("phase") == "intent":
            fields = {name: value for name, value in write.fields.items() if name not in ("phase", "intentAt", "intents")}
            return replace(write, fields=fields)
        return write

    return Rewriting(documents, write=write)


def without_handles(documents: Documents) -> Documents:
    """What a platform gave us is forgotten with the process."""

    def write(write: Write) -> Write:
        if isinstance(write, Update) and "handle" in write.fields and "/runs/" in write.path:
            return replace(write, fields={name: value for name, value in write.fields.items() if name != "handle"})
        return write

    return Rewriting(documents, write=write)


def without_idempotency(documents: Documents) -> Documents:
    """No record of a request is kept."""
    return Rewriting(documents, write=lambda w: None if isinstance(w, Create) and "/idempotency/" in w.path else w)


def without_nonces(documents: Documents) -> Documents:
    """A commit whose answer was lost is not recognised as our own."""

    def read(document: Document) -> Document:
        return replace(document, fields={name: value for name, value in document.fields.items() if name != "nonce"})

    return Rewriting(documents, read=read)


def without_single_flight(documents: Documents) -> Documents:
    """Everybody renews tokens at once, and whoever writes last is right."""

    def write(write: Write) -> Write:
        return replace(write, if_version=None) if isinstance(write, Update) and "/credentials/" in write.path else write

    def read(document: Document) -> Document:
        if "/credentials/" not in document.path:
            return document
        return replace(document, fields={**document.fields, "refreshingUntil": None})

    return Rewriting(documents, write=write, read=read)


def without_the_ids_of_automations(documents: Documents) -> Documents:
    """Each time that an automation fires, its post gets another id."""

    def write(write: Write) -> Write:
        if isinstance(write, Create) and write.fields.get("origin") == "automation":
            return replace(write, path=f"{write.path}-{random_base62(8)}")
        return write

    return Rewriting(documents, write=write)


def without_follow_up_intents(documents: Documents) -> Documents:
    """A thread's next post is sent without having been announced."""

    def write(write: Write) -> Write:
        if isinstance(write, Update) and "followUps" in write.fields:
            states = [state for state in write.fields["followUps"] if state["state"] == "sent"]
            return replace(write, fields={**write.fields, "followUps": states})
        return write

    return Rewriting(documents, write=write)


class _EventsApart(Rewriting):
    def commit(self, *writes: Write) -> Version:
        events = [write for write in writes if isinstance(write, Create) and "/events/" in write.path]
        version = self._documents.commit(*(write for write in writes if write not in events))
        if events:
            self._documents.commit(*events)
        return version


def without_events_in_the_commit(documents: Documents) -> Documents:
    """What happened is written down a moment after it is true."""
    return _EventsApart(documents)


def blind(platform: Platform) -> Platform:
    """What was not answered did not happen. (TikTok and Facebook answer nothing else than that they will see.)"""
    return platform if platform.name in ("tiktok", "facebook") else replace(platform, find=lambda _: Absent())


def impatient(platform: Platform) -> Platform:
    """One look at a listing is enough, however soon."""

    def find(publication: Publication) -> Finding:
        finding = platform.find(publication)
        return Failed(PlatformFailure("transient", "not listed")) if isinstance(finding, NotListed) else finding

    return replace(platform, find=find)


@dataclass(frozen=True)
class Ablation:
    """A mechanism, how it is switched off, where that shows soonest, and as what."""

    mechanism: str
    harm: str
    platforms: Sequence[str]
    documents: Callable[[Documents], Documents] | None = None
    platform: Callable[[Platform], Platform] | None = None
    # What tells a machine the database's time is not listened to.
    own_clocks: bool = False


_LISTED = ("x", "facebook", "linkedin", "youtube")
ABLATIONS = (
    Ablation("nothing", "", ("x", "snapchat")),
    Ablation("sweeper", "unfinished", ("x", "instagram", "youtube")),
    Ablation("idempotency record", "duplicates", ("x", "threads"), without_idempotency),
    Ablation("leases and fences", "duplicates", ("x", "facebook", "linkedin"), without_leases_and_fences),
    Ablation("fences", "unfinished", ("x", "facebook", "linkedin"), without_fences),
    Ablation("intent before the call", "duplicates", ("x", "linkedin"), without_intents),
    Ablation("saved handles", "false_unknowns", ("facebook", "threads"), without_handles),
    Ablation("reconciliation", "duplicates", _LISTED, platform=blind),
    Ablation("patience with listings", "duplicates", _LISTED, platform=impatient),
    Ablation("single-flight refresh", "double_refreshes", ("x", "snapchat"), without_single_flight),
    Ablation("intent of a follow-up", "duplicates", ("x", "instagram", "linkedin"), without_follow_up_intents),
    Ablation("nonces", "wrong_accounts", ("x", "tiktok"), without_nonces),
    Ablation("ids that follow from run and automation", "duplicates", ("x", "linkedin"), without_the_ids_of_automations),
    Ablation("events in the commit that makes them true", "untold", ("x", "linkedin"), without_events_in_the_commit),
    Ablation("the database's time", "lost", ("x", "facebook"), own_clocks=True),
)
