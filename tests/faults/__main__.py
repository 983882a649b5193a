"""python -m tests.faults: what was published while everything went wrong, and the same with each mechanism switched off.

make faults                                        a few minutes
make faults ARGS="--publications 1000000"          as long as it takes; --processes for more cores
make faults ARGS="--seed 17 --publications 300"    one history again, exactly
"""

import argparse
import logging
import multiprocessing
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

import tests.conftest  # noqa: F401  (the environment that functions are imported in)
from tests.faults.ablation import ABLATIONS, Ablation
from tests.faults.check import HARMS, Verdict
from tests.faults.people import NAMES
from tests.faults.simulation import STEPS, Options, simulate

PER_SEED = 300
# Every so many histories one platform is down for a day.
OUTAGE_EVERY = 20
# Of so many publications every step of every platform is reached.
REACHES_ALL = 30_000
ABLATION_SEEDS = 6
# Faults of each kind per call, and per step of a platform: two per cent and five.
FAULT_RATE, PLATFORM_RATE = 0.02, 0.05
# Accounts die where an answer with tokens that work once was lost; of more than that something else is the cause.
MOST_REAUTH = 0.1
PROGRESS_SECONDS = 30.0
_HARMS = {
    "duplicates": "published, replied or accepted twice",
    "lost": "failed though nothing stood in the way, or missing without a note",
    "false_successes": "succeeded, and not there",
    "false_failures": "failed, and there",
    "false_unknowns": "unknown, though the platform could have been asked",
    "wrong_names": "with another post's id, address or files, or counted wrongly",
    "too_early": "published before its time",
    "wrong_answers": 'the API\'s, beside 201, "try again later" and "not connected"',
    "double_refreshes": "one token on its way to be renewed twice at once",
    "older_tokens": "written over newer ones",
    "buried_alive": "accounts said to need their person whose tokens work",
    "wrong_accounts": "not as the API said, or half there",
    "unfinished": "after a day",
}
_MEANINGS = {
    "succeeded": "",
    "cancelled": "by their customers before they were sent",
    "automated": "posts that automations made, each of one run",
    "reauth": "the account was dead or disconnected then, and nothing was published",
    "refused": "for good by the platform, or not processed there; nothing was published",
    "late": "its platform was down for a day; nothing was published",
    "alike": "refused or unknown: the account had, or was getting, another post of the same text",
    "unknown_away": "sent, not answered, and the account disconnected before anybody could ask",
    "unknown_late": "sent, not answered, and the platform told nobody within a day",
    "retried": "requests that sent again what had failed",
    "resolved": "requests that said of a post whether it is there",
    "missed": "runs that could not be begun in time, as their customers wanted",
    "drafted": "drafts that were published",
    "slots": "posts that took a slot of a plan",
    "disconnections": "accounts by their people, who connected them again",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Publish while everything goes wrong.")
    parser.add_argument("--publications", type=_at_least_one, default=30_000, metavar="N", help="how many (default: 30000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the first history's seed (default: 1)")
    parser.add_argument("--processes", type=_at_least_one, default=2, metavar="P", help="at once (default: 2)")
    parser.add_argument("--no-ablation", action="store_true", help="leave the second table out")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    # Ctrl-C is for this process; the others end with it.
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with multiprocessing.Pool(given.processes) as pool:
        signal.signal(signal.SIGINT, interrupt)
        started = time.monotonic()
        seeds = range(given.seed, given.seed + max(1, given.publications // PER_SEED))
        total = _sum(_shown(pool.imap_unordered(_history, seeds)))
        void = _print_total(total, len(seeds), time.monotonic() - started)
        seen = given.no_ablation or _print_ablation(pool.map(_without, ABLATIONS, chunksize=1))
    is_whole = not void or total.runs < REACHES_ALL
    is_good = total.is_clean and seen and is_whole and total.reauth <= MOST_REAUTH * total.runs
    print("\nno harm was done" if is_good else "\nnot as it should be: see above")
    return 0 if is_good else 1


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _shown(verdicts: Iterable[Verdict]) -> Iterable[Verdict]:
    """The same, and a line now and then for whoever waits."""
    runs, harms, told = 0, 0, time.monotonic()
    for verdict in verdicts:
        yield verdict
        runs, harms = runs + verdict.runs, harms + sum(getattr(verdict, name) for name in HARMS)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            print(f"  {runs:,} publications so far, {harms} harms", file=sys.stderr, flush=True)


def _history(seed: int) -> Verdict:
    verdict = simulate(seed, Options(PER_SEED, FAULT_RATE, PLATFORM_RATE, outage=seed % OUTAGE_EVERY == 0))
    verdict.examples = [f"seed {seed}: {example}" for example in verdict.examples]
    return verdict


def _without(ablation: Ablation) -> Verdict:
    return _sum(simulate(seed, _options(ablation)) for seed in range(1, ABLATION_SEEDS + 1))


def _options(ablation: Ablation) -> Options:
    return Options(150, FAULT_RATE, PLATFORM_RATE, without=ablation, platforms=ablation.platforms, listing_lag_seconds=90.0)


def _sum(verdicts: Iterable[Verdict]) -> Verdict:
    return reduce(add, verdicts, Verdict())


def _print_total(total: Verdict, histories: int, seconds: float) -> Sequence[str]:
    """The steps of platforms that nobody asked for."""
    print(
        f"{total.runs:,} publications in {histories:,} histories, {seconds:.0f} s; faults: {FAULT_RATE:.0%} of each kind per call"
    )
    print("harms")
    for name in HARMS:
        print(f"  {name.replace('_', ' '):<18}{getattr(total, name):>8}   {_HARMS[name]}")
    print("how the others ended, and what happened")
    for name, meaning in _MEANINGS.items():
        print(f"  {name.replace('_', ' '):<18}{getattr(total, name):>8}   {meaning}")
    print("  outcome unknown, where the platform tells nobody (in brackets: those that are public)")
    for platform in NAMES:
        print(f"    {platform:<16}{total.unknown[platform]:>8} ({total.unknown_public[platform]})")
    void = [f"{platform} {step}" for platform, steps in STEPS.items() for step in steps if (platform, step) not in total.reached]
    print(f"  steps never reached: {', '.join(void) or 'none'}")
    for example in total.examples:
        print(f"  ! {example}")
    sys.stdout.flush()
    return void


def _print_ablation(verdicts: Sequence[Verdict]) -> bool:
    """True if every harm that a mechanism prevents was seen without it."""
    print(
        f"\nWithout                   of {'runs':>5}  "
        + " ".join(f"{name.replace('_', ' '):>15}" for name in (*HARMS, "reauth", "unknown"))
    )
    all_seen = True
    for ablation, verdict in zip(ABLATIONS, verdicts, strict=True):
        figures = [getattr(verdict, name) for name in (*HARMS, "reauth")] + [sum(verdict.unknown.values())]
        seen = getattr(verdict, ablation.harm) > 0 if ablation.harm else ablation is not ABLATIONS[0] or verdict.is_clean
        all_seen = all_seen and seen
        mark = "" if seen else f"   ! {ablation.harm or 'harm'} was {'not ' if ablation.harm else ''}seen"
        print(f"{ablation.mechanism:<25} {verdict.runs:>8}  " + " ".join(f"{figure:>15}" for figure in figures) + mark)
    return all_seen


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted: how far it came is said above")
