"""What posts can be asked for by, beside their state: each is one value of the submission's `facets`."""

from collections.abc import Sequence

from shared.posts.submission import Target


def platform_facet(platform: str) -> str:
    return f"platform:{platform}"


def account_facet(platform: str, account_id: str) -> str:
    return f"account:{platform}:{account_id}"


def tag_facet(tag: str) -> str:
    return f"tag:{tag}"


def facets_of(targets: Sequence[Target], tags: Sequence[str]) -> list[str]:
    """Each once, in a fixed order."""
    named = [platform_facet(target.platform) for target in targets]
    named += [account_facet(target.platform, target.account_id) for target in targets]
    return list(dict.fromkeys([*named, *(tag_facet(tag) for tag in tags)]))
