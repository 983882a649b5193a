"""python -m emulator up | demo | user add"""

import argparse
import asyncio
import json
import re
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from emulator.demo import run_demo
from emulator.ports import PROJECT_ID, Ports, url
from emulator.process import Failed, say
from emulator.stack import Stack
from emulator.users import DEMO_USER, NewUser, add_user, connect_documents
from shared.documents.document import Unavailable

# 65535 less the sandbox's 9500.
MAX_OFFSET = 56035
# How long the demo may take to let go.
INTERRUPTION_SECONDS = 5.0


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return arguments.run(arguments)
    except Failed as failed:
        say(f"soku: {failed}")
        return 1
    except Unavailable:
        say("soku: Firestore does not answer: start it, or unset FIRESTORE_EMULATOR_HOST.")
        return 1
    except OSError as error:
        say(f"soku: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description="Soku, whole, on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--port-offset", type=_offset, default=0, metavar="N", help="add N to every port")

    up = commands.add_parser("up", parents=[common], help="start everything and stay until Ctrl-C")
    up.add_argument(
        "--ready-file", type=_new_file, metavar="PATH", help="write the addresses and a demo user there, as JSON, once ready"
    )
    up.add_argument("--data", type=_kept, metavar="DIR", help="keep Firestore, users and files there between runs")
    up.add_argument("--sweep-every", type=float, default=10.0, metavar="SECONDS", help="how often the sweeper runs (default: 10)")
    up.add_argument("--functions-root", type=_folder, metavar="DIR", help="run the functions' code from there")
    up.add_argument("--functions-python", type=Path, metavar="PATH", help="with this interpreter")
    up.add_argument("--kill-plans", type=_folder, metavar="DIR", help="run functions that die as the plans in there say (tests)")
    up.add_argument(
        "--rewrite",
        action="append",
        default=[],
        type=_rewrite,
        metavar="PREFIX=URL",
        help="fetch files whose address begins with PREFIX from URL on this machine instead; may be given again",
    )
    up.set_defaults(run=_up)

    demo = commands.add_parser("demo", parents=[common], help="watch one post travel, then shut down")
    demo.set_defaults(run=_demo)

    user = commands.add_parser("user", help="users of a running stack").add_subparsers(dest="verb", required=True)
    add = user.add_parser("add", parents=[common], help="make a user, print {uid, apiKey, idToken, email}")
    add.add_argument("--uid", type=_uid, help="a new one, or somebody who has signed up; default: a new one")
    add.add_argument("--subscription", choices=["active", "trialing", "expired", "none"], help="default: active, for a new user")
    add.add_argument("--credits", type=int, metavar="N")
    add.add_argument("--admin", action="store_true")
    add.add_argument("--connect", action="append", default=[], metavar="PLATFORM:ACCOUNT", type=_platform_and_account)
    add.set_defaults(run=_add_user)
    return parser


def _offset(text: str) -> int:
    """So that the highest port, the sandbox's, exists."""
    if not text.isdecimal() or int(text) > MAX_OFFSET:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MAX_OFFSET}")
    return int(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def _new_file(text: str) -> Path:
    if not Path(text).absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder for {text}")
    return Path(text)


def _kept(text: str) -> Path:
    """A folder that exists or can be made."""
    path = Path(text).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text} cannot hold the data: {error.strerror}") from None
    return path


def _uid(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,128}", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a uid of 1 to 128 letters, digits, hyphens and underscores")
    return text


def _platform_and_account(text: str) -> tuple[str, str]:
    platform, colon, account = text.partition(":")
    if not (platform and colon and account):
        raise argparse.ArgumentTypeError(f"{text!r} is not PLATFORM:ACCOUNT, such as x:my_account")
    return platform, account


def _rewrite(text: str) -> tuple[str, str]:
    prefix, _, target = text.partition("=")
    if not all(re.fullmatch(r"https?://[^\s,=]+", address) for address in (prefix, target)):
        raise argparse.ArgumentTypeError(f"{text!r} is not PREFIX=URL, such as https://cdn.example.org/=http://127.0.0.1:8000/")
    return prefix, target


def _add_user(arguments: argparse.Namespace) -> int:
    wanted = NewUser(arguments.uid, arguments.subscription, arguments.credits, arguments.admin, tuple(arguments.connect))
    ports = Ports(arguments.port_offset)
    print(json.dumps(add_user(wanted, ports, connect_documents(ports))))
    return 0


def _up(arguments: argparse.Namespace) -> int:
    ports = Ports(arguments.port_offset)
    options = {
        "functions_root": arguments.functions_root,
        "functions_python": arguments.functions_python,
        "kill_plans": arguments.kill_plans,
    }
    stack = Stack(
        ports,
        report=say,
        data=arguments.data.resolve() if arguments.data else None,
        sweep_every_seconds=arguments.sweep_every,
        rewrites=dict(arguments.rewrite),
        **{name: value.absolute() for name, value in options.items() if value},
    )

    async def stay(stopped: asyncio.Event) -> None:
        documents = connect_documents(ports, stack.firestore_host)
        user = await asyncio.to_thread(add_user, DEMO_USER, ports, documents)
        if arguments.ready_file:
            _write_whole(arguments.ready_file, json.dumps(_addresses(stack, user)))
        print(_invitation(ports, user), flush=True)
        await stopped.wait()

    return asyncio.run(_run(stack, stay))


def _demo(arguments: argparse.Namespace) -> int:
    ports = Ports(arguments.port_offset)
    stack = Stack(ports, report=say)

    async def show(stopped: asyncio.Event) -> None:
        interrupted = threading.Event()
        showing = asyncio.create_task(asyncio.to_thread(run_demo, ports, stack.firestore_host, interrupted))
        ended = asyncio.create_task(stopped.wait())
        await asyncio.wait({showing, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        interrupted.set()
        # Its listeners end while Firestore is still there.
        await asyncio.wait({showing}, timeout=INTERRUPTION_SECONDS)
        failure = showing.exception() if showing.done() else None
        if failure is not None and not stopped.is_set():
            raise failure

    return asyncio.run(_run(stack, show))


async def _run(stack: Stack, work: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """The work inside a running stack; the first Ctrl-C ends it in order, the second at once."""
    stopped = asyncio.Event()
    running = asyncio.create_task(_inside(stack, work, stopped))
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if stopped.is_set():
            stack.kill()
            return
        say("stopping …")
        stopped.set()
        if not stack.is_up:
            running.cancel()

    # SIGHUP: the terminal was closed, and nobody could stop what stays behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt)
    try:
        await running
    except asyncio.CancelledError:
        return 130
    return 0


async def _inside(stack: Stack, work: Callable[[asyncio.Event], Awaitable[None]], stopped: asyncio.Event) -> None:
    async with stack.running():
        await work(stopped)
    say("everything is stopped")


def _addresses(stack: Stack, user: dict[str, str]) -> dict[str, object]:
    ports = stack.ports
    return {
        "projectId": PROJECT_ID,
        "apiUrl": f"{url(ports.api)}/api",
        "firestoreHost": stack.firestore_host,
        "authHost": f"127.0.0.1:{ports.auth}",
        "tasksUrl": url(ports.tasks),
        "storageUrl": url(ports.storage),
        "sandboxUrl": url(ports.sandbox),
        "demo": user,
    }


def _write_whole(path: Path, text: str) -> None:
    """Whoever waits for the file finds all of it."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text)
    beside.replace(path)


def _documents(ports: Ports) -> str:
    """Where the Firestore emulator shows documents to whoever calls themselves the owner."""
    return f"{url(ports.firestore)}/v1/projects/{PROJECT_ID}/databases/(default)/documents"


def _invitation(ports: Ports, user: dict[str, str]) -> str:
    return f"""
Soku is up. Publish something:

  curl -X POST {url(ports.api)}/api/v1/posts \\
    -H "Content-Type: application/json" -H "soku-api-key: {user["apiKey"]}" \\
    -d '{{"post": {{"content": {{"text": "Hello from my laptop!", "platform": ["x"]}}}}}}'

What became of it:            curl -H "Authorization: Bearer owner" "{_documents(ports)}/postSubmissions/POST_SUBMISSION_ID/runs"
What the platforms accepted:  curl {url(ports.sandbox)}/_ledger
Accounts, to connect more:    {url(ports.sandbox)}/_connect
Ctrl-C stops everything.
"""


if __name__ == "__main__":
    sys.exit(main())
