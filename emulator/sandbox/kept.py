"""What the sandboxes remember between runs of the stack, with --data: what they accepted, and which tokens are good.

Uploads on their way, and what a platform knows of its posts beside that, end with the stack.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from emulator.sandbox.platform import Entry, World

NAME = "sandbox.json"


def save(world: World, folder: Path) -> None:
    """Replaces what was kept before only once it is complete."""
    kept: dict[str, Any] = {
        "ledger": [entry.to_json() for entry in world.ledger],
        "generations": [[*account, generation] for account, generation in world.generations.items()],
        "used": [[*account, sorted(generations)] for account, generations in world.used.items()],
        "revoked": [[*account, generation] for account, generation in world.revoked.items()],
    }
    beside = folder / f"{NAME}.part"
    beside.write_text(json.dumps(kept))
    beside.replace(folder / NAME)


def load(world: World, folder: Path) -> None:
    """Nothing, where nothing was kept."""
    if not (folder / NAME).exists():
        return
    kept = json.loads((folder / NAME).read_text())
    world.ledger.extend(_entry(fields) for fields in kept["ledger"])
    world.generations |= {(platform, account): generation for platform, account, generation in kept["generations"]}
    world.used |= {(platform, account): set(generations) for platform, account, generations in kept["used"]}
    world.revoked |= {(platform, account): generation for platform, account, generation in kept["revoked"]}


def _entry(fields: dict[str, Any]) -> Entry:
    return Entry(
        fields["platform"],
        fields["accountId"],
        fields["id"],
        fields["url"],
        fields["text"],
        tuple(fields["media"]),
        datetime.fromisoformat(fields["acceptedAt"]),
        fields["kind"],
        fields["options"],
        fields.get("parent"),
    )
