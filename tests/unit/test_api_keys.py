"""What a key looks like."""

import re

import pytest

from shared.api_keys.key import hash_of, is_well_formed, new_key, preview_of


def test_a_new_key_is_well_formed_and_unlike_any_other() -> None:
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(is_well_formed(key) and re.fullmatch(r"sk_live_[0-9A-Za-z]{38}", key) for key in keys)


def test_any_single_changed_character_is_noticed() -> None:
    key = new_key()
    for position in range(len("sk_live_"), len(key)):
        changed = key[:position] + ("A" if key[position] != "A" else "B") + key[position + 1 :]
        assert not is_well_formed(changed)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "nothing"),
        ("sk_live_", "no secret"),
        ("sk_test_" + new_key()[8:], "another prefix"),
        (new_key() + " ", "a blank at the end"),
        (new_key()[:-1], "one character short"),
        ("sk_live_" + "é" * 38, "not ASCII"),
        ("sk_live_your_key_here", "the documentation's example"),
    ],
)
def test_junk_is_recognised_without_asking_the_database(key: str, why: str) -> None:
    assert not is_well_formed(key), why


def test_only_the_end_of_a_key_is_shown() -> None:
    key = new_key()
    assert preview_of(key) == "sk_live_********" + key[-4:]
    assert hash_of(key) != hash_of(new_key())
