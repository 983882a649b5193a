"""What posts can be asked for by, beside their state: each is one value of the submission's `facets`."""

from collections.abc import Sequence

from shared.core.platforms import canonical
from shared.posts.submission import Target
from shared.posts.targets import WantedTarget


def platform_facet(platform: str) -> str:
    return f"platform:{platform}"


def account_facet(platform: str, account_id: str) -> str:
    return f"account:{platform}:{account_id}"


def tag_facet(tag: str) -> str:
    return f"tag:{tag}"


def facets_of(targets: Sequence[Target | WantedTarget], tags: Sequence[str]) -> list[str]:
    """Each once, in a fixed order. A draft may name no account yet."""
    named = [platform_facet(canonical(target.platform)) for target in targets]
    named += [account_facet(canonical(target.platform), target.account_id) for target in targets if target.account_id]
    return list(dict.fromkeys([*named, *(tag_facet(tag) for tag in tags)]))
