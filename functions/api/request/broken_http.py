"""What the web server itself answers to requests that are no HTTP, in the words and with the headers of all other answers.

gunicorn refuses them before any application sees them, through one function, which is replaced here, where gunicorn is what serves.
"""

import json
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from types import ModuleType

from shared.core.clock import iso8601
from shared.core.ids import new_uuid


def answer_in_json(server: ModuleType, headers: Mapping[str, str], now: Callable[[], datetime]) -> None:
    """`server` is gunicorn's `util`."""

    def write_error(connection: socket.socket, status: int, reason: str, message: str) -> None:
        request_id = new_uuid()
        is_theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
        error = {
            "type": "invalid_request_error" if is_theirs else "api_error",
            "code": "validation_error" if is_theirs else "internal_error",
            "message": "The request is not valid HTTP" if is_theirs else "Internal server error",
            "timestamp": iso8601(now()),
            "requestId": request_id,
        }
        body = json.dumps({"error": error}).encode()
        lines = {**headers, "X-Request-ID": request_id, "Content-Type": "application/json", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        server.write_nonblock(connection, f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n{head}\r\n".encode() + body)

    server.write_error = write_error  # pyright: ignore[reportAttributeAccessIssue]
