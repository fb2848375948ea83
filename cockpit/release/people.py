"""Who works on a release, whose word counts for what, and who speaks for which workstream."""

from __future__ import annotations

from enum import Enum

import msgspec


class Duty(Enum):
    """What a person may do."""

    CAPTAIN = "captain"
    """May do what cannot be undone, and override a gate; signs whatever another duty signs."""
    APPROVER = "approver"
    """May approve or deny cherry-picks, and merge them."""
    REVIEWER = "reviewer"
    """Signs what the checklist asks of the workstreams."""
    ON_CALL = "on-call"
    """Watches builds, re-runs them, and signs for them."""


class OwnerRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody a process can ask for an item."""

    id: str
    duty: Duty = Duty.REVIEWER
    """What whoever signs its items has to carry."""
    workstream: str = ""
    """Whose points of contact sign them as well, such as `doc-eng`."""


class Workstream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the release that has people to turn to; process section 19.7."""

    id: str
    title: str
    contacts: tuple[str, ...] = ()
    """Logins; every one is among the people."""


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named person of the release team."""

    name: str
    login: str
    email: str = ""
    duties: tuple[Duty, ...] = (Duty.REVIEWER,)


class Team(msgspec.Struct, frozen=True):
    """The people of a release; nobody else's approval, signature or override counts."""

    people: tuple[Person, ...] = ()
    workstreams: tuple[Workstream, ...] = ()

    def with_duty(self, duty: Duty) -> frozenset[str]:
        """Logins of those who carry a duty."""
        return frozenset(person.login for person in self.people if duty in person.duties)

    def may_approve(self, email: str, login: str) -> bool:
        """Whether whoever goes by this e-mail address, or login, may decide on picks."""
        known = self.by_email(email)
        return any(
            Duty.APPROVER in person.duties
            and (person == known or person.login.casefold() == login.casefold())
            for person in self.people
        )

    def by_email(self, email: str) -> Person | None:
        """The person a git identity belongs to."""
        wanted = email.casefold()
        found = (p for p in self.people if wanted and p.email.casefold() == wanted)
        return next(found, None)

    def carries(self, email: str, duty: Duty) -> bool:
        """Whether a git identity belongs to somebody who carries a duty."""
        person = self.by_email(email)
        return person is not None and duty in person.duties

    def signers(self, role: OwnerRole) -> tuple[Person, ...]:
        """Who may sign an item of a role: its duty's, its workstream's contacts, and captains."""
        contacts = {
            login.casefold()
            for workstream in self.workstreams
            if workstream.id == role.workstream
            for login in workstream.contacts
        }
        return tuple(
            person
            for person in self.people
            if {role.duty, Duty.CAPTAIN}.intersection(person.duties)
            or person.login.casefold() in contacts
        )

    def may_sign(self, email: str, role: OwnerRole) -> bool:
        """Whether the signature of a git identity counts for an item of a role."""
        person = self.by_email(email)
        return person is not None and person in self.signers(role)

    def stranger(self, email: str) -> str:
        """Why whoever goes by this e-mail address may only look; empty for people of the team."""
        if not email:
            return "git has not said who you are yet: it goes by user.name and user.email"
        if self.by_email(email) is not None:
            return ""
        return f'{email} is not in the team: add [[people]] with email = "{email}" to the config'
