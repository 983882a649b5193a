"""Where the platforms are: their real hosts, or locally a folder of the sandbox for each; and which addresses to follow."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.platforms.failure import PlatformFailure


@dataclass(frozen=True)
class Hosts:
    """`sandbox_url` None: the real ones."""

    sandbox_url: str | None = None

    def at(self, host: str) -> str:
        """The base address of a platform's host."""
        return f"https://{host}" if self.sandbox_url is None else f"{self.sandbox_url}/{host}"

    def follow(self, url: object, *domains: str) -> str:
        """An address that a platform told us to send to, if it is the platform's own: our tokens and files go there."""
        if isinstance(url, str):
            if self.sandbox_url is not None and url.startswith(f"{self.sandbox_url}/"):
                return url
            parts = urlsplit(url)
            host = parts.hostname or ""
            if parts.scheme == "https" and any(host == domain or host.endswith(f".{domain}") for domain in domains):
                return url
        raise PlatformFailure("transient", f"The platform named an upload address that is not its own ({str(url)[:80]!r}).")
