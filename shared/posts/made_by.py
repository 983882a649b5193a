"""Which runs have made a post, by the id that its platform gave it."""

from collections.abc import Iterable

from shared.documents.document import Documents, Query
from shared.posts.run import Run

# On other accounts, and other platforms, the same id is another post.
MOST = 10


def other_makers(platform_post_id: str, run: Run, documents: Documents) -> list[Run]:
    """Runs beside this one, on the same account, whichever of Soku's users connected it. One query."""
    query = Query("runs", where=(("platformPostId", "==", platform_post_id),), limit=MOST, group=True)
    return others(run, map(Run.from_document, documents.query(query)))


def others(run: Run, found: Iterable[Run]) -> list[Run]:
    """Those among them that are not this run, and on its account."""
    there = (run.platform, run.account_id)
    return [other for other in found if other.path != run.path and (other.platform, other.account_id) == there]
