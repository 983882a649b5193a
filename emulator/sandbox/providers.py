"""The engines that operations ask, as sandboxes: which answers under which host, and what faults may strike it."""

from collections.abc import Mapping
from typing import Any

from emulator.sandbox import openai, replicate, solana, youtube_data
from emulator.sandbox.faults import Affected

_ALL: tuple[Any, ...] = (openai, replicate, solana, youtube_data)
BY_HOST: Mapping[str, Any] = {host: provider for provider in _ALL for host in provider.HOSTS}
STEPS: Mapping[str, tuple[str, ...]] = {provider.NAME: provider.STEPS for provider in _ALL}
AFFECTED: Affected = {provider.NAME: getattr(provider, "AFFECTED", {}) for provider in _ALL}
