"""The publishers, by name; what the publisher function needs of a platform."""

from collections.abc import Mapping

from shared.core.settings import Platforms
from shared.platforms.instagram.publish import Instagram
from shared.platforms.platform import Platform
from shared.platforms.x.publish import X


def platforms(settings: Platforms) -> Mapping[str, Platform]:
    built = (
        X(settings.x_url).as_platform(),
        Instagram(f"{settings.instagram_url}/{settings.graph_version}").as_platform(),
    )
    return {platform.name: platform for platform in built}
