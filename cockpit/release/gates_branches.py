"""Gates of branches and tags."""

from __future__ import annotations

from cockpit.release.commits import short
from cockpit.release.gates_workflows import SortedEvidence
from cockpit.release.lookups import (
    branch_of,
    known,
    listing_of,
    next_tag,
    open_proposal,
    repositories_of,
)
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import (
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from cockpit.release.words import counted

TAG = "tag-candidate"
CUT = "cut-branch"
CHANGES = "release-changes"


def _cut_step(state: ReleaseState, repository: Repository) -> str:
    step = f"cut {repository.release_branch} of {repository.short_name} from {repository.cut_from}"
    day = state.spec.schedule.branch_cut
    return f"{step} on {day:%d %b}" if day and day > state.now.date() else step


def _core_cut(state: ReleaseState) -> Verdict:
    repositories = repositories_of(state, Role.CORE, Role.INFRA)
    uncut = [repo for repo in repositories if branch_of(state, repo) is None]
    if uncut:
        return failed(
            *(f"{repo.short_name} has no {repo.release_branch}" for repo in uncut),
            then=_cut_step(state, uncut[0]),
            action=CUT,
            pending=True,
        )
    there = [f"{repo.short_name} {repo.release_branch}" for repo in repositories]
    if state.spec.version.patch:
        return not_applicable(*(f"a patch release goes on with {branch}" for branch in there))
    return passed(*there)


def _domains_cut(state: ReleaseState) -> Verdict:
    repositories = repositories_of(state, Role.DOMAIN)
    if not repositories:
        return not_applicable("the release has no domain libraries")
    uncut = [repo for repo in repositories if branch_of(state, repo) is None]
    if not uncut:
        return passed(*(f"{repo.short_name} {repo.release_branch}" for repo in repositories))
    names = ", ".join(repo.short_name for repo in uncut)
    if state.artifacts.whole is None:
        return unknown(f"{names}: not cut, and the channels could not be read", pending=True)
    listing = listing_of(state, state.spec.core)
    if listing is None or not listing.test:
        waits_for = next_tag(state, state.spec.core) if state.candidate is None else "the candidate"
        return failed(
            f"{names}: cut only once wheels of {waits_for} are in the test channel",
            then="wait for the first candidate's wheels",
            pending=True,
        )
    step = _cut_step(state, uncut[0])
    return failed(f"not cut yet: {names}", then=step, action=CUT, pending=True)


def _orig_unmoved(state: ReleaseState) -> Verdict:
    core = state.spec.core
    branch = branch_of(state, core)
    if branch is None:
        return not_applicable(f"{core.release_branch} has not been cut")
    if branch.orig_sha is None:
        return failed(
            f"{core.orig_branch} does not exist", then=f"push {core.orig_branch} at the cut point"
        )
    if branch.cut_point is None:
        return unknown(f"the cut point of {core.release_branch} is not known")
    if branch.cut_point.sha == branch.orig_parent:
        # Section 1.3: a cut that rewrites files gives each of its branches a commit of its own.
        return passed(f"{core.orig_branch} is one commit after {short(branch.cut_point.sha)}")
    if branch.cut_point.sha != branch.orig_sha:
        return failed(
            f"{core.orig_branch} is at {short(branch.orig_sha)},"
            f" the branch left at {short(branch.cut_point.sha)}",
            then=f"find out who pushed to {core.orig_branch}",
        )
    return passed(f"{core.orig_branch} is at {short(branch.orig_sha)}, where the branch left")


def _version_file(state: ReleaseState) -> Verdict:
    versioned = [repo for repo in state.spec.repositories if repo.version_file]
    if not versioned:
        return not_applicable("no repository names a version file")
    checked, wrong = [], []
    for repo in versioned:
        branch = branch_of(state, repo)
        if branch is None:
            continue
        said = branch.version_text or "nothing"
        line = f"{repo.short_name}: {repo.version_file} says {said}"
        if said == str(repo.version):
            checked.append(line)
        else:
            wrong.append(f"{line}, not {repo.version}")
    if wrong:
        proposal = open_proposal(state)
        if proposal is not None:
            return failed(*wrong, then=f"get #{proposal.number} merged: {proposal.title}")
        return failed(*wrong, then="propose the release-only changes", action=CHANGES)
    return passed(*checked) if checked else unknown("no version file has been read")


def _ci_green(state: ReleaseState) -> Verdict:
    checks = known(state.ci)
    found = SortedEvidence()
    for repo in state.spec.repositories:
        branch = branch_of(state, repo)
        if not repo.blocking_workflows or branch is None or branch.head is None:
            continue
        health = checks.of(repo.name)
        if health is None or health.sha != branch.head.sha:
            at = short(branch.head.sha)
            found.unread.append(f"{repo.short_name}: no checks of {at} were read")
        else:
            found.add_health(repo, health)
    if not found:
        return not_applicable("no repository names blocking workflows")
    return found.verdict("the branch checks", "the branch checks")


def _tags_unmoved(state: ReleaseState) -> Verdict:
    if state.moved:
        return failed(
            *(f"{moved.pin.repository}: {moved.describe()}" for moved in state.moved),
            then="find out who moved it; declare the candidate a dud and tag the next one",
        )
    if not state.record.watched_pins:
        if state.candidate is None:
            return not_applicable("no candidate has been tagged")
        return unknown("no candidate is pinned, so a moved tag could not be told", pending=True)
    return passed(f"{counted(len(state.record.watched_pins), 'pinned tag')}, none moved")


def _tagged(state: ReleaseState, repositories: tuple[Repository, ...]) -> Verdict:
    """Whether the newest candidate of each repository is the head of its branch."""
    fine: list[str] = []
    for repo in repositories:
        branch = branch_of(state, repo)
        if branch is None:
            return failed(f"{repo.short_name} has no {repo.release_branch}", pending=True)
        candidate = state.candidate_of(repo)
        action = TAG if repo == state.spec.core else None
        then = f"tag {next_tag(state, repo)}"
        if candidate is None:
            return failed(
                f"{repo.short_name} has no candidate yet", then=then, action=action, pending=True
            )
        since = branch.since(candidate.commit_sha)
        tag = candidate.tag.name
        if since is None:
            return unknown(f"{tag} is not in the history of {branch.branch}")
        if since:
            return failed(
                f"{counted(len(since), 'commit')} of {repo.short_name} since {tag},"
                " in no candidate",
                then=then,
                action=action,
                pending=True,
            )
        fine.append(f"{repo.short_name} {tag} is the head of {branch.branch}")
    return passed(*fine) if fine else not_applicable("no repository has candidates")


def _core_tagged(state: ReleaseState) -> Verdict:
    return _tagged(state, tuple(r for r in repositories_of(state, Role.CORE) if r.candidates))


def _domains_tagged(state: ReleaseState) -> Verdict:
    domains = repositories_of(state, Role.DOMAIN)
    return _tagged(state, tuple(repo for repo in domains if repo.candidates))


_TAGS = ("branches", "ledger")
BRANCH_GATES = (
    Gate("core-cut", "core and infra branches are cut", "core branches", ("branches",), _core_cut),
    Gate(
        "domains-cut",
        "domain branches are cut",
        "domain branches",
        ("branches", "ledger"),
        _domains_cut,
    ),
    Gate(
        "orig-unmoved",
        "the orig branch is the cut point",
        "orig branch",
        ("branches",),
        _orig_unmoved,
    ),
    Gate(
        "version-file",
        "version files say the version",
        "version files",
        ("branches",),
        _version_file,
    ),
    Gate("ci-green", "release branches are green", "branch checks", ("branches", "ci"), _ci_green),
    Gate("tags-unmoved", "no pinned tag has moved", "pinned tags", _TAGS, _tags_unmoved),
    Gate("core-tagged", "every commit is in a candidate", "untagged commits", _TAGS, _core_tagged),
    Gate(
        "domains-tagged",
        "domain libraries have their candidates",
        "domain candidates",
        _TAGS,
        _domains_tagged,
    ),
)
