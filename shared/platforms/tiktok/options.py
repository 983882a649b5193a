"""What a TikTok target may say for itself."""

from typing import Literal

from shared.platforms.options import NonBlank, TargetOptions

PrivacyLevel = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]


class Options(TargetOptions):
    """Without `privacyLevel` the post is as public as the account allows. `title` heads photos; a video's title is
    the text. The creator's own settings for comments, duets and stitches prevail."""

    privacy_level: PrivacyLevel | None = None
    disable_comment: bool = False
    disable_duet: bool = False
    disable_stitch: bool = False
    title: NonBlank | None = None
