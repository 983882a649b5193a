"""Snapchat."""

from tests.platforms import FILM, ONE, PHOTO, VERTICAL, Kind, PlatformCases
from tests.platforms.drafts import content, image, video

CASES = PlatformCases(
    account="snap_main",
    posts=[({"text": "a spotlight", "videoUrl": VERTICAL}, 1)],
    faults=[("reject", "failed")],
    kinds={
        "snapchat": Kind({"videoUrl": VERTICAL}),
        "snapchat-story": Kind({"imageUrls": [PHOTO]}, unknowable_from="/stories"),
    },
    histories=((FILM, {}), (ONE, {}), (FILM, {"story": True})),
    processing=("create_media",),
    media={"videoUrl": VERTICAL},
    ask=("GET", "businessapi.snapchat.com/v1/public_profiles/my_profile"),
    known_by_looks=True,
    rules=[
        (content("hello"), ["snapchat.media_required"]),
        (content("hello", image()), []),
        (content("", image(0), image(1)), ["snapchat.too_many_images"]),
        (content("x" * 161, video()), ["snapchat.text_too_long"]),
    ],
    options=[
        ({"videoUrl": VERTICAL}, {}, "/spotlights", {"description": "hello", "locale": "en_US"}),
        ({"videoUrl": VERTICAL}, {"spotlight": True, "locale": "de_DE"}, "/spotlights", {"locale": "de_DE"}),
        ({"videoUrl": VERTICAL}, {"story": True}, "/stories", {"media_id": ...}),
        ({"imageUrls": [PHOTO]}, {}, "/stories", {"media_id": ...}),
    ],
    bad_options=[({"story": True, "spotlight": True}, ""), ({"locale": "german"}, "locale")],
)
