"""X."""

from datetime import timedelta

from tests.platforms import FILM, INGESTING, ONE, PHOTO, PHOTOS, REFRESH_NOW, VIDEO, Kind, PlatformCases
from tests.platforms.drafts import content, image, images, video

_TOKEN = "/oauth2/token"

CASES = PlatformCases(
    account="x_main",
    posts=[
        ({"text": "plain"}, 0),
        ({"text": "one image", "imageUrls": PHOTOS[:1]}, 1),
        ({"text": "four images", "imageUrls": PHOTOS}, 4),
        ({"text": "a video", "videoUrl": VIDEO}, 1),
    ],
    faults=[
        ("rate_limit", "succeeded"),
        ("server_error_after", "succeeded"),
        ("reset_before", "succeeded"),
        ("reset_after", "succeeded"),
        ("unauthorized", "succeeded"),
        ("reject", "failed"),
    ],
    kinds={
        "x": Kind({"imageUrls": [PHOTO]}, functions=("publisher", "api", "ingest", "orchestrator")),
        "x-thread": Kind({}, thread=True),
        "x-video": Kind({"videoUrl": VIDEO}, functions=("publisher", "ingest")),
        "x-refresh": Kind({}, lives=REFRESH_NOW, loses_tokens_from=_TOKEN),
        "swept": Kind({}, lose="orchestrate", functions=("sweeper",), by_the_sweeper=True),
        "swept-files": Kind({"imageUrls": [PHOTO]}, lose=INGESTING, functions=("sweeper",), by_the_sweeper=True),
        # Nobody used the account for a month.
        "x-ahead": Kind(
            {},
            issued=timedelta(days=31),
            lives=timedelta(hours=2) - timedelta(days=31),
            functions=("refresher", "sweeper"),
            loses_tokens_from=_TOKEN,
            by_the_sweeper=True,
        ),
    },
    histories=(([], {}), (ONE, {}), (FILM, {}), ([], {"thread": 2})),
    processing=("finalize",),
    unmet=("metadata",),
    ask=("GET", "api.x.com/2/users/me"),
    known_by_looks=True,
    refuses_copies=True,
    files_have_names=True,
    who=("GET", "api.x.com/2/users/me"),
    rules=[
        (content("hello"), []),
        (content("x" * 280), []),
        (content("x" * 281), ["x.text_too_long"]),
        (content("$TSLA and $TSLA again for $5, A$AP"), []),
        (content("$TSLA or $brk.b"), ["x.too_many_cashtags"]),
        (content("日" * 141), ["x.text_too_long"]),
        (content("", *images(4)), []),
        (content("", *images(5)), ["x.too_many_images"]),
        (content("", image(content_type="image/heic")), ["x.image_type"]),
        (content("", video()), []),
        (content("", video(), image()), []),
        (content("", image(content_type="image/gif"), image(1)), ["x.gif_alone"]),
    ],
    options=[
        ({}, {"text": "only here"}, "/2/tweets", {"text": "only here"}),
        ({}, {"replySettings": "verified"}, "/2/tweets", {"reply_settings": "verified"}),
        ({}, {"thread": ["more"]}, "/2/tweets", {"text": "more", "reply.in_reply_to_tweet_id": ...}),
        ({"imageUrls": [PHOTO]}, {"altText": "a hill"}, "/2/media/metadata", {"metadata.alt_text.text": "a hill"}),
    ],
    bad_options=[
        ({"replySettings": "nobody"}, "replySettings"),
        ({"thread": "more"}, "thread"),
        ({"thread": ["a"] * 25}, "thread"),
        ({"colour": "red"}, "colour"),
    ],
)
