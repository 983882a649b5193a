"""The operations of jobs (operations.py)."""

from collections.abc import Mapping

from functions.api.openapi.examples import IMAGE, JOB
from functions.api.openapi.operation import Operation

JOBS: Mapping[str, Operation] = {
    "jobs.create": Operation(
        "createJob",
        "Start something that takes long, and do not wait for it",
        "own_key",
        goes_on=True,
        credits="those of its type",
        asked={"type": "transcription", "input": {"mediaId": "Tnz0L1t3TA1m3JZHe8hAb6", "language": "en"}},
        answered=JOB,
        reads=("Cancel-After",),
        tells=("Location", "Operation-Location", "Retry-After", "ETag"),
    ),
    "jobs.index": Operation("listJobs", "All jobs, newest first", "safe", answered={"jobs": [JOB], "nextCursor": None}),
    "jobs.show": Operation(
        "getJob", "How far a job is", "safe", answered=JOB, reads=("If-None-Match",), tells=("Retry-After", "ETag")
    ),
    "jobs.show_result": Operation("getJobResult", "What a job found", "safe", answered=IMAGE),
    "jobs.cancel": Operation(
        "cancelJob",
        "Cancel a job that is not finished",
        "state",
        answered={**JOB, "status": "cancelled", "done": True},
        tells=("ETag",),
    ),
    "jobs.retry": Operation(
        "retryJob",
        "A new job in the place of one that did not succeed",
        "state",
        goes_on=True,
        credits="those of its type",
        answered={**JOB, "status": "queued", "retryOf": "job_4tE0qaYy1J9WcVYlYzfpVt"},
        tells=("Location", "Operation-Location", "Retry-After", "ETag"),
    ),
}
