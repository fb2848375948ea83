"""The header: which release, which phase, which candidate, how long, and whether it is armed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from cockpit.release.candidates import Candidate
from cockpit.release.checklist import current_phase
from cockpit.release.commits import short
from cockpit.release.process import Process
from cockpit.release.record import CandidatePinned
from cockpit.release.state import ReleaseState
from cockpit.views.ages import ago, deadline, duration, grouped, time_left
from cockpit.views.build_subject import build_subject, moment_of
from cockpit.views.marks import NEEDS_YOU, PASSED, QUEUED, Tone
from cockpit.views.table import Line, Span
from cockpit.views.width import cell_width, clip_spans

GAP = Span("   ")
API_LOW = 500
"""Requests left below which the budget is shown as a warning."""


class Controls(msgspec.Struct, frozen=True):
    """What the header says about the cockpit itself."""

    armed_left: timedelta | None = None
    """Time until arming ends by itself; None while disarmed."""
    read_only: bool = False
    api_left: int | None = None
    """Requests left of GitHub's quota."""
    api_resets_at: datetime | None = None
    """When there are as many as ever again, on the release's clock."""


class _Part(msgspec.Struct, frozen=True):
    """A piece of the header; those of a higher rank go first when there is no room."""

    rank: int
    spans: tuple[Span, ...]
    right: bool = False


def header(state: ReleaseState, process: Process, controls: Controls, width: int) -> Line:
    """The header in one line; what matters least goes first where the width does not suffice."""
    parts = [
        _Part(0, _release(state)),
        _Part(2, _phase(state, process)),
        _Part(6, _following(state, process)),
        _Part(3, _candidate(state)),
        _Part(5, _builds_left(state)),
        _Part(2, _frozen(state)),
        _Part(4, _release_date(state), right=True),
        _Part(5, _picks_date(state), right=True),
        _Part(1, _mode(controls), right=True),
        _Part(3 if _is_low(controls) else 7, _budget(controls, state.now), right=True),
        _Part(8, (Span(f"{state.now:%H:%M:%S} UTC", Tone.DIM),), right=True),
    ]
    kept = [part for part in parts if part.spans]
    while len(kept) > 1 and _taken(kept) > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    left = _joined(part.spans for part in kept if not part.right)
    right = _joined(part.spans for part in kept if part.right)
    gap = Span(" " * max(width - _width(left) - _width(right), 0))
    return Line(clip_spans((*left, gap, *right), width))


def _joined(pieces: Iterable[tuple[Span, ...]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for piece in pieces:
        spans += (GAP, *piece) if spans else piece
    return tuple(spans)


def _width(spans: tuple[Span, ...]) -> int:
    return sum(cell_width(span.text) for span in spans)


def _taken(parts: list[_Part]) -> int:
    return sum(_width(part.spans) for part in parts) + len(GAP.text) * (len(parts) - 1)


def _release(state: ReleaseState) -> tuple[Span, ...]:
    return (Span(f"{state.spec.project} {state.spec.version}", Tone.ACCENT),)


def _phase(state: ReleaseState, process: Process) -> tuple[Span, ...]:
    current = current_phase(process, state).phase
    return Span("● ", Tone.ACCENT), Span(f"{current.number} {current.title}")


def _following(state: ReleaseState, process: Process) -> tuple[Span, ...]:
    current = current_phase(process, state).phase
    after = next((p for p in process.phases if p.id.order > current.id.order), None)
    return (Span(f"▸ {after.number} {after.title}", Tone.DIM),) if after else ()


def _candidate(state: ReleaseState) -> tuple[Span, ...]:
    candidate = state.candidate
    if candidate is None:
        return (Span("no candidate yet", Tone.DIM),) if state.branches.value else ()
    since = _first_seen(state, candidate)
    age = f" · {ago(state.now - since)}" if since else ""
    return (Span(f"rc{candidate.number} · {short(candidate.commit_sha)}{age}"),)


def _builds_left(state: ReleaseState) -> tuple[Span, ...]:
    """When the candidate's builds will be done, while they go on."""
    subject = build_subject(state)
    ahead = time_left(subject.left(moment_of(state, subject)))
    if not ahead or subject.builds.candidate != state.candidate:
        return ()
    return (Span(f"builds {ahead}", Tone.BUSY),)


def _frozen(state: ReleaseState) -> tuple[Span, ...]:
    frozen = state.record.frozen(state.spec.core)
    return (Span(f"{NEEDS_YOU.shape} frozen by {frozen.by}", Tone.WARN),) if frozen else ()


def _first_seen(state: ReleaseState, candidate: Candidate) -> datetime | None:
    """When its first job was queued or it was pinned, whichever came first."""
    moments = [
        entry.at
        for entry, event in state.record.events(CandidatePinned)
        if (event.repository, event.tag) == (state.spec.core.name, candidate.tag.name)
    ]
    builds = state.builds.value
    if builds is not None and builds.candidate == candidate:
        moments += [job.created_at for job in builds.jobs if job.created_at]
    return min(moments, default=None)


def _release_date(state: ReleaseState) -> tuple[Span, ...]:
    left = state.spec.schedule.days_until_release(state.now.date())
    return (Span(deadline("release", left)),) if left is not None else ()


def _picks_date(state: ReleaseState) -> tuple[Span, ...]:
    left = state.spec.schedule.days_until_picks_close(state.now.date())
    return (Span(deadline("picks close", left)),) if left is not None and left >= 0 else ()


def _mode(controls: Controls) -> tuple[Span, ...]:
    if controls.read_only:
        return (Span(f"{PASSED.shape} read-only", Tone.GOOD),)
    if controls.armed_left is not None:
        return (Span(f"{NEEDS_YOU.shape} armed {duration(controls.armed_left)}", Tone.WARN),)
    return (Span(f"{QUEUED.shape} disarmed", Tone.DIM),)


def _is_low(controls: Controls) -> bool:
    return controls.api_left is not None and controls.api_left < API_LOW


def _budget(controls: Controls, now: datetime) -> tuple[Span, ...]:
    if controls.api_left is None:
        return ()
    text = f"api {grouped(controls.api_left)}"
    if not _is_low(controls):
        return (Span(text, Tone.DIM),)
    if controls.api_resets_at is not None:
        text += f", anew in {duration(controls.api_resets_at - now)}"
    return (Span(text, Tone.WARN),)
