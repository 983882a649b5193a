"""What Meta's answers mean: the documented codes of Instagram, Facebook and Threads, one by one."""

import json

import pytest

from shared.http.client import HttpAnswer
from shared.platforms.meta.errors import failure_of, failure_of_container


def answer(code: int, subcode: int = 0, *, transient: bool = False, status: int = 400) -> HttpAnswer:
    error = {"message": "m", "code": code, "is_transient": transient, **({"error_subcode": subcode} if subcode else {})}
    return HttpAnswer(status, {}, json.dumps({"error": error}).encode())


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        *[(190, subcode, "reauth") for subcode in (458, 460, 463, 464, 467, 492)],
        (-2, 2207003, "transient"),
        (-2, 2207020, "transient"),
        (-1, 2207001, "transient"),
        (-1, 2207032, "transient"),
        (-1, 2207053, "transient"),
        (1, 2207057, "bug"),
        (4, 2207051, "rejected"),
        (9, 2207042, "throttled"),
        (24, 2207006, "transient"),
        (24, 2207008, "transient"),
        (25, 2207050, "reauth"),
        *[(100, subcode, "media_invalid") for subcode in (2207023, 2207028, 2207040)],
        (352, 2207026, "media_invalid"),
        (9004, 2207052, "media_invalid"),
        (9007, 2207027, "processing"),
        (36000, 2207004, "media_invalid"),
        (36001, 2207005, "media_invalid"),
        (36003, 2207009, "media_invalid"),
        (36004, 2207010, "media_invalid"),
        (1, 0, "transient"),
        (2, 0, "transient"),
        *[(code, 0, "throttled") for code in (4, 17, 32, 341, 613, 80002)],
        (10, 0, "permission"),
        (200, 0, "permission"),
        (100, 0, "rejected"),
        (506, 0, "duplicate"),
        (324, 0, "media_invalid"),
        (6000, 1363130, "processing"),
        (100, 1366051, "rejected"),
        (1, 1390008, "throttled"),
        (200, 1404078, "permission"),
        (24, 4279009, "processing"),
        (10, 4279013, "permission"),
        (368, 0, "rejected"),
    ],
)
def test_kinds(code: int, subcode: int, kind: str) -> None:
    assert failure_of(answer(code, subcode), "Instagram").kind == kind


def test_is_transient_is_honoured() -> None:
    assert failure_of(answer(99999, transient=True), "Instagram").kind == "transient"


@pytest.mark.parametrize("subcode", [2207051, 2207006, 2207008, 4279009, 1366051])
def test_refusals_that_are_also_given_for_published_posts_are_looked_into(subcode: int) -> None:
    assert failure_of(answer(4, subcode), "Instagram").published_after_all


def test_a_container_in_error_is_classified_by_the_code_in_its_text() -> None:
    assert failure_of_container("Instagram", "Error: Media upload has failed with error code 2207026").kind == "media_invalid"
    assert failure_of_container("Instagram", "Error: 2207053").kind == "transient"
    assert failure_of_container("Instagram", "").kind == "media_invalid"


@pytest.mark.parametrize(("status", "kind"), [(200, "outcome_unknown"), (401, "reauth"), (429, "throttled"), (502, "transient")])
def test_a_body_that_is_no_json_is_understood_by_its_status(status: int, kind: str) -> None:
    assert failure_of(HttpAnswer(status, {}, b"<html>"), "Instagram").kind == kind


def test_what_meta_holds_for_spam_says_to_wait() -> None:
    assert "wait for some hours" in failure_of(answer(4, 2207051), "Instagram").remediation
