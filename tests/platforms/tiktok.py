"""TikTok."""

from tests.platforms import FILM, PHOTO, PHOTOS, REFRESH_NOW, TWO, VERTICAL, VIDEO, Kind, PlatformCases
from tests.platforms.drafts import content, image, images, video

CASES = PlatformCases(
    account="tt_main",
    posts=[({"text": "a video", "videoUrl": VIDEO}, 1), ({"text": "photos", "imageUrls": PHOTOS[:3]}, 3)],
    faults=[("rate_limit", "succeeded")],
    kinds={
        "tiktok": Kind({"videoUrl": VIDEO}),
        "tiktok-photos": Kind({"imageUrls": [PHOTO]}, unknowable_from="/content/init/"),
        # Its refresh tokens do not mind to be used twice.
        "tiktok-refresh": Kind({"imageUrls": [PHOTO]}, lives=REFRESH_NOW, unknowable_from="/content/init/"),
    },
    histories=((FILM, {}), (TWO, {})),
    processing=("init", "publish"),
    unmet=("upload", "list_videos"),
    media={"videoUrl": VERTICAL},
    ask=("POST", "open.tiktokapis.com/v2/post/publish/status/fetch/"),
    who=("POST", "open.tiktokapis.com/v2/post/publish/creator_info/query/"),
    rules=[
        (content("hello"), ["tiktok.media_required"]),
        (content("", *images(35)), []),
        (content("", *images(36)), ["tiktok.too_many_images"]),
        (content("", image(content_type="image/png")), ["tiktok.image_type"]),
        (content("😀" * 1101, video()), ["tiktok.text_too_long"]),
        (content("x" * 4000, image()), []),
    ],
    options=[
        ({"videoUrl": VIDEO}, {"privacyLevel": "SELF_ONLY"}, "/video/init/", {"post_info.privacy_level": "SELF_ONLY"}),
        (
            {"videoUrl": VIDEO},
            {"disableComment": True, "disableDuet": True, "disableStitch": True},
            "/video/init/",
            {"post_info.disable_comment": True, "post_info.disable_duet": True, "post_info.disable_stitch": True},
        ),
        (
            {"videoUrl": VIDEO},
            {},
            "/video/init/",
            {"post_info.brand_content_toggle": False, "post_info.brand_organic_toggle": False, "post_info.is_aigc": False},
        ),
        (
            {"videoUrl": VIDEO},
            {"brandedContent": True, "yourBrand": True, "aiGenerated": True, "coverAtMs": 500},
            "/video/init/",
            {
                "post_info.brand_content_toggle": True,
                "post_info.brand_organic_toggle": True,
                "post_info.is_aigc": True,
                "post_info.video_cover_timestamp_ms": 500,
            },
        ),
        (
            {"imageUrls": [PHOTO]},
            {"autoAddMusic": True, "aiGenerated": True, "yourBrand": True},
            "/content/init/",
            {
                "post_info.auto_add_music": True,
                "post_info.brand_content_toggle": False,
                "post_info.brand_organic_toggle": True,
                "is_aigc": True,
            },
        ),
        (
            {"imageUrls": [PHOTO]},
            {"title": "T"},
            "/content/init/",
            {"post_info.title": "T", "post_info.description": "hello", "post_mode": "DIRECT_POST", "media_type": "PHOTO"},
        ),
    ],
    bad_options=[({"privacyLevel": "PUBLIC"}, "privacyLevel"), ({"coverAtMs": -1}, "coverAtMs")],
)
