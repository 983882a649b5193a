"""What the description says of the routes of posts and of the queue (operations.py has the others)."""

from collections.abc import Mapping

from functions.api.openapi.examples import PLAN, POST, POST_LISTED, POST_SHOWN, VALID_POST
from functions.api.openapi.operation import Operation

POSTS: Mapping[str, Operation] = {
    "posts.create": Operation(
        "createPost",
        "Publish one post to many platforms, now or later",
        "key",
        goes_on=True,
        asked=POST,
        answered={"postSubmissionId": "550e8400-e29b-41d4-a716-446655440000"},
        tells=("Soku-Scheduled-Time",),
    ),
    "posts.validate": Operation(
        "validatePost", "What would be refused of a post, or what would be sent", "safe", asked=POST, answered=VALID_POST
    ),
    "platforms.index": Operation("listPlatforms", "What each platform takes", "safe"),
    "platforms.show": Operation("getPlatform", "What one platform takes", "safe"),
    "posts_read.show": Operation(
        "getPost",
        "One post, with every target's outcome",
        "safe",
        answered=POST_SHOWN,
        reads=("If-None-Match",),
        tells=("ETag", "Retry-After"),
    ),
    "posts_read.index": Operation(
        "listPosts", "All posts, newest first", "safe", answered={"posts": [POST_LISTED], "nextCursor": None}
    ),
    "posts_change.change": Operation(
        "updatePost",
        "Change a post that waits, at the version that If-Match names",
        "own_key",
        asked={"scheduledTime": "2026-12-01T08:00:00Z"},
        answered={**POST_SHOWN, "state": "scheduled", "done": False, "version": 2},
        reads=("If-Match",),
        tells=("ETag", "Retry-After"),
    ),
    "posts_change.cancel": Operation(
        "cancelPost",
        "End what was not begun of a post",
        "state",
        answered={**POST_SHOWN, "state": "cancelled", "targets": []},
        reads=("OnlyIfMatch",),
        tells=("ETag", "Retry-After"),
    ),
    "posts_change.publish": Operation(
        "publishPost",
        "Publish a draft, or a scheduled post before its time",
        "state",
        asked={"now": True},
        answered={**POST_SHOWN, "state": "queued", "done": False, "version": 2},
        reads=("OnlyIfMatch",),
        tells=("ETag", "Retry-After"),
    ),
    "posts_change.delete": Operation("deletePost", "Delete a draft", "no", answered={"deleted": True}, reads=("OnlyIfMatch",)),
    "posts_actions.act": Operation(
        "actOnPosts",
        "Cancel, publish, retry or delete up to fifty posts",
        "state",
        asked={"action": "cancel", "ids": [POST_LISTED["id"]], "validateOnly": True},
        answered={"validateOnly": True, "results": [{"id": POST_LISTED["id"], "ok": True, "state": "scheduled", "error": None}]},
    ),
    "queue.show": Operation("getQueue", "The weekly plan, and its next free slots", "safe", answered=PLAN),
    "queue.replace": Operation(
        "replaceQueue",
        "Make another weekly plan; posts that have a slot keep it",
        "state",
        asked={"timezone": PLAN["timezone"], "slots": PLAN["slots"]},
        answered=PLAN,
    ),
    "posts_retry.retry": Operation(
        "retryPost",
        "Send again what provably is not public",
        "state",
        asked={"targets": ["x:2244994945"]},
        answered={**POST_SHOWN, "state": "publishing", "done": False, "version": 2},
        tells=("ETag", "Retry-After"),
    ),
    "posts_retry.show_candidates": Operation(
        "listCandidates",
        "What the account shows that may be this post",
        "safe",
        answered={
            "since": "2026-11-27T11:59:30.000Z",
            "listed": True,
            "candidates": [
                {
                    "platformPostId": "1993981024123456789",
                    "platformPostUrl": "https://x.com/ada/status/1993981024123456789",
                    "text": "Hello from the API!",
                    "at": "2026-11-27T12:00:02.000Z",
                }
            ],
            "note": "An empty list, or one without your post, is no proof.",
        },
    ),
    "posts_retry.resolve": Operation(
        "resolveRun",
        "Say whether a post is public, where nobody could find out",
        "state",
        asked={"published": True, "platformPostId": "1998877665544332211"},
        answered={**POST_SHOWN, "version": 2},
        tells=("ETag", "Retry-After"),
    ),
}
