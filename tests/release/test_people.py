"""Who may sign, and who may only look."""

from __future__ import annotations

import pytest

from cockpit.release.people import Duty, OwnerRole, Person, Team, Workstream

ADA = Person("Ada", "ada", "ada@example.org", (Duty.CAPTAIN,))
NOOR = Person("Noor", "noor", "noor@example.org")
JONAS = Person("Jonas", "Jonas", "jonas@example.org", (Duty.ON_CALL,))
TEAM = Team((ADA, NOOR, JONAS), (Workstream("doc-eng", "Doc Eng", ("jonas",)),))


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (OwnerRole("captain", Duty.CAPTAIN), ["Ada"]),
        (OwnerRole("performance"), ["Ada", "Noor"]),
        (OwnerRole("on-call", Duty.ON_CALL), ["Ada", "Jonas"]),
        (OwnerRole("documentation", workstream="doc-eng"), ["Ada", "Noor", "Jonas"]),
    ],
)
def test_a_role_is_signed_for_by_its_duty_its_contacts_and_captains(
    role: OwnerRole, names: list[str]
) -> None:
    assert [person.name for person in TEAM.signers(role)] == names


def test_who_signs_is_told_by_e_mail_whatever_its_case() -> None:
    assert TEAM.may_sign("NOOR@example.org", OwnerRole("performance"))
    assert not TEAM.may_sign("", OwnerRole("performance"))
    assert not TEAM.may_sign("noor@elsewhere.org", OwnerRole("performance"))


def test_who_approves_is_told_by_e_mail_whatever_its_case_or_by_login() -> None:
    team = Team((Person("Abe", "abe", "abe@example.org", (Duty.APPROVER,)), NOOR))

    assert team.may_approve("ABE@example.org", "Abraham")
    assert team.may_approve("", "Abe")
    assert not team.may_approve("", "Abraham")
    assert not team.may_approve("noor@example.org", "Noor")


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("ada@example.org", ""),
        ("", "git has not said who you are"),
        ("eve@example.org", 'add [[people]] with email = "eve@example.org"'),
    ],
)
def test_a_stranger_is_told_what_would_make_them_known(email: str, words: str) -> None:
    said = TEAM.stranger(email)

    assert words in said
    assert bool(said) is bool(words)
