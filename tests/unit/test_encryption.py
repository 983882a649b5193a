"""Secrets at rest."""

import pytest

from functions.sweeper.main import OUTBOXES
from shared.core.encryption import CannotDecrypt, Cipher
from shared.documents.document import Merge
from shared.platforms.credentials import Credentials
from tests.fakes.world import World

OLD, NEW = b"\1" * 32, b"\2" * 32
SECRET = {"accessToken": "the-token"}


def test_a_secret_opens_where_it_was_sealed() -> None:
    cipher = Cipher({"k1": OLD})
    assert cipher.open(cipher.seal(SECRET, path="a/1"), path="a/1") == SECRET


def test_a_secret_copied_to_another_document_does_not_open() -> None:
    cipher = Cipher({"k1": OLD})
    with pytest.raises(CannotDecrypt):
        cipher.open(cipher.seal(SECRET, path="users/ada/credentials/x:1"), path="users/eve/credentials/x:1")


def test_sealing_twice_shows_nothing_of_the_secret_being_the_same() -> None:
    cipher = Cipher({"k1": OLD})
    assert cipher.seal(SECRET, path="a/1")["ciphertext"] != cipher.seal(SECRET, path="a/1")["ciphertext"]


def test_keys_rotate_without_downtime() -> None:
    sealed = Cipher({"k1": OLD}).seal(SECRET, path="a/1")
    rotated = Cipher({"k2": NEW, "k1": OLD})
    assert rotated.open(sealed, path="a/1") == SECRET
    assert rotated.seal(SECRET, path="a/1")["keyId"] == "k2"


def test_a_key_that_was_dropped_too_early_is_named() -> None:
    sealed = Cipher({"k1": OLD}).seal(SECRET, path="a/1")
    with pytest.raises(CannotDecrypt, match="k1"):
        Cipher({"k2": NEW}).open(sealed, path="a/1")


def test_credentials_do_not_show_their_token() -> None:
    assert "the-token" not in repr(Credentials("the-token", "1", "ada"))


def test_tokens_of_an_older_key_are_encrypted_anew_so_that_it_can_be_retired() -> None:
    world = World()
    for number in range(3):
        world.user(f"user{number}", connect=("x:x_main", "linkedin:li_main"))
    keys = {"k2": b"2" * 32, "k1": b"1" * 32}
    world.cipher = Cipher(keys)
    world.run_for(120)
    paths = world.paths("users/")
    sealed = [world.document(path).fields for path in paths if "/credentials/" in path]
    assert [fields["keyId"] for fields in sealed] == ["k2"] * 6
    alone = Cipher({"k2": b"2" * 32})
    for path in paths:
        if "/credentials/" in path:
            assert alone.open(world.document(path).fields, path=path)["accessToken"].startswith("sandbox-")
    reads = world.memory.counts.reads
    world.cipher = alone
    world.sweep()
    assert world.memory.counts.reads == reads + len(OUTBOXES), "with one key there is nothing to ask"


def test_what_no_key_opens_is_told_and_left() -> None:
    world = World()
    world.user(connect=("x:x_main",))
    world.cipher = Cipher({"k2": b"2" * 32, "k1": b"3" * 32})
    world.sweep()
    assert world.document("users/ada/credentials/x:x_main").fields["keyId"] == "k1"


def test_those_that_no_key_opens_do_not_keep_the_others_from_being_encrypted_anew() -> None:
    world = World()
    keys = {"k2": b"2" * 32, "k1": b"3" * 32}
    for number in range(150):
        world.user(f"user{number:03}", connect=("x:x_main",))
    path = "users/user149/credentials/x:x_main"
    tokens = world.cipher.open(world.document(path).fields, path=path)
    world.documents.commit(Merge(path, Cipher({"k1": b"3" * 32}).seal(tokens, path=path)))
    world.cipher = Cipher(keys)
    world.sweep()
    assert world.document(path).fields["keyId"] == "k2"
