"""The automations of a history: what has to follow from each run that succeeded, once, and nothing else."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from shared.automations.automation import automations_path
from shared.documents.document import Create
from shared.posts.run import RunPath
from tests.faults.people import UID
from tests.faults.posts import Wanted

if TYPE_CHECKING:
    from tests.faults.check import Verdict
    from tests.faults.simulation import Simulation

# By run and automation: the submissions.
Made = dict[tuple[str, str], list[str]]
# By id: from where to where. Of a loop, only the first step is taken.
WAYS = {"there": ("x", "linkedin"), "back": ("linkedin", "x")}


def text_of(automation: str, text: str) -> str:
    return f"{automation}: {text}"


def set_up(simulation: "Simulation") -> None:
    """In peace, before the history begins; for the platforms that it has."""
    for automation, (source, target) in WAYS.items():
        if not {source, target} <= set(simulation.options.platforms):
            continue
        account = simulation.people.accounts(target)[0]
        now = simulation.world.memory.clock.now()
        fields = {
            "enabled": True,
            "source": {"platform": source, "accountId": None},
            "action": "repurpose",
            "targets": [{"platform": target, "accountId": account}],
            "template": text_of(automation, "{text}"),
            "createdAt": now,
            "updatedAt": now,
        }
        simulation.world.memory.commit(Create(f"{automations_path(UID)}/{automation}", fields))


def made_by_automations(submissions: Mapping[str, Any]) -> Made:
    made: Made = {}
    for submission_id, fields in submissions.items():
        if fields["origin"] == "automation":
            made.setdefault((fields["sourceRun"], fields["automationId"]), []).append(submission_id)
    return made


def followed(
    simulation: "Simulation", verdict: "Verdict", wanted: Wanted, submission_id: str, made: Made
) -> Iterator[tuple[Wanted, str]]:
    """The posts that automations made of this one, each as if it had been asked for."""
    contents = simulation.world.memory.contents
    submission = contents[f"postSubmissions/{submission_id}"][0]
    told = {(warning.get("automationId"), warning.get("target")) for warning in submission.get("warnings", ())}
    for target in submission["targets"]:
        path = RunPath(submission_id, target["runId"])
        run: Any = contents.get(str(path), ({},))[0]
        if not wanted.repurposed or run.get("status") != "succeeded":
            continue
        if run.get("firesAutomations") or "sweepAt" in run:
            verdict.harm("unfinished", f"{wanted.number}: the automations of {path} have not fired")
        for automation, (source, to) in WAYS.items():
            if source != target["platform"] or f"{automations_path(UID)}/{automation}" not in contents:
                continue
            all_made = made.get((str(path), automation), [])
            if not all_made and (automation, path.run_id) not in told:
                verdict.harm("lost", f"{wanted.number}: {automation} made nothing of {path}")
            if len(all_made) > 1:
                verdict.harm("duplicates", f"{wanted.number}: {automation} made {len(all_made)} posts of {path}")
            for one in all_made:
                account = contents[f"postSubmissions/{one}"][0]["targets"][0]["accountId"]
                number = f"{wanted.number} {automation} {target['runId']}"
                chosen = {to: (account, {})}
                yield (
                    Wanted(
                        number,
                        text_of(automation, wanted.text),
                        chosen,
                        wanted.media,
                        None,
                        source=wanted.number,
                        pulled=wanted.pulled,
                    ),
                    one,
                )
