"""The id that ties an answer to its log lines: the client's own if it is printable, else a new one."""

import re

from shared.core.ids import new_uuid

_PRINTABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?", re.ASCII)


def request_id_for(header: str | None) -> str:
    return header if header is not None and _PRINTABLE.fullmatch(header) else new_uuid()
