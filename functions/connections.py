"""Connections that stay open, as every answer says. functions-framework's worker that ends requests which outlive their time does
not pass on what gunicorn's answers, and gunicorn then closes what it promised to keep (functions-framework 3.10.2, gunicorn 27)."""

from typing import Any

from shared.core.settings import Serving, read_settings


def keep() -> None:
    """Where that worker is what serves (docs/deploying.md); before the server is made."""
    if not read_settings(Serving).ends_requests:
        return
    # Not before: nothing else needs them.
    from functions_framework._http import gunicorn as server
    from functions_framework.request_timeout import ThreadingTimeout
    from gunicorn.workers.gthread import ThreadWorker

    class Worker(ThreadWorker):
        def handle_request(self, req: Any, conn: Any) -> bool:
            """Whether the connection is kept."""
            with ThreadingTimeout(server.TIMEOUT_SECONDS):
                return super().handle_request(req, conn)

    # gunicorn finds it there by its name.
    server.GThreadWorkerWithTimeoutSupport = Worker
