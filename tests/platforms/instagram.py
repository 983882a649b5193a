"""Instagram."""

from tests.platforms import FILM, ONE, PHOTO, PHOTOS, TWO, VERTICAL, Kind, PlatformCases
from tests.platforms.drafts import content, image, images, video

CASES = PlatformCases(
    account="ig_main",
    posts=[
        ({"text": "an image", "imageUrls": PHOTOS[:1]}, 1),
        ({"text": "a carousel", "imageUrls": PHOTOS[:3]}, 3),
        ({"text": "a mixed carousel", "imageUrls": PHOTOS[:1], "mediaUrls": [VERTICAL]}, 2),
        ({"text": "a reel", "videoUrl": VERTICAL}, 1),
    ],
    faults=[("server_error_after", "succeeded"), ("reset_after", "succeeded"), ("unauthorized", "failed")],
    kinds={"instagram": Kind({"imageUrls": [PHOTO]}), "instagram-reel": Kind({"videoUrl": VERTICAL})},
    histories=(
        (ONE, {}),
        (TWO, {}),
        (FILM, {}),
        (ONE, {"firstComment": 1}),
        (ONE, {"story": True}),
        (FILM, {"story": True}),
    ),
    processing=("create_container",),
    renewed_by_itself=True,
    ask=("GET", "graph.instagram.com/v25.0/7/media"),
    may_be_nameless=True,
    may_lack_address=True,
    rules=[
        (content("hello"), ["instagram.media_required"]),
        (content("hello", image()), []),
        (content("hello", image(content_type="image/png")), ["instagram.image_type"]),
        (content("x" * 2201, image()), ["instagram.text_too_long"]),
        (content("#a " * 31, image()), ["instagram.too_many_hashtags"]),
        (content("@a " * 21, image()), ["instagram.too_many_mentions"]),
        (content("#a" * 31, image()), ["instagram.too_many_hashtags"]),
        (content("ada@example.com " * 21, image()), []),
        (content("https://example.com/page#part " * 31, image()), []),
        (content("", *images(11)), ["instagram.too_many_images", "instagram.too_many_items"]),
        (content("", video(), image(content_type="image/png")), []),
    ],
    options=[
        ({"imageUrls": [PHOTO]}, {"altText": "a hill"}, "/media", {"alt_text": "a hill", "caption": "hello"}),
        ({"imageUrls": [PHOTO]}, {"firstComment": "first"}, "/comments", {"message": "first"}),
        ({"imageUrls": [PHOTO]}, {"story": True}, "/media", {"media_type": "STORIES", "image_url": ...}),
        ({"videoUrl": VERTICAL}, {"story": True}, "/media", {"media_type": "STORIES", "video_url": ...}),
        ({"videoUrl": VERTICAL}, {}, "/media", {"media_type": "REELS", "share_to_feed": "true"}),
        ({"videoUrl": VERTICAL}, {"shareToFeed": False}, "/media", {"share_to_feed": "false"}),
        ({"videoUrl": VERTICAL}, {"coverUrl": PHOTO}, "/media", {"media_type": "REELS", "cover_url": ...}),
    ],
    bad_options=[({"shareToFeed": "yes"}, "shareToFeed"), ({"coverUrl": "not an address"}, "coverUrl")],
)
