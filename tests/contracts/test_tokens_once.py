"""An account's tokens are renewed once, whatever the number of processes that want them at the same moment."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulator.environment import function_variables
from emulator.ports import Ports
from emulator.sandbox.accounts import SandboxAccount, read_token
from emulator.users import credentials_of, local_cipher
from shared.accounts.account import account_path
from shared.accounts.connect import connect_account
from shared.core.clock import SystemClock
from shared.platforms.credentials import Credentials
from tests.conftest import ROOT, LocalStack

PROCESSES = 6
# What a process does: as soon as the file is there, get tokens, as a publisher would.
WORKER = """
import sys, time
from pathlib import Path
from functions.refresher import wiring
from shared.accounts.stored_tokens import AccountKey
from shared.core.wait import Wait
tokens, key, start = wiring.ports().tokens, AccountKey("once", sys.argv[1], "main"), Path(sys.argv[2])
print("ready", flush=True)
while not start.exists():
    time.sleep(0.001)
while isinstance(got := tokens.usable(key), Wait):
    time.sleep(0.1)
print(getattr(got, "access_token", got))
"""


@pytest.mark.parametrize("platform", ["x", "snapchat"])
def test_six_processes_renew_an_expired_token_once(stack: LocalStack, tmp_path: Path, platform: str) -> None:
    """Both platforms' refresh tokens work once: a second renewal would be refused, and the account dead."""
    account, now = SandboxAccount(platform, "main"), datetime.now(UTC)
    known, over = credentials_of(account), now - timedelta(minutes=1)
    expired = Credentials(
        account.access_token_of(0, over),
        known.platform_user_id,
        known.username,
        known.refresh_token,
        over - timedelta(hours=2),
        over,
    )
    documents = stack.documents
    stack.add_user("once")
    connect_account("once", platform, "main", expired, cipher=local_cipher(), documents=documents, clock=SystemClock())
    start = tmp_path / "start"
    environment = {**os.environ, **function_variables(Ports(stack.offset), stack.firestoreHost)}
    command = [sys.executable, "-c", WORKER, platform, str(start)]
    workers = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for worker in workers:
            assert worker.stdout
            assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
        start.touch()
        answers = [worker.communicate(timeout=60) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    [token] = {stdout.strip() for stdout, _ in answers}
    read = read_token(token, platform)
    assert read is not None, answers
    assert read.generation == 1, "renewed once, and by one"
    [found] = documents.get(account_path("once", platform, "main"))
    assert found is not None
    assert found.fields["status"] == "connected"
    assert found.fields["tokenExpiresAt"] > datetime.now(UTC)
