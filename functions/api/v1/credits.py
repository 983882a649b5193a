"""GET /v1/credits: what is left, and every change of it, newest first."""

from collections.abc import Sequence
from typing import Any, Literal

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.page import PageQuery, Place, page_of, place_by
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
        uid = call.user.uid

        def find(limit: int, after: Place | None) -> Sequence[Document]:
            return entries(uid, ports.documents, limit=limit + 1, after=after)

        page, following = page_of(call.asked, f"{credits_path(uid)}/ledger", find, place_by("createdAt"))
        body = {"balance": balance(uid, ports.documents), "ledger": [_shown(one) for one in page], "nextCursor": following}
        return Reply(200, body)

    return blueprint


def _shown(document: Document) -> dict[str, Any]:
    fields = document.fields
    facts = {"amount": fields["amount"], "kind": fields["kind"], "jobId": fields.get("jobId")}
    return {"id": document.id, **facts, "createdAt": iso8601(fields["createdAt"])}
