"""One pick in full: what it is, its life, what it would come to, and what people say about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cockpit.release.commits import short
from cockpit.release.criteria import Rule
from cockpit.release.lookups import pick_label
from cockpit.release.nominations import Comment
from cockpit.release.pick_life import LifeEvent, life_of
from cockpit.release.picks import Pick
from cockpit.release.pickwords import without_mark
from cockpit.release.prediction import Prediction
from cockpit.release.remembered import remembered
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago, timestamp
from cockpit.views.framing import field, heading, line, link
from cockpit.views.marks import NEEDS_YOU, NOT_APPLICABLE, PASSED, Tone
from cockpit.views.picks import hashed, mark_of, proposal_of, resolution_of, standing
from cockpit.views.predictions import prediction_lines
from cockpit.views.table import Line, Span
from cockpit.views.width import clip

_LONGEST_COMMENT = 120
"""Lines of a comment that are shown; its page has the rest."""
_LONGEST_LINE = 1_000
_EMPTY = line("")


def pick_named(state: ReleaseState, key: str) -> Pick | None:
    """The row of the queue with this key."""
    return next((pick for pick in state.queue if pick.key == key), None)


def pick_title(pick: Pick) -> str:
    """Its number and what it is called."""
    return f"{pick_label(pick)} {pick.title}".rstrip()


@remembered
def life_lines(state: ReleaseState, pick: Pick) -> tuple[Line, ...]:
    """What it is, what is wrong with it, and what happened to it with times and links."""
    return tuple(_life(state, pick))


@remembered
def forecast_lines(state: ReleaseState, pick: Pick) -> tuple[Line, ...]:
    """What it would come to, with the text that collides and the commits that are lacking."""
    branch = state.spec.core.release_branch
    title = heading(f"What it would come to on {branch}")
    said, made = proposal_of(state, pick), resolution_of(state, pick)
    proposed: tuple[Line, ...] = (line(said),) if said else ()
    if pick.proposed:
        proposed += _told((pick.proposed,))
    if pick.predictions:
        own = "as trunk has it" if pick.proposed else ""
        also = (line(Span(made or own, Tone.WARN if made else Tone.DIM)),) if made or own else ()
        return (title, *proposed, *also, *_told(pick.predictions))
    if proposed:
        return (title, *proposed)
    if pick.merged_sha:
        return (title, line(f"it is there, as {short(pick.merged_sha)}"))
    why = "nothing of it has landed" if state.trunk.value and not pick.landed else "not predicted"
    return (title, line(Span(f"{why} yet", Tone.DIM)))


def _told(predictions: Sequence[Prediction]) -> tuple[Line, ...]:
    """Predictions in detail, with their counts where there are several."""
    told = tuple(prediction_lines(predictions, details=True))
    return told if len(predictions) > 1 else told[:-1]


@remembered
def comment_lines(state: ReleaseState, comments: Sequence[Comment]) -> tuple[Line, ...]:
    """What people say, oldest first, as plain text."""
    return tuple(_comments(state, comments))


def _life(state: ReleaseState, pick: Pick) -> Iterator[Line]:
    mark = mark_of(pick)
    yield field("state", Span(f"{mark.shape} {standing(pick)}", mark.tone))
    for problem in pick.problems:
        yield line(Span(f"{NEEDS_YOU.shape} {problem}", Tone.WARN))
    yield field("trunk", ", ".join(map(hashed, pick.trunk_pulls)) or "–", *_commits(pick))
    yield field("release", *_pull(pick))
    if pick.nominated:
        yield field("category", f"{pick.category or '–'} ({pick.criterion.value})")
        yield field("rule", Span(pick.rule.value, _rule_tone(pick)))
    if pick.issue:
        yield field("issue", pick.issue)
    if pick.finding is not None:
        yield field("found", f"{pick.finding.kind.value}: {pick.finding.why}")
    yield from link(pick.url)
    yield _EMPTY
    yield heading("Its life")
    if not pick.nominated:
        yield line(Span(f"{NOT_APPLICABLE.shape} never nominated on the tracker", Tone.DIM))
    for event in life_of(state, pick):
        yield from _event(state, event)


def _commits(pick: Pick) -> tuple[Span, ...]:
    shas = ", ".join(map(short, pick.commits))
    return (Span(f"  {shas}", Tone.DIM),) if shas else ()


def _pull(pick: Pick) -> tuple[str | Span, ...]:
    pull = pick.pull
    if pull is None:
        return (hashed(pick.release_pull),)
    where = f"{pull.state}, {short(pull.head_sha)} of {pull.head_ref}"
    return (hashed(pull.number), Span(f"  {where} → {pull.base}", Tone.DIM))


def _rule_tone(pick: Pick) -> Tone:
    return Tone.WARN if pick.rule in (Rule.ASKED, Rule.NEEDED) else Tone.PLAIN


def _event(state: ReleaseState, event: LifeEvent) -> Iterator[Line]:
    mark, tone = (NEEDS_YOU, Tone.WARN) if event.wrong else (PASSED, Tone.DIM)
    when = f"{timestamp(event.at):<21}" if event.at else " " * 21
    age = Span(f"  {ago(state.now - event.at)}" if event.at else "", Tone.DIM)
    said = Span(event.text, Tone.WARN if event.wrong else Tone.PLAIN)
    yield line(Span(f"{mark.shape} ", tone), Span(f"{when} ", Tone.DIM), said, age)
    if event.url:
        yield line(Span(f"  {event.url}", Tone.DIM))


def _comments(state: ReleaseState, comments: Sequence[Comment]) -> Iterator[Line]:
    if not comments:
        yield line(Span("nobody has said anything", Tone.DIM))
    for comment in comments:
        edited = ", edited" if comment.edited_at else ""
        age = f"  {timestamp(comment.posted_at)}, {ago(state.now - comment.posted_at)}{edited}"
        yield line(Span(comment.author or "?", Tone.ACCENT), Span(age, Tone.DIM))
        yield line(Span(comment.url, Tone.DIM))
        said = without_mark(comment.body).splitlines()
        yield from (line(f"  {clip(text, _LONGEST_LINE)}") for text in said[:_LONGEST_COMMENT])
        if len(said) > _LONGEST_COMMENT:
            yield line(Span(f"  … {len(said) - _LONGEST_COMMENT} lines more", Tone.DIM))
        yield _EMPTY
