"""What the platforms are called: in requests, in documents and to people."""

PLATFORMS = {
    "x": "X",
    "instagram": "Instagram",
    "facebook": "Facebook",
    "threads": "Threads",
    "tiktok": "TikTok",
    "youtube": "YouTube",
    "linkedin": "LinkedIn",
    "snapchat": "Snapchat",
}
ALIASES = {"facebook_pages": "facebook"}


def canonical(name: str) -> str:
    """The platform that a request calls by this name; an unknown name stays as it is."""
    return ALIASES.get(name, name)
