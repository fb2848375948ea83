"""A plan on paper: as a person reads it, and as data."""

from __future__ import annotations

import msgspec

from cockpit.operations.plan import PlanFacts


def plan_json(facts: PlanFacts) -> str:
    """The plan as data, with its digest."""
    document = {"digest": facts.digest, **msgspec.to_builtins(facts)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def describe(facts: PlanFacts) -> str:
    """The plan as a person reads it."""
    lines = [facts.sentence, *facts.outlook.summary, ""]
    for section in (*facts.sections, *facts.outlook.sections):
        lines += [section.title, *(f"  {line}" for line in section.lines), ""]
    if facts.steps:
        lines.append("Steps")
    for position, step in enumerate(facts.steps, 1):
        lines.append(f"  {position}. {step.summary}")
        lines.append(f"     $ {step.command}")
        lines += [f"     expects {e.what}: {e.found}" for e in step.expects]
    lines += [f"Warning: {warning}" for warning in (*facts.warnings, *facts.outlook.warnings)]
    lines += [f"Blocked: {blocker}" for blocker in facts.blockers]
    lines += ["", f"Plan {facts.digest}  ({facts.danger.value})", ""]
    return "\n".join(lines)
