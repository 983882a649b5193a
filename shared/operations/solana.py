"""A Solana node's JSON-RPC: who holds a token, whose holdings are alike, what a wallet has. https://solana.com/docs/rpc"""

from itertools import combinations
from typing import Any, cast

from shared.http.client import HttpRequest
from shared.jobs.handler import Outcome, Succeeded, Work
from shared.jobs.provider import ProviderBusy, RequestRefused
from shared.operations.addresses import MAX_HOLDERS
from shared.operations.ports import ProviderPorts
from shared.operations.web import ask

LAMPORTS = 1_000_000_000
# One call, however slow the node.
CALL_SECONDS = 45
_TOKENS = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
# What a node says of an argument that it does not understand, or of an account that is no mint.
_INVALID = (-32602, -32600)


def holders(work: Work, ports: ProviderPorts) -> Outcome:
    mint, most = work.job.input["mint"], work.job.input["topN"]
    return Succeeded({"profiles": _holders(work, ports, mint)[:most]})


def similarity(work: Work, ports: ProviderPorts) -> Outcome:
    """Of each two of the largest holders: the share of the tokens of both that both hold."""
    mint, most = work.job.input["mint"], work.job.input["topN"]
    wallets = list(dict.fromkeys(profile["owner"] for profile in _holders(work, ports, mint)[:most] if profile["owner"]))
    held = {wallet: _held(work, ports, wallet) for wallet in wallets}
    pairs = [
        {"wallets": [one, other], "similarity": round(len(held[one] & held[other]) / len(held[one] | held[other]), 4)}
        for one, other in combinations(wallets, 2)
        if held[one] | held[other]
    ]
    pairs.sort(key=lambda pair: -float(cast("float", pair["similarity"])))
    return Succeeded({"profiles": [{"wallet": wallet, "tokens": len(held[wallet])} for wallet in wallets], "pairs": pairs})


def wallet(work: Work, ports: ProviderPorts) -> Outcome:
    address = work.job.input["address"]
    lamports = int(_called(work, ports, "getBalance", [address])["value"])
    tokens = _tokens(work, ports, address)
    signatures = cast("list[dict[str, Any]]", _called(work, ports, "getSignaturesForAddress", [address, {"limit": 25}]))
    profile = {"address": address, "sol": lamports / LAMPORTS, "tokenCount": len(tokens)}
    if work.job.input["view"] == "hud":
        return Succeeded({**profile, "lastActiveAt": signatures[0].get("blockTime") if signatures else None})
    recent = [
        {"signature": one["signature"], "blockTime": one.get("blockTime"), "failed": bool(one.get("err"))} for one in signatures
    ]
    return Succeeded({**profile, "tokens": tokens, "recentTransactions": recent})


def _holders(work: Work, ports: ProviderPorts, mint: str) -> list[dict[str, Any]]:
    supply = _called(work, ports, "getTokenSupply", [mint])["value"]
    largest = cast("list[dict[str, Any]]", _called(work, ports, "getTokenLargestAccounts", [mint])["value"])[:MAX_HOLDERS]
    accounts = [str(one["address"]) for one in largest]
    told = _called(work, ports, "getMultipleAccounts", [accounts, {"encoding": "jsonParsed"}])["value"] if accounts else []
    total = float(supply["uiAmount"] or 0)
    return [
        {
            "account": one["address"],
            "owner": _owner(account),
            "amount": one["uiAmount"],
            "share": round(float(one["uiAmount"] or 0) / total, 6) if total else 0.0,
        }
        for one, account in zip(largest, cast("list[Any]", told), strict=False)
    ]


def _held(work: Work, ports: ProviderPorts, wallet: str) -> set[str]:
    """Of an exchange, which has more than can be looked at, nothing."""
    try:
        return {token["mint"] for token in _tokens(work, ports, wallet)}
    except RequestRefused:
        return set()


def _owner(account: Any) -> str | None:
    try:
        return str(account["data"]["parsed"]["info"]["owner"])
    except (KeyError, TypeError):
        return None


def _tokens(work: Work, ports: ProviderPorts, address: str) -> list[dict[str, Any]]:
    found = _called(work, ports, "getTokenAccountsByOwner", [address, {"programId": _TOKENS}, {"encoding": "jsonParsed"}])["value"]
    infos = [one["account"]["data"]["parsed"]["info"] for one in cast("list[dict[str, Any]]", found)]
    return [{"mint": info["mint"], "amount": info["tokenAmount"]["uiAmount"]} for info in infos]


def _called(work: Work, ports: ProviderPorts, method: str, params: list[Any]) -> Any:
    work.lease.hold_for(CALL_SECONDS)
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = ask(ports.http, HttpRequest("POST", ports.solana_url, json=body), "The Solana node")
    error = answer.get("error")
    if error is not None:
        if error.get("code") in _INVALID:
            raise RequestRefused(str(error.get("message"))[:300])
        raise ProviderBusy(f"the Solana node said {str(error.get('message'))[:200]}")
    if "result" not in answer:
        raise RequestRefused("it has more than can be looked at")
    return answer["result"]
