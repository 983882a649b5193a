"""All of Soku in one process and in virtual time: the real handlers on the twins. Minutes of waiting take milliseconds."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient

from emulator.environment import sandbox_apps
from emulator.sandbox import openai, replicate, solana, youtube_data
from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault
from emulator.sandbox.platform import World as SandboxWorld
from emulator.sandbox.platform import respond
from emulator.sandbox.platforms import build, by_host
from emulator.users import credentials_of, facts_of
from functions.api.app import create_app
from functions.api.ports import ApiSettings, Ports
from functions.api.request.limits import Limiter
from shared.accounts.connect import connect_account
from shared.accounts.oauth import ConnectPorts
from shared.accounts.tokens import TokenKeeper
from shared.api_keys.issue import issue_key
from shared.automations.fire import AutomationPorts
from shared.core.clock import DatabaseClock
from shared.core.encryption import Cipher
from shared.core.errors import Unauthorized
from shared.core.together import one_by_one
from shared.documents.document import Document, Merge
from shared.documents.reliable import ReliableDocuments
from shared.http.client import HttpRequest
from shared.jobs.work import WorkPorts
from shared.media.drive import DriveFetcher
from shared.media.keep import Keeping
from shared.media.leftovers import delete_leftovers
from shared.media.upload import UploadPorts
from shared.operations.ports import ProviderPorts
from shared.operations.tidy import tidy
from shared.platforms.registry import connectors, publishers
from shared.posts.check import CheckPorts
from shared.posts.copying import IngestPorts
from shared.publishing.attempt import PublisherPorts
from shared.tasks.sweep import SweepPorts
from shared.tasks.task import Task
from shared.templates.draw import DrawPorts
from shared.templates.pictures import PicturePorts
from shared.transcription.cut import CutPorts
from shared.transcription.transcribe import TranscribePorts, Transcriber
from shared.webhooks.ports import WebhookPorts
from tests.fakes.clock import StandingClock
from tests.fakes.documents import MemoryDocuments
from tests.fakes.outside import (
    SANDBOX_URL,
    STORAGE_URL,
    MemoryFetcher,
    MemoryStorage,
    Receivers,
    RememberingMeasurer,
    SandboxHttp,
    SandboxStudio,
    SpeakingTranscriber,
    call_of,
    open_session,
)
from tests.fakes.tasks import MemoryTasks

MEDIA = Path(__file__).parents[2] / "emulator" / "sandbox" / "media"
SETTINGS = {
    "GOOGLE_CLOUD_PROJECT": "demo-soku",
    "SOKU_INVOKER": "invoker@demo-soku.iam.gserviceaccount.com",
    "SOKU_MEDIA_BUCKET": "demo-soku.appspot.com",
    "SOKU_MEDIA_URL": STORAGE_URL,
    "SOKU_UPLOADS_BUCKET": "demo-soku-uploads",
    "SOKU_CORS_ORIGINS": "https://app.test",
    "SOKU_SANDBOX_URL": SANDBOX_URL,
    "SOKU_APPS": json.dumps(sandbox_apps()),
    "SOKU_TOKEN_KEYS": f"k1:{base64.b64encode(b'1' * 32).decode()}",
    "SOKU_CONNECT_PAGE": "https://app.test/connect",
    "SOKU_API_URL": "https://api.test/api",
}
PAGES = {f"https://example.com/{path.name}": path.read_bytes() for path in MEDIA.iterdir()}


class SignedInUsers:
    """ID tokens that are `token-of-<uid>`."""

    def verify(self, id_token: str) -> str:
        if not id_token.startswith("token-of-"):
            raise Unauthorized("Missing or invalid Firebase ID token")
        return id_token.removeprefix("token-of-")


class World:
    def __init__(self) -> None:
        self.clock = StandingClock()
        self.memory = MemoryDocuments(clock=self.clock)
        self.documents = ReliableDocuments(
            self.memory,
            clock=DatabaseClock(self.clock),
            sleep=self.clock.advance,
            monotonic=lambda: self.clock.now().timestamp(),
        )
        self.tasks = MemoryTasks(self.clock)
        self.storage = MemoryStorage()
        # The private bucket of direct uploads.
        self.arrived = MemoryStorage()
        self.fetcher = MemoryFetcher(PAGES)
        callback = f"{SETTINGS['SOKU_API_URL']}/v1/integrations/{{platform}}/callback"
        self.sandbox = SandboxWorld(
            now=self.clock.now, pull=self.storage.pull, verified_prefix=STORAGE_URL, registered_callback=callback
        )
        self.platforms = build(self.sandbox)
        self.http = SandboxHttp(self.platforms, self.sandbox)
        settings = ApiSettings.model_validate(SETTINGS)
        self.cipher = Cipher(settings.token_keys)
        self.publishing = PublisherPorts(
            documents=self.documents,
            tasks=self.tasks,
            http=self.http,
            storage=self.storage,
            cipher=self.cipher,
            clock=self.clock,
            platforms=publishers(settings),
            connectors=connectors(settings),
        )
        fetcher = DriveFetcher(self.fetcher)
        measurer, quota = RememberingMeasurer(), settings.storage_quota_bytes
        self.ingesting = IngestPorts(self.documents, self.tasks, self.storage, fetcher, measurer, self.clock, quota)
        self.transcriber: Transcriber = SpeakingTranscriber()
        # Users' own servers, which webhooks are sent to.
        self.receivers = Receivers(self.clock)
        self.invocations = 0
        # Nothing arrives here from outside.
        self.verifier = None
        self.ids = SignedInUsers()
        connecting = ConnectPorts(self.documents, self.cipher, self.http, self.clock, self.publishing.connectors)
        checks = {"database": lambda: None, "queue": lambda: None, "storage": lambda: None}
        limiter = Limiter.of(settings, self.documents, self.clock)
        self.api_ports = Ports(
            self.documents,
            self.tasks,
            self.ids,
            self.clock,
            settings,
            connecting,
            self.publishing.platforms,
            limiter,
            one_by_one,
            self.run_for,
            open_session,
            checks,
        )

    # People

    def user(self, uid: str = "ada", *, connect: Sequence[str] = ("x:x_main",), subscription: dict[str, Any] | None = None) -> str:
        """A user with connected accounts; the API key."""
        subscription = subscription or {"status": "active", "currentPeriodEnd": self.clock.now() + timedelta(days=90)}
        self.documents.commit(Merge(f"users/{uid}", {"email": f"{uid}@example.com", "subscription": subscription}))
        for named in connect:
            platform, _, account_id = named.partition(":")
            self.connect(uid, platform, account_id)
        return issue_key(uid, "test", documents=self.documents, clock=self.clock)

    def connect(self, uid: str, platform: str, account_id: str) -> None:
        credentials = credentials_of(SandboxAccount(platform, account_id))
        facts = facts_of(SandboxAccount(platform, account_id))
        to = {"cipher": self.cipher, "documents": self.documents, "clock": self.clock}
        connect_account(uid, platform, account_id, credentials, facts=facts, **to)

    def consent(self, url: str, account: str, decision: str = "allow") -> dict[str, str]:
        """What the platform sends a person back to our callback with, who was sent to this address and decided."""
        hosts = by_host(self.platforms)
        asked = call_of(HttpRequest("GET", url))
        page = respond(hosts[asked.host], asked)
        assert page.status == 200, page.html
        decided = call_of(HttpRequest("GET", url, params={"_account": account, "_decision": decision}))
        back = respond(hosts[decided.host], decided)
        assert back.status == 302, back.html
        return dict(parse_qsl(urlsplit(back.headers["Location"]).query))

    # Requests

    def client(self) -> FlaskClient:
        return create_app(self.api_ports).test_client()

    def post(self, key: str, content: dict[str, Any], *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        body = {"post": {"content": {"platform": ["x"], **content}}, **more}
        return self.client().post("/v1/posts", json=body, headers={"soku-api-key": key, **(headers or {})})

    def accepted(self, key: str, content: dict[str, Any], **more: Any) -> str:
        """The id of a post that must be accepted."""
        answer = self.post(key, content, **more)
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()["postSubmissionId"]

    # Time

    @property
    def tokens(self) -> TokenKeeper:
        return self.publishing.tokens

    @property
    def checking(self) -> CheckPorts:
        return CheckPorts(self.tokens, self.publishing.http, self.api_ports.settings.tiktok_privacy)

    @property
    def uploading(self) -> UploadPorts:
        return UploadPorts(self.ingesting.intake, self.keeping, self.arrived, self.api_ports.settings.max_media_bytes)

    @property
    def keeping(self) -> Keeping:
        return Keeping(self.storage, self.documents, self.clock, self.api_ports.settings.storage_quota_bytes)

    @property
    def picturing(self) -> PicturePorts:
        return PicturePorts(self.ingesting.intake, self.clock)

    @property
    def drawing(self) -> DrawPorts:
        return DrawPorts(self.keeping)

    @property
    def transcribing(self) -> TranscribePorts:
        return TranscribePorts(self.transcriber, self.storage)

    @property
    def cutting(self) -> CutPorts:
        return CutPorts(self.storage, self.clock, openai.ffmpeg())

    @property
    def working(self) -> WorkPorts:
        return WorkPorts(self.documents, self.tasks, self.clock, partial(delete_leftovers, storage=self.storage))

    @property
    def providing(self) -> ProviderPorts:
        ports = ProviderPorts(
            documents=self.documents,
            storage=self.storage,
            http=self.http,
            studio=SandboxStudio(self.sandbox),
            working=replace(self.working, tidy=lambda state: tidy(state, ports)),
            youtube_url=f"{SANDBOX_URL}/{youtube_data.HOSTS[0]}",
            youtube_key=youtube_data.KEY,
            replicate_url=f"{SANDBOX_URL}/{replicate.HOSTS[0]}",
            replicate_key=replicate.KEY,
            solana_url=f"{SANDBOX_URL}/{solana.HOSTS[0]}/rpc",
        )
        return ports

    @property
    def telling(self) -> WebhookPorts:
        return WebhookPorts(
            self.documents, self.tasks, self.clock, self.cipher, self.receivers, one_by_one, self.api_ports.settings.base_url
        )

    @property
    def automating(self) -> AutomationPorts:
        ports, here = self.publishing, self.api_ports.installation
        return AutomationPorts(ports.documents, ports.tasks, ports.clock, here)

    @property
    def sweeping(self) -> SweepPorts:
        return SweepPorts(self.documents, self.tasks, self.clock)

    def invoke(self, target: str, payload: Mapping[str, str]) -> None:
        """What the function of that name does with a task, on ports that are this world's attributes of the same names."""
        self.invocations += 1
        wiring = import_module(f"functions.{target}.wiring")
        ports = wiring.Ports(**{field.name: getattr(self, field.name) for field in fields(wiring.Ports)})
        import_module(f"functions.{target}.main").handle(payload, ports)

    def deliver(self, task: Task) -> None:
        self.invoke(task.queue.target, task.payload)

    def deliver_due(self) -> None:
        while (task := self.tasks.take()) is not None:
            self.deliver(task)

    def sweep(self) -> None:
        self.invoke("sweeper", {})
        self.invocations -= 1

    def run_for(self, seconds: float, *, tick: float = 60.0) -> None:
        """Deliver tasks and tick the sweeper until `seconds` have passed."""
        end = self.clock.now() + timedelta(seconds=seconds)
        next_tick = self.clock.now() + timedelta(seconds=tick)
        while True:
            self.deliver_due()
            due = self.tasks.next_due()
            upcoming = min(moment for moment in (due, next_tick, end) if moment is not None)
            self.clock.at = max(self.clock.at, upcoming)
            if self.clock.now() >= next_tick:
                self.sweep()
                next_tick = self.clock.now() + timedelta(seconds=tick)
            if self.clock.now() >= end:
                self.deliver_due()
                return

    def fail(self, platform: str, step: str, kind: str, times: int = 1) -> None:
        self.sandbox.faults.due.append(Fault(platform, step, kind, times))

    # What came of it

    def document(self, path: str) -> Document:
        [found] = self.memory.get(path)
        assert found is not None, f"there is no {path}"
        return found

    def submission(self, submission_id: str) -> Any:
        return self.document(f"postSubmissions/{submission_id}").fields

    def run(self, submission_id: str, run_id: str = "x") -> Any:
        return self.document(f"postSubmissions/{submission_id}/runs/{run_id}").fields

    def paths(self, prefix: str = "") -> list[str]:
        return sorted(path for path in self.memory.contents if path.startswith(prefix))

    def ledger(self, platform: str | None = None) -> list[str]:
        return [entry.text for entry in self.sandbox.ledger if platform in (None, entry.platform)]

    def replace_publishing(self, **ports: Any) -> None:
        self.publishing = replace(self.publishing, **ports)

    def replace_ingesting(self, **ports: Any) -> None:
        self.ingesting = replace(self.ingesting, **ports)
