"""Cloud Storage on this machine: gcp-storage-emulator with our two buckets, and with CORS, which it lacks.

As Google does it, a page may send an upload's bytes if the session was opened for its origin and storage.uploads-cors.json admits
PUT. Not checked here, as little as by the emulator: who reads the private bucket, and whether as many bytes come as were declared.
"""

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gcp_storage_emulator import server
from gcp_storage_emulator.handlers.buckets import create_bucket

from emulator.ports import BUCKET, UPLOADS_BUCKET

CORS_FILE = Path(__file__).parents[1] / "storage.uploads-cors.json"
[_RULE] = json.loads(CORS_FILE.read_text())

# By session: the origin that it was opened for.
_origins: dict[str, str] = {}


class WithCors(server.RequestHandler):
    """The emulator's requests, and the two answers that browsers look at."""

    def do_OPTIONS(self) -> None:
        self.send_response(200)
        if self._admits(self.headers.get("Access-Control-Request-Method", "")):
            self.send_header("Access-Control-Allow-Methods", ", ".join(_RULE["method"]))
            self.send_header("Access-Control-Allow-Headers", ", ".join(_RULE["responseHeader"]))
            self.send_header("Access-Control-Max-Age", str(_RULE["maxAgeSeconds"]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_header(self, keyword: str, value: str) -> None:
        origin = self._origin()
        if keyword == "Location" and origin and self.command == "POST" and _session(value):
            _origins[_session(value)] = origin
        super().send_header(keyword, value)

    def end_headers(self) -> None:
        asked = self.headers.get("Access-Control-Request-Method", "") if self.command == "OPTIONS" else self.command
        if asked and self._admits(asked):
            self.send_header("Access-Control-Allow-Origin", self._origin() or "")
            self.send_header("Access-Control-Expose-Headers", ", ".join(_RULE["responseHeader"]))
        super().end_headers()

    def _admits(self, method: str) -> bool:
        origin = self._origin()
        return method in _RULE["method"] and origin is not None and _origins.get(_session(self.path)) == origin

    def _origin(self) -> str | None:
        # What could not be read has no headers.
        return self.headers.get("Origin") if hasattr(self, "headers") else None


def _session(address: str) -> str:
    return parse_qs(urlsplit(address).query).get("upload_id", [""])[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator.storage")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", help="where objects are kept; in memory, if not given")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    # The emulator makes its handlers of the class of this name.
    patched: Any = server
    patched.RequestHandler = WithCors
    serving = server.create_server(
        arguments.host, arguments.port, in_memory=arguments.folder is None, default_bucket=BUCKET, data_dir=arguments.folder
    )
    create_bucket(UPLOADS_BUCKET, serving._storage)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    serving.start()
    stopped.wait()
    serving.stop()
    sys.exit(0)


if __name__ == "__main__":
    main()
