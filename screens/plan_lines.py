"""A plan in lines: what a person reads before saying yes."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.operations.plan import PlanFacts, StepFacts
from cockpit.release.record import Lease
from cockpit.views.marks import FAILED, NEEDS_YOU, Tone
from cockpit.views.table import Line, Span

_BLANK = Line((Span(""),))


def plan_lines(facts: PlanFacts) -> tuple[Line, ...]:
    """What stands in the way, what to mind, each step with its command, and what goes with it."""
    return tuple(_plan_lines(facts))


def lease_lines(lease: Lease) -> tuple[Line, ...]:
    """Who else may be writing."""
    text = (
        f"{NEEDS_YOU.shape} {lease.holder} holds the lease for {lease.operation},"
        f" from {lease.host}, since {lease.taken_at:%H:%M:%S},"
        f" until {lease.expires_at:%H:%M:%S} UTC"
    )
    return (_BLANK, Line((Span(text, Tone.WARN),)))


def plan_text(facts: PlanFacts) -> str:
    """The plan as plain text, for the clipboard."""
    lines = [facts.sentence, *(line.text for line in plan_lines(facts))]
    return "\n".join(lines) + "\n"


def _plan_lines(facts: PlanFacts) -> Iterator[Line]:
    for blocker in facts.blockers:
        yield Line((Span(f"{FAILED.shape} {blocker}", Tone.BAD),))
    for warning in (*facts.warnings, *facts.outlook.warnings):
        yield Line((Span(f"{NEEDS_YOU.shape} {warning}", Tone.WARN),))
    if facts.blockers or facts.warnings or facts.outlook.warnings:
        yield _BLANK
    for text in facts.outlook.summary:
        yield Line((Span(text),))
    if facts.outlook.summary:
        yield _BLANK
    for number, step in enumerate(facts.steps, 1):
        yield from _step_lines(number, step)
    for section in (*facts.sections, *facts.outlook.sections):
        yield _BLANK
        yield Line((Span(section.title, Tone.ACCENT),))
        for text in section.lines:
            yield Line((Span(f"  {text}"),))
    yield _BLANK
    yield Line((Span("plan  ", Tone.DIM), Span(facts.digest[:12], Tone.DIM)))


def _step_lines(number: int, step: StepFacts) -> Iterator[Line]:
    yield Line((Span(f"{number}  ", Tone.DIM), Span(step.summary)))
    yield Line((Span(f"   $ {step.command}", Tone.BUSY),))
    for expected in step.expects:
        yield Line((Span(f"   expects {expected.what}: {expected.found}", Tone.DIM),))
