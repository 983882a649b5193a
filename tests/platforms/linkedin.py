"""LinkedIn."""

from tests.platforms import FILM, ONE, PHOTO, PHOTOS, TWO, VIDEO, Kind, PlatformCases
from tests.platforms.drafts import content, images, video

CASES = PlatformCases(
    # Somebody who also speaks for an organisation, whose posts are listed.
    account="li_main, org_main",
    posts=[
        ({"text": "plain (with) #markup"}, 0),
        ({"text": "images", "imageUrls": PHOTOS}, 4),
        ({"text": "a video", "videoUrl": VIDEO}, 1),
    ],
    faults=[("reset_after", "succeeded")],
    kinds={"linkedin": Kind({}), "linkedin-video": Kind({"videoUrl": VIDEO})},
    histories=(([], {}), (ONE, {}), (TWO, {}), (FILM, {}), ([], {"firstComment": 1})),
    processing=("initialize", "finalize"),
    ask=("GET", "api.linkedin.com/rest/posts"),
    known_by_looks=True,
    refuses_copies=True,
    files_have_names=True,
    who=("GET", "api.linkedin.com/v2/userinfo"),
    rules=[
        (content("x" * 3001), ["linkedin.text_too_long"]),
        (content("", *images(20)), []),
        (content("", *images(21)), ["linkedin.too_many_images"]),
        (content("", video(content_type="video/quicktime")), ["linkedin.video_type"]),
    ],
    options=[
        ({}, {"visibility": "CONNECTIONS"}, "/rest/posts", {"visibility": "CONNECTIONS"}),
        ({}, {"firstComment": "first"}, "/comments", {"message.text": "first", "actor": ...}),
        ({"imageUrls": [PHOTO]}, {"altText": "a hill"}, "/rest/posts", {"content.media.altText": "a hill"}),
        (
            {"imageUrls": PHOTOS[:2]},
            {"altText": ["", "a hill"]},
            "/rest/posts",
            {"content.multiImage.images.1.altText": "a hill"},
        ),
        ({"videoUrl": VIDEO}, {"title": "T"}, "/rest/posts", {"content.media.title": "T"}),
    ],
    bad_options=[({"visibility": "FRIENDS"}, "visibility")],
)
