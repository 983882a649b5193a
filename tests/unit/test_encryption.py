"""Secrets at rest."""

import pytest

from shared.core.encryption import CannotDecrypt, Cipher
from shared.platforms.credentials import Credentials

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
