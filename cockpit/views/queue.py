"""The cherry-pick queue and what was found as lines to read: what needs the captain comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.release.commits import short
from cockpit.release.criteria import Rule
from cockpit.release.lookups import pick_label
from cockpit.release.pickorder import QueueSimulation
from cockpit.release.picks import Pick, PickState
from cockpit.release.prediction import Outcome
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import FindingKind
from cockpit.release.words import counted
from cockpit.views.ages import ago
from cockpit.views.framing import line
from cockpit.views.marks import Tone
from cockpit.views.picks import proposal_of, resolution_of
from cockpit.views.predictions import cause_lines, headline
from cockpit.views.table import Line, Span

STATES = (
    PickState.NOMINATED,
    PickState.UNDER_REVIEW,
    PickState.READY,
    PickState.APPROVED,
    PickState.NEEDS_INFO,
    PickState.FOUND,
    PickState.MERGED,
    PickState.IN_CANDIDATE,
    PickState.REVERTED,
    PickState.DENIED,
    PickState.SUPERSEDED,
)
"""In the order in which they need somebody."""


def queue_lines(state: ReleaseState, picks: Sequence[Pick]) -> Iterator[Line]:
    """Rows by state, each with what is wrong with it."""
    for pick_state in STATES:
        rows = [pick for pick in picks if pick.state is pick_state]
        if rows:
            yield line(Span(f"{pick_state.value} ({len(rows)})", Tone.ACCENT))
        for pick in rows:
            yield from _row_lines(state, pick)
    yield line(_counts(picks))


def simulation_lines(simulation: QueueSimulation) -> Iterator[Line]:
    """What lands together, and an order in which more does."""
    given = simulation.as_given
    stuck = len(given.in_the_way)
    landing = sum(each.lands for each in given.predictions)
    text = f"in order, {landing} of {counted(len(given.predictions), 'commit')} would land"
    yield line(f"{text}, {stuck} would not" if stuck else text)
    if given.tree is not None:
        yield line(f"  and the branch would have the tree {given.tree}")
    better = simulation.better
    if better is not None:
        yield line(f"in this order {len(better.in_the_way)} would not land:")
        yield from (line("  ", *headline(each).spans) for each in better.predictions)


def finding_lines(picks: Sequence[Pick]) -> Iterator[Line]:
    """What was found, by kind, with why."""
    for kind in FindingKind:
        rows = [pick for pick in picks if pick.finding and pick.finding.kind is kind]
        if rows:
            yield line(Span(f"{kind.value} ({len(rows)})", Tone.ACCENT))
        for pick in rows:
            if pick.finding is not None:
                stands = f"  [{pick.state.value}]" if pick.state is not PickState.FOUND else ""
                yield line(f"  {short(pick.finding.commit)}  {pick.finding.title}{stands}")
                yield line(Span(f"    {pick.finding.why}", Tone.DIM))
    if not any(pick.finding for pick in picks):
        yield line("nothing was found that the branch lacks")


def _row_lines(state: ReleaseState, pick: Pick) -> Iterator[Line]:
    trunk = ", ".join(f"#{number}" for number in pick.trunk_pulls)
    source = f" of {trunk}" if pick.release_pull and trunk else ""
    title = pick.title or "no pull request into the branch yet"
    yield line(f"  {pick_label(pick)}{source}  {title}")
    yield line(Span(f"    {' · '.join(_facts(state, pick))}", Tone.DIM))
    for problem in pick.problems:
        yield line(Span(f"    ▲ {problem}", Tone.WARN))
    said = proposal_of(state, pick)
    if said and (pick.proposed is None or pick.proposed.outcome is not Outcome.CLEAN):
        yield line(f"    {said}")
    for prediction in pick.predictions:
        if prediction.outcome is Outcome.CONFLICT:
            files = ", ".join(prediction.files)
            yield line(f"    conflict in {files}")
            yield from (line(*entry.spans) for entry in cause_lines(prediction))
            if made := resolution_of(state, pick):
                yield line(f"    {made}")
        elif prediction.outcome is not Outcome.CLEAN:
            yield line(
                f"    {prediction.outcome.value}: {prediction.why or 'nothing would change'}"
            )


def _facts(state: ReleaseState, pick: Pick) -> Iterator[str]:
    if pick.nominated and pick.posted_at is not None:
        late = ", late" if pick.late else ""
        yield f"nominated by {pick.author or '?'} {ago(state.now - pick.posted_at)}{late}"
        judged = pick.rule in (Rule.SATISFIED, Rule.NEEDED)
        rule = f", {pick.rule.value}" if judged else ""
        yield f"{pick.criterion.value}{rule}"
    elif pick.finding is None:
        yield f"never nominated; by {pick.author or '?'}"
    if pick.finding is not None:
        yield pick.finding.kind.value
    if pick.issue:
        yield pick.issue
    if pick.answers:
        last = pick.answers[-1]
        yield f"{last.verdict.value} by {last.author}"
    checks = pick.pull.checks if pick.pull else None
    if checks is not None:
        red = f", failed: {', '.join(checks.failed)}" if checks.failed else ""
        yield f"CI {checks.state.value}{red}"
    if pick.forecast and all(each.outcome is Outcome.CLEAN for each in pick.forecast):
        yield proposal_of(state, pick) if pick.proposed else "clean"
    if pick.merged_sha:
        yield f"merged as {short(pick.merged_sha)}"
    if pick.candidate:
        yield f"first in {pick.candidate}"
    if pick.undone_by:
        yield f"taken off again by {short(pick.undone_by)}"


def _counts(picks: Sequence[Pick]) -> str:
    counts = [(each, sum(pick.state is each for pick in picks)) for each in STATES]
    told = ", ".join(f"{count} {each.value}" for each, count in counts if count)
    return f"{counted(len(picks), 'row')}{': ' if told else ''}{told}"
