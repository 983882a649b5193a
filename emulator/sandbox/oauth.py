"""An authorization server as the platforms have one: a consent page, codes that work once, tokens that expire, refresh tokens.

Each platform sets it up with its own words (`Dialect`); any account name may be typed in on the consent page.
"""

import base64
import hashlib
import html
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from emulator.sandbox.accounts import SandboxAccount, read_token
from emulator.sandbox.faults import Fault
from emulator.sandbox.platform import Answer, Call, World

CLIENT_SECRET = "local-secret"
CODE_LIVES = timedelta(minutes=10)


def client_id_of(platform: str) -> str:
    """Of the developer app that the local stack has at each platform."""
    return f"local-{platform}-app"


@dataclass(frozen=True)
class Dialect:
    """`secret_by` is how a client proves itself: basic or form. `rotates`: a refresh token works once."""

    label: str
    lifetime: timedelta | None
    refreshable: bool
    client_field: str = "client_id"
    secret_by: str = "form"
    rotates: bool = False
    pkce: bool = False
    scope_separator: str = " "
    scopes: frozenset[str] = frozenset()
    # A token is exchanged for another one only once it is this old (Meta).
    min_age: timedelta = timedelta(0)
    # Further parameters of the authorization request that must be there.
    wanted: Mapping[str, str] = field(default_factory=dict)
    # The error that this platform calls a dead grant by.
    dead_grant: str = "invalid_grant"
    # What the shown answer has beside the tokens.
    extra: Callable[[SandboxAccount], Mapping[str, Any]] = lambda _: {}


@dataclass(frozen=True)
class _Code:
    account: SandboxAccount
    redirect_uri: str
    challenge: str | None
    scope: str
    until: float


class AuthorizationServer:
    def __init__(self, world: World, platform: str, dialect: Dialect) -> None:
        self._world, self._platform, self._dialect = world, platform, dialect
        self._codes: dict[str, _Code] = {}
        self._scopes: dict[str, frozenset[str]] = {}

    # The person's side

    def authorize(self, call: Call) -> Answer:
        """The consent page; or, once the person has decided there, the way back with a code."""
        problem = self._judge(call.query)
        if problem is not None:
            return Answer(400, html=_page(self._dialect.label, f"<p>This request is refused: {html.escape(problem)}</p>"))
        decision = call.query.get("_decision")
        if decision is None:
            return Answer(200, html=self._consent(call))
        state = {"state": call.query["state"]} if "state" in call.query else {}
        if decision != "allow":
            told = {"error": "access_denied", "error_description": "The person declined", **state}
        else:
            told = {"code": self._code(call), **state}
        separator = "&" if "?" in call.query["redirect_uri"] else "?"
        return Answer(302, headers={"Location": f"{call.query['redirect_uri']}{separator}{urlencode(told)}"})

    def _judge(self, query: Mapping[str, str]) -> str | None:
        d = self._dialect
        if query.get(d.client_field) != client_id_of(self._platform):
            return f"{d.client_field} is unknown"
        if query.get("response_type") != "code":
            return "response_type must be code"
        if not query.get("redirect_uri", "").startswith(("http://", "https://")):
            return "redirect_uri is missing"
        registered = self._world.registered_callback.replace("{platform}", self._platform)
        if registered and query["redirect_uri"] != registered:
            return f"redirect_uri is not registered with this app: {registered} is"
        if len(query.get("state", "")) < 16:
            return "state is missing, or guessable"
        scopes = set(query.get("scope", "").split(d.scope_separator)) - {""}
        if not scopes or scopes - d.scopes:
            return f"scope is missing or unknown: {', '.join(sorted(scopes - d.scopes))}"
        if d.pkce and (not query.get("code_challenge") or query.get("code_challenge_method") != "S256"):
            return "code_challenge with the method S256 is required"
        missing = {name for name, value in d.wanted.items() if query.get(name) != value}
        return f"{', '.join(sorted(missing))} must be set" if missing else None

    def _consent(self, call: Call) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">' for name, value in call.query.items()
        )
        scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in call.query["scope"].split(self._dialect.scope_separator))
        return _page(
            self._dialect.label,
            f"<p>Soku asks to</p><ul>{scopes}</ul>"
            f'<form method="get">{hidden}<label>Account <input name="_account" value="{self._platform}_account" required></label>'
            "<p><small>Any name will do. Who has several, Facebook's pages or LinkedIn's organisations (org_acme), names them with "
            "commas: ada, org_acme.</small></p>"
            '<label>Withhold these scopes <input name="_without" placeholder="none"></label>'
            '<p><button name="_decision" value="allow">Allow</button> '
            '<button name="_decision" value="deny">Decline</button></p></form>',
        )

    def _code(self, call: Call) -> str:
        code = secrets.token_urlsafe(24)
        account = SandboxAccount(self._platform, call.query.get("_account") or f"{self._platform}_account")
        until = (self._world.now() + CODE_LIVES).timestamp()
        withheld = set(call.query.get("_without", "").replace(",", " ").split())
        separator = self._dialect.scope_separator
        scope = separator.join(scope for scope in call.query["scope"].split(separator) if scope not in withheld)
        self._codes[code] = _Code(account, call.query["redirect_uri"], call.query.get("code_challenge"), scope, until)
        return code

    # The client's side

    def token(self, call: Call) -> Answer:
        """POST of a code or a refresh token."""
        refusal = self._refuse_client(call)
        if refusal is not None:
            return refusal
        match call.fields.get("grant_type"):
            case "authorization_code":
                return self._exchange(call)
            case "refresh_token" if self._dialect.refreshable:
                return self._refresh(call)
            case _:
                return self.refused("unsupported_grant_type", "The grant type is not supported")

    def _refuse_client(self, call: Call) -> Answer | None:
        if self._dialect.secret_by == "basic":
            expected = base64.b64encode(f"{client_id_of(self._platform)}:{CLIENT_SECRET}".encode()).decode()
            proven = call.headers.get("authorization") == f"Basic {expected}"
        else:
            given = {**call.query, **call.fields}
            proven = (
                given.get(self._dialect.client_field) == client_id_of(self._platform)
                and given.get("client_secret") == CLIENT_SECRET
            )
        return None if proven else self.refused("invalid_client", "The client's credentials are wrong", 401)

    def use_code(self, call: Call) -> _Code | Answer:
        """The grant of a code, used up; or the refusal."""
        given = {**call.query, **call.fields}
        code = self._codes.pop(str(given.get("code", "")), None)
        if code is None or code.until <= self._world.now().timestamp() or code.redirect_uri != given.get("redirect_uri"):
            return self.refused(self._dialect.dead_grant, "The authorization code is unknown, was used or has expired")
        if code.challenge is not None:
            verifier = str(given.get("code_verifier", ""))
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            if digest != code.challenge:
                return self.refused(self._dialect.dead_grant, "The code verifier does not match")
        return code

    def _exchange(self, call: Call) -> Answer:
        code = self.use_code(call)
        return code if isinstance(code, Answer) else self._issue(code.account, code.scope)

    def _refresh(self, call: Call) -> Answer:
        token = read_token(str(call.fields.get("refresh_token", "")), self._platform)
        if token is None or token.kind != "refresh":
            return self._dead()
        owner, generation = (self._platform, token.account.account_id), token.generation or 0
        used = self._world.used.setdefault(owner, set())
        if generation <= self._world.revoked.get(owner, -1) or (self._dialect.rotates and generation in used):
            return self._dead()
        used.add(generation)
        self._world.generations[owner] = max(self._newest(token.account), generation)
        return self._issue(token.account, self._dialect.scope_separator.join(sorted(self._dialect.scopes)))

    def _dead(self) -> Answer:
        return self.refused(self._dialect.dead_grant, "Value passed for the token was invalid.")

    def _newest(self, account: SandboxAccount) -> int:
        return self._world.generations.get((self._platform, account.account_id), 0)

    def issue(self, account: SandboxAccount) -> dict[str, Any]:
        """The next generation of an account's tokens."""
        generation = self._newest(account) + 1
        self._world.generations[self._platform, account.account_id] = generation
        lifetime = self._dialect.lifetime or timedelta(days=3650)
        answer: dict[str, Any] = {
            "access_token": account.access_token_of(generation, self._world.now() + lifetime),
            "token_type": "bearer",
        }
        if self._dialect.lifetime is not None:
            answer["expires_in"] = int(lifetime.total_seconds())
        if self._dialect.refreshable:
            answer["refresh_token"] = account.refresh_token_of(generation)
        return answer

    def is_too_young(self, until: float | None) -> bool:
        """Whether a token that is good until then was given too lately to be exchanged."""
        lifetime = self._dialect.lifetime
        if until is None or lifetime is None:
            return False
        return self._world.now().timestamp() - (until - lifetime.total_seconds()) < self._dialect.min_age.total_seconds()

    def scopes_of(self, account: SandboxAccount) -> frozenset[str]:
        """What the person agreed to last; everything, where nobody was asked."""
        return self._scopes.get(account.account_id, self._dialect.scopes)

    def agreed(self, account: SandboxAccount, scope: str) -> None:
        self._scopes[account.account_id] = frozenset(scope.split(self._dialect.scope_separator)) - {""}

    def _issue(self, account: SandboxAccount, scope: str) -> Answer:
        self.agreed(account, scope)
        return Answer(200, {**self.issue(account), "scope": scope, **self._dialect.extra(account)})

    def revoke(self, call: Call) -> Answer:
        refusal = None if self._platform == "youtube" else self._refuse_client(call)
        if refusal is not None:
            return refusal
        token = read_token(str(call.fields.get("token") or call.query.get("token") or ""), self._platform)
        if token is None:
            return self.refused("invalid_token", "The token is unknown")
        self._world.revoked[self._platform, token.account.account_id] = self._newest(token.account)
        return Answer(200, {})

    def refused(self, code: str, description: str, status: int = 400) -> Answer:
        return Answer(status, {"error": code, "error_description": description})

    def failure(self, kind: str) -> Answer:
        match kind:
            case "server_error":
                return Answer(503, {"error": "temporarily_unavailable", "error_description": "Try again later"})
            case "rate_limit":
                return Answer(429, {"error": "slow_down", "error_description": "Too many requests"})
            case _:
                return self._dead()


class WithOAuth:
    """What the platforms' sandboxes share: an authorization server behind the steps `authorize`, `token` and `revoke`."""

    name: str
    world: World
    oauth: AuthorizationServer
    dialect: Dialect
    # What the local stack's app asks for in place of Soku's own scopes.
    app_scopes: tuple[str, ...] | None = None
    open_steps = frozenset({"authorize", "token", "revoke"})

    def account_in(self, step: str, call: Call) -> SandboxAccount | None:
        """Whose token the request is about, for the faults that are meant for one account."""
        for name in ("refresh_token", "token", "access_token"):
            token = read_token(str(call.fields.get(name) or call.query.get(name) or ""), self.name)
            if token is not None:
                return token.account
        return None

    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        match step:
            case "authorize":
                return self.oauth.authorize(call)
            case "revoke":
                return self.oauth.revoke(call)
            case _:
                return self.oauth.token(call)

    def failure(self, kind: str) -> Answer:
        raise NotImplementedError

    def failure_at(self, step: str, kind: str) -> Answer:
        return self.oauth.failure(kind) if step in ("token", "revoke", "exchange", "refresh") else self.failure(kind)


def _page(label: str, inside: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{label} (sandbox)</title><style>body{{font:16px/1.5 system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem}}"
        "button{font:inherit;padding:.3rem 1rem}</style></head>"
        f"<body><h1>{label} <small>(sandbox)</small></h1>{inside}</body></html>"
    )
