"""What may be asked of posts: how long to wait for one, and which ones are listed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from functions.api.request.moments import moment_named
from functions.api.request.page import DEFAULT_LIMIT, PageQuery
from functions.api.request.validation import RequestQuery
from functions.api.v1.targets_schema import NAMES
from shared.core.platforms import canonical
from shared.core.wrong import wrong
from shared.documents.document import Condition
from shared.posts.facets import account_facet, platform_facet, tag_facet
from shared.posts.state import State

MAX_WAIT_SECONDS = 30
# With each post's targets, so many in a page.
MAX_EXPANDED = 10
By = Literal["createdAt", "dueAt"]


class PostQuery(RequestQuery):
    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] | None = None


class PostsQuery(PageQuery):
    """At most one of `platform`, `platform` with `accountId`, and `tag`; `from` and `to` are of `by`, and so is the order."""

    state: State | None = None
    platform: Annotated[str, Field(json_schema_extra={"enum": list(NAMES)})] | None = None
    accountId: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    tag: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    since: Annotated[datetime | None, BeforeValidator(moment_named("from")), Field(alias="from")] = None
    until: Annotated[datetime | None, BeforeValidator(moment_named("to")), Field(alias="to")] = None
    by: By | None = None
    expand: Literal["targets"] | None = None

    @model_validator(mode="after")
    def _one_facet(self) -> "PostsQuery":
        if self.platform is not None and self.platform not in NAMES:
            raise wrong("invalid_enum_value", f"Unknown platform {self.platform[:40]!r}: expected one of {', '.join(NAMES)}")
        if self.accountId is not None and self.platform is None:
            raise wrong("custom", "accountId needs the platform beside it")
        if self.tag is not None and self.platform is not None:
            raise wrong("custom", "Give platform (with accountId) or tag, not both")
        if self.expand is not None and (self.limit or 0) > MAX_EXPANDED:
            raise wrong("custom", f"With expand=targets a page has at most {MAX_EXPANDED} posts: give limit={MAX_EXPANDED}")
        return self

    @property
    def page_size(self) -> int:
        return self.limit or (MAX_EXPANDED if self.expand is not None else DEFAULT_LIMIT)

    def conditions(self, uid: str) -> Sequence[Condition]:
        by = self.by or "createdAt"
        found: list[Condition] = [("uid", "==", uid)]
        if self.state is not None:
            found.append(("state", "==", self.state))
        if self.platform is not None:
            platform = canonical(self.platform)
            facet = platform_facet(platform) if self.accountId is None else account_facet(platform, self.accountId)
            found.append(("facets", "array_contains", facet))
        if self.tag is not None:
            found.append(("facets", "array_contains", tag_facet(self.tag)))
        if self.since is not None:
            found.append((by, ">=", self.since))
        if self.until is not None:
            found.append((by, "<=", self.until))
        return found
