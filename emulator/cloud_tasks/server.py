"""The REST surface of Cloud Tasks v2, as google-cloud-tasks speaks it, and a little of our own under `/_…`.

PUT /_deliveries   [{queue?, kind: duplicate | late | lost, times, seconds?}]    what shall go wrong
GET /_certificates                                                              the token signer's, as Google serves its
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from emulator.cloud_tasks.oidc import TokenSigner
from emulator.cloud_tasks.queue import Limits, Mischief, Queue
from emulator.cloud_tasks.task import Invalid, RetryConfig, task_from_json

_QUEUE = r"/v2/{parent:projects/[^/]+/locations/[^/]+}/queues"
_STATUS_WORDS = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 409: "ALREADY_EXISTS"}

Handler = Callable[[web.Request], Awaitable[web.Response]]


class CloudTasks:
    """All queues of all projects; `report` gets a line for every delivery that failed."""

    def __init__(self, report: Callable[[str], None] = lambda line: None) -> None:
        self.signer = TokenSigner()
        self.queues: dict[str, Queue] = {}
        self._report = report
        self._session: aiohttp.ClientSession | None = None

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2 << 20)
        queue, task = _QUEUE + r"/{queue:[^/:]+}", _QUEUE + r"/{queue:[^/:]+}/tasks/{task:[^/:]+}"
        app.router.add_get("/_certificates", self._certificates)
        app.router.add_put("/_deliveries", self._set_deliveries)
        app.router.add_get("/_deliveries", self._get_deliveries)
        app.router.add_post(_QUEUE, self._create_queue)
        app.router.add_get(_QUEUE, self._list_queues)
        app.router.add_get(queue, self._with_queue(self._get_queue))
        app.router.add_patch(queue, self._with_queue(self._patch_queue))
        app.router.add_delete(queue, self._with_queue(self._delete_queue))
        app.router.add_post(queue + ":{verb:pause|resume|purge}", self._with_queue(self._change_queue))
        app.router.add_post(queue + "/tasks", self._with_queue(self._create_task))
        app.router.add_get(queue + "/tasks", self._with_queue(self._list_tasks))
        app.router.add_get(task, self._with_queue(self._get_task))
        app.router.add_delete(task, self._with_queue(self._delete_task))
        app.router.add_post(task + ":run", self._with_queue(self._run_task))
        app.cleanup_ctx.append(self._lifetime)
        return app

    async def _lifetime(self, _: web.Application) -> Any:
        # Connections to functions are not kept: one that died in between would look like a delivery that got no answer.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        for queue in self.queues.values():
            queue.start(self._session)
        yield
        await self.stop_deliveries()
        await self._session.close()

    async def stop_deliveries(self) -> None:
        """For good; tasks are still accepted."""
        for queue in self.queues.values():
            await queue.stop()

    def add_queue(self, name: str, limits: Limits, retry: RetryConfig) -> Queue:
        queue = Queue(name, self.signer, self._report, limits, retry)
        self.queues[name] = queue
        if self._session is not None:
            queue.start(self._session)
        return queue

    def _with_queue(self, handler: Callable[[Queue, web.Request], Awaitable[web.Response]]) -> Handler:
        async def found(request: web.Request) -> web.Response:
            name = f"{request.match_info['parent']}/queues/{request.match_info['queue']}"
            queue = self.queues.get(name)
            return await handler(queue, request) if queue else _error(404, f"Queue does not exist: {name}")

        return found

    async def _certificates(self, _: web.Request) -> web.Response:
        return web.json_response(self.signer.certificates, headers={"Cache-Control": "public, max-age=3600"})

    async def _set_deliveries(self, request: web.Request) -> web.Response:
        """All of them or, if one makes no sense, none."""
        try:
            given = await request.json()
            if not isinstance(given, list) or not all(isinstance(prank, dict) for prank in given):
                raise ValueError("it is no list of objects")
            pranks = [(self._queues_for(prank.get("queue")), prank) for prank in given]
            added = [(queue, Mischief.from_json(prank)) for queues, prank in pranks for queue in queues]
        except ValueError as error:
            return _error(400, f"/_deliveries takes a list of what shall go wrong: {error}")
        for queue, prank in added:
            queue.mischief.append(prank)
        return web.json_response({})

    def _queues_for(self, short_name: object) -> list[Queue]:
        """The one of that name, all for None. Raises ValueError."""
        queues = [queue for queue in self.queues.values() if short_name in (None, queue.short_name)]
        if not queues:
            raise ValueError(f"queue must be one of {', '.join(queue.short_name for queue in self.queues.values())}")
        return queues

    async def _get_deliveries(self, _: web.Request) -> web.Response:
        """What still is to go wrong, per queue."""
        left = [
            {"queue": queue.short_name, "mischief": [vars(prank) for prank in queue.mischief if prank.times > 0]}
            for queue in self.queues.values()
        ]
        return web.json_response(left)

    async def _create_queue(self, request: web.Request) -> web.Response:
        given = await request.json()
        name = str(given.get("name", ""))
        if not name.startswith(f"{request.match_info['parent']}/queues/"):
            return _error(400, "queue.name must lie under the parent")
        if name in self.queues:
            return _error(409, f"Queue already exists: {name}")
        queue = self.add_queue(name, _limits(given, Limits()), _retry(given, RetryConfig()))
        return web.json_response(_queue_json(queue))

    async def _list_queues(self, request: web.Request) -> web.Response:
        parent = f"{request.match_info['parent']}/queues/"
        return web.json_response({"queues": [_queue_json(q) for name, q in self.queues.items() if name.startswith(parent)]})

    async def _get_queue(self, queue: Queue, _: web.Request) -> web.Response:
        return web.json_response(_queue_json(queue))

    async def _patch_queue(self, queue: Queue, request: web.Request) -> web.Response:
        given = await request.json()
        queue.limits, queue.retry = _limits(given, queue.limits), _retry(given, queue.retry)
        queue.set_state(queue.state)
        return web.json_response(_queue_json(queue))

    async def _delete_queue(self, queue: Queue, _: web.Request) -> web.Response:
        del self.queues[queue.name]
        await queue.stop()
        return web.json_response({})

    async def _change_queue(self, queue: Queue, request: web.Request) -> web.Response:
        match request.match_info["verb"]:
            case "pause":
                queue.set_state("PAUSED")
            case "resume":
                queue.set_state("RUNNING")
            case _:
                queue.purge()
        return web.json_response(_queue_json(queue))

    async def _create_task(self, queue: Queue, request: web.Request) -> web.Response:
        given = (await request.json()).get("task") or {}
        now = datetime.now(UTC)
        name = str(given.get("name") or f"{queue.name}/tasks/{uuid4().int % 10**20}")
        if not re.fullmatch(re.escape(queue.name) + r"/tasks/[A-Za-z0-9_-]{1,500}", name):
            return _error(400, "task.name must be QUEUE/tasks/ID with 1-500 letters, digits, hyphens and underscores")
        try:
            task = task_from_json(given, name=name, now=now)
        except Invalid as error:
            return _error(400, str(error))
        if not queue.add(task):
            return _error(409, "The task cannot be created because a task with this name existed too recently.")
        return web.json_response(task.to_json())

    async def _list_tasks(self, queue: Queue, _: web.Request) -> web.Response:
        return web.json_response({"tasks": [task.to_json() for task in queue.tasks.values()]})

    async def _get_task(self, queue: Queue, request: web.Request) -> web.Response:
        task = queue.tasks.get(f"{queue.name}/tasks/{request.match_info['task']}")
        return web.json_response(task.to_json()) if task else _error(404, "The task does not exist.")

    async def _delete_task(self, queue: Queue, request: web.Request) -> web.Response:
        removed = queue.remove(f"{queue.name}/tasks/{request.match_info['task']}", datetime.now(UTC))
        return web.json_response({}) if removed else _error(404, "The task does not exist.")

    async def _run_task(self, queue: Queue, request: web.Request) -> web.Response:
        task = queue.tasks.get(f"{queue.name}/tasks/{request.match_info['task']}")
        if task is None:
            return _error(404, "The task does not exist.")
        queue.run_now(task)
        return web.json_response(task.to_json())


def _limits(given: Mapping[str, Any], before: Limits) -> Limits:
    rate = given.get("rateLimits") or {}
    return Limits(
        float(rate.get("maxDispatchesPerSecond") or before.dispatches_per_second),
        int(rate.get("maxConcurrentDispatches") or before.concurrent_dispatches),
    )


def _retry(given: Mapping[str, Any], before: RetryConfig) -> RetryConfig:
    config = given.get("retryConfig") or {}
    names = {"maxRetryDuration": "max_retry_seconds", "minBackoff": "min_backoff_seconds", "maxBackoff": "max_backoff_seconds"}
    changes: dict[str, Any] = {ours: float(config[name].rstrip("s")) for name, ours in names.items() if name in config}
    changes |= {o: int(config[n]) for n, o in (("maxAttempts", "max_attempts"), ("maxDoublings", "max_doublings")) if n in config}
    return replace(before, **changes)


def _queue_json(queue: Queue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "state": queue.state,
        "rateLimits": {
            "maxDispatchesPerSecond": queue.limits.dispatches_per_second,
            "maxConcurrentDispatches": queue.limits.concurrent_dispatches,
        },
        "retryConfig": {
            "maxAttempts": queue.retry.max_attempts,
            "maxRetryDuration": f"{queue.retry.max_retry_seconds:g}s",
            "minBackoff": f"{queue.retry.min_backoff_seconds:g}s",
            "maxBackoff": f"{queue.retry.max_backoff_seconds:g}s",
            "maxDoublings": queue.retry.max_doublings,
        },
    }


def _error(status: int, message: str) -> web.Response:
    body = {"error": {"code": status, "message": message, "status": _STATUS_WORDS[status]}}
    return web.json_response(body, status=status)
