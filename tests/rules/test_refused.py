"""Is everything else refused, to strangers, to whoever is signed out, and to the owner too?

All of it is tried on documents that exist and carry their owner's uid, so that it is the rules that refuse.
"""

import pytest

from shared.documents.document import Query
from tests.rules.conftest import STRANGER, Owned
from tests.rules.test_allowed import NOT_YET
from tests.rules.webapp import REFUSED, SIGNED_OUT, Attempt, WebApp, unless

pytestmark = pytest.mark.parametrize("where", ["node", "chrome"])
OTHERS = pytest.mark.parametrize("who", [STRANGER, SIGNED_OUT])


def collections(paths: tuple[str, ...]) -> list[str]:
    return sorted({path.rpartition("/")[0] for path in paths})


def groups(paths: tuple[str, ...]) -> list[str]:
    return sorted({path.split("/")[-2] for path in paths})


@OTHERS
@pytest.mark.usefixtures("stranger")
def test_others_can_not_get_a_document_of_the_owner(web: WebApp, owned: Owned, who: str) -> None:
    attempts = [Attempt(kind, path) for path in owned.all for kind in ("get", "listenDocument")]
    assert unless(web.tries(who, attempts), REFUSED) == {}


@OTHERS
@pytest.mark.usefixtures("stranger")
def test_others_can_not_list_documents_of_the_owner(web: WebApp, owned: Owned, who: str) -> None:
    filters = [
        (),
        (("uid", "==", owned.owner.uid),),
        (("uid", "in", (who, owned.owner.uid)),),
        (("uid", "!=", who),),
    ]
    lists = [(path, where) for path in collections(owned.all) for where in filters]
    attempts = [Attempt(kind, path, where) for path, where in lists for kind in ("list", "listen", "count")]
    assert unless(web.tries(who, attempts), REFUSED) == {}


@pytest.mark.usefixtures("stranger")
def test_what_is_not_there_is_asked_for_by_nobody_where_ids_can_be_guessed(web: WebApp, owned: Owned) -> None:
    signed_out = [Attempt("get", path) for path in NOT_YET]
    assert unless(web.tries(SIGNED_OUT, signed_out), REFUSED) == {}
    uid = owned.owner.uid
    elsewhere = ("users/none", "users/none/integrations/x/accounts/a", "apiKeys/none", f"users/{uid}/credentials/none")
    guessed = [Attempt(kind, path) for path in elsewhere for kind in ("get", "listenDocument")]
    assert unless(web.tries(uid, guessed), REFUSED) == {}
    lists = ("postSubmissions/none/runs", "postSubmissions/none/media")
    assert unless(web.tries(uid, [Attempt("list", path) for path in lists]), REFUSED) == {}


def test_the_owner_can_not_read_what_is_the_servers(web: WebApp, owned: Owned) -> None:
    own = (("uid", "==", owned.owner.uid),)
    attempts = [Attempt(kind, path) for path in owned.hidden for kind in ("get", "listenDocument")]
    hidden = set(collections(owned.hidden)) - set(collections(owned.readable))
    attempts += [
        Attempt(kind, path, where) for path in sorted(hidden) for where in ((), own) for kind in ("list", "listen", "count")
    ]
    assert unless(web.tries(owned.owner.uid, attempts), REFUSED) == {}


def test_the_owner_can_not_list_across_owners(web: WebApp, owned: Owned) -> None:
    uid = owned.owner.uid
    filters = [(), (("uid", "in", (uid, STRANGER)),), (("uid", ">=", uid),), (("createdAt", ">", 0),)]
    lists = [(path, where) for path in ["users", *collections(owned.by_field)] for where in filters]
    attempts = [Attempt(kind, path, where) for path, where in lists for kind in ("list", "listen", "count")]
    assert unless(web.tries(uid, attempts), REFUSED) == {}


def test_nobody_can_list_collections_of_one_name_wherever_they_are(web: WebApp, owned: Owned, stranger: str) -> None:
    filters = [(), (("uid", "==", owned.owner.uid),)]
    attempts = [Attempt("listGroup", name, where) for name in groups(owned.all) for where in filters]
    for who in (owned.owner.uid, stranger, SIGNED_OUT):
        assert unless(web.tries(who, attempts), REFUSED) == {}, who


@pytest.mark.parametrize("who", ["the owner", STRANGER, SIGNED_OUT])
@pytest.mark.usefixtures("stranger")
def test_nobody_can_write_anything(web: WebApp, owned: Owned, who: str) -> None:
    uid = owned.owner.uid if who == "the owner" else who
    documents = owned.owner.documents
    before = documents.get(*owned.all)
    # As innocent as a write can be: it claims nothing but what is the writer's.
    fields = (("uid", uid), ("forgedBy", uid))
    new = [f"{collection}/forged" for collection in collections((*owned.all, "unheard-of/of"))]
    attempts = [
        Attempt(kind, path, fields=fields) for path in owned.all for kind in ("update", "merge", "set", "delete", "transact")
    ]
    attempts += [Attempt(kind, path, fields=fields) for path in new for kind in ("set", "merge", "delete", "transact")]
    attempts += [Attempt("add", path.removesuffix("/forged"), fields=fields) for path in new]
    assert unless(web.tries(uid, attempts), REFUSED) == {}
    assert documents.get(*owned.all) == before
    for group in groups(tuple(new)):
        assert documents.query(Query(group, where=(("forgedBy", "==", uid),), group=True)) == []
