"""What a platform's connector and publisher are built with: where its hosts are, and the versions of the APIs."""

from dataclasses import dataclass

from shared.core.settings import Platforms, TikTokPrivacy, TikTokVideos
from shared.platforms.hosts import Hosts


@dataclass(frozen=True)
class Versions:
    """Of the APIs whose versions end, as the operator has set them."""

    graph: str
    threads: str
    linkedin: str


@dataclass(frozen=True)
class Context:
    hosts: Hosts
    versions: Versions
    tiktok_privacy: TikTokPrivacy = "default"
    tiktok_videos: TikTokVideos = "upload"

    @staticmethod
    def of(settings: Platforms) -> "Context":
        versions = Versions(settings.graph_version, settings.threads_version, settings.linkedin_version)
        return Context(Hosts(settings.sandbox_url), versions, settings.tiktok_privacy, settings.tiktok_videos)
