"""Copies one address that a post names into our storage. Called by `ingest`, for as many deliveries of its task as it takes.

(nothing) ─create─► copying ─► ready        the others wait
                      │  └───► failed       for good, or until the post is taken up again (posts/ingest.py)
                      └ lease over: the next one takes it
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.wait import Wait
from shared.documents.document import REMOVE, Conflict, Document, Documents, Update
from shared.documents.lease import Fenced, Lease, Term
from shared.media.copied import CopyFailed, Limits, failure_of
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.intake import Bounds, Intake, Unfit
from shared.media.media import StoredMedia
from shared.media.storage import ObjectMissing, StorageUnavailable

# A copier that died is replaced after this long; a live one renews its lease between chunks.
TERM = Term(timedelta(seconds=60), ("leaseUntil", "sweepAt"))
TRY_AGAIN_SECONDS = 10.0
# How often an address that fails is asked, and how many copiers may die of a file.
MAX_TRIES, MAX_CLAIMS = 5, 8
# Our own storage's failures are waited out, as long as the post may wait.
MAX_OUTAGE_PAUSE_SECONDS = 300.0
# Where copies live: apart from what was uploaded to be used again, as these lapse.
FOLDER = "copies"


@dataclass(frozen=True)
class Wanted:
    """One address and the document of its copy; `keep_until` is the earliest moment from which the copy may lapse."""

    path: str
    url: str
    uid: str
    limits: Limits
    keep_until: datetime


@dataclass
class _Claim:
    """The right to copy, and what earlier copiers met."""

    lease: Lease
    # Copiers that began and did not come to an end.
    tries: int
    outages: int
    # How often the address did not answer as it should.
    failures: int


@dataclass(frozen=True)
class Copier:
    documents: Documents
    intake: Intake
    clock: Clock

    def copied(self, wanted: Wanted, document: Document | None, *, anew: bool = False) -> StoredMedia | Wait | None:
        """The stored copy, when to try again, or None while somebody else is at it. `document` is that of the copy, as it was read
        just now; `anew` gives one that failed another round of tries. Raises CopyFailed; StorageUnavailable for one that is there,
        and is to be kept for longer."""
        if document is not None and document.fields["status"] == "ready" and self._is_kept(document, wanted):
            return StoredMedia.from_fields(document.fields)
        if document is not None and document.fields["status"] == "failed" and not anew:
            raise failure_of(document)
        if document is not None and TERM.is_held(document.fields, self.clock.now()):
            return None
        try:
            claim = self._claim(wanted, document)
            return self._give_up(claim) if claim.tries > MAX_CLAIMS else self._copy(claim, wanted)
        except (Conflict, Fenced):
            return None

    def _is_kept(self, document: Document, wanted: Wanted) -> bool:
        """Whether the copy is there, for as long as it is needed now: its post may have been put off since it was made."""
        if document.fields.get("keptUntil", wanted.keep_until) >= wanted.keep_until:
            return True
        try:
            self.intake.storage.keep(document.fields["storagePath"], wanted.keep_until)
        except ObjectMissing:
            return False
        with suppress(Conflict):
            # Whoever changed it meanwhile sees to it as well.
            self.documents.commit(Update(document.path, {"keptUntil": wanted.keep_until}, if_version=document.version))
        return True

    def _claim(self, wanted: Wanted, document: Document | None) -> _Claim:
        begun = document.fields if document and document.fields["status"] == "copying" else {}
        tries, outages, failures = begun.get("tries", 0) + 1, begun.get("outages", 0), begun.get("failures", 0)
        made = {} if document else {"uid": wanted.uid, "url": wanted.url, "createdAt": self.clock.now()}
        changes = {**made, "status": "copying", "tries": tries}
        version = document.version if document else None
        lease = Lease.claim(wanted.path, TERM, changes, if_version=version, documents=self.documents, clock=self.clock)
        return _Claim(lease, tries, outages, failures)

    def _give_up(self, claim: _Claim) -> StoredMedia:
        """Its copiers died or gave up, every one."""
        return self._fail(claim, CopyFailed("the file could not be copied"))

    def _fail(self, claim: _Claim, failure: CopyFailed) -> StoredMedia:
        failed_at = self.clock.now()
        state = {"status": "failed", "error": str(failure), "code": failure.code, "failedAt": failed_at}
        claim.lease.write({**state, **dict.fromkeys(TERM.fields, REMOVE)})
        failure.failed_at = failed_at
        raise failure

    def _copy(self, claim: _Claim, wanted: Wanted) -> StoredMedia | Wait:
        bounds = Bounds(wanted.limits, "any platform of this post")
        try:
            with self.intake.taken(wanted.url, bounds, FOLDER, claim.lease, keep_until=wanted.keep_until) as stored:
                kept = {"status": "ready", "keptUntil": wanted.keep_until}
                claim.lease.write({**kept, **dict.fromkeys(TERM.fields, REMOVE), **stored.to_fields()})
                return stored
        except StorageUnavailable as error:
            # Not the file's fault, so not one of its tries.
            pause = min(TRY_AGAIN_SECONDS * (claim.outages + 1), MAX_OUTAGE_PAUSE_SECONDS)
            return self._later(claim, pause, str(error), {"tries": claim.tries - 1, "outages": claim.outages + 1})
        except FetchRefused as error:
            return self._fail(claim, CopyFailed(str(error), "media_invalid" if isinstance(error, Unfit) else "media_unavailable"))
        except FetchFailed as error:
            failures = claim.failures + 1
            if failures >= MAX_TRIES:
                return self._fail(claim, CopyFailed(str(error)))
            return self._later(claim, TRY_AGAIN_SECONDS * failures, str(error), {"tries": claim.tries - 1, "failures": failures})

    def _later(self, claim: _Claim, seconds: float, reason: str, changes: Mapping[str, Any]) -> Wait:
        """Until then it counts as held: nobody asks the address sooner."""
        until = self.clock.now() + timedelta(seconds=seconds)
        claim.lease.write({**changes, **TERM.ends(until)})
        return Wait(seconds, reason)
