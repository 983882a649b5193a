"""Replicate's predictions: videos, music and images. A prediction is a job of theirs: begun once, and then polled.

https://replicate.com/docs/reference/http
"""

from typing import Any

from shared.http.client import HttpRequest
from shared.jobs.handler import JobFailed, Outcome, Succeeded, Work
from shared.jobs.progress import Progress
from shared.jobs.provider import ProviderRefused, polled
from shared.operations.ports import ProviderPorts
from shared.operations.web import ask

_RUNNING = ("starting", "processing")


def generate(work: Work, ports: ProviderPorts) -> Outcome:
    """Its file's address, where Replicate keeps it for an hour. One whose id was lost is begun anew, at the operator's cost."""
    prediction_id: str | None = work.job.state.get("prediction")
    if prediction_id is None:
        model, given = work.job.input["model"], work.job.input["model_input"]
        prediction = _asked(ports, "POST", f"/v1/models/{model}/predictions", {"input": given})
        work.save(prediction=str(prediction["id"]))
    else:
        prediction = _asked(ports, "GET", f"/v1/predictions/{prediction_id}")
    status = prediction.get("status")
    if status in _RUNNING:
        return polled(
            work, Progress(_percentage(work, prediction), "generating", "It is being made."), prediction=str(prediction["id"])
        )
    if status != "succeeded":
        said = str(prediction.get("error") or status)[:300]
        raise JobFailed("service_unavailable", f"It could not be made: {said}. Nothing was charged.")
    output = prediction.get("output")
    url = output[0] if isinstance(output, list) and output else output
    if not isinstance(url, str):
        raise JobFailed("service_unavailable", "The provider made nothing. Nothing was charged.")
    return Succeeded({"url": url})


def cancel(prediction_id: str, ports: ProviderPorts) -> None:
    """Of a job that is over. Raises what asking raises."""
    _asked(ports, "POST", f"/v1/predictions/{prediction_id}/cancel", {})


def _asked(ports: ProviderPorts, method: str, path: str, body: Any = None) -> dict[str, Any]:
    if not ports.replicate_key:
        raise ProviderRefused("SOKU_REPLICATE_KEY is not set")
    headers = {"Authorization": f"Bearer {ports.replicate_key}"}
    return ask(ports.http, HttpRequest(method, ports.replicate_url + path, headers=headers, json=body), "Replicate")


def _percentage(work: Work, prediction: dict[str, Any]) -> int:
    """As its log tells (`42%`), else a guess from how long such a thing takes."""
    logs = str(prediction.get("logs") or "")
    told = [int(part.rsplit(" ", 1)[-1].rsplit("|", 1)[-1]) for part in logs.split("%")[:-1] if part.rsplit(" ", 1)[-1].isdecimal()]
    if told:
        return min(95, told[-1])
    passed = (work.lease.clock.now() - work.job.created_at).total_seconds()
    return min(90, int(90 * passed / max(1, work.job.estimated_seconds)))
