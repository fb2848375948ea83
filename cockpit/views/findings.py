"""What a release branch lacks, as data and as lines to read.

Like all that `missing` loads it stays clear of what takes longer to import than git to answer.
"""

# No `from __future__ import annotations` where NamedTuples are: it makes each take milliseconds.
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cockpit.release.branch_findings import Findings
from cockpit.release.lineage import HistoryCommit, PickKind
from cockpit.release.words import counted, short

if TYPE_CHECKING:
    from cockpit.release.missing_fixes import MissingFix

_BAD, _WARN, _UNKNOWN, _GOOD = "✖", "▲", "?", "✔"


def as_data(
    findings: Findings, fixes: "Sequence[MissingFix] | None", unread: str
) -> dict[str, object]:
    """The findings as JSON has them; `unread` says why the missing fixes are not known."""
    data: dict[str, object] = {
        "branch": findings.branch,
        "trunk": findings.trunk,
        "cut": findings.cut,
        "counts": findings.counts,
        "picks": [
            {
                "branch_commit": row.commit.sha,
                "trunk_commit": row.trunk.sha if row.trunk else None,
                "by": row.by.value if row.by else None,
                "kind": row.kind.value,
            }
            for row in findings.picks
        ],
        "missing_reverts": [
            {
                "revert": found.revert.sha,
                "reverted": found.reverted.sha,
                "on_branch_as": found.on_branch_as,
                "pr": found.reverted.pull,
                "why": found.why,
            }
            for found in findings.missing_reverts
        ],
        "carry_forward": None
        if findings.carry_forward is None
        else [
            {
                "branch": found.line,
                "branch_commit": found.commit,
                "trunk_commit": found.trunk.sha,
                "pr": found.trunk.pull,
                "why": found.why,
            }
            for found in findings.carry_forward
        ],
        "never_landed": [row.commit.sha for row in findings.never_landed],
        "unresolved_reverts": [commit.sha for commit in findings.nameless],
        "missing_fixes": None if fixes is None else [_fix(found) for found in fixes],
        "unknown": list(findings.unknown),
    }
    if unread:
        data["missing_fixes_why"] = unread
    return data


def as_text(findings: Findings, fixes: "Sequence[MissingFix] | None", unread: str) -> str:
    """The findings for a person: what is red first, and what nobody knows last."""
    from cockpit.backends.text import mask

    return mask("\n".join(_lines(findings, fixes, unread)))


def _fix(found: "MissingFix") -> dict[str, object]:
    from cockpit.backends.text import mask

    return {
        "number": found.item.number,
        "title": mask(found.item.title),
        "url": found.item.url,
        "state": found.item.state,
        "fix": found.fix.sha,
        "pr": found.fix.pull,
        "why": found.why,
    }


def _lines(findings: Findings, fixes: "Sequence[MissingFix] | None", unread: str) -> Iterator[str]:
    yield (
        f"{findings.branch} against {findings.trunk}, cut at {short(findings.cut)}:"
        f" {counted(findings.branch_commits, 'commit')} on the branch,"
        f" {findings.trunk_commits} on trunk since"
    )
    yield f"  {_kinds(findings)}"
    for mark, heading, lines in _sections(findings, fixes or ()):
        if lines:
            yield ""
            yield f"{mark} {heading}"
            yield from lines
    yield ""
    yield from _closing(findings, fixes, unread)


def _sections(
    findings: Findings, fixes: "Sequence[MissingFix]"
) -> Iterator[tuple[str, str, list[str]]]:
    """Mark, heading and lines of everything that may have been found."""
    reverts, carried = findings.missing_reverts, findings.carry_forward or ()
    unlanded, nameless = findings.never_landed, findings.nameless
    yield (
        _BAD,
        f"{counted(len(reverts), 'revert')} missing",
        [
            f"  {text}"
            for found in reverts
            for text in (
                _named(found.revert),
                f"    of {_named(found.reverted)}",
                f"    {found.why}",
            )
        ],
    )
    yield (
        _BAD,
        f"{counted(len(fixes), 'fix', 'fixes')} missing",
        [
            f"  {text}"
            for fix in fixes
            for text in (
                f"#{fix.item.number} {fix.item.title}",
                f"    {_named(fix.fix)}",
                f"    {fix.why}",
            )
        ],
    )
    yield (
        _WARN,
        f"{counted(len(carried), 'fix', 'fixes')} to carry forward",
        [f"  {text}" for each in carried for text in (_named(each.trunk), f"    {each.why}")],
    )
    yield (
        _WARN,
        f"{counted(len(unlanded), 'commit')} that never landed on {findings.trunk}",
        [f"  {_named(row.commit)}" for row in unlanded],
    )
    yield (
        _UNKNOWN,
        f"{counted(len(nameless), 'revert')} on {findings.trunk} of something not to be found",
        [f"  {_named(commit)}" for commit in nameless],
    )


def _closing(
    findings: Findings, fixes: "Sequence[MissingFix] | None", unread: str
) -> Iterator[str]:
    if not findings.missing_reverts:
        yield f"{_GOOD} no revert is missing"
    if fixes is not None and not fixes and not unread:
        yield f"{_GOOD} no fix of the milestone is missing"
    for unknown in findings.unknown:
        yield f"{_UNKNOWN} {unknown}"
    if unread:
        known = "are not known" if fixes is None else "may be more"
        yield f"{_UNKNOWN} missing fixes {known}: {unread}"
    lacking = [
        name for name, found in (("revert", findings.missing_reverts), ("fix", fixes)) if found
    ]
    if lacking:
        what = " and ".join(lacking)
        yield f"next: git cherry-pick -x SHA of each missing {what}, onto {findings.branch}"


def _kinds(findings: Findings) -> str:
    counts = findings.counts
    words = {
        PickKind.PICK: ("pick", "picks"),
        PickKind.RELEASE_ONLY: ("release-only", "release-only"),
        PickKind.REVERT: ("revert of its own", "reverts of its own"),
        PickKind.UNKNOWN: ("of unknown origin", "of unknown origin"),
    }
    told = [
        counted(counts[kind.value], *names) for kind, names in words.items() if counts[kind.value]
    ]
    return ", ".join(told) or "nothing of its own"


def _named(commit: HistoryCommit) -> str:
    return f"{short(commit.sha)} {commit.title}"
