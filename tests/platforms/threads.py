"""Threads."""

from datetime import timedelta

from tests.platforms import FILM, ONE, PHOTO, PHOTOS, TWO, VIDEO, Kind, PlatformCases
from tests.platforms.drafts import content, image, images, video

CASES = PlatformCases(
    account="th_main",
    posts=[({"text": "plain"}, 0), ({"text": "a mixed carousel", "imageUrls": PHOTOS, "mediaUrls": [VIDEO]}, 5)],
    faults=[("reset_after", "succeeded")],
    kinds={
        "threads": Kind({}),
        "threads-image": Kind({"imageUrls": [PHOTO]}),
        # The token ends in five days.
        "threads-ahead": Kind(
            {}, issued=timedelta(days=55), lives=timedelta(days=5), functions=("refresher",), by_the_sweeper=True
        ),
    },
    histories=(([], {}), (ONE, {}), (TWO, {}), (FILM, {})),
    processing=("create_container",),
    renewed_by_itself=True,
    ask=("GET", "graph.threads.com/v1.0/7/threads"),
    may_be_nameless=True,
    may_lack_address=True,
    rules=[
        (content("x" * 500), []),
        (content("x" * 501), ["threads.text_too_long"]),
        (content("😀" * 126), ["threads.text_too_long"]),
        (content(" ".join(f"https://e.test/{n}" for n in range(6))), ["threads.too_many_links"]),
        (content("", *images(20)), []),
        (content("", *images(21)), ["threads.too_many_images", "threads.too_many_items"]),
        (content("", video(), image(0), kind="image"), []),
    ],
    options=[
        ({}, {"replyControl": "mentioned_only"}, "/threads", {"reply_control": "mentioned_only"}),
        ({}, {"replyControl": "followers_only"}, "/threads", {"reply_control": "followers_only"}),
        ({}, {"replyControl": "parent_post_author_only"}, "/threads", {"reply_control": "parent_post_author_only"}),
        ({"videoUrl": VIDEO}, {"altText": "a film"}, "/threads", {"media_type": "VIDEO", "alt_text": "a film"}),
    ],
    bad_options=[({"replyControl": "nobody"}, "replyControl")],
)
