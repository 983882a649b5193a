"""Counts what each endpoint costs in the database, its workers' share included, on the twins: no clock, so no noise.

Each is asked with units of its windows in hand, as most requests are; the key's and the user's documents, and the request's log,
belong to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from functions.api.openapi.operations import OPERATIONS
from functions.api.openapi.routes import routes_of
from shared.credits.credits import grant
from tests.api.dialects import NOVAKIT, SOKE, SOVA, VIDOCU
from tests.fakes.world import World

PHOTO, SOUND = "https://example.com/photo.jpg", "https://example.com/podcast.mp3"
FILM = "https://example.com/vertical.mp4"
MINT = "So11111111111111111111111111111111111111112"
HOOK = "https://hooks.test/soku"
DRAWING = {"templateSlug": "quote", "config": {"quote": "Counted"}}
AUTOMATION = {"source": {"platform": "x"}, "action": "repost", "targets": ["x"]}


DIALECTS = {"/soke/": SOKE, "/vidocu/": VIDOCU, "/novakit/": NOVAKIT, "/sova/": SOVA}


@dataclass(frozen=True)
class Cost:
    """RPCs of API and workers, documents read and written, tasks delivered."""

    rpcs: int
    reads: int
    writes: int
    tasks: int = 0


# By the operation's id. Whoever adds an endpoint says what it may cost.
BUDGETS: Mapping[str, Cost] = {
    "createPost": Cost(3, 3, 3),
    "validatePost": Cost(4, 3, 1),
    "listPlatforms": Cost(3, 2, 1),
    "getPlatform": Cost(3, 2, 1),
    "getPost": Cost(5, 4, 1),
    "listPosts": Cost(4, 3, 1),
    "updatePost": Cost(7, 5, 2),
    "cancelPost": Cost(8, 6, 3),
    "publishPost": Cost(9, 7, 3),
    "deletePost": Cost(6, 4, 3),
    "retryPost": Cost(9, 7, 4),
    "resolveRun": Cost(7, 6, 3),
    "listCandidates": Cost(5, 5, 1),
    "actOnPosts": Cost(7, 5, 3),
    "getQueue": Cost(5, 13, 1),
    "replaceQueue": Cost(5, 12, 2),
    "createAutomation": Cost(5, 3, 3),
    "listAutomations": Cost(3, 2, 1),
    "getAutomation": Cost(3, 2, 1),
    "updateAutomation": Cost(4, 2, 2),
    "deleteAutomation": Cost(5, 3, 3),
    "createMedia": Cost(10, 7, 9, 1),
    "createUpload": Cost(5, 4, 2),
    "completeUpload": Cost(11, 8, 10, 1),
    "listMedia": Cost(4, 3, 1),
    "getMedia": Cost(4, 3, 1),
    "deleteMedia": Cost(6, 4, 5),
    "createTranscript": Cost(12, 7, 9, 1),
    "renderTemplate": Cost(10, 7, 9, 1),
    "renderOgImage": Cost(10, 7, 9, 1),
    "createJob": Cost(9, 6, 6, 1),
    "listJobs": Cost(4, 3, 1),
    "getJob": Cost(4, 3, 1),
    "getJobResult": Cost(5, 4, 1),
    "cancelJob": Cost(6, 4, 3),
    "retryJob": Cost(8, 7, 5, 1),
    "createWebhook": Cost(7, 5, 3),
    "listWebhooks": Cost(4, 3, 1),
    "getWebhook": Cost(4, 3, 1),
    "updateWebhook": Cost(7, 5, 3),
    "deleteWebhook": Cost(6, 4, 3),
    "rotateWebhookSecret": Cost(6, 4, 3),
    "pingWebhook": Cost(5, 4, 3),
    "listDeliveries": Cost(5, 4, 1),
    "getDelivery": Cost(5, 4, 1),
    "redeliver": Cost(8, 8, 2),
    "listEvents": Cost(4, 3, 1),
    "getEvent": Cost(4, 3, 1),
    "sokeTranscription": Cost(9, 8, 6),
    "sokeThumbnail": Cost(6, 5, 3),
    "sokeThumbnailBackground": Cost(7, 6, 5),
    "sokeTrends": Cost(8, 7, 6),
    "sokeCompetitor": Cost(8, 7, 6),
    "sokeJob": Cost(4, 3, 1),
    "sokeThumbnailJob": Cost(4, 3, 1),
    "vidocuAnalyze": Cost(7, 6, 6),
    "vidocuExport": Cost(7, 6, 6),
    "vidocuTranslate": Cost(7, 6, 6),
    "vidocuVoiceover": Cost(6, 5, 5),
    "vidocuProcess": Cost(6, 5, 5),
    "vidocuJob": Cost(4, 3, 1),
    "novakitVideo": Cost(6, 5, 5),
    "novakitMusic": Cost(6, 5, 5),
    "novakitImage": Cost(6, 5, 5),
    "novakitBatch": Cost(6, 5, 5),
    "novakitJob": Cost(4, 3, 1),
    "novakitJobs": Cost(4, 3, 1),
    "novakitCancel": Cost(7, 5, 4),
    "sovaHolders": Cost(6, 5, 6),
    "sovaSimilarity": Cost(6, 5, 6),
    "sovaJob": Cost(1, 1, 0),
    "sovaResult": Cost(4, 3, 1),
    "sovaWallet": Cost(12, 9, 9, 1),
    "sovaWalletHud": Cost(12, 9, 9, 1),
    "listTemplates": Cost(3, 2, 1),
    "getTemplatePreview": Cost(0, 0, 0),
    "getCredits": Cost(5, 4, 1),
    "getMe": Cost(4, 3, 1),
    "listRequests": Cost(4, 4, 1),
    "createApiKey": Cost(4, 2, 3),
    "rotateApiKey": Cost(4, 3, 4),
    "listApiKeys": Cost(3, 2, 1),
    "revokeApiKey": Cost(4, 3, 3),
    "listAccounts": Cost(5, 4, 1),
    "checkAccount": Cost(8, 5, 4),
    "getCapabilities": Cost(7, 6, 3),
    "connectAccount": Cost(3, 1, 2),
    "completeConnection": Cost(6, 3, 5),
    "disconnectAccount": Cost(5, 3, 4),
}


class Caller:
    """A customer with a key, signed in, on a world of their own."""

    def __init__(self) -> None:
        self.world = World()
        self.headers = {"soku-api-key": self.world.user("ada"), "Authorization": "Bearer token-of-ada"}
        self.world.memory.contents["users/ada"][0]["admin"] = True
        grant("ada", 100, "start", documents=self.world.memory, clock=self.world.clock)
        self.client: FlaskClient = self.world.client()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        by_key = not path.startswith(("/v1/api-keys", "/v1/automations", "/v1/integrations"))
        name = "soku-api-key" if by_key else "Authorization"
        headers = {name: self.headers[name]}
        for prefix, dialect in DIALECTS.items():
            if path.startswith(prefix):
                headers = dialect.header(self.headers["soku-api-key"])
        answer = self.client.open(path, method=method, json=body, headers={**headers, "If-Match": "*"})
        assert answer.status_code < 400, (path, answer.get_json())
        return answer

    def media(self, url: str = PHOTO) -> str:
        return self.send("POST", "/v1/media", {"url": url}).get_json()["id"]

    def upload(self) -> str:
        content = self.world.fetcher.pages[PHOTO]
        assert isinstance(content, bytes)
        declared = {"contentType": "image/jpeg", "sizeBytes": len(content)}
        upload_id = self.send("POST", "/v1/media/uploads", declared).get_json()["id"]
        self.world.arrived.objects[upload_id] = content
        return upload_id

    def post(self, **more: Any) -> str:
        body = {"post": {"content": {"text": "counted", "platform": "x"}}, **more}
        return self.send("POST", "/v1/posts", body).get_json()["postSubmissionId"]

    def older(self) -> str:
        """An account of which its platform has said nothing for a while."""
        self.world.clock.advance(120)
        return "x_main"

    def failed(self, **error: Any) -> str:
        """A post that X has refused, for this reason."""
        self.world.fail("x", "publish", "reject")
        post_id = self.post()
        self.world.run_for(60)
        contents = self.world.memory.contents
        contents[f"postSubmissions/{post_id}/runs/x"][0]["error"].update(error)
        return post_id

    def key_id(self) -> str:
        return self.send("GET", "/v1/api-keys").get_json()["keys"][0]["id"]

    def consent(self, platform: str) -> dict[str, str]:
        began = self.send("POST", f"/v1/integrations/{platform}/connect").get_json()
        told = self.world.consent(began["authorizationUrl"], f"{platform}_main")
        return {"code": told["code"], "state": told["state"]}

    def job(self, *, done: bool = False, cancelled: bool = False) -> str:
        job_id = self.send("POST", "/v1/jobs", {"type": "template", "input": DRAWING}).get_json()["id"]
        if done:
            self.world.run_for(60)
        if cancelled:
            self.send("DELETE", f"/v1/jobs/{job_id}")
        return job_id

    def trends(self) -> str:
        return self.send("GET", "/soke/api/v1/trends/scan").get_json()["data"]["jobId"]

    def spoken(self) -> str:
        return self.send("POST", "/vidocu/v1/voiceover", {"text": "Counted"}).get_json()["jobId"]

    def generated(self) -> str:
        return self.send("POST", "/novakit/api/v1/images/generations?async=true", {"prompt": "Counted"}).get_json()["id"]

    def holders(self) -> str:
        """Done."""
        job_id = self.send("POST", f"/sova/api/v1/intel/token/{MINT}/holders", {"topN": 2}).get_json()["jobId"]
        self.world.run_for(10)
        return job_id

    def webhook(self) -> str:
        return self.send("POST", "/v1/webhooks", {"url": HOOK}).get_json()["id"]

    def pinged(self) -> tuple[str, str]:
        """A webhook, and an event that it was told of."""
        webhook_id = self.webhook()
        event_id = self.send("POST", f"/v1/webhooks/{webhook_id}/ping").get_json()["eventId"]
        self.world.run_for(5)
        return webhook_id, event_id

    def automation(self) -> str:
        return self.send("POST", "/v1/automations", AUTOMATION).get_json()["id"]


# By the operation's id: what has to be there, and then the request.
Request = tuple[str, str, Any]
SCENARIOS: Mapping[str, Callable[[Caller], Request]] = {
    "createPost": lambda _: ("POST", "/v1/posts", {"post": {"content": {"text": "counted", "platform": "x"}}}),
    "validatePost": lambda _: ("POST", "/v1/posts/validate", {"post": {"content": {"text": "counted", "platform": "x"}}}),
    "listPlatforms": lambda _: ("GET", "/v1/platforms", None),
    "getPlatform": lambda _: ("GET", "/v1/platforms/x", None),
    "getPost": lambda caller: ("GET", f"/v1/posts/{caller.post()}", None),
    "listPosts": lambda caller: ("GET", f"/v1/posts?limit=1&platform={caller.post() and 'x'}", None),
    "updatePost": lambda caller: ("PATCH", f"/v1/posts/{caller.post()}", {"tags": ["a"]}),
    "cancelPost": lambda caller: ("POST", f"/v1/posts/{caller.post()}/cancel", None),
    "publishPost": lambda caller: ("POST", f"/v1/posts/{caller.post(draft=True)}/publish", None),
    "deletePost": lambda caller: ("DELETE", f"/v1/posts/{caller.post(draft=True)}", None),
    "retryPost": lambda caller: ("POST", f"/v1/posts/{caller.failed()}/retry", None),
    "resolveRun": lambda caller: (
        "POST",
        f"/v1/posts/{caller.failed(code='outcome_unknown')}/runs/x/resolve",
        {"published": False},
    ),
    "listCandidates": lambda caller: ("GET", f"/v1/posts/{caller.failed()}/runs/x/candidates", None),
    "actOnPosts": lambda caller: ("POST", "/v1/posts/actions", {"action": "cancel", "ids": [caller.post(draft=True)]}),
    "getQueue": lambda _: ("GET", "/v1/queue", None),
    "replaceQueue": lambda _: ("PUT", "/v1/queue", {"timezone": "UTC", "slots": [{"day": "monday", "time": "09:00"}]}),
    "createAutomation": lambda _: ("POST", "/v1/automations", AUTOMATION),
    "listAutomations": lambda _: ("GET", "/v1/automations", None),
    "getAutomation": lambda caller: ("GET", f"/v1/automations/{caller.automation()}", None),
    "updateAutomation": lambda caller: ("PATCH", f"/v1/automations/{caller.automation()}", {"enabled": False}),
    "deleteAutomation": lambda caller: ("DELETE", f"/v1/automations/{caller.automation()}", None),
    "createMedia": lambda _: ("POST", "/v1/media", {"url": PHOTO}),
    "createUpload": lambda _: ("POST", "/v1/media/uploads", {"contentType": "image/jpeg", "sizeBytes": 10}),
    "completeUpload": lambda caller: ("POST", f"/v1/media/uploads/{caller.upload()}/complete", None),
    "listMedia": lambda _: ("GET", "/v1/media", None),
    "getMedia": lambda caller: ("GET", f"/v1/media/{caller.media()}", None),
    "deleteMedia": lambda caller: ("DELETE", f"/v1/media/{caller.media()}", None),
    "createJob": lambda _: ("POST", "/v1/jobs", {"type": "template", "input": DRAWING}),
    "listJobs": lambda caller: ("GET", f"/v1/jobs?limit=1&tag={caller.job() and 'x'}", None),
    "getJob": lambda caller: ("GET", f"/v1/jobs/{caller.job()}", None),
    "getJobResult": lambda caller: ("GET", f"/v1/jobs/{caller.job(done=True)}/result", None),
    "cancelJob": lambda caller: ("DELETE", f"/v1/jobs/{caller.job()}", None),
    "retryJob": lambda caller: ("POST", f"/v1/jobs/{caller.job(cancelled=True)}/retry", None),
    "createTranscript": lambda caller: ("POST", "/v1/ai/transcribe", {"mediaId": caller.media(SOUND)}),
    "renderTemplate": lambda _: ("POST", "/v1/templates", DRAWING),
    "renderOgImage": lambda _: ("POST", "/v1/media/render-og", DRAWING),
    "createWebhook": lambda _: ("POST", "/v1/webhooks", {"url": HOOK}),
    "listWebhooks": lambda caller: ("GET", f"/v1/webhooks?{caller.webhook() and ''}", None),
    "getWebhook": lambda caller: ("GET", f"/v1/webhooks/{caller.webhook()}", None),
    "updateWebhook": lambda caller: ("PATCH", f"/v1/webhooks/{caller.webhook()}", {"payload": "full"}),
    "deleteWebhook": lambda caller: ("DELETE", f"/v1/webhooks/{caller.webhook()}", None),
    "rotateWebhookSecret": lambda caller: ("POST", f"/v1/webhooks/{caller.webhook()}/rotate", None),
    "pingWebhook": lambda caller: ("POST", f"/v1/webhooks/{caller.webhook()}/ping", None),
    "listDeliveries": lambda caller: ("GET", "/v1/webhooks/{}/deliveries?limit=1".format(*caller.pinged()), None),
    "getDelivery": lambda caller: ("GET", "/v1/webhooks/{}/deliveries/{}".format(*caller.pinged()), None),
    "redeliver": lambda caller: ("POST", "/v1/webhooks/{}/deliveries/{}/redeliver".format(*caller.pinged()), None),
    "listEvents": lambda caller: ("GET", f"/v1/events?limit=1{caller.pinged() and ''}", None),
    "getEvent": lambda caller: ("GET", f"/v1/events/{caller.pinged()[1]}", None),
    "sokeTranscription": lambda caller: ("POST", "/soke/api/v1/transcription", {"mediaId": caller.media(SOUND)}),
    "sokeThumbnail": lambda _: ("POST", "/soke/api/v1/thumbnail/generate", {"title": "Counted"}),
    "sokeThumbnailBackground": lambda _: ("POST", "/soke/api/v1/thumbnail/generate-background", {"prompt": "Counted"}),
    "sokeTrends": lambda _: ("GET", "/soke/api/v1/trends/scan?limit=2", None),
    "sokeCompetitor": lambda _: ("POST", "/soke/api/v1/competitor/analyze", {"channelUrl": "https://youtube.com/@counted"}),
    "sokeJob": lambda caller: ("GET", f"/soke/api/v1/jobs/{caller.trends()}", None),
    "sokeThumbnailJob": lambda caller: ("GET", f"/soke/api/v1/thumbnail/{caller.trends()}", None),
    "vidocuAnalyze": lambda _: ("POST", "/vidocu/v1/analyze", {"videoUrl": FILM}),
    "vidocuExport": lambda _: ("POST", "/vidocu/v1/export", {"videoUrl": FILM}),
    "vidocuTranslate": lambda _: ("POST", "/vidocu/v1/translate", {"text": "Counted", "language": "de"}),
    "vidocuVoiceover": lambda _: ("POST", "/vidocu/v1/voiceover", {"text": "Counted"}),
    "vidocuProcess": lambda _: ("POST", "/vidocu/v1/videos/process", {"videoUrl": FILM, "wants": ["script"]}),
    "vidocuJob": lambda caller: ("GET", f"/vidocu/v1/jobs/{caller.spoken()}", None),
    "novakitVideo": lambda _: ("POST", "/novakit/api/v1/videos/generations?async=true", {"prompt": "Counted"}),
    "novakitMusic": lambda _: ("POST", "/novakit/api/v1/music/generations?async=true", {"prompt": "Counted"}),
    "novakitImage": lambda _: ("POST", "/novakit/api/v1/images/generations?async=true", {"prompt": "Counted"}),
    "novakitBatch": lambda _: (
        "POST",
        "/novakit/api/v1/batches?async=true",
        {"type": "image", "requests": [{"prompt": "Counted"}]},
    ),
    "novakitJob": lambda caller: ("GET", f"/novakit/api/v1/jobs/{caller.generated()}", None),
    "novakitJobs": lambda caller: ("GET", f"/novakit/api/v1/jobs?limit=1{caller.generated() and ''}", None),
    "novakitCancel": lambda caller: ("DELETE", f"/novakit/api/v1/jobs/{caller.generated()}", None),
    "sovaHolders": lambda _: ("POST", f"/sova/api/v1/intel/token/{MINT}/holders", {"topN": 2}),
    "sovaSimilarity": lambda _: ("POST", f"/sova/api/v1/intel/token/{MINT}/similarity", {"topN": 2}),
    "sovaJob": lambda caller: ("GET", f"/sova/api/v1/jobs/{caller.holders()}", None),
    "sovaResult": lambda caller: ("GET", f"/sova/api/v1/jobs/result/by-key?key=holder-profiles:result:{caller.holders()}", None),
    "sovaWallet": lambda _: ("GET", f"/sova/api/v1/intel/wallet/{MINT}", None),
    "sovaWalletHud": lambda _: ("GET", f"/sova/api/v1/intel/wallet/{MINT}/hud", None),
    "listTemplates": lambda _: ("GET", "/v1/templates", None),
    "getTemplatePreview": lambda _: ("GET", "/v1/templates/quote/preview", None),
    "getCredits": lambda _: ("GET", "/v1/credits", None),
    "getMe": lambda _: ("GET", "/v1/me", None),
    "listRequests": lambda _: ("GET", "/v1/requests?limit=1", None),
    "createApiKey": lambda _: ("POST", "/v1/api-keys", {"name": "counted"}),
    "rotateApiKey": lambda caller: ("POST", f"/v1/api-keys/{caller.key_id()}/rotate", None),
    "listApiKeys": lambda _: ("GET", "/v1/api-keys", None),
    "revokeApiKey": lambda caller: ("DELETE", f"/v1/api-keys/{caller.key_id()}", None),
    "listAccounts": lambda _: ("GET", "/v1/integrations", None),
    "checkAccount": lambda _: ("POST", "/v1/integrations/x/accounts/x_main/check", None),
    "getCapabilities": lambda caller: ("GET", f"/v1/accounts/x/{caller.older()}/capabilities", None),
    "connectAccount": lambda _: ("POST", "/v1/integrations/threads/connect", None),
    "completeConnection": lambda caller: ("POST", "/v1/integrations/threads/complete", caller.consent("threads")),
    "disconnectAccount": lambda _: ("DELETE", "/v1/integrations/x/accounts/x_main", None),
}


def cost_of(operation: str) -> Cost:
    caller = Caller()
    method, path, body = SCENARIOS[operation](caller)
    # So that the windows' units are in hand.
    for _ in range(2):
        caller.send("GET", "/v1/me")
        caller.send("GET", "/v1/api-keys")
    before, tasks = vars(caller.world.memory.counts).copy(), caller.world.invocations
    caller.send(method, path, body)
    counts = caller.world.memory.counts
    return Cost(
        counts.rpcs - before["rpcs"],
        counts.reads - before["reads"],
        counts.writes - before["writes"],
        caller.world.invocations - tasks,
    )


# What asks the database nothing, or is asked by whoever watches over the API.
FREE = frozenset({"getHealth", "getReadiness", "getReference", "getReferenceAsset", "getOpenApi", "returnFromPlatform"})


def operations() -> set[str]:
    """Of every route."""
    return {OPERATIONS[name].id for _, _, name, _ in routes_of(World().client().application)}


def print_endpoints() -> None:
    print("What each endpoint costs, its workers' share included: counted / allowed")
    print(f"{'':<22} {'RPCs':>10} {'reads':>10} {'writes':>10} {'tasks':>10}")
    for operation, budget in BUDGETS.items():
        cost = cost_of(operation)
        pairs = [f"{getattr(cost, name)} / {getattr(budget, name)}" for name in ("rpcs", "reads", "writes", "tasks")]
        print(f"{operation:<22} " + " ".join(f"{pair:>10}" for pair in pairs))
