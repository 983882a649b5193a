"""The connectors, by name, of the platforms that this operator has an app for: what the API needs of them beside the rules."""

from collections.abc import Callable, Mapping

from shared.core.platforms import PLATFORMS
from shared.core.settings import App, Platforms, SettingsError
from shared.platforms.connector import Connector
from shared.platforms.facebook import connect as facebook
from shared.platforms.hosts import Hosts
from shared.platforms.instagram import connect as instagram
from shared.platforms.linkedin import connect as linkedin
from shared.platforms.snapchat import connect as snapchat
from shared.platforms.threads import connect as threads
from shared.platforms.tiktok import connect as tiktok
from shared.platforms.x import connect as x
from shared.platforms.youtube import connect as youtube


def connectors(settings: Platforms) -> Mapping[str, Connector]:
    hosts = Hosts(settings.sandbox_url)
    connect: Mapping[str, Callable[[App], Connector]] = {
        "x": lambda app: x.connector(hosts, app),
        "instagram": lambda app: instagram.connector(hosts, app, settings.graph_version),
        "facebook": lambda app: facebook.connector(hosts, app, settings.graph_version),
        "threads": lambda app: threads.connector(hosts, app, settings.threads_version),
        "tiktok": lambda app: tiktok.connector(hosts, app),
        "youtube": lambda app: youtube.connector(hosts, app),
        "linkedin": lambda app: linkedin.connector(hosts, app, settings.linkedin_version),
        "snapchat": lambda app: snapchat.connector(hosts, app),
    }
    return {platform: connect[platform](app) for platform, app in known_apps(settings).items()}


def known_apps(settings: Platforms) -> Mapping[str, App]:
    unknown = set(settings.apps) - set(PLATFORMS)
    if unknown:
        raise SettingsError(f"SOKU_APPS names {', '.join(sorted(unknown))}: the platforms are called {', '.join(PLATFORMS)}")
    return settings.apps
