"""What a TikTok target may say for itself."""

from typing import Annotated, Literal

from pydantic import Field

from shared.core.text import NonBlank
from shared.platforms.options import TargetOptions

PrivacyLevel = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]


class Options(TargetOptions):
    """Without `privacyLevel` the post is as public as the account allows. `title` heads photos; a video's title is
    the text. The creator's own settings for comments, duets and stitches prevail. `brandedContent` discloses a paid partnership,
    `yourBrand` one's own business; `coverAtMs` is the moment of a video that becomes its cover."""

    privacy_level: PrivacyLevel | None = None
    disable_comment: bool = False
    disable_duet: bool = False
    disable_stitch: bool = False
    title: NonBlank | None = None
    branded_content: bool = False
    your_brand: bool = False
    ai_generated: bool = False
    auto_add_music: bool = False
    cover_at_ms: Annotated[int, Field(ge=0)] | None = None
