"""Whether a branch or its candidates can be acted on in a situation, and which."""

from __future__ import annotations

from cockpit.actions.situation import Availability, Disabled, Enabled, Situation
from cockpit.release.branches import Branches
from cockpit.release.candidates import Candidate
from cockpit.release.lookups import branch_of, listing_of
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseSpec, ReleaseState


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
