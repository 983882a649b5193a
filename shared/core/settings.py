"""What the operator decides: one small model per concern, composed by each function, read once when it starts.

A missing or senseless variable fails the deploy with a sentence, not a request with a stack trace.
"""

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.core.variables import CommaSeparated, Keys, Networks, Pairs, json_of, pairs_of

# Every variable that points a function at something other than the real service, or shows what nobody should see. With any of these
# a stranger could sign his own tokens or be sent our users' credentials, so a deployed function (Cloud Run sets K_SERVICE) does not
# start with one.
LOCAL_ONLY = (
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "STORAGE_EMULATOR_HOST",
    "SOKU_CLOUD_TASKS_URL",
    "SOKU_OIDC_CERTS_URL",
    "SOKU_FETCH_REWRITES",
    "SOKU_SANDBOX_URL",
    # Shows stack traces to whoever asks.
    "SOKU_DEVELOPMENT",
)


class SettingsError(Exception):
    """The environment does not add up; the message says which variable and what to do."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)

    project_id: str = Field(alias="GOOGLE_CLOUD_PROJECT", min_length=1)
    version: str = Field(default="unknown", alias="SOKU_VERSION")


class CloudTasks(Settings):
    """Where tasks are created, and who may deliver them."""

    location: str = Field(default="us-central1", alias="SOKU_LOCATION")
    cloud_tasks_url: str | None = Field(default=None, alias="SOKU_CLOUD_TASKS_URL")
    # The service account whose identity the queues' and the scheduler's requests carry.
    invoker: str = Field(alias="SOKU_INVOKER", pattern=r".+@.+")
    oidc_certs_url: str = Field(default="https://www.googleapis.com/oauth2/v1/certs", alias="SOKU_OIDC_CERTS_URL")
    # Deployed functions share one host and differ by their names; locally each has a port: `orchestrator=http://…,publisher=http://…`.
    function_urls: Pairs = Field(default_factory=dict, alias="SOKU_FUNCTION_URLS")

    def function_url(self, target: str) -> str:
        """The address of a function, which is also the audience of the tokens it accepts."""
        return self.function_urls.get(target) or f"https://{self.location}-{self.project_id}.cloudfunctions.net/{target}"


class Addresses(CloudTasks):
    """What every address begins with that leads back to the API."""

    # Also where platforms send people back to: registered with every app as {this}/v1/integrations/{platform}/callback.
    api_url: str | None = Field(default=None, alias="SOKU_API_URL", pattern=r"^https?://.+[^/]$")

    @property
    def base_url(self) -> str:
        return self.api_url or self.function_url("api")


class Cors(Settings):
    """Which web pages may call the API from a browser."""

    cors_origins: CommaSeparated = Field(default=(), alias="SOKU_CORS_ORIGINS")
    development: bool = Field(default=False, alias="SOKU_DEVELOPMENT")


class RateLimits(Settings):
    """Who is counted, and by which address."""

    # Addresses and networks of the operator's own; users are named in their documents (`users/{uid}.admin`).
    admin_ips: Networks = Field(default=(), alias="SOKU_ADMIN_IPS")
    # How many of the last entries of X-Forwarded-For were written by proxies that can be trusted: Google's own, in front of every
    # deployed function, is one; a load balancer before it makes two. What stands before them any client can make up.
    trusted_proxies: int | None = Field(default=None, alias="SOKU_TRUSTED_PROXIES", ge=0, le=10)
    # Cloud Run's own name of the deployed function.
    deployed_as: str | None = Field(default=None, alias="K_SERVICE")

    @property
    def proxies(self) -> int:
        return self.trusted_proxies if self.trusted_proxies is not None else int(self.deployed_as is not None)


class TokenKeys(Settings):
    """The keys that encrypt the platforms' tokens: `id:base64` of 32 bytes, comma-separated, the newest first."""

    token_keys: Keys = Field(alias="SOKU_TOKEN_KEYS", min_length=1, repr=False)


class MediaStorage(Settings):
    """Where copies of users' files live, and under which address the platforms fetch them."""

    bucket: str = Field(alias="SOKU_MEDIA_BUCKET", min_length=3)
    media_url: str = Field(alias="SOKU_MEDIA_URL", pattern=r"^https?://.+[^/]$")
    storage_emulator: str | None = Field(default=None, alias="STORAGE_EMULATOR_HOST")


class MediaFetch(Settings):
    """How files are fetched from users' addresses."""

    # Larger than any platform here takes from us (X: 512 MB), small enough not to be a way of running up a bill.
    max_media_bytes: int = Field(default=1 << 30, alias="SOKU_MAX_MEDIA_BYTES", gt=0)
    # Local only: `https://example.com/=http://127.0.0.1:9500/_media/` makes the specification's examples run as printed.
    fetch_rewrites: Pairs = Field(default_factory=dict, alias="SOKU_FETCH_REWRITES")


class Uploads(Settings):
    """Where direct uploads arrive: a bucket that nobody but our functions reads."""

    uploads_bucket: str = Field(alias="SOKU_UPLOADS_BUCKET", min_length=3)


class StorageQuota(Settings):
    """How much one user may keep."""

    storage_quota_bytes: int = Field(default=20 << 30, alias="SOKU_STORAGE_QUOTA_BYTES", gt=0)


class OpenAi(Settings):
    """The provider of transcripts, texts, images and voices: OpenAI, or another that speaks its API."""

    openai_url: str = Field(default="https://api.openai.com/v1", alias="SOKU_OPENAI_URL", pattern=r"^https?://.+[^/]$")
    # Without one, what needs it is switched off.
    openai_key: str | None = Field(default=None, alias="SOKU_OPENAI_KEY", repr=False)


class OpenAiModels(Settings):
    """Which of its models do what, beside transcripts, where the request says it."""

    text_model: str = Field(default="gpt-4o-mini", alias="SOKU_OPENAI_TEXT_MODEL", min_length=1)
    image_model: str = Field(default="gpt-image-1", alias="SOKU_OPENAI_IMAGE_MODEL", min_length=1)
    speech_model: str = Field(default="gpt-4o-mini-tts", alias="SOKU_OPENAI_SPEECH_MODEL", min_length=1)


class Providers(Settings):
    """Where operations ask, and with which keys; what has none is switched off."""

    youtube_url: str = Field(default="https://youtube.googleapis.com", alias="SOKU_YOUTUBE_URL", pattern=r"^https?://.+[^/]$")
    youtube_key: str | None = Field(default=None, alias="SOKU_YOUTUBE_KEY", repr=False)
    replicate_url: str = Field(default="https://api.replicate.com", alias="SOKU_REPLICATE_URL", pattern=r"^https?://.+[^/]$")
    replicate_key: str | None = Field(default=None, alias="SOKU_REPLICATE_KEY", repr=False)
    solana_url: str = Field(default="https://api.mainnet-beta.solana.com", alias="SOKU_SOLANA_URL", pattern=r"^https?://.+[^/]$")


class Generating(Settings):
    """Replicate's models: `video=owner/name,music=…,image=…`."""

    replicate_models: Pairs = Field(
        default_factory=lambda: {
            "video": "minimax/video-01",
            "music": "meta/musicgen",
            "image": "black-forest-labs/flux-schnell",
        },
        alias="SOKU_REPLICATE_MODELS",
    )


class Prices(Settings):
    """What is charged in credits."""

    # Of operations, in place of their own prices: `trends=2,video_generation=25`.
    operation_credits: Annotated[dict[str, int], BeforeValidator(pairs_of)] = Field(
        default_factory=dict, alias="SOKU_OPERATION_CREDITS"
    )

    credits_per_minute: int = Field(default=1, alias="SOKU_CREDITS_PER_MINUTE", ge=1)


class Encoding(Settings):
    """How sounds and films are cut and converted."""

    ffmpeg: str = Field(default="ffmpeg", alias="SOKU_FFMPEG", min_length=1)


class Serving(Settings):
    """How functions-framework serves."""

    # Whether it ends requests that outlive the function's timeout.
    ends_requests: bool = Field(default=False, alias="THREADED_TIMEOUT_ENABLED")


class App(BaseModel):
    """The operator's developer app at one platform."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str = Field(alias="clientId", min_length=1)
    client_secret: str = Field(alias="clientSecret", min_length=1, repr=False)
    # In place of the ones that Soku asks for; LinkedIn's organisations, for one, need a product that not every app has.
    scopes: tuple[str, ...] | None = None


TikTokPrivacy = Literal["default", "required", "self_only"]
TikTokVideos = Literal["upload", "pull"]


class Platforms(Settings):
    """The operator's apps at the platforms, and the APIs' versions, which end (LinkedIn's after a year): hence configuration."""

    # {"x": {"clientId": "…", "clientSecret": "…"}, …}: a platform that is not named is switched off, and preflight says so.
    apps: Annotated[dict[str, App], BeforeValidator(json_of)] = Field(alias="SOKU_APPS")
    # Local only: every platform's hosts are folders below this address.
    sandbox_url: str | None = Field(default=None, alias="SOKU_SANDBOX_URL", pattern=r"^https?://.+[^/]$")
    # Who sees TikTok posts that do not say it: as many as the account allows, or nobody (such posts are refused). Or whatever they
    # say the creator alone, as TikTok demands of apps that it has not audited.
    tiktok_privacy: TikTokPrivacy = Field(default="default", alias="SOKU_TIKTOK_PRIVACY")
    # How videos get to TikTok: uploaded; or pulled from our storage, as its guidelines want it, once that domain is verified there.
    tiktok_videos: TikTokVideos = Field(default="upload", alias="SOKU_TIKTOK_VIDEOS")
    # What the posts of one user may cost a day at X, which charges the app for each, in US dollars.
    x_daily_usd: Decimal | None = Field(default=None, alias="SOKU_X_DAILY_USD", gt=0)
    graph_version: str = Field(default="v25.0", alias="SOKU_GRAPH_VERSION", pattern=r"^v\d+\.\d+$")
    threads_version: str = Field(default="v1.0", alias="SOKU_THREADS_VERSION", pattern=r"^v\d+\.\d+$")
    linkedin_version: str = Field(default="202610", alias="SOKU_LINKEDIN_VERSION", pattern=r"^20\d{2}(0[1-9]|1[0-2])$")


class Connecting(Settings):
    """The way of a person who connects an account: to the platform, back to our callback, on to a page of the web app."""

    # This page gets `platform`, `code` and `state` (or `error`) in its query and posts them to …/complete with the ID token.
    connect_page: str | None = Field(default=None, alias="SOKU_CONNECT_PAGE", pattern=r"^https?://.+$")


S = TypeVar("S", bound=Settings)


def read_settings(model: type[S], environment: Mapping[str, str] | None = None) -> S:
    """The model filled from the environment, or SettingsError with one line per variable that does not fit."""
    environment = os.environ if environment is None else environment
    _refuse_local_settings_when_deployed(environment)
    try:
        return model.model_validate({k: v for k, v in environment.items() if v})
    except ValidationError as error:
        lines = [f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()]
        raise SettingsError("cannot start, please set these variables: " + "; ".join(lines)) from None


def _refuse_local_settings_when_deployed(environment: Mapping[str, str]) -> None:
    present = [name for name in LOCAL_ONLY if environment.get(name)]
    if environment.get("K_SERVICE") and present:
        raise SettingsError(f"a deployed function must not be pointed at emulators or sandboxes: unset {', '.join(present)}")
    if environment.get("SOKU_FETCH_REWRITES") and not environment.get("FIRESTORE_EMULATOR_HOST"):
        raise SettingsError("SOKU_FETCH_REWRITES bypasses the address guard and works with the emulators only: unset it")
