"""What a LinkedIn target may say for itself."""

from typing import Annotated, Literal

from pydantic import Field

from shared.core.text import NonBlank
from shared.platforms.options import AltText, TargetOptions


class Options(TargetOptions):
    """`firstComment` is written below the post once it is public; `title` heads a video; `altText` describes images. A person and
    an organisation are different accounts: the target's accountId chooses."""

    visibility: Literal["PUBLIC", "CONNECTIONS"] = "PUBLIC"
    first_comment: Annotated[NonBlank, Field(max_length=1250)] | None = None
    title: Annotated[NonBlank, Field(max_length=400)] | None = None
    alt_text: AltText | None = None
