"""Who works on a release, and whose word counts for what."""

from __future__ import annotations

from enum import Enum

import msgspec


class Duty(Enum):
    """What a person may do."""

    CAPTAIN = "captain"
    APPROVER = "approver"
    """May approve or deny cherry-picks."""
    REVIEWER = "reviewer"
    ON_CALL = "on-call"


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named person of the release team."""

    name: str
    login: str
    email: str = ""
    duties: tuple[Duty, ...] = (Duty.REVIEWER,)


class Team(msgspec.Struct, frozen=True):
    """The people of a release; nobody else's approval counts."""

    people: tuple[Person, ...] = ()

    def with_duty(self, duty: Duty) -> frozenset[str]:
        """Logins of those who carry a duty."""
        return frozenset(person.login for person in self.people if duty in person.duties)

    def may_approve(self, email: str, login: str) -> bool:
        """Whether whoever goes by this e-mail address, or login, may decide on picks."""
        return any(
            Duty.APPROVER in person.duties
            and ((bool(email) and person.email == email) or person.login.lower() == login.lower())
            for person in self.people
        )

    def by_email(self, email: str) -> Person | None:
        """The person a git identity belongs to."""
        return next((person for person in self.people if person.email == email), None)
