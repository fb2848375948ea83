"""Whether an action can be taken in a situation, and what it is taken on."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import msgspec

from cockpit.release.branches import Branches
from cockpit.release.candidates import Candidate
from cockpit.release.jobs import Job
from cockpit.release.lookups import branch_of, listing_of, picks_by_commit
from cockpit.release.picks import Pick
from cockpit.release.process import Process
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseSpec, ReleaseState


class Scope(Enum):
    """Where an action is offered."""

    EVERYWHERE = "everywhere"
    DASHBOARD = "dashboard"
    BRANCHES = "branches"
    BUILDS = "builds"
    PICKS = "picks"
    CHECKLIST = "checklist"
    LEDGER = "ledger"
    PUBLISHING = "package index"
    BOARD = "board"
    PROMOTION = "promotion"
    TIMELINE = "timeline"
    BUILDS_SCREEN = "builds in full"
    BUILDS_COMPARED = "builds compared"
    JOB = "job"
    LOG = "log"
    WALK = "walk-through"
    QUEUE = "the queue in full"
    PICK = "one pick"
    DIFF = "diff"
    END_STATE = "end state of the queue"


class Selection(msgspec.Struct, frozen=True):
    """What was selected when a key was pressed: an identity, never a position."""

    pane: str
    key: str
    """Empty where nothing is selected and something is marked."""
    url: str = ""
    copy: str = ""
    repository: str = ""
    """The repository that the row belongs to, where a screen shows only one."""
    jobs: tuple[str, ...] = ()
    """The keys of all jobs of a cell or group, where what is selected is more than one."""
    marked: tuple[str, ...] = ()
    """The rows that are marked, where a screen lets some be; they count instead of this one."""


class Situation(msgspec.Struct, frozen=True):
    """What guards look at."""

    state: ReleaseState
    scopes: tuple[Scope, ...] = (Scope.EVERYWHERE,)
    selection: Selection | None = None
    armed: bool = False
    read_only: bool = False
    running: str = ""
    """The operation that is being carried out."""
    process: Process | None = None
    """What the checklist's rows are items of."""


class Enabled(msgspec.Struct, frozen=True):
    """The action can be taken."""


class Disabled(msgspec.Struct, frozen=True):
    """The action cannot be taken, and why."""

    reason: str


Availability = Enabled | Disabled
Guard = Callable[[Situation], Availability]
Capture = Callable[[Situation], dict[str, str]]


def always(_: Situation) -> Availability:
    """No condition."""
    return Enabled()


def nothing(_: Situation) -> dict[str, str]:
    """An operation that is about the whole release."""
    return {}


def selected(what: str) -> Guard:
    def guard(situation: Situation) -> Availability:
        there = situation.selection is not None and situation.selection.key
        return Enabled() if there else Disabled(f"no {what} is selected")

    return guard


def has_url(situation: Situation) -> Availability:
    if situation.selection is None:
        return Disabled("nothing is selected")
    return Enabled() if situation.selection.url else Disabled("this row has no page to open")


def has_files(situation: Situation) -> Availability:
    artifacts = situation.state.artifacts.value
    if artifacts is None:
        return Disabled("the channels have not been read yet")
    staged = artifacts.staged()
    if not staged:
        return Disabled("the test channel holds nothing of this release")
    if all(file.contents is not None for file in staged):
        return Disabled("every file of the test channel has been looked into")
    return Enabled()


def _uncut(branches: Branches, spec: ReleaseSpec) -> list[Repository]:
    uncut = []
    for repository in spec.repositories:
        branch = branches.of(repository)
        if branch is None or branch.head is None or branch.orig_sha is None:
            uncut.append(repository)
    return uncut


def of_uncut_domains(situation: Situation) -> dict[str, str]:
    """`--repository` for each domain to be cut, once core and infra are; before that, nothing.

    A plan of all that are due would show what was cut long ago once more.
    """
    state = situation.state
    uncut = _uncut(state.branches.value, state.spec) if state.branches.value else []
    if not uncut or any(repository.role is not Role.DOMAIN for repository in uncut):
        return {}
    return {"repository": ",".join(repository.name for repository in uncut)}


def can_cut(situation: Situation) -> Availability:
    state = situation.state
    if state.branches.value is None:
        return Disabled("the branches have not been read yet")
    uncut = _uncut(state.branches.value, state.spec)
    if not uncut:
        return Disabled("every branch of the release is cut")
    if any(repository.role is not Role.DOMAIN for repository in uncut):
        return Enabled()
    listing = listing_of(state, state.spec.core)
    if listing is None or not listing.test:
        names = ", ".join(repository.short_name for repository in uncut)
        return Disabled(f"{names}: cut only once wheels of the core are in the test channel")
    return Enabled()


def meant_repository(situation: Situation) -> Repository:
    """The repository of the selected branch, else the core."""
    spec, selection = situation.state.spec, situation.selection
    name = ""
    if selection is not None:
        name = selection.repository or (selection.key if selection.pane == "branches" else "")
    return next((repo for repo in spec.repositories if repo.name == name), spec.core)


def meant_candidate(situation: Situation) -> Candidate | None:
    """The selected candidate, else the newest one of the repository that is no dud."""
    repository = meant_repository(situation)
    named = situation.selection.copy if situation.selection else ""
    branch = branch_of(situation.state, repository)
    for candidate in branch.candidates(repository) if branch else ():
        if candidate.tag.name == named:
            return candidate
    return situation.state.candidate_of(repository)


def of_repository(situation: Situation) -> dict[str, str]:
    """`--repository` for another one than the core."""
    repository = meant_repository(situation)
    return {} if repository == situation.state.spec.core else {"repository": repository.name}


def of_branch(situation: Situation) -> dict[str, str]:
    return {"repository": meant_repository(situation).name}


def of_candidate(situation: Situation) -> dict[str, str]:
    candidate = meant_candidate(situation)
    return of_repository(situation) | ({"name": candidate.tag.name} if candidate else {})


def is_cut(situation: Situation) -> Availability:
    repository = meant_repository(situation)
    if situation.state.branches.value is None:
        return Disabled("the branches have not been read yet")
    if branch_of(situation.state, repository) is None:
        return Disabled(f"{repository.release_branch} has not been cut")
    return Enabled()


def can_tag(situation: Situation) -> Availability:
    state, repository = situation.state, meant_repository(situation)
    cut = is_cut(situation)
    if isinstance(cut, Disabled):
        return cut
    if not repository.candidates:
        return Disabled(f"{repository.short_name} has no candidates")
    if state.moved:
        return Disabled(state.moved[0].describe())
    dead = state.record.dud_version(repository)
    if dead is not None:
        return Disabled(f"{dead.name} was declared a dud {dead.describe()}")
    branch, candidate = branch_of(state, repository), state.candidate_of(repository)
    pinned = candidate is not None and _is_pinned(state, repository, candidate.tag.name)
    if candidate and pinned and branch and branch.head and candidate.commit_sha == branch.head.sha:
        return Disabled(f"{candidate.tag.name} is already the head of the branch")
    return Enabled()


def _is_pinned(state: ReleaseState, repository: Repository, tag: str) -> bool:
    """Whether tagging came to its end; a tag without a pin is taken there by the same key."""
    return (repository.name, tag) in {(pin.repository, pin.tag) for pin in state.record.pins}


def can_release(situation: Situation) -> Availability:
    state, repository = situation.state, meant_repository(situation)
    cut = is_cut(situation)
    if isinstance(cut, Disabled):
        return cut
    if state.moved:
        return Disabled(state.moved[0].describe())
    candidate = state.candidate_of(repository)
    if candidate is None:
        return Disabled(f"{repository.short_name} has no candidate to release")
    branch = branch_of(state, repository)
    final = repository.naming.final_tag_of(repository.version)
    tagged = any(tag.name == final for tag in branch.tags) if branch else False
    if tagged and _is_pinned(state, repository, final):
        return Disabled(f"{final} is tagged already")
    return Enabled()


def can_freeze(situation: Situation) -> Availability:
    cut = is_cut(situation)
    frozen = situation.state.record.frozen(meant_repository(situation))
    if isinstance(cut, Enabled) and frozen is not None:
        return Disabled(f"{frozen.name} is frozen {frozen.describe()}")
    return cut


def can_unfreeze(situation: Situation) -> Availability:
    repository = meant_repository(situation)
    if situation.state.record.frozen(repository) is None:
        return Disabled(f"{repository.release_branch} of {repository.short_name} is not frozen")
    return Enabled()


def can_bury(situation: Situation) -> Availability:
    repository, candidate = meant_repository(situation), meant_candidate(situation)
    if candidate is None:
        return Disabled(f"{repository.short_name} has no candidate")
    dead = situation.state.record.dud(repository, candidate.tag.name)
    if dead is not None:
        return Disabled(f"{dead.name} was declared a dud {dead.describe()}")
    return Enabled()


def can_compare(situation: Situation) -> Availability:
    repository, candidate = meant_repository(situation), meant_candidate(situation)
    if candidate is None:
        return Disabled(f"{repository.short_name} has no candidate")
    alive = situation.state.candidates_of(repository)
    if not any(other.number < candidate.number for other in alive):
        return Disabled(f"there is no candidate before {candidate.tag.name}")
    return Enabled()


def has_log(situation: Situation) -> Availability:
    job = selected_job(situation)
    if job is None:
        return Disabled("no job is selected")
    if not job.state.finished:
        return Disabled("GitHub writes the log of a job when it has ended")
    return Enabled()


def selected_job(situation: Situation) -> Job | None:
    """The job under the cursor; of a cell the one that needs somebody most."""
    selection = situation.selection
    if selection is None or selection.pane != "builds":
        return None
    from cockpit.views.build_subject import build_subject, jobs_by_key

    subject = build_subject(situation.state, selection.repository)
    return jobs_by_key(subject.builds).get(selection.key)


def has_builds(situation: Situation) -> Availability:
    from cockpit.views.build_subject import build_repositories

    repository = meant_repository(situation)
    if repository.name in build_repositories(situation.state):
        return Enabled()
    return Disabled(f"no builds of {repository.short_name} have been read")


def pick_meant(situation: Situation) -> Pick | None:
    """The pick that the selected commit came from."""
    commit = situation.selection.key if situation.selection else ""
    if meant_repository(situation) != situation.state.spec.core:
        return None
    return picks_by_commit(situation.state).get(commit)


def came_from_a_pick(situation: Situation) -> Availability:
    if pick_meant(situation) is None:
        return Disabled("no pick of the queue brought this row")
    return Enabled()


def can_pin(situation: Situation) -> Availability:
    state = situation.state
    if state.branches.value is None or state.ledger.value is None:
        return Disabled("the branches and the ledger have not been read yet")
    pinned = {(pin.repository, pin.tag) for pin in state.record.pins}
    for repository in state.spec.repositories:
        for candidate in state.candidates_of(repository):
            if (repository.name, candidate.tag.name) not in pinned:
                return Enabled()
    return Disabled("every candidate is pinned")
