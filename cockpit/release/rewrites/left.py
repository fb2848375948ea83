"""What still points at `main` after a rewrite, and why it does."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from cockpit.release.rewrites.diff import shown
from cockpit.release.rewrites.fixed import BranchUse, Construct, branch_uses
from cockpit.release.rewrites.positions import Unreadable

_QUOTED_MAIN = re.compile(r"[\"'](?:refs/heads/)?main[\"']")
_COMMENT = re.compile(rb"(?:^|\s)#.*")
_IN_TEXT = re.compile(
    rb"@(?:refs/heads/)?main(?![\w./-])"
    rb"|\bgit\s+clone\b.*\s(?:-b|--branch)[\s=][\"']?main(?![\w./-])"
)
_LINK = re.compile(
    rb"github(?:usercontent)?\.com/(?P<repository>[\w.-]+/[\w.-]+)"
    rb"/(?:(?:archive|blob|edit|raw|tree)/)?(?:refs/heads/)?main(?![\w-])"
)


class Why(Enum):
    """Why a reference to `main` is still there."""

    OURS = "ours, and these rules do not reach it"
    FOREIGN = "another project's main"
    OWN_CHECKOUT = "checks out main of the repository it runs in"
    EMPTY = "empty, which means the default branch"
    INPUT = "an input whose default is main"
    EXPRESSION = "depends on an expression"
    TEXT = "in a script or in prose"
    UNREADABLE = "not readable from here on, so nothing in this file was told apart"


class Leftover(msgspec.Struct, frozen=True):
    """One line that still points at `main`."""

    path: str
    line: int
    text: str
    why: Why


def leftovers(path: str, content: bytes, own: frozenset[str]) -> tuple[Leftover, ...]:
    """The lines of a workflow or composite action that still point at `main`, in order.

    `own` are the repositories (`owner/name`) that have the release branch. A trigger or a
    condition on `main` is no reference to it, and a comment points nowhere.
    """
    lines = content.split(b"\n")
    ours = {name.lower() for name in own}
    reasons: dict[int, Why] = {}
    try:
        for use in branch_uses(content):
            if why := _why_left(use, own):
                reasons.setdefault(_line_of(use, content), why)
    except Unreadable as error:
        reasons[min(error.line, len(lines))] = Why.UNREADABLE
    for number, line in enumerate(lines, start=1):
        if _text_points_at_main(line, ours):
            reasons.setdefault(number, Why.TEXT)
    return tuple(
        Leftover(path, number, shown(lines[number - 1]).strip(), why)
        for number, why in sorted(reasons.items())
    )


def _why_left(use: BranchUse, own: frozenset[str]) -> Why | None:
    if not use.ref:
        return Why.EMPTY if use.construct is Construct.TEST_INFRA else None
    if not use.at_main:
        return Why.EXPRESSION if "${{" in use.ref and _QUOTED_MAIN.search(use.ref) else None
    if use.is_ours(own):
        return Why.OURS
    if use.construct is Construct.INPUT:
        return Why.INPUT
    if use.repository is None:
        return Why.OWN_CHECKOUT
    return Why.EXPRESSION if "${{" in use.repository else Why.FOREIGN


def _line_of(use: BranchUse, content: bytes) -> int:
    return content[: use.end].rstrip().count(b"\n") + 1


def _text_points_at_main(line: bytes, ours: set[str]) -> bool:
    code = _COMMENT.sub(b"", line)
    if _IN_TEXT.search(code):
        return True
    return any(link["repository"].decode().lower() in ours for link in _LINK.finditer(code))
