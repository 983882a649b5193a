"""Target `refresher`: called by Cloud Tasks (queue `refresh`) with {uid, platform, accountId, what?} or {postSubmissionId}.

Asks the platform for new tokens and writes the account's credentials; or for what it says of the account (`what` is `facts`), and
writes the user; or looks at a post's accounts a moment before it is due (`what` is `post`), and writes the submission's warnings.
On failure Cloud Tasks delivers again for ten minutes; the sweeper enqueues what is about an account anew after that.
"""

from functions.refresher import wiring
from functions.task import Payload, task_function
from shared.accounts.account import AccountKey
from shared.accounts.facts import renew_facts
from shared.core.log import start_logging
from shared.posts.check import check_post

start_logging()


def handle(payload: Payload, ports: wiring.Ports) -> None:
    if payload.get("what") == "post":
        check_post(payload["postSubmissionId"], ports.checking)
        return
    key = AccountKey(payload["uid"], payload["platform"], payload["accountId"])
    if payload.get("what") == "facts":
        renew_facts(key, ports.tokens)
    else:
        ports.tokens.refresh(key)


refresher = task_function(handle, wiring.ports)
