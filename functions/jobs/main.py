"""Target `jobs`: called by Cloud Tasks (queue `jobs`) with {jobId}.

Writes the job, and files that providers made; enqueues its next step. On failure Cloud Tasks delivers again, and the job's lease
decides whether there is anything to do; the sweeper after that.
"""

from collections.abc import Callable

from functions.jobs import wiring
from functions.task import Payload, task_function
from shared.core.log import start_logging
from shared.jobs.handler import Outcome, Work
from shared.jobs.provider import asking
from shared.jobs.work import work_on
from shared.operations import batch, replicate, solana, studio, youtube
from shared.operations.operation import Steps
from shared.operations.ports import ProviderPorts
from shared.operations.registry import GENERATIONS, OPERATIONS, handlers

start_logging()


def steps_with(ports: ProviderPorts) -> Steps:
    """What this function does of operations."""

    def step(handle: Callable[[Work, ProviderPorts], Outcome], what: str) -> Callable[[Work], Outcome]:
        asked = asking(handle, what=what)
        return lambda work: asked(work, ports)

    return {
        "background": step(studio.background, "Drawing"),
        "script": step(studio.script, "Writing"),
        "translation": step(studio.translation, "Translating"),
        "voiceover": step(studio.voiceover, "Speaking"),
        "trends": step(youtube.trends, "YouTube"),
        "competitor": step(youtube.competitor, "YouTube"),
        "generate": step(replicate.generate, "Generating"),
        "holders": step(solana.holders, "The Solana node"),
        "similarity": step(solana.similarity, "The Solana node"),
        "wallet": step(solana.wallet, "The Solana node"),
        "batch": lambda work: batch.batch(work, ports, OPERATIONS[GENERATIONS[work.job.input["of"]]]),
    }


def handle(payload: Payload, ports: wiring.Ports) -> None:
    work_on(payload["jobId"], "jobs", handlers(steps_with(ports.providing)), ports.providing.working)


jobs = task_function(handle, wiring.ports)
