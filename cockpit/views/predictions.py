"""Predicted picks as lines: what each would come to, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.release.commits import short
from cockpit.release.pickorder import QueueSimulation
from cockpit.release.prediction import Evidence, FileConflict, Landing, Origin, Outcome, Prediction
from cockpit.release.words import counted
from cockpit.views.framing import line
from cockpit.views.marks import FAILED, NO_DATA, NOT_APPLICABLE, PASSED, SKIPPED, Mark, Tone
from cockpit.views.table import Line, Span

OUTCOME_MARKS: dict[Outcome, Mark] = {
    Outcome.CLEAN: PASSED,
    Outcome.CONFLICT: FAILED,
    Outcome.EMPTY: SKIPPED,
    Outcome.ALREADY: NOT_APPLICABLE,
    Outcome.UNKNOWN: NO_DATA,
}
_BY = {
    Landing.QUEUE: "is in the queue twice",
    Landing.HISTORY: "is in the history of the branch",
    Landing.TRAILER: "landed as {commit}, whose message says so",
    Landing.PATCH_ID: "landed as {commit}, which makes the same change",
    Landing.PULL: "landed as {commit}, which names the same pull request",
}
_SHOWN_CAUSES = 8
_WORD = max(len(outcome.value) for outcome in Outcome)


def prediction_lines(predictions: Sequence[Prediction], *, details: bool = False) -> Iterator[Line]:
    """A line for each pick with what a person needs to know below it, then the counts."""
    for prediction in predictions:
        yield headline(prediction)
        for text in _facts(prediction):
            yield line(Span(f"    {text}", Tone.DIM))
        for conflict in prediction.conflicts:
            yield from conflict_lines(conflict, details=details)
        yield from cause_lines(prediction)
    yield line(summary(predictions))


def title(name: str, onto: str, *, chain: bool) -> Line:
    """What is picked onto, and whether the picks see each other."""
    how = "one after the other" if chain else "each on its own"
    return line(Span(f"Onto {name} ({short(onto)}), {how}", Tone.ACCENT))


def order_lines(queue: QueueSimulation) -> Iterator[Line]:
    """The tree in the end, and the order in which fewer picks conflict, if one was found."""
    if queue.as_given.tree is not None:
        yield line(f"in the end the branch has the tree {queue.as_given.tree}")
    better = queue.better
    if better is None:
        return
    left = len(better.in_the_way)
    rest = f"{left} still {'needs' if left == 1 else 'need'} a person" if left else "none conflicts"
    yield line(f"in this order {rest}, and the tree is {better.tree}:")
    for prediction in better.predictions:
        yield headline(prediction)


def headline(prediction: Prediction) -> Line:
    """The outcome with its mark, the commit and its title."""
    mark = OUTCOME_MARKS[prediction.outcome]
    squashed = Span("  (a pull request, squashed)", Tone.DIM)
    return line(
        Span(f"{mark.shape} {prediction.outcome.value:{_WORD}}", mark.tone),
        f"  {short(prediction.commit)}  {prediction.title}",
        *((squashed,) if prediction.of is Origin.PULL else ()),
    )


def conflict_lines(conflict: FileConflict, *, details: bool) -> Iterator[Line]:
    """One file in conflict; in detail with the text that collides."""
    kinds = ", ".join(conflict.kinds) or "conflict"
    yield line(f"    {conflict.path}: {kinds}")
    if not details:
        return
    for region in conflict.regions:
        yield line(Span(f"      line {region.line}", Tone.DIM))
        yield from (line(f"      {text}") for text in region.text.split("\n"))
        if region.cut:
            yield line(Span(f"      … {counted(region.cut, 'line')} more", Tone.DIM))
    if conflict.more_regions:
        yield line(Span(f"      and {counted(conflict.more_regions, 'region')} more", Tone.DIM))


def cause_lines(prediction: Prediction) -> Iterator[Line]:
    """The commits that the branch lacks, in the order in which they would have to land."""
    if prediction.outcome is not Outcome.CONFLICT:
        return
    causes = prediction.caused_by
    if not causes:
        if not prediction.why:
            yield line("    nothing is missing: the branch itself changed what collides")
        return
    yield line(f"    lacks {counted(len(causes), 'commit')} of the trunk, oldest first:")
    for cause in causes[-_SHOWN_CAUSES:]:
        guess = "" if cause.evidence is Evidence.LINES else "  (by file: no lines to compare)"
        yield line(f"      {short(cause.commit)}  {cause.title}{guess}")
    if len(causes) > _SHOWN_CAUSES:
        older = len(causes) - _SHOWN_CAUSES
        yield line(Span(f"      and {counted(older, 'older one')}", Tone.DIM))


def summary(predictions: Sequence[Prediction]) -> str:
    """How many picks come to what."""
    outcomes = [prediction.outcome for prediction in predictions]
    counts = [f"{outcomes.count(each)} {each.value}" for each in Outcome if each in outcomes]
    return f"{counted(len(predictions), 'pick')}: {', '.join(counts)}"


def _facts(prediction: Prediction) -> Iterator[str]:
    landed, outcome = prediction.landed, prediction.outcome
    if landed is not None:
        fact = _BY[landed.by].format(commit=short(landed.commit))
        if outcome is Outcome.CLEAN:
            fact += ", but is undone there or was not all of it"
        elif outcome is Outcome.CONFLICT:
            fact += ", and the branch has changed the same lines since"
        yield fact
    if prediction.why:
        yield prediction.why
