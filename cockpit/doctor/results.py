"""What a check found, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from cockpit.backends.text import clean, mask
from cockpit.errors import CockpitError, ExitCode
from cockpit.views.marks import FAILED, NEEDS_YOU, PASSED


class Outcome(Enum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """Good enough to look, not for everything."""
    FAIL = "fail"


class CheckResult(msgspec.Struct, frozen=True):
    """One line of the report."""

    name: str
    outcome: Outcome
    found: str
    next_step: str = ""
    unreachable: bool = False
    """Failed because somebody did not answer, or refused the credential."""


def ok(name: str, found: str) -> CheckResult:
    """All is well."""
    return CheckResult(name, Outcome.OK, found)


def warn(name: str, found: str, next_step: str) -> CheckResult:
    """It will do for now."""
    return CheckResult(name, Outcome.WARN, found, next_step)


def fail(name: str, found: str, next_step: str) -> CheckResult:
    """It has to be mended."""
    return CheckResult(name, Outcome.FAIL, found, next_step)


def failed_with(name: str, err: CockpitError) -> CheckResult:
    """A check that an error ended."""
    unreachable = err.exit_code is ExitCode.UNREACHABLE
    return CheckResult(name, Outcome.FAIL, str(err), err.hint, unreachable)


def exit_code(results: Sequence[CheckResult]) -> ExitCode:
    """3 when a backend cannot be reached, else 1 when anything fails, else 0."""
    failures = [result for result in results if result.outcome is Outcome.FAIL]
    if any(result.unreachable for result in failures):
        return ExitCode.UNREACHABLE
    return ExitCode.BLOCKED if failures else ExitCode.OK


_MARKS = {
    Outcome.OK: (PASSED, "32"),
    Outcome.WARN: (NEEDS_YOU, "33"),
    Outcome.FAIL: (FAILED, "31"),
}
"""Each with the colour of the terminal's own palette."""


def render(results: Sequence[CheckResult], *, ascii: bool, color: bool) -> str:  # noqa: A002
    """One line each, the next step below whatever is not well, and a count."""
    width = max((len(result.name) for result in results), default=0)
    lines = []
    for result in results:
        mark, hue = _MARKS[result.outcome]
        shape = mark.drawn(plain_ascii=ascii)
        drawn = f"\x1b[{hue}m{shape}\x1b[0m" if color else shape
        lines.append(f"{drawn} {result.name:<{width}}  {_plain(result.found)}")
        if result.next_step:
            arrow = "->" if ascii else "→"
            lines.append(f"  {'':<{width}}  {arrow} {_plain(result.next_step)}")
    return "\n".join([*lines, "", _summary(results)]) + "\n"


def _plain(text: str) -> str:
    return mask(clean(text))


def _summary(results: Sequence[CheckResult]) -> str:
    counts = [
        f"{sum(result.outcome is outcome for result in results)} {outcome.value}"
        for outcome in Outcome
    ]
    return ", ".join(counts)
