"""Facebook Pages."""

from tests.platforms import FILM, ONE, PHOTO, PHOTOS, TWO, VERTICAL, VIDEO, Kind, PlatformCases
from tests.platforms.drafts import content, image, images

# Facebook's refusal of a second call makes it be looked for for an hour; its videos are listed late.
_LATE = ("reject", "server_error_before", "server_error_after", "reset_before", "reset_after")

CASES = PlatformCases(
    account="page_main",
    posts=[
        ({"text": "plain"}, 0),
        ({"text": "photos", "imageUrls": PHOTOS}, 4),
        ({"text": "a video", "videoUrl": VIDEO}, 1),
        ({"text": "a reel", "videoUrl": VERTICAL}, 1),
    ],
    faults=[("reset_after", "succeeded"), ("unauthorized", "failed")],
    kinds={
        "facebook": Kind({"imageUrls": [PHOTO]}, not_again=("reject",)),
        "facebook-reel": Kind({"videoUrl": VERTICAL}, not_again=("reject",)),
        "facebook-video": Kind({"videoUrl": VIDEO}, slow_from="/videos", not_again=_LATE),
    },
    histories=(
        ([], {}),
        (TWO, {}),
        (FILM, {}),
        (FILM, {"reel": False}),
        (ONE, {"story": True}),
        (FILM, {"story": True}),
    ),
    processing=("start_upload",),
    renewed_by_itself=True,
    ask=("GET", "graph.facebook.com/v25.0/7/published_posts"),
    may_lack_address=True,
    known_by_looks=True,
    refuses_copies=True,
    rules=[
        (content("hello"), []),
        (content("x" * 63_207), ["facebook.text_too_long"]),
        (content("", image(content_type="image/webp")), ["facebook.image_type"]),
        (content("", *images(10)), []),
    ],
    options=[
        ({}, {"link": "https://example.com/a"}, "/feed", {"link": "https://example.com/a", "message": "hello"}),
        ({"imageUrls": [PHOTO]}, {"altText": ["a hill"]}, "/photos", {"alt_text_custom": "a hill", "published": "false"}),
        ({"videoUrl": VERTICAL}, {"reel": False, "title": "T"}, "/videos", {"title": "T", "description": "hello"}),
        ({"videoUrl": VERTICAL}, {"reel": True}, "/video_reels", {"upload_phase": "finish", "video_state": "PUBLISHED"}),
        ({"imageUrls": [PHOTO]}, {"story": True}, "/photo_stories", {"photo_id": ...}),
        ({"videoUrl": VERTICAL}, {"story": True}, "/video_stories", {"upload_phase": "finish", "video_id": ...}),
    ],
    bad_options=[({"link": 7}, "link")],
)
