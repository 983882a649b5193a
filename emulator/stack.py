"""The whole system: every engine, every function, the clockwork between them; started together, stopped together."""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from emulator import engines
from emulator.cloud_tasks.queue import Limits
from emulator.cloud_tasks.server import CloudTasks
from emulator.cloud_tasks.task import RetryConfig
from emulator.connect_page import add_connect_page
from emulator.environment import INVOKER, function_variables
from emulator.ports import HOST, LOCATION, PROJECT_ID, Ports, holder_of, url
from emulator.process import Failed, Process
from emulator.sandbox import kept
from emulator.sandbox.server import SandboxServer
from functions.targets import TARGETS, Target
from shared.tasks.queues import QUEUES

_FUNCTIONS = frozenset(target.name for target in TARGETS)

Report = Callable[[str], None]


class Stack:
    """`data` keeps Firestore, users and files between runs; `functions_root` is where the functions' code and environment are
    (the deploy rehearsal starts another copy than this one)."""

    def __init__(
        self,
        ports: Ports,
        *,
        report: Report,
        data: Path | None = None,
        sweep_every_seconds: float = 10.0,
        functions_root: Path = engines.ROOT,
        functions_python: Path | None = None,
        kill_plans: Path | None = None,
        rewrites: Mapping[str, str] | None = None,
    ) -> None:
        self.ports = ports
        self.processes: list[Process] = []
        self._report = report
        self._data = data
        self._sweep_every_seconds = sweep_every_seconds
        self._functions_root = functions_root
        self._functions_python = functions_python or Path(sys.executable)
        self._kill_plans = kill_plans
        self._rewrites = rewrites
        self._tasks = CloudTasks(report=lambda line: report(f"Cloud Tasks: {line}"))
        callback = f"{url(ports.api)}/api/v1/integrations/{{platform}}/callback"
        self._sandbox = SandboxServer(url(ports.sandbox), url(ports.storage), callback)
        self._session: aiohttp.ClientSession | None = None
        self.is_up = False
        # Why the stack cannot go on, once that is so.
        self.broken: asyncio.Future[str] | None = None
        self.firestore_host = os.environ.get("FIRESTORE_EMULATOR_HOST") or f"{HOST}:{ports.firestore}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Stack"]:
        """Everything answers inside the block, nothing is left running after it. Raises Failed."""
        started = time.monotonic()
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soku-")))
            # Each request its own connection: gunicorn closes an idle one in the very moment the next tick may use it.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            self.broken = asyncio.get_running_loop().create_future()
            self.processes = self._planned(folder)
            self._refuse_taken_ports()
            stack.push_async_callback(self._stop_engines)
            if self._data is not None:
                self._data.mkdir(parents=True, exist_ok=True)
                if not kept.load(self._sandbox.world, self._sandbox.platforms, self._data):
                    self._report("Sandbox platforms  forgot what they had accepted: it is of another version")
                stack.callback(self._keep_platforms, self._data)
            self._add_queues()
            await self._serve(stack, "Cloud Tasks", self._tasks.application(), self.ports.tasks)
            await self._serve(stack, "Sandbox platforms", self._platforms_and_page(), self.ports.sandbox)
            stack.push_async_callback(self._stop_functions)
            await self._start_all()
            ticking = asyncio.get_running_loop().create_task(self._tick_forever())
            stack.callback(ticking.cancel)
            self.is_up = True
            self._report(f"everything is up after {time.monotonic() - started:.1f} s")
            yield self

    def _platforms_and_page(self) -> web.Application:
        app = self._sandbox.application()
        add_connect_page(app, api_url=f"{url(self.ports.api)}/api", auth_url=url(self.ports.auth))
        return app

    def _end(self, reason: str) -> None:
        """An engine is gone, and with it what it held: functions that went on would find another world."""
        if self.broken is not None and not self.broken.done():
            self.broken.set_result(reason)

    def _keep_platforms(self, data: Path) -> None:
        if self.is_up:
            kept.save(self._sandbox.world, self._sandbox.platforms, data)

    def kill(self) -> None:
        """At once, without asking: for the second Ctrl-C."""
        for process in self.processes:
            process.kill()

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the stack is not running")
        return self._session

    def _planned(self, folder: Path) -> list[Process]:
        planned = (
            []
            if os.environ.get("FIRESTORE_EMULATOR_HOST")
            else [engines.firestore(self.ports, folder, self._data, self._http, self._report, self._end)]
        )
        planned.append(engines.auth(self.ports, folder, self._data, self._http, self._report, self._end))
        planned.append(engines.storage(self.ports, folder, self._data, self._http, self._report, self._end))
        return planned + [self._function(target) for target in TARGETS]

    def _function(self, target: Target) -> Process:
        port = self.ports.function(target.name)
        source = "emulator/killing/main.py" if self._kill_plans else str(target.source)
        command = [str(self._functions_python), "-m", "functions_framework", "--target", target.name, "--source", source]
        environment = {
            **function_variables(self.ports, self.firestore_host, rewrites=self._rewrites),
            "PYTHONPATH": str(self._functions_root),
            "THREADS": str(max(4, target.concurrency)),
            # After so long a request is ended where it stands, as far as Python can be interrupted.
            "CLOUD_RUN_TIMEOUT_SECONDS": str(target.timeout_seconds),
            "THREADED_TIMEOUT_ENABLED": "true",
            **({"SOKU_KILL_PLANS": str(self._kill_plans), "SOKU_KILL_TARGET": target.name} if self._kill_plans else {}),
        }
        return Process(
            target.name,
            [*command, "--host", HOST, "--port", str(port)],
            environment=environment,
            folder=self._functions_root,
            is_ready=engines.answers(f"{url(port)}/robots.txt", self._http),
            report=self._report,
            restart=True,
        )

    def _add_queues(self) -> None:
        for queue in QUEUES:
            self._tasks.add_queue(
                f"projects/{PROJECT_ID}/locations/{LOCATION}/queues/{queue.name}",
                Limits(queue.dispatches_per_second, queue.concurrent_dispatches),
                RetryConfig(-1, queue.max_retry_seconds, queue.min_backoff_seconds, queue.max_backoff_seconds, queue.max_doublings),
            )

    def _refuse_taken_ports(self) -> None:
        named = self.ports.by_name
        if os.environ.get("FIRESTORE_EMULATOR_HOST"):
            del named["Firestore"]
        for name, port in named.items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    raise Failed(
                        f"Port {port}, for {name}, is taken{holder_of(port)}: stop the program that has it, "
                        f"or move all ports, with --port-offset {self.ports.offset + 1000} "
                        f"(make: ARGS='--port-offset {self.ports.offset + 1000}')."
                    ) from None

    async def _serve(self, stack: AsyncExitStack, name: str, application: web.Application, port: int) -> None:
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, HOST, port).start()
        self._report(f"{name:<18} ready           {url(port)}")

    async def _start_all(self) -> None:
        async def start(process: Process) -> None:
            seconds = await process.start()
            self._report(f"{process.name:<18} ready in {seconds:4.1f} s")

        starting = [asyncio.get_running_loop().create_task(start(process)) for process in self.processes]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for unfinished in starting:
                unfinished.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            raise

    async def _stop_functions(self) -> None:
        """Nothing new reaches them, and what they are at still finds everything they call."""
        await self._tasks.stop_deliveries()
        await asyncio.gather(*(process.stop() for process in self.processes if process.name in _FUNCTIONS))

    async def _stop_engines(self) -> None:
        if self._data is not None and self.is_up:
            try:
                await engines.export_firestore(self.ports, self._data, self._http())
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._report(f"Firestore's documents were not kept in {self._data}: {error}")
        await asyncio.gather(*(process.stop() for process in self.processes if process.name not in _FUNCTIONS))

    async def _tick_forever(self) -> None:
        """Cloud Scheduler's part: call the sweeper again and again."""
        target = url(self.ports.function("sweeper"))
        while True:
            await asyncio.sleep(self._sweep_every_seconds)
            token = self._tasks.signer.token(INVOKER, target)
            try:
                headers = {"Authorization": f"Bearer {token}"}
                async with self._http().post(target, headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as answer:
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                self._report("the sweeper did not answer; the next tick tries again")
