"""The database's contract: what Firestore's emulator does, the twin does too."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.documents.document import COMMIT_TIME, REMOVE, Conflict, Create, Delete, Documents, Increment, Merge, Query, Update
from shared.documents.reliable import ReliableDocuments
from shared.gcp.firestore import FirestoreDocuments
from tests.fakes.documents import MemoryDocuments

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["memory", "firestore"])
def documents(request: pytest.FixtureRequest) -> Documents:
    if request.param == "memory":
        return ReliableDocuments(MemoryDocuments())
    request.getfixturevalue("stack")
    # A project of its own keeps each test's documents apart.
    return ReliableDocuments(FirestoreDocuments(f"test-{uuid.uuid4().hex[:12]}"))


def fields(documents: Documents, path: str) -> Any:
    [document] = documents.get(path)
    assert document is not None
    return {name: value for name, value in document.fields.items() if name != "nonce"}


def test_documents_come_in_the_order_they_were_asked_for(documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": 1}), Create("a/2", {"n": 2}))
    found = documents.get("a/2", "a/missing", "a/1", "a/2")
    assert [document and document.fields["n"] for document in found] == [2, None, 1, 2]
    assert [document and document.id for document in found] == ["2", None, "1", "2"]


def test_a_document_is_created_once(documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": 1}))
    with pytest.raises(Conflict):
        documents.commit(Create("a/1", {"n": 2}))
    assert fields(documents, "a/1") == {"n": 1}


def test_a_commit_is_all_or_nothing(documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": 1}))
    with pytest.raises(Conflict):
        documents.commit(Create("a/2", {"n": 2}), Create("a/1", {"n": 2}))
    assert documents.get("a/2") == [None]


def test_an_update_changes_the_named_fields_only(documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": 1, "m": {"x": 1, "y": 2}, "gone": 1}))
    documents.commit(Update("a/1", {"n": 2, ("m", "x"): 3, "gone": REMOVE, "never": REMOVE}))
    assert fields(documents, "a/1") == {"n": 2, "m": {"x": 3, "y": 2}}


def test_odd_names_inside_maps_are_names(documents: Documents) -> None:
    documents.commit(Create("a/1", {"m": {}}))
    documents.commit(Update("a/1", {("m", "with.dot and `tick`"): 1}))
    assert fields(documents, "a/1") == {"m": {"with.dot and `tick`": 1}}


def test_an_update_of_nothing_is_a_conflict(documents: Documents) -> None:
    with pytest.raises(Conflict):
        documents.commit(Update("a/1", {"n": 1}))


def test_a_version_lets_only_the_next_writer_through(documents: Documents) -> None:
    version = documents.commit(Create("a/1", {"n": 0}))
    newer = documents.commit(Update("a/1", {"n": 1}, if_version=version))
    with pytest.raises(Conflict):
        documents.commit(Update("a/1", {"n": 2}, if_version=version))
    documents.commit(Update("a/1", {"n": 3}, if_version=newer))
    assert fields(documents, "a/1") == {"n": 3}


def test_the_version_of_a_commit_is_that_of_every_document_in_it(documents: Documents) -> None:
    version = documents.commit(Create("a/1", {}), Create("a/2", {}))
    found = documents.get("a/1", "a/2")
    assert [document and document.version for document in found] == [version, version]
    documents.commit(Update("a/2", {"n": 1}, if_version=version))


def test_increments_add_up(documents: Documents) -> None:
    documents.commit(Create("a/1", {"m": {"n": 1}}))
    documents.commit(Create("ledger/1", {}), Update("a/1", {("m", "n"): Increment(2)}))
    assert fields(documents, "a/1") == {"m": {"n": 3}}


def test_a_merge_makes_or_changes(documents: Documents) -> None:
    documents.commit(Merge("a/1", {"m": {"x": {"p": 1}}}))
    documents.commit(Merge("a/1", {"m": {"y": 2, "x": {"q": 3}}}))
    assert fields(documents, "a/1") == {"m": {"x": {"p": 1, "q": 3}, "y": 2}}


def test_a_delete_may_ask_for_a_version(documents: Documents) -> None:
    version = documents.commit(Create("a/1", {"n": 0}))
    documents.commit(Update("a/1", {"n": 1}))
    with pytest.raises(Conflict):
        documents.commit(Delete("a/1", if_version=version))
    documents.commit(Delete("a/1"))
    documents.commit(Delete("a/1"))
    assert documents.get("a/1") == [None]


def test_values_come_back_as_they_were(documents: Documents) -> None:
    value = {"text": "é\0 👍", "n": 1.5, "b": True, "none": None, "at": NOW, "list": [{"a": 1}, "x"], "big": 2**53}
    documents.commit(Create("a/1", value))
    assert fields(documents, "a/1") == value


def test_queries_filter_order_and_limit(documents: Documents) -> None:
    for n in (3, 1, 2, 5):
        documents.commit(Create(f"a/{n}", {"n": n, "kind": "odd" if n % 2 else "even"}))
    documents.commit(Create("a/none", {"kind": "odd"}))
    found = documents.query(Query("a", where=(("n", "<=", 3),), order_by="n", limit=2))
    assert [document.id for document in found] == ["1", "2"]
    assert [d.id for d in documents.query(Query("a", where=(("kind", "==", "even"),)))] == ["2"]
    both = (("kind", "==", "odd"), ("n", ">=", 3))
    assert {d.id for d in documents.query(Query("a", where=both))} == {"3", "5"}


def test_a_query_goes_on_after_the_last_one_of_the_page_before(documents: Documents) -> None:
    values = {"b": 1, "a": 1, "d": 2, "c": 1, "e": 0}
    documents.commit(*(Create(f"pages/{name}", {"n": n}) for name, n in values.items()))
    seen: list[str] = []
    after = None
    while page := documents.query(Query("pages", where=(("n", "<=", 9),), order_by="n", limit=2, after=after)):
        seen += [document.id for document in page]
        after = page[-1].fields["n"], page[-1].path
    assert seen == ["e", "a", "b", "c", "d"], "by value, then by name"


def test_nothing_is_found_where_it_stands_and_only_there(documents: Documents) -> None:
    documents.commit(Create("a/1", {"n": None}), Create("a/2", {"n": 0}), Create("a/3", {}))
    assert [d.id for d in documents.query(Query("a", where=(("n", "==", None),)))] == ["1"]
    assert [d.id for d in documents.query(Query("a", where=(("n", "<=", 5),)))] == ["2"]


def test_a_page_may_come_backwards(documents: Documents) -> None:
    values = {"b": 1, "a": 1, "d": 2, "c": 1, "e": 0}
    documents.commit(*(Create(f"pages/{name}", {"n": n, "kind": "k"}) for name, n in values.items()))
    seen: list[str] = []
    after = None
    where = (("kind", "==", "k"),)
    while page := documents.query(Query("pages", where=where, order_by="n", limit=2, after=after, descending=True)):
        seen += [document.id for document in page]
        after = page[-1].fields["n"], page[-1].path
    assert seen == ["d", "c", "b", "a", "e"]


def test_a_group_query_goes_on_likewise(documents: Documents) -> None:
    paths = ["groups/2/leaves/x", "groups/1/leaves/y", "groups/1/leaves/x"]
    documents.commit(*(Create(path, {"n": 7}) for path in paths))
    first = documents.query(Query("leaves", order_by="n", limit=1, group=True))
    rest = documents.query(Query("leaves", order_by="n", group=True, after=(7, first[0].path)))
    assert [document.path for document in (*first, *rest)] == sorted(paths)


def test_a_group_query_looks_into_every_collection_of_that_name(documents: Documents) -> None:
    documents.commit(Create("p/1/runs/x", {"n": 1}), Create("p/2/runs/y", {"n": 2}), Create("p/1/other/z", {"n": 1}))
    found = documents.query(Query("runs", where=(("n", "<=", 9),), order_by="n", group=True))
    assert [document.path for document in found] == ["p/1/runs/x", "p/2/runs/y"]
    assert documents.query(Query("runs", where=(("n", "<=", 9),), order_by="n")) == []
    documents.commit(Create("p/1/runs/z", {"n": 2, "kind": "even"}))
    assert [d.id for d in documents.query(Query("runs", where=(("kind", "==", "even"), ("n", ">=", 2)), group=True))] == ["z"]


def test_of_many_claims_one_wins(documents: Documents) -> None:
    version = documents.commit(Create("a/1", {"owner": None}))

    def claim(n: int) -> bool:
        try:
            documents.commit(Update("a/1", {"owner": n}, if_version=version))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(25) as pool:
        assert sum(pool.map(claim, range(25))) == 1


def test_a_field_may_take_the_time_of_its_commit(documents: Documents) -> None:
    documents.commit(Create("a/1", {"m": {}}))
    version = documents.commit(Update("a/1", {"at": COMMIT_TIME, ("m", "at"): COMMIT_TIME}))
    found = fields(documents, "a/1")
    assert found == {"at": found["at"], "m": {"at": found["at"]}}
    assert timedelta(0) <= version - found["at"] < timedelta(milliseconds=100)


def test_what_is_read_says_when_and_never_before_its_last_change(documents: Documents) -> None:
    version = documents.commit(Create("a/1", {"n": 1}), Create("a/2", {"n": 1}))
    [got] = documents.get("a/1")
    found = documents.query(Query("a", where=(("n", "==", 1),)))
    for document in (got, *found):
        assert document is not None
        assert document.read_at is not None
        assert document.version == version <= document.read_at
    later = documents.commit(Update("a/1", {"n": 2}))
    assert got is not None
    assert got.read_at is not None
    assert later >= got.read_at
