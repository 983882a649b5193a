"""What callers name by an address: a channel, a token, a wallet; light enough for the API to look at."""

import re
from urllib.parse import unquote

# Solana: base58 of 32 bytes.
SOLANA = r"^[1-9A-HJ-NP-Za-km-z]{32,44}$"
# A node tells of the largest accounts no more than this.
MAX_HOLDERS = 20
_CHANNEL = re.compile(
    r"(?:https?://)?(?:www\.|m\.)?youtube\.com/(?:channel/(?P<id>UC[\w-]{22})|(?P<handle>@[^/?#\s]{1,100})"
    r"|(?:c|user)/(?P<name>[^/?#\s]{1,100}))(?:[/?#].*)?"
)


def channel_named(url: str) -> dict[str, str] | None:
    """What to ask for; None for what is no channel's address."""
    found = _CHANNEL.fullmatch(url.strip())
    if found is None:
        return None
    if found["id"]:
        return {"id": found["id"]}
    return {"forHandle": unquote(found["handle"])} if found["handle"] else {"forUsername": unquote(found["name"])}
