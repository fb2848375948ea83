"""Submodules as lines: in the detail of a branch, and on the command line."""

from __future__ import annotations

from cockpit.release.commits import short
from cockpit.release.state import ReleaseState
from cockpit.release.submodules import BranchSubmodules, Reach, Submodule
from cockpit.release.words import counted
from cockpit.views.framing import heading, line
from cockpit.views.marks import NEEDS_YOU, NO_DATA, PASSED, Mark, Tone
from cockpit.views.table import Line, Span

_MARKS: dict[Reach, Mark] = {
    Reach.ON_BRANCH: PASSED,
    Reach.NO_BRANCH: NEEDS_YOU,
    Reach.UNKNOWN: NO_DATA,
}
_SHOWN_HOLDERS = 2


def submodule_section(state: ReleaseState, repository: str) -> tuple[Line, ...]:
    """The submodules of one repository; nothing for one that has none or was never read."""
    known = state.submodules.value
    if known is None:
        return ()
    problem = known.problems.get(repository)
    if problem is not None:
        mark = Span(f"{NO_DATA.shape} ", NO_DATA.tone)
        return (heading("Submodules"), line(mark, problem))
    found = known.of(repository)
    return submodule_lines(found) if found is not None and found.submodules else ()


def submodule_lines(found: BranchSubmodules) -> tuple[Line, ...]:
    """A heading that counts, then two lines for each submodule."""
    lines = [heading(f"Submodules of {found.branch}: {_summary(found)}")]
    for submodule in found.submodules:
        mark = _MARKS[submodule.reach]
        lines.append(
            line(
                Span(f"{mark.shape} ", mark.tone),
                f"{submodule.path}  ",
                Span(short(submodule.pinned), Tone.DIM),
                f"  {_reach(submodule)}",
            )
        )
        lines.append(line(Span(f"  {_since_the_cut(submodule, found)}", _tone(submodule))))
        if submodule.url:
            lines.append(line(Span(f"  {submodule.url}", Tone.DIM)))
    return tuple(lines)


def _summary(found: BranchSubmodules) -> str:
    parts = [str(len(found.submodules))]
    for number, words in (
        (sum(submodule.moved for submodule in found.submodules), "moved since the cut"),
        (_count(found, Reach.NO_BRANCH), Reach.NO_BRANCH.value),
        (_count(found, Reach.UNKNOWN), Reach.UNKNOWN.value),
    ):
        if number:
            parts.append(f"{number} {words}")
    return " · ".join(parts)


def _count(found: BranchSubmodules, reach: Reach) -> int:
    return sum(submodule.reach is reach for submodule in found.submodules)


def _reach(submodule: Submodule) -> str:
    if submodule.reach is Reach.UNKNOWN:
        return f"unknown: {submodule.trouble}"
    if submodule.reach is Reach.NO_BRANCH:
        return "on no branch of its remote: a fix has nowhere to land"
    more = len(submodule.holders) - _SHOWN_HOLDERS
    names = ", ".join(submodule.holders[:_SHOWN_HOLDERS])
    return f"on {names}" + (f" and {counted(more, 'other')}" if more > 0 else "")


def _since_the_cut(submodule: Submodule, found: BranchSubmodules) -> str:
    if found.cut is None:
        return "the branch is not cut"
    if submodule.at_cut is None:
        return "added since the cut"
    if submodule.moved:
        return f"moved since the cut, from {short(submodule.at_cut)}"
    return "as at the cut"


def _tone(submodule: Submodule) -> Tone:
    return Tone.WARN if submodule.moved else Tone.DIM
