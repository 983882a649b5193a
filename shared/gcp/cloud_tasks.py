"""Creates tasks over Cloud Tasks' REST interface: no gRPC channel, so it survives the web server's fork."""

import json
from functools import cached_property
from typing import Any

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksRestTransport
from requests.exceptions import RequestException

from shared.core.settings import CloudTasks
from shared.gcp.connections import keep_connections
from shared.tasks.queues import ORCHESTRATE
from shared.tasks.task import NotEnqueued, Task

# A task that is not there by then is left to the sweeper; the caller is waiting.
CREATE_TIMEOUT_SECONDS = 2.0


class _Transport(CloudTasksRestTransport):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        keep_connections(self._session)


class CloudTasksQueue:
    """Every task is an HTTP POST that carries an OIDC token of the invoker's, addressed to the function's own URL."""

    def __init__(self, settings: CloudTasks) -> None:
        self._settings = settings

    @cached_property
    def _client(self) -> tasks_v2.CloudTasksClient:
        if self._settings.cloud_tasks_url is None:
            return tasks_v2.CloudTasksClient(transport=_Transport)
        scheme, _, host = self._settings.cloud_tasks_url.partition("://")
        return tasks_v2.CloudTasksClient(transport=_Transport(host=host, url_scheme=scheme, credentials=AnonymousCredentials()))

    def check(self) -> None:
        """Read-only. Raises if Cloud Tasks, or the queue that every post needs, does not answer."""
        self._client.get_queue(name=self._path(ORCHESTRATE.name), retry=None, timeout=CREATE_TIMEOUT_SECONDS)

    def _path(self, queue: str) -> str:
        return f"projects/{self._settings.project_id}/locations/{self._settings.location}/queues/{queue}"

    def enqueue(self, task: Task) -> None:
        url = self._settings.function_url(task.queue.target)
        created = tasks_v2.Task(
            http_request=tasks_v2.HttpRequest(
                url=url,
                http_method=tasks_v2.HttpMethod.POST,
                headers={"Content-Type": "application/json"},
                body=json.dumps(dict(task.payload)).encode(),
                oidc_token=tasks_v2.OidcToken(service_account_email=self._settings.invoker, audience=url),
            ),
            dispatch_deadline={"seconds": task.queue.dispatch_deadline_seconds},
            schedule_time=task.not_before,
        )
        queue = self._path(task.queue.name)
        try:
            self._client.create_task(parent=queue, task=created, retry=None, timeout=CREATE_TIMEOUT_SECONDS)
        except (exceptions.GoogleAPIError, GoogleAuthError, RequestException) as error:
            raise NotEnqueued(f"{task.queue.name}: {error}") from error
