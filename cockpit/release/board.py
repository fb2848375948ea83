"""The board: what blocks the release, what is risky, what is ready, and what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from cockpit.release.board_lines import BoardLine
from cockpit.release.board_risks import risks
from cockpit.release.coverage import configuration, named
from cockpit.release.freshness import Freshness, freshness
from cockpit.release.gates import GATES
from cockpit.release.gates_branches import TAG
from cockpit.release.lookups import (
    branch_of,
    is_red,
    next_tag,
    undecided,
)
from cockpit.release.overrides import cleared, override_of
from cockpit.release.phases import PHASE_GATES, PhaseId, judge, standing
from cockpit.release.pick_next import next_of
from cockpit.release.picks import PickState
from cockpit.release.remembered import remembered
from cockpit.release.reruns import RERUN_FAILED, again_first
from cockpit.release.signoffs import Problem, Signed, Withdrawn
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import NextStep, Outcome, Verdict
from cockpit.release.words import counted, few

_NOTHING = "nothing to do"


class Board(msgspec.Struct, frozen=True):
    """The answer to every glance."""

    blocked: tuple[BoardLine, ...]
    risky: tuple[BoardLine, ...]
    ready: tuple[BoardLine, ...]
    next: NextStep


@remembered
def board(state: ReleaseState) -> Board:
    """The board of a state; one's own lease blocks nobody."""
    phase = standing(state).phase
    verdicts = judge(state, phase)
    known = freshness(state)
    needed = {name for gate in PHASE_GATES[phase] for name in GATES[gate].feeds}
    blocked = tuple(_blocked(state, verdicts, known, needed))
    judged = {name for gate in GATES.values() for name in gate.feeds}
    reached = all(known[name].taken_at is not None and not known[name].failure for name in judged)
    return Board(
        blocked=blocked,
        risky=(
            *_overridden(state, verdicts),
            *risks(state, known, needed, PHASE_GATES[phase]),
        ),
        ready=tuple(_ready(state, verdicts)) if reached else (),
        next=_next(state, verdicts, known, needed),
    )


def _blocked(
    state: ReleaseState,
    verdicts: dict[str, Verdict],
    known: dict[str, Freshness],
    needed: set[str],
) -> Iterator[BoardLine]:
    for moved in state.moved:
        yield BoardLine(
            moved.describe(),
            "pane-1",
            moved.pin.tag,
            source=moved.pin.repository,
            then=f"find out who moved it, then declare {moved.pin.tag} a dud",
        )
    yield from _dead_versions(state)
    yield from _unreadable(known, needed)
    yield from _lease(state)
    yield from _problems(state)
    for gate, verdict in verdicts.items():
        readable = all(known[name].whole for name in GATES[gate].feeds)
        if cleared(gate, verdict, state):
            continue
        if gate == "builds-green" and verdict.outcome is Outcome.FAILED and not verdict.pending:
            yield from _red_builds(state)
        elif gate == "tags-unmoved" and state.moved:
            continue
        elif readable and not verdict.pending:
            yield _gate_line(gate, verdict)


def _problems(state: ReleaseState) -> Iterator[BoardLine]:
    """What reviewers reported, until it is withdrawn or the item is signed after it."""
    for item, words in state.record.words.items():
        ended = [at for at, (_, word) in enumerate(words) if isinstance(word, Signed | Withdrawn)]
        reported = words[ended[-1] + 1 if ended else 0 :]
        found = [(entry, word) for entry, word in reported if isinstance(word, Problem)]
        if found:
            entry, word = found[-1]
            text = f"problem with {item}: {word.note} ({entry.by})"
            then = "settle it, then sign the item or withdraw the problem"
            url = next(iter(word.links), "")
            yield BoardLine(text, "pane-4", item, url, source="ledger", then=then)


def _dead_versions(state: ReleaseState) -> Iterator[BoardLine]:
    for repository in state.spec.repositories:
        dead = state.record.dud_version(repository)
        if dead is not None:
            yield BoardLine(
                f"{repository.short_name} {dead.name} was declared a dud {dead.describe()}",
                "ledger",
                repository.name,
                source="ledger",
                then="begin the next version",
            )


def _unreadable(known: dict[str, Freshness], needed: set[str]) -> Iterator[BoardLine]:
    """Feeds that could not be read, those with one cause together."""
    causes: dict[str, list[Freshness]] = defaultdict(list)
    for name, entry in known.items():
        if entry.failure is not None:
            causes[str(entry.failure)].append(entry)
        elif not entry.whole and name in needed:
            causes["not read yet" if entry.taken_at is None else entry.missing].append(entry)
    for cause, entries in causes.items():
        names = ", ".join(entry.name for entry in entries)
        hint = entries[0].failure.hint if entries[0].failure else ""
        yield BoardLine(
            f"{cause} ({names})",
            "refresh",
            names,
            source=entries[0].source or entries[0].what,
            then=hint or "look again",
        )


def _lease(state: ReleaseState) -> Iterator[BoardLine]:
    lease = state.record.lease
    if lease is not None and lease.email != state.me and not lease.expired(state.now):
        yield BoardLine(
            f"{lease.holder} holds the lease for {lease.operation}"
            f" until {lease.expires_at:%H:%M} UTC",
            "ledger",
            lease.id,
            source="ledger",
            then=f"wait for {lease.holder}, or ask; after that time it can be taken over",
        )


def _gate_line(gate: str, verdict: Verdict) -> BoardLine:
    step = verdict.next_action or NextStep(f"look into {GATES[gate].subject}")
    url = next((entry.url for entry in verdict.evidence if entry.url), "")
    text = f"{GATES[gate].subject}: {verdict.headline}"
    return BoardLine(text, step.action or "pane-4", gate, url, verdict.source, step.text, step.pick)


def _overridden(state: ReleaseState, verdicts: dict[str, Verdict]) -> Iterator[BoardLine]:
    """Gates that do not hold and were overridden: nothing that is out of sight."""
    for gate, verdict in verdicts.items():
        found = None if verdict.clear else override_of(gate, state)
        if found is not None:
            text = f"{GATES[gate].subject}: {verdict.headline}; {found.describe()}"
            yield BoardLine(
                text, "pane-4", gate, source="ledger", then="mend it, if there is still time"
            )


def _red_builds(state: ReleaseState) -> Iterator[BoardLine]:
    jobs = state.builds.value.jobs if state.builds.value else ()
    red = [job for job in jobs if is_red(job)]
    if red:
        yield BoardLine(
            f"{counted(len(red), 'build')} failed: {few(named(job) for job in red)}",
            "pane-2",
            "builds-green",
            red[0].url,
            state.builds.reading.source if state.builds.reading else "",
            f"look into {named(red[0])}",
        )


def _ready(state: ReleaseState, verdicts: dict[str, Verdict]) -> Iterator[BoardLine]:
    for gate, verdict in verdicts.items():
        if verdict.outcome is Outcome.PASSED:
            url = verdict.evidence[0].url
            yield BoardLine(GATES[gate].title, None, gate, url, verdict.source, _NOTHING)
    contained = sum(pick.state is PickState.IN_CANDIDATE for pick in state.queue)
    if contained:
        yield BoardLine(f"{contained} picks are in a candidate", "pane-3", "picks", then=_NOTHING)


def _next(
    state: ReleaseState,
    verdicts: dict[str, Verdict],
    known: dict[str, Freshness],
    needed: set[str],
) -> NextStep:
    if state.moved:
        alarm = state.moved[0]
        if alarm.change is not None:
            return NextStep(f"ask {alarm.change.by} about {alarm.pin.tag}, or declare it a dud")
        return NextStep(f"find out who moved {alarm.pin.tag}, or declare it a dud")
    for line in _unreadable(known, needed):
        return NextStep(f"look again: {line.text}", "refresh")
    for line in _lease(state):
        return NextStep(f"wait: {line.text}")
    return _tag_next(state) or _gates_next(state, verdicts)


def _tag_next(state: ReleaseState) -> NextStep | None:
    """Tag the next candidate, or do what stands in its way; None when nothing waits for a tag."""
    core = state.spec.core
    branch, candidate = branch_of(state, core), state.candidate
    if branch is None or standing(state).phase.order > PhaseId.FINAL_CANDIDATE.order:
        return None
    if state.record.dud_version(core) is not None:
        return NextStep("begin the next version: this one was declared a dud", "ledger")
    since = branch.since(candidate.commit_sha) if candidate else branch.commits
    if candidate is not None and not since:
        return None
    for gate in ("candidate-pinned", "version-file", "ci-green", "picks-merged"):
        verdict = GATES[gate].judge(state)
        if verdict.next_action is not None and not cleared(gate, verdict, state):
            return verdict.next_action
    commits = counted(len(since or ()), "commit")
    last = candidate.tag.name.rpartition("-")[2] if candidate else "the cut"
    return NextStep(f"tag {next_tag(state, core)}: {commits} since {last}", TAG)


def _gates_next(state: ReleaseState, verdicts: dict[str, Verdict]) -> NextStep:
    """What the first gate that is not passed asks for; waiting comes last."""
    open_gates = [v for gate, v in verdicts.items() if not cleared(gate, v, state)]
    red = [v for v in open_gates if v.next_action and not v.pending]
    again = again_first(state.builds.value) if state.builds.value else None
    if again is not None and red[:1] == [verdicts.get("builds-green")]:
        return NextStep(f"re-run the failed {configuration(again)} job", RERUN_FAILED)
    rows = undecided(state)
    if red and red[0].next_action:
        return red[0].next_action
    if rows:
        first = next_of(state, rows[0])
        more = f"; {len(rows) - 1} more wait" if len(rows) > 1 else ""
        return NextStep(f"{first.text}{more}", first.action, first.pick)
    waiting = [v.next_action for v in open_gates if v.next_action]
    return waiting[0] if waiting else NextStep("work through the checklist", "pane-4")
