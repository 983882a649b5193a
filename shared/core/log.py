"""One JSON line per event, as Cloud Logging reads it; keys and tokens never get through."""

import json
import logging
import re
import sys
from typing import Any, cast

# What a credential looks like in free text: our keys, bearer tokens, JWTs, and tokens passed as parameters or fields.
_SECRETS = re.compile(
    r"sk_live_[0-9A-Za-z]+"
    r"|(?<=[Bb]earer )[^\s\"',]+"
    r"|(?<=OAuth )[^\s\"',]{8,}"
    r"|(?<=Basic )[^\s\"',]{4,}"
    r"|((?:access_token|refresh_token|fb_exchange_token|client_secret|code_verifier)\W{1,4})[^\s\"'&,}]+"
    r"|((?<!\w)(?:code|token|upload_id)=)[^\s\"'&,}]+"
)

# Words joined by dots, each run of characters matched once.
_DOTTED = re.compile(r"(?<![\w.-])[\w-]++(?:\.[\w-]*+)++")

_RESERVED = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """The text with everything that looks like a credential replaced."""
    text = _DOTTED.sub(_without_jwt, text)
    return _SECRETS.sub(lambda found: (found[1] or found[2] or "") + "[redacted]", text)


def _without_jwt(dotted: re.Match[str]) -> str:
    """A JSON Web Token is three parts whose first one begins with `{"`, in base64; what stands before it in one word stays."""
    before, begins, token = dotted[0].partition("eyJ")
    return f"{before}[redacted]" if begins and token.count(".") >= 2 else dotted[0]


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
        line |= {key: value for key, value in record.__dict__.items() if key not in _RESERVED}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(_redacted(line), ensure_ascii=False)


def _redacted(value: Any) -> Any:
    """The same with every text in it redacted, ready for JSON."""
    if isinstance(value, dict):
        return {name: _redacted(inner) for name, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_redacted(inner) for inner in cast("list[Any]", value)]
    return value if isinstance(value, int | float | None) else redact(str(value))


def start_logging() -> None:
    """Send everything of level INFO and above to standard error; called once by each function's main.py."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
