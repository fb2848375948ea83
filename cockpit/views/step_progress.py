"""How far a step of a plan is, in the words that the cockpit and the command line share."""

from __future__ import annotations

from datetime import timedelta

from cockpit.operations.plan import Progress
from cockpit.release.words import size
from cockpit.views.ages import duration, grouped


def progress_words(progress: Progress, spent: float) -> list[str]:
    """Share, amounts, rate and time left, as far as they can be told after so many seconds.

    Where they cannot, how long it has taken.
    """
    if not progress.total:
        return [spent_words(spent)]
    unit = f" {progress.unit}" if progress.unit else ""
    told = size if progress.unit == "bytes" else grouped
    unit = "" if progress.unit == "bytes" else unit
    amount = f"{told(progress.done)}/{told(progress.total)}{unit}"
    words = [f"{int(progress.done / progress.total * 100)} %", amount]
    if progress.done and spent > 1:
        rate = progress.done / spent
        words.append(f"{size(rate)}/s" if told is size else f"{rate:.1f}{unit}/s")
        words.append(f"~{spent_words((progress.total - progress.done) / rate)} left")
    return words


def spent_words(seconds: float) -> str:
    """How long something took, or takes; never less than nothing."""
    return duration(timedelta(seconds=max(seconds, 0.0)))
