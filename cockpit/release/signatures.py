"""Which words about an item hold: bound to candidate and plan, said by those who may."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from cockpit.release.lookups import branch_of
from cockpit.release.people import Duty, OwnerRole, Team
from cockpit.release.process import Item
from cockpit.release.record import Entry, Ledger
from cockpit.release.signoffs import (
    EvidenceFile,
    NotApplicable,
    Problem,
    Signed,
    Skipped,
    Withdrawn,
    Word,
)
from cockpit.release.state import ReleaseState
from cockpit.release.words import counted, short


class Said(Enum):
    """What a word comes to."""

    SIGNED = "signed"
    NOT_APPLICABLE = "does not apply"
    PROBLEM = "reported a problem"
    WITHDRAWN = "withdrew the problem"
    SKIPPED = "skipped"


_SAID: dict[type[Word], Said] = {
    Signed: Said.SIGNED,
    NotApplicable: Said.NOT_APPLICABLE,
    Problem: Said.PROBLEM,
    Withdrawn: Said.WITHDRAWN,
    Skipped: Said.SKIPPED,
}


class Signature(msgspec.Struct, frozen=True):
    """Somebody's word for an item, and whether it holds."""

    said: Said
    by: str
    email: str
    at: datetime
    commit_sha: str
    digest: str
    note: str
    links: tuple[str, ...]
    files: tuple[EvidenceFile, ...]
    void: str = ""
    """Which of the things it was bound to has changed; empty while it holds."""
    uncounted: str = ""
    """Why this person's word does not count for the item; empty when it does."""

    @property
    def holds(self) -> bool:
        """Whether it counts, for what there is now."""
        return not (self.void or self.uncounted)


class Standing(msgspec.Struct, frozen=True):
    """What the words about an item come to."""

    signatures: tuple[Signature, ...] = ()
    signers: tuple[Signature, ...] = ()
    """The newest signature of each person that holds."""
    waived: Signature | None = None
    """Who said, and still says, that the item does not apply."""
    problems: tuple[Signature, ...] = ()
    """Reported, and neither withdrawn nor signed after."""
    skipped: Signature | None = None
    """Who left the item for later, where nothing was said of it since."""

    def missing(self, wanted: int) -> int:
        """How many signatures it still takes."""
        return max(wanted - len(self.signers), 0)


class PlanBinding(msgspec.Struct, frozen=True):
    """The plan of an item's operation that a signature is bound to."""

    digest: str
    subject: str
    by: str
    at: datetime


def bound_to(item: Item, state: ReleaseState) -> str:
    """The commit a signature of this item holds for; empty where none is known yet."""
    if item.binds == "release":
        branch = branch_of(state, state.spec.core)
        return branch.cut_point.sha if branch and branch.cut_point else ""
    return state.candidate.commit_sha if state.candidate else ""


def newest_plan(item: Item, record: Ledger, subject: str = "") -> PlanBinding | None:
    """The newest plan of the item's operation that was confirmed or signed, of this subject."""
    found = [
        PlanBinding(plan.digest, plan.subject, entry.by, entry.at)
        for entry, plan in record.plans.get(item.operation or "", ())
        if subject in ("", plan.subject)
    ]
    found += [
        PlanBinding(word.digest, word.subject, entry.by, entry.at)
        for entry, word in record.words.get(item.id, ())
        if word.digest and isinstance(word, Signed) and subject in ("", word.subject)
    ]
    return max(found, key=lambda plan: plan.at, default=None)


def who_signs(role: OwnerRole, team: Team) -> str:
    """Whose signature an item of a role takes, in words."""
    able = [role.duty.value] + ["captain"] * (role.duty is not Duty.CAPTAIN)
    of = [stream for stream in team.workstreams if stream.id == role.workstream and stream.contacts]
    return " or ".join([*able, *(f"contact of {stream.title}" for stream in of)])


def why_not(role: OwnerRole, team: Team, email: str) -> str:
    """Why whoever goes by this address may not speak for a role's items; empty when they may.

    A config that names nobody leaves it to everybody.
    """
    if not team.people or team.may_sign(email, role):
        return ""
    person = team.by_email(email)
    who = f"{person.name} is none" if person else f"the config does not know {email or 'who it is'}"
    return f"it takes a {who_signs(role, team)}, and {who}"


def standing_of(item: Item, role: OwnerRole, state: ReleaseState) -> Standing:
    """What was said about an item, and what of it holds now."""
    said = tuple(
        _signature(item, role, state, *found) for found in state.record.words.get(item.id, ())
    )
    if not said:
        return Standing()
    holding = [word for word in said if word.holds]
    signed = {word.email: word for word in holding if word.said is Said.SIGNED}
    waivers = [word for word in holding if word.said in (Said.SIGNED, Said.NOT_APPLICABLE)]
    newest = waivers[-1] if waivers else None
    last = said[-1]
    return Standing(
        signatures=said,
        signers=tuple(sorted(signed.values(), key=lambda word: word.at)),
        waived=newest if newest and newest.said is Said.NOT_APPLICABLE else None,
        problems=_open_problems(said),
        skipped=last if last.said is Said.SKIPPED and not last.void else None,
    )


def _open_problems(said: tuple[Signature, ...]) -> tuple[Signature, ...]:
    """A problem outlives the candidate it was found on; anybody may report one."""
    found: list[Signature] = []
    for word in said:
        if word.said is Said.PROBLEM:
            found.append(word)
        elif word.said in (Said.SIGNED, Said.WITHDRAWN) and not word.uncounted:
            found = []
    return tuple(found)


def _signature(
    item: Item, role: OwnerRole, state: ReleaseState, entry: Entry, word: Word
) -> Signature:
    return Signature(
        said=_SAID[type(word)],
        by=entry.by,
        email=entry.email,
        at=entry.at,
        commit_sha=word.commit_sha,
        digest=word.digest,
        note=word.note,
        links=word.links,
        files=word.files,
        void=_moved_on(item, state, word) or _planned_anew(item, state, word),
        uncounted=why_not(role, state.spec.team, entry.email),
    )


def _moved_on(item: Item, state: ReleaseState, word: Word) -> str:
    """How the commit of the candidate has changed since."""
    if item.binds != "candidate":
        return ""
    candidate = state.candidate
    if candidate is None:
        return "there is no candidate"
    if candidate.commit_sha == word.commit_sha:
        return ""
    tag = candidate.tag.name
    for moved in state.moved:
        if (moved.pin.repository, moved.pin.tag) == (state.spec.core.name, tag):
            return f"{tag} was moved from {short(moved.pin.commit_sha)}"
    return f"{tag} is another commit"


def _planned_anew(item: Item, state: ReleaseState, word: Word) -> str:
    """How the plan of the item's operation has changed since."""
    if not word.digest or item.operation is None:
        return ""
    plan = newest_plan(item, state.record, word.subject)
    if plan is None or plan.digest == word.digest:
        return ""
    return (
        f"the plan of {item.operation} is another since {plan.at:%d %b %H:%M} UTC, by {plan.by}:"
        f" {plan.digest[:12]}"
    )


def signed_words(standing: Standing, wanted: int) -> str:
    """Who signed, and how many more it takes."""
    last = standing.signers[-1]
    left = standing.missing(wanted)
    if not left:
        others = [word.by for word in standing.signers[:-1]]
        names = " and ".join([*others, last.by])
        return f"signed by {names}, {last.at:%d %b %H:%M} UTC"
    names = ", ".join(word.by for word in standing.signers)
    return f"signed by {names}; {counted(left, 'more signature')} needed"
