"""The publishers, by name, of the platforms that this operator has an app for; what the publisher function needs of a platform."""

from collections.abc import Mapping

from shared.core.settings import Platforms
from shared.platforms.connectors import known_apps
from shared.platforms.facebook.publish import facebook
from shared.platforms.hosts import Hosts
from shared.platforms.instagram.publish import instagram
from shared.platforms.linkedin.publish import linkedin
from shared.platforms.platform import Platform
from shared.platforms.snapchat.publish import snapchat
from shared.platforms.threads.publish import threads
from shared.platforms.tiktok.publish import tiktok
from shared.platforms.x.publish import x
from shared.platforms.youtube.publish import youtube


def platforms(settings: Platforms) -> Mapping[str, Platform]:
    hosts = Hosts(settings.sandbox_url)
    built = (
        x(hosts),
        instagram(hosts, settings.graph_version),
        facebook(hosts, settings.graph_version),
        threads(hosts, settings.threads_version),
        tiktok(hosts),
        youtube(hosts),
        linkedin(hosts, settings.linkedin_version),
        snapchat(hosts),
    )
    wanted = known_apps(settings)
    return {platform.name: platform for platform in built if platform.name in wanted}
