"""What X charges the operator's app for a post (its price list of September 2026, in US dollars)."""

from decimal import Decimal

from shared.platforms.rules import Draft
from shared.platforms.x.options import Options
from shared.platforms.x.weighted_length import links_of

POST, POST_WITH_LINK, ALT_TEXT = Decimal("0.015"), Decimal("0.20"), Decimal("0.005")


def texts_of(draft: Draft) -> list[str]:
    """Of the post and of what follows it: each is a post of its own."""
    return [draft.text, *Options.read(draft.options).thread]


def cost(draft: Draft) -> Decimal:
    texts = len(Options.read(draft.options).alt_text or ())
    images = sum(item.kind != "video" for item in draft.media)
    posts = sum((POST_WITH_LINK if links_of(text) else POST for text in texts_of(draft)), Decimal(0))
    return posts + ALT_TEXT * min(texts, images)
