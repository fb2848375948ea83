"""Gates of what else has to be there: validated issues, Triton, credentials, open branches."""

from __future__ import annotations

from datetime import timedelta

from cockpit.release.lookups import branch_of, final_tag, known, repositories_of
from cockpit.release.picks import PickState
from cockpit.release.readiness import CredentialLife, without_wheel
from cockpit.release.repos import Role
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    untagged,
)
from cockpit.release.words import counted, few


def _milestone_validated(state: ReleaseState) -> Verdict:
    """Process section 15.7: each closed item is confirmed by a comment on the item."""
    found, candidate = known(state.confirmations), state.candidate
    if not state.spec.milestone:
        return not_applicable("the config names no milestone")
    if candidate is None:
        return untagged()
    tag = candidate.tag.name
    if found.commit_sha != candidate.commit_sha:
        return unknown(f"the comments since {tag} have not been read yet", pending=True)
    if not found.milestone:
        return unknown(f"there is no milestone {state.spec.milestone}", then="create the milestone")
    if not found.items:
        return not_applicable(f"{state.spec.milestone} has no closed item")
    total = len(found.items)
    silent = [each.item for each in found.items if not each.by]
    if silent:
        return failed(
            f"{total - len(silent)} of {counted(total, 'closed item')} validated on {tag}",
            *(Evidence(f"#{item.number} {item.title}", item.url) for item in silent),
            then=f"ask for a comment on {few((f'#{item.number}' for item in silent), 1)}",
            pending=True,
        )
    return passed(
        f"{counted(total, 'closed item')} validated on {tag}",
        *(Evidence(f"#{each.item.number} by {each.by}", each.url) for each in found.items),
    )


def _unfrozen(state: ReleaseState) -> Verdict:
    core = state.spec.core
    if branch_of(state, core) is None:
        return not_applicable(f"{core.release_branch} has not been cut")
    waiting = [p for p in state.queue if p.state in (PickState.APPROVED, PickState.READY)]
    frozen = state.record.frozen(core)
    if frozen is not None and waiting:
        picks = counted(len(waiting), "approved pick waits", "approved picks wait")
        return failed(
            f"{frozen.name} is frozen {frozen.describe()}",
            picks,
            then=f"open {frozen.name} again: {picks}",
            action="unfreeze",
        )
    notes = [
        f"{repo.short_name} {found.name} is frozen {found.describe()}, and nothing waits for it"
        for repo in state.spec.repositories
        if (found := state.record.frozen(repo)) is not None
    ]
    return passed(*(notes or ["no release branch is frozen"]))


def _triton_on_index(state: ReleaseState) -> Verdict:
    """Process section 10.10: torch depends on one version of Triton, which has to be there."""
    found = known(state.dependencies)
    if state.spec.triton is None:
        return not_applicable("the config names no [triton]")
    if not state.spec.index:
        return not_applicable("the config names no pages of the package index")
    if not found.version:
        return unknown("which version of Triton the branch takes could not be read")
    name = f"{found.package} {found.version}"
    if not found.files:
        return failed(
            Evidence(f"{name} is not on the package index", found.url),
            then=f"ask Triton's maintainers to publish {found.version}",
            pending=True,
        )
    lacking = without_wheel(found.files, state.spec.support.pythons)
    if lacking:
        return failed(
            Evidence(f"{name} has no wheel for Python {', '.join(lacking)}", found.url),
            then=f"ask Triton's maintainers for wheels of Python {lacking[0]}",
        )
    wheels = counted(len(found.files), "wheel")
    return passed(Evidence(f"{wheels} of {name} on the package index", found.url))


def _credentials_alive(state: ReleaseState) -> Verdict:
    lives, needed = known(state.credentials).lives, timedelta(hours=state.spec.credential_hours)
    if not lives:
        return not_applicable("the config names nothing that takes a credential")
    until = state.wall + needed
    short_lived = [life for life in lives if life.ends_at is not None and life.ends_at < until]
    if short_lived:
        return failed(
            *(_ending(life, state) for life in short_lived),
            then=f"renew {short_lived[0].name}, then look again",
            action="refresh",
        )
    untold = [life for life in lives if life.unknown]
    if untold:
        return unknown(
            *(f"{life.name}: {life.unknown}" for life in untold),
            then=f"see for yourself how long {untold[0].name} lives, and override this",
            action="override",
        )
    return passed(*(_ending(life, state) for life in lives))


def _ending(life: CredentialLife, state: ReleaseState) -> str:
    if life.ends_at is None:
        return f"{life.name} has no end"
    left = life.ends_at - state.wall
    if left <= timedelta():
        return f"{life.name} ended {life.ends_at:%d %b %H:%M} UTC"
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    span = f"{hours // 24} d" if hours >= 48 else f"{hours} h {minutes:02} min"
    return f"{life.name} ends in {span}, {life.ends_at:%d %b %H:%M} UTC"


def _domains_final(state: ReleaseState) -> Verdict:
    wanted = [repo for repo in repositories_of(state, Role.DOMAIN) if repo.candidates]
    if not wanted:
        return not_applicable("no library of the release has candidates")
    fine: list[str] = []
    for repo in wanted:
        candidate, name = state.candidate_of(repo), repo.final_tag
        tag = final_tag(state, repo)
        if tag is None:
            return failed(
                f"{repo.short_name} {name} has not been pushed",
                then=f"push {name} of {repo.short_name}",
                pending=True,
            )
        if candidate is None or tag.commit_sha != candidate.commit_sha:
            return failed(
                f"{repo.short_name} {name} is not on the commit of its last candidate",
                then="stop: what was validated is not what is tagged",
            )
        fine.append(f"{repo.short_name} {name} is at {candidate.tag.name}")
    return passed(*fine)


READINESS_GATES = (
    Gate(
        "milestone-validated",
        "every closed issue is validated",
        "closed issues",
        ("branches", "ledger", "confirmations"),
        _milestone_validated,
    ),
    Gate(
        "unfrozen",
        "no freeze keeps anything out",
        "freezes",
        ("branches", "picks", "ledger"),
        _unfrozen,
    ),
    Gate(
        "triton-on-index",
        "Triton is on the package index",
        "Triton",
        ("dependencies",),
        _triton_on_index,
    ),
    Gate(
        "credentials-alive",
        "credentials live long enough",
        "credentials",
        ("credentials",),
        _credentials_alive,
    ),
    Gate(
        "domains-final",
        "the libraries have their final tags",
        "library tags",
        ("branches", "ledger"),
        _domains_final,
    ),
)
