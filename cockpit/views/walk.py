"""One page of the walk-through: the evidence first, then what to do and why."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.release.checklist import ItemState
from cockpit.release.people import OwnerRole
from cockpit.release.process import Kind, Process
from cockpit.release.signatures import bound_to, newest_plan, who_signs, why_not
from cockpit.release.state import ReleaseState
from cockpit.release.walking import Tally, wants_a_person
from cockpit.release.words import counted, short
from cockpit.views.checklist import MARKS, need_lines, signature_lines, verdict_lines
from cockpit.views.framing import field, heading, line
from cockpit.views.marks import NEEDS_YOU, Tone
from cockpit.views.table import Line, Span

_BLANK = line("")


def walk_progress(walk: Sequence[ItemState], item_id: str, counts: Tally) -> Line:
    """Where one is, and how far everybody has come."""
    ids = [found.item.id for found in walk]
    number = ids.index(item_id) + 1 if item_id in ids else 0
    yours = f", {counts.yours} for you" if counts.yours != counts.open else ""
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    return line(
        Span(f"{number} of {len(walk)} ", Tone.ACCENT),
        Span(f"· {counts.settled} settled "),
        Span(
            f"· {counts.open} for people now{yours}{skipped} ",
            Tone.WARN if counts.open else Tone.GOOD,
        ),
        Span(f"· {counts.later} wait", Tone.DIM),
    )


def walk_page(state: ReleaseState, process: Process, found: ItemState) -> tuple[Line, ...]:
    """Everything to judge one item by."""
    item, mark = found.item, MARKS[found.progress]
    phase = process.phase(item.phase)
    lines = [
        line(Span(item.title, Tone.ACCENT)),
        line(
            Span(f"{mark.shape} {found.progress.value}", mark.tone),
            Span(f"  {found.words}" if found.words else ""),
        ),
        line(Span(f"{phase.number} {phase.title} · {item.owner} · {item.id}", Tone.DIM)),
        _BLANK,
    ]
    tick = state.mirror.value.hand_tick(item.id) if state.mirror.value else None
    if tick is not None and not found.progress.settled:
        said = f"{NEEDS_YOU.shape} its box was {tick.describe()}; % signs it in your own name"
        lines.append(line(Span(said, Tone.WARN)))
    evidence = [*verdict_lines(state, found.verdict), *signature_lines(found)]
    evidence += [field("page", Span(url, Tone.DIM)) for url in item.links]
    lines += evidence or [line(Span("no evidence yet: yours is the first", Tone.DIM))]
    if item.needs:
        lines += [_BLANK, *need_lines(process, item.needs, found.waits_for)]
    lines += [_BLANK, heading("What to do")]
    lines += [line(item.what)] if item.what else []
    lines += [line(text) for text in _what_to_do(state, process.role_of(item), found)]
    if item.why:
        lines += [_BLANK, heading("Why"), line(item.why)]
    return tuple(lines)


def _what_to_do(state: ReleaseState, role: OwnerRole, found: ItemState) -> list[str]:
    item = found.item
    if item.gate is not None and not found.said.problems:
        return [f"The cockpit judges it; ! reports a problem with it. {item.owner} answers for it."]
    if not wants_a_person(found) and not found.progress.settled:
        return ["It is not its turn yet: what comes before it is open. ! reports a problem."]
    problem = why_not(role, state.spec.team, state.me) if state.me else ""
    lines = [f"Evidence wanted: {item.evidence}"] if item.evidence else []
    if item.kind is Kind.AUTO and item.operation:
        lines.append(f"{item.operation} does it.")
    if problem:
        return [*lines, f"You cannot sign it: {problem}. ! reports a problem."]
    if found.progress.settled:
        return [*lines, "It is settled; + signs it too, ! reports a problem."]
    lines.append(
        f"Look at the evidence, and sign with + what you saw ({who_signs(role, state.spec.team)})."
        + (f" It takes {counted(item.signers, 'signature')}." if item.signers > 1 else "")
    )
    return [*lines, _bound(state, found)]


def _bound(state: ReleaseState, found: ItemState) -> str:
    item, sha = found.item, bound_to(found.item, state)
    named = state.candidate.tag.name if state.candidate else "no candidate yet"
    whom = f"{named}, {short(sha)}" if item.binds == "candidate" else "the whole release"
    plan = newest_plan(item, state.record)
    also = f" and for the plan {plan.digest[:12]} of {item.operation}" if plan else ""
    return f"A signature holds for {whom}{also}."
