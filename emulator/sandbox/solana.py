"""A Solana node: JSON-RPC about tokens and wallets that are made up of their addresses, and always the same."""

import hashlib
from collections.abc import Callable
from typing import Any

from emulator.sandbox.platform import Answer, Call, World
from emulator.sandbox.struck import struck

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
NAME = "solana"
HOSTS = ("api.mainnet-beta.solana.com",)
# What is no mint here.
NO_MINT = "1" * 32


def respond(call: Call, name: str, world: World) -> Answer:
    method, params = call.fields.get("method"), call.fields.get("params")
    if call.method != "POST" or method not in _METHODS or not isinstance(params, list):
        return _error(-32601, "Method not found")
    return struck(
        world,
        NAME,
        str(method),
        lambda: _METHODS[str(method)](params),
        lambda status: Answer(status, {"error": {"code": status, "message": "no"}}),
    )


def address(seed: str) -> str:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _DIGITS[digit] + digits
    return digits[:44].rjust(43, "1")


def _supply(params: list[Any]) -> Answer:
    if params[0] == NO_MINT:
        return _error(-32602, "Invalid param: not a Token mint")
    return _value({"amount": "1000000000", "decimals": 6, "uiAmount": 1000.0})


def _largest(params: list[Any]) -> Answer:
    return _value([{"address": address(f"{params[0]}/{n}"), "amount": str(10**8 - n), "uiAmount": 100.0 - n} for n in range(20)])


def _accounts(params: list[Any]) -> Answer:
    return _value([{"data": {"parsed": {"info": {"owner": address(f"owner of {one}")}}}} for one in params[0]])


def _tokens(params: list[Any]) -> Answer:
    number = int(hashlib.sha256(str(params[0]).encode()).hexdigest()[:4], 16)
    mints = [address(f"mint {n}") for n in range(number % 3, number % 3 + 4)]
    held = [{"account": {"data": {"parsed": {"info": {"mint": mint, "tokenAmount": {"uiAmount": 1.5}}}}}} for mint in mints]
    return _value(held)


def _signatures(params: list[Any]) -> Answer:
    return Answer(
        200,
        {
            "jsonrpc": "2.0",
            "id": 1,
            "result": [
                {"signature": address(f"sig {params[0]} {n}"), "blockTime": 1_790_000_000 - n, "err": None} for n in range(3)
            ],
        },
    )


def _value(value: Any) -> Answer:
    return Answer(200, {"jsonrpc": "2.0", "id": 1, "result": {"context": {"slot": 1}, "value": value}})


def _error(code: int, message: str) -> Answer:
    return Answer(200, {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}})


_METHODS: dict[str, Callable[[list[Any]], Answer]] = {
    "getTokenSupply": _supply,
    "getTokenLargestAccounts": _largest,
    "getMultipleAccounts": _accounts,
    "getTokenAccountsByOwner": _tokens,
    "getSignaturesForAddress": _signatures,
    "getBalance": lambda params: _value(1_500_000_000),
}
STEPS = tuple(_METHODS)
