"""python -m emulator up | demo | user add"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from emulator.arguments import folder, kept, new_file, offset, platform_and_account, rewrite, uid
from emulator.demo import run_demo
from emulator.ports import PROJECT_ID, Ports, url
from emulator.process import Failed, say
from emulator.stack import Stack
from emulator.users import DEMO_USER, NewUser, add_user, connect_documents
from shared.documents.document import Unavailable

# How long the demo may take to let go.
INTERRUPTION_SECONDS = 5.0
# Each waits for eight seconds.
PATIENT_TRIES = 15


def main() -> int:
    arguments = _parser().parse_args()
    try:
        return arguments.run(arguments)
    except Failed as failed:
        say(f"soku: {failed}")
        return 1
    except Unavailable:
        theirs = "start it, or unset FIRESTORE_EMULATOR_HOST"
        ours = "the machine may be too busy, or the stack is not running: start it with `make up`"
        say(f"soku: Firestore does not answer: {theirs if os.environ.get('FIRESTORE_EMULATOR_HOST') else ours}.")
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
    common.add_argument("--port-offset", type=offset, default=0, metavar="N", help="add N to every port")

    up = commands.add_parser("up", parents=[common], help="start everything and stay until Ctrl-C")
    up.add_argument(
        "--ready-file", type=new_file, metavar="PATH", help="write the addresses and a demo user there, as JSON, once ready"
    )
    up.add_argument("--data", type=kept, metavar="DIR", help="keep Firestore, users and files there between runs")
    up.add_argument("--sweep-every", type=float, default=10.0, metavar="SECONDS", help="how often the sweeper runs (default: 10)")
    up.add_argument("--functions-root", type=folder, metavar="DIR", help="run the functions' code from there")
    up.add_argument("--functions-python", type=Path, metavar="PATH", help="with this interpreter")
    up.add_argument("--kill-plans", type=folder, metavar="DIR", help="run functions that die as the plans in there say (tests)")
    up.add_argument(
        "--rewrite",
        action="append",
        default=[],
        type=rewrite,
        metavar="PREFIX=URL",
        help="fetch files whose address begins with PREFIX from URL on this machine instead; may be given again",
    )
    up.set_defaults(run=_up)

    demo = commands.add_parser("demo", parents=[common], help="watch one post travel, then shut down")
    demo.set_defaults(run=_demo)

    user = commands.add_parser("user", help="users of a running stack").add_subparsers(dest="verb", required=True)
    add = user.add_parser("add", parents=[common], help="make a user, print {uid, apiKey, idToken, email}")
    add.add_argument("--uid", type=uid, help="a new one, or somebody who has signed up; default: a new one")
    add.add_argument("--subscription", choices=["active", "trialing", "expired", "none"], help="default: active, for a new user")
    add.add_argument("--credits", type=int, metavar="N")
    add.add_argument("--admin", action="store_true")
    add.add_argument("--connect", action="append", default=[], metavar="PLATFORM:ACCOUNT", type=platform_and_account)
    add.set_defaults(run=_add_user)
    return parser


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

    # Whoever waits for it must not find that of an earlier stack.
    if arguments.ready_file:
        arguments.ready_file.unlink(missing_ok=True)

    async def stay(stopped: asyncio.Event) -> None:
        documents = connect_documents(ports, stack.firestore_host)
        user = await _once_it_answers(lambda: add_user(DEMO_USER, ports, documents))
        if arguments.ready_file:
            _write_whole(arguments.ready_file, json.dumps(_addresses(stack, user)))
        print(_invitation(ports, user), flush=True)
        await stopped.wait()

    try:
        return asyncio.run(_run(stack, stay))
    finally:
        if arguments.ready_file:
            arguments.ready_file.unlink(missing_ok=True)


async def _once_it_answers(work: Callable[[], dict[str, str]]) -> dict[str, str]:
    """A database that has just started may take longer than its clients wait."""
    for _ in range(PATIENT_TRIES):
        try:
            return await asyncio.to_thread(work)
        except Unavailable:
            say("Firestore is slow to answer; still trying")
    return await asyncio.to_thread(work)


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
    broken = ""
    async with stack.running():
        broken = await _until_broken(stack, work(stopped))
        if broken:
            say(f"stopping: {broken}")
    if broken:
        raise Failed(f"{broken}. What it held is gone, and everything was stopped: start it again.")
    say("everything is stopped")


async def _until_broken(stack: Stack, work: Awaitable[None]) -> str:
    """Why the stack could not go on, if that is what ended the work."""
    working = asyncio.ensure_future(work)
    watching = {working, stack.broken} if stack.broken is not None else {working}
    try:
        await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not working.done():
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    if stack.broken is not None and stack.broken.done():
        return stack.broken.result()
    working.result()
    return ""


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
