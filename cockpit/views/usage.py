"""Who spends GitHub's quota, and what is left of it."""

from __future__ import annotations

from datetime import datetime

from cockpit.backends.ports import ApiBudget, ApiUsage
from cockpit.release.words import counted
from cockpit.views.ages import duration, grouped
from cockpit.views.framing import line
from cockpit.views.marks import Tone
from cockpit.views.table import Line, Span

_NAMED = 4
"""Kinds of requests that are named."""


def usage_lines(usage: ApiUsage, budget: ApiBudget | None, now: datetime) -> tuple[Line, ...]:
    """Requests since the start, how many cost nothing, and the kinds that cost most."""
    if not usage.asked:
        return ()
    share = round(100 * usage.unchanged / usage.asked)
    spent = usage.asked - usage.unchanged
    left = ""
    if budget is not None:
        left = f" · {grouped(budget.remaining)} of {grouped(budget.limit)} left"
        left += f", anew in {duration(budget.resets_at - now)}"
    first = f"GitHub: {counted(usage.asked, 'request')}, {share} % unchanged and free{left}"
    by_cost = sorted(
        usage.by_kind.items(), key=lambda entry: (entry[1].unchanged - entry[1].asked, entry[0])
    )
    named = [f"{kind} {use.asked - use.unchanged}" for kind, use in by_cost[:_NAMED]]
    return (
        line(Span(first, Tone.DIM)),
        line(Span(f"spent {spent}: {', '.join(named)}", Tone.DIM)),
    )
