"""Finding one's way in a state: what several gates, the board and the views ask for."""

from __future__ import annotations

from cockpit.release.artifacts import PackageListing
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Tag, next_number
from cockpit.release.commits import short
from cockpit.release.jobs import Job, JobState
from cockpit.release.picks import Pick, PullSummary
from cockpit.release.releasechanges import changes_branch
from cockpit.release.repos import Repository, Role
from cockpit.release.state import FeedState, ReleaseState, T
from cockpit.release.versions import CandidateName


def known(feed: FeedState[T]) -> T:
    """The value of a feed that a gate names among its own; raises LookupError for any other."""
    value = feed.whole
    if value is None:
        raise LookupError("a gate looked at a feed it does not name")
    return value


def branch_of(state: ReleaseState, repository: Repository) -> BranchState | None:
    """A repository's release branch once it has been cut and read."""
    found = state.branches.value.of(repository) if state.branches.value else None
    return found if found is not None and found.head is not None else None


def final_tag(state: ReleaseState, repository: Repository) -> Tag | None:
    """The tag of a repository's released version, once it is pushed and read."""
    branch = branch_of(state, repository)
    return branch.tag(repository.final_tag) if branch else None


def next_tag(state: ReleaseState, repository: Repository) -> str:
    """The tag the next candidate gets; numbers of duds and deleted tags are not used again."""
    branch = branch_of(state, repository)
    candidates = branch.candidates(repository) if branch else ()
    number = next_number(candidates, state.record.used_numbers(repository))
    return repository.naming.tag_of(CandidateName(repository.version, number))


def undecided(state: ReleaseState) -> tuple[Pick, ...]:
    """Nominations that the release team has not answered."""
    return tuple(p for p in state.queue if p.nominated and not p.state.decided)


def open_proposal(state: ReleaseState) -> PullSummary | None:
    """The open pull request with the core's release-only changes."""
    pulls = state.picks.value.pulls if state.picks.value else ()
    branch = changes_branch(state.spec.core.line)
    return next((pull for pull in pulls if (pull.head_ref, pull.state) == (branch, "open")), None)


def picks_by_commit(state: ReleaseState) -> dict[str, Pick]:
    """The picks of the core that were merged, by the commit that brought them to the branch."""
    pulls = state.picks.value.pulls if state.picks.value else ()
    picks = {pick.release_pull: pick for pick in state.queue}
    return {
        pull.merged_sha: picks[pull.number]
        for pull in pulls
        if pull.merged_sha and pull.number in picks
    }


def pick_label(pick: Pick) -> str:
    """A pick's number as people say it, else its commit."""
    number = pick.release_pull or pick.trunk_pull
    if number:
        return f"#{number}"
    shas = [*pick.commits, pick.finding.commit if pick.finding else ""]
    return short(shas[0]) or "a nomination without a pull request"


def labelled_problems(pick: Pick) -> tuple[str, ...]:
    """What is wrong with a pick, each beginning with its number."""
    label = pick_label(pick)
    return tuple(
        problem if problem.startswith(f"{label} ") else f"{label}: {problem}"
        for problem in pick.problems
    )


def is_red(job: Job) -> bool:
    """Whether a job needs somebody: it failed, or was cancelled."""
    return job.state is JobState.FAILED or job.conclusion == "cancelled"


def package_of(repository: Repository) -> str:
    """A repository's package as file names normalise it; empty where it has none."""
    return (repository.package or "").replace("_", "-")


def core_package(state: ReleaseState) -> str:
    """The core's package as file names normalise it."""
    return package_of(state.spec.core)


def listing_of(state: ReleaseState, repository: Repository) -> PackageListing | None:
    """What the channels hold of a repository's package; None when that is not known."""
    if repository.package is None or state.artifacts.value is None:
        return None
    name = repository.package.replace("_", "-")
    return state.artifacts.value.of(name, repository.version)


def repositories_of(state: ReleaseState, *roles: Role) -> tuple[Repository, ...]:
    """The repositories that play one of these parts."""
    return tuple(repo for repo in state.spec.repositories if repo.role in roles)
