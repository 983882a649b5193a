"""What the API refuses about jobs, beside what every request may be refused with (shared/core/errors.py)."""

from shared.core.errors import ApiError


class JobNotFinished(ApiError):
    """The job is not finished: ask again later"""

    status = 409
    code = "job_not_finished"


class JobHasFailed(ApiError):
    """The job failed: there is no result"""

    status = 409
    code = "job_failed"


class JobCancelled(ApiError):
    """The job was cancelled: there is no result"""

    status = 409
    code = "job_cancelled"


class AlreadyFinished(ApiError):
    """The job has finished, and cannot be cancelled any more"""

    status = 409
    code = "already_finished"


class PartOfBatch(ApiError):
    """The job is part of a batch: cancel the batch, or start it anew by itself"""

    status = 409
    code = "part_of_batch"


class NotRepeatable(ApiError):
    """Only jobs that failed, were cancelled or took too long are tried again"""

    status = 409
    code = "job_not_retryable"


class ResultExpired(ApiError):
    """The result was kept for its time, and is gone"""

    status = 410
    code = "result_expired"


class ResultDeleted(ApiError):
    """What the job made has been deleted since"""

    status = 410
    code = "result_deleted"
