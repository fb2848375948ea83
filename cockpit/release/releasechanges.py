"""Release-only changes: what a release branch has to itself, as data; process section 4."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.release.rewrites import RuleSet
from cockpit.release.versions import Line


def changes_branch(line: Line) -> str:
    """The branch from which release-only changes are proposed; process section 24."""
    return f"automated/changes-{line}"


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="change"):
    """Base of everything that can stand in a repository's list of release changes."""


class References(Change, frozen=True, tag="references"):
    """Workflows follow the release branch of test-infra."""

    rules: RuleSet = RuleSet.SCRIPT_2023


class TemplateArgument(Change, frozen=True, tag="template-argument"):
    """Every call of a macro in the templates of workflows gets one more argument."""

    files: str = ".github/templates/*.yml.j2"
    call: str = "common.checkout"
    argument: str = "checkout_pr_head=False"


class Replace(Change, frozen=True, tag="replace"):
    """The first `old` of every line of a file becomes `new`, as `sed` without g does it.

    `new`, like every text of a change, may name {line}, {version} and {branch}.
    """

    file: str
    old: str
    new: str


class Write(Change, frozen=True, tag="write"):
    """A file that exists holds one line and nothing else."""

    file: str
    text: str


class SetVersion(Change, frozen=True, tag="version"):
    """The version file says the version being released."""


class PinImages(Change, frozen=True, tag="docker-pin"):
    """The constant that pins builder images holds the tree they are built from."""


class PinObjects(Change, frozen=True, tag="object-version"):
    """A file that reads objects of a bucket names the version of each that is the newest now.

    `…/KEY` becomes `…/KEY?versionId=ID`; what names a version already stays. Section 4.1, step 7.
    """

    file: str
    objects: tuple[str, ...]
    """Keys in the bucket."""
    bucket: str = "ossci-metrics"


class Script(Change, frozen=True, tag="script"):
    """A script of the repository's own changes the tree, in a throw-away copy of it."""

    file: str
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    """Variables that it gets beside a path, a home of its own and UTF-8; nothing else is passed."""
    timeout_s: float = 600


PureChange = References | TemplateArgument | Replace | Write | SetVersion | PinImages | PinObjects
AnyChange = PureChange | Script


class FileState(msgspec.Struct, frozen=True):
    """A file as a tree holds it."""

    content: bytes
    mode: str = ""
    """`100644`, `100755` or `120000`; empty for whatever it was before."""


class FileChange(msgspec.Struct, frozen=True):
    """What became of one file; None where it did not exist before, or does not afterwards."""

    path: str
    before: FileState | None
    after: FileState | None


def merged(changes: Sequence[FileChange]) -> tuple[FileChange, ...]:
    """Several changes of the same files as one each, by path; what came to nothing is left out."""
    by_path: dict[str, FileChange] = {}
    for change in changes:
        first, after = by_path.get(change.path), change.after
        if first and first.after and after and not after.mode:
            after = FileState(after.content, first.after.mode)
        before = first.before if first else change.before
        by_path[change.path] = FileChange(change.path, before, after)
    return tuple(change for _, change in sorted(by_path.items()) if change.before != change.after)
