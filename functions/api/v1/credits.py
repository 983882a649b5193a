"""GET /v1/credits: what is left, and every change of it, newest first."""

from typing import Any, Literal

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.page import DEFAULT_LIMIT, PageQuery, cut, decode_cursor, encode_cursor
from shared.core.clock import iso8601
from shared.credits.credits import balance, credits_path, entries
from shared.documents.document import Document


class LedgerEntry(BaseModel):
    """`amount` is negative for a debit; `jobId` is what it was for."""

    id: str
    amount: int
    kind: Literal["debit", "refund", "grant"]
    jobId: str | None
    createdAt: str


class Credits(BaseModel):
    balance: int
    ledger: list[LedgerEntry]
    nextCursor: str | None


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("credits", __name__)

    @blueprint.get("/v1/credits")
    @endpoint(ports, credential="either", asks=PageQuery, gives={200: Credits}, scope="posts:read")
    def show(call: Call) -> Reply:
        uid, limit = call.user.uid, call.asked.limit or DEFAULT_LIMIT
        collection = f"{credits_path(uid)}/ledger"
        after = decode_cursor(call.asked.cursor, collection) if call.asked.cursor is not None else None
        page, last = cut(entries(uid, ports.documents, limit=limit + 1, after=after), limit)
        following = encode_cursor(last.fields["createdAt"], last.path) if last is not None else None
        body = {"balance": balance(uid, ports.documents), "ledger": [_shown(one) for one in page], "nextCursor": following}
        return Reply(200, body)

    return blueprint


def _shown(document: Document) -> dict[str, Any]:
    fields = document.fields
    facts = {"amount": fields["amount"], "kind": fields["kind"], "jobId": fields.get("jobId")}
    return {"id": document.id, **facts, "createdAt": iso8601(fields["createdAt"])}
