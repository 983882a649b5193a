"""How much memory a video of 500 MB needs in each function that it goes through: the most its process ever had (Linux)."""

from pathlib import Path

from tests.bench.local import Local

# 477 MiB are 500 MB.
VIDEO = "https://example.com/large-477.mp4"
# Those that are sent the bytes; then one that fetches our copy itself. Instagram takes 300 MB at most.
PLATFORMS = ("x", "tiktok", "youtube", "linkedin", "snapchat", "facebook")


def print_memory(local: Local) -> None:
    key = local.add_user("bench-memory")
    print("\nA video of 500 MB copied by one process of ingest, and published by one of publisher, MB of resident memory")
    for platform in PLATFORMS:
        pids = {name: _worker_of(local.pid, name) for name in ("ingest", "publisher")}
        before = {name: _megabytes(pid, "VmRSS") for name, pid in pids.items()}
        for pid in pids.values():
            _forget_peak(pid)
        submission = local.post(key, {"text": f"large on {platform}", "videoUrl": VIDEO, "platform": platform})
        ended = local.await_end(submission, within_seconds=3600, look_every_seconds=0.5)
        if not ended["runCounts"]["succeeded"]:
            [run] = local.documents.get(f"postSubmissions/{submission}/runs/{platform}")
            raise RuntimeError(f"{platform} did not publish it: {run.fields.get('error') if run else None}")
        for name, pid in pids.items():
            peak = _megabytes(pid, "VmHWM")
            shown = f"before {before[name]:6.1f}   peak {peak:6.1f}   for the video {peak - before[name]:6.1f}"
            print(f"{platform:>14} {name:<10} {shown}")


def _worker_of(stack: int, function: str) -> int:
    """The process that serves: gunicorn's worker, the child of the function's first process."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    masters = {pid for pid, parent in parents.items() if parent == stack and _serves(pid, function)}
    [worker] = [pid for pid, parent in parents.items() if parent in masters]
    return worker


def _serves(pid: int, function: str) -> bool:
    return f"--target\0{function}\0".encode() in (Path("/proc") / str(pid) / "cmdline").read_bytes()


def _forget_peak(pid: int) -> None:
    (Path("/proc") / str(pid) / "clear_refs").write_text("5")


def _megabytes(pid: int, what: str) -> float:
    lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{what}:")]
    return int(line.split()[1]) * 1024 / 1e6
