"""Every deployed function, as data: what deploys, emulates and tests them reads it here."""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Target:
    """`timeout_seconds` bounds one request; `concurrency` requests share an instance, each on a thread of its own."""

    name: str
    public: bool
    memory_mib: int
    timeout_seconds: int
    concurrency: int

    @property
    def source(self) -> PurePosixPath:
        return PurePosixPath("functions", self.name, "main.py")


TARGETS = (
    # Most requests take milliseconds; one that waits for what it began may take minutes.
    Target("api", public=True, memory_mib=512, timeout_seconds=540, concurrency=32),
    Target("orchestrator", public=False, memory_mib=512, timeout_seconds=90, concurrency=16),
    # Meets what strangers serve, and waits for it most of the time. Each copy holds one part of a file (4 MiB, twice); at most six
    # are measured at once, in 256 MiB each.
    Target("ingest", public=False, memory_mib=2048, timeout_seconds=540, concurrency=16),
    # One image takes a tenth of a second of a core; fonts and engine are there once.
    Target("templates", public=False, memory_mib=1024, timeout_seconds=120, concurrency=8),
    # Waits for the provider, and holds a file of at most 25 MB for each request.
    Target("transcribe", public=False, memory_mib=2048, timeout_seconds=540, concurrency=16),
    # Files are on its disk, which is memory: 1 GiB and its parts; ffmpeg takes a core.
    Target("encode", public=False, memory_mib=4096, timeout_seconds=1800, concurrency=1),
    # Waiting for platforms is most of its work, so many runs share an instance; sending a large file is its longest. A run that
    # uploads holds at most two parts of a file (TikTok's last chunk: 20 MB), so 40 of them fit.
    Target("publisher", public=False, memory_mib=2048, timeout_seconds=540, concurrency=40),
    # Only waits for providers: models, and other people's interfaces; holds what they make, 32 MiB at most.
    Target("jobs", public=False, memory_mib=512, timeout_seconds=540, concurrency=20),
    # Waits for its users' servers, ten seconds each at most; four deliveries of one endpoint at once.
    Target("webhooks", public=False, memory_mib=512, timeout_seconds=90, concurrency=40),
    Target("refresher", public=False, memory_mib=512, timeout_seconds=90, concurrency=16),
    Target("sweeper", public=False, memory_mib=512, timeout_seconds=240, concurrency=1),
)
