"""YouTube."""

from tests.platforms import COVER, FILM, PHOTO, PHOTOS, VERTICAL, VIDEO, Kind, PlatformCases
from tests.platforms.drafts import content, image, video

CASES = PlatformCases(
    account="yt_main",
    posts=[({"text": "a video", "videoUrl": VIDEO, "imageUrls": PHOTOS[:1]}, 1)],
    faults=[("reset_after", "succeeded")],
    kinds={"youtube": Kind({"videoUrl": VIDEO, "imageUrls": [PHOTO]})},
    histories=((FILM, {}), (FILM, {"thumbnailUrl": COVER})),
    unmet=("upload",),
    media={"videoUrl": VERTICAL},
    processing=("publish",),
    ask=("GET", "www.googleapis.com/youtube/v3/channels"),
    known_by_looks=True,
    who=("GET", "www.googleapis.com/youtube/v3/channels?part=snippet&mine=true"),
    rules=[
        (content("hello"), ["youtube.media_required"]),
        (content("hello", image()), ["youtube.too_many_images"]),
        (content("", video()), ["youtube.title_required"]),
        (content("é" * 2501, video()), ["youtube.text_too_long"]),
        (content("hello", video(), image(0, "a.png")), []),
    ],
    options=[
        ({"videoUrl": VIDEO}, {}, "/videos", {"snippet.title": "hello", "status.privacyStatus": "public"}),
        (
            {"videoUrl": VIDEO},
            {"title": "T", "privacy": "unlisted", "tags": ["a", "b c"], "madeForKids": True, "notifySubscribers": False},
            "/videos",
            {
                "snippet.title": "T",
                "snippet.description": "hello",
                "snippet.tags.1": "b c",
                "status.privacyStatus": "unlisted",
                "status.selfDeclaredMadeForKids": True,
                "notifySubscribers": "false",
            },
        ),
        ({"videoUrl": VIDEO}, {"thumbnailUrl": PHOTO}, "/thumbnails/set", {"videoId": ...}),
    ],
    bad_options=[({"privacy": "secret"}, "privacy"), ({"tags": "a, b"}, "tags")],
)
