"""The named rule sets of a branch cut, and the files each applies to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import assert_never

import msgspec

from cockpit.release.rewrites.fixed import point_at
from cockpit.release.rewrites.script import every_occurrence, first_per_line, with_input_defaults

_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")
_SCRIPTED = re.compile(r"\.github/workflows/[^/]*\.yml")
_COMPOSITE_ACTION = re.compile(r"\.github/actions/(?:[^/]+/)*action\.ya?ml")
_PLAIN_REF = re.compile(r"[A-Za-z0-9_](?:[\w./-]*\w)?", re.ASCII)
"""A branch name without a character that YAML or the scripts' `sed` would read as syntax."""


class RuleSet(Enum):
    """How the references in a repository's workflows leave `main` when its branch is cut."""

    NONE = "none"
    """Nothing is rewritten: core."""
    SCRIPT_2023 = "script-2023"
    """test-infra's script from 2.2 to 2.13, and vision's `cut_release.sh`."""
    SCRIPT_2026 = "script-2026"
    """test-infra's script from 2.14: also the defaults of the `test-infra-ref` inputs."""
    ALL_OCCURRENCES = "all-occurrences"
    """vision's `apply-release-changes.py`: not only the first match of a line."""
    FIXED = "fixed"
    """What the scripts' author meant: our references, all of them, and nobody else's."""


class Rewritten(msgspec.Struct, frozen=True):
    """One file that a rule set changes."""

    path: str
    before: bytes
    after: bytes


def applies_to(rules: RuleSet, path: str) -> bool:
    """Whether a rule set looks at the file at `path` (from the root, with slashes) at all."""
    match rules:
        case RuleSet.NONE:
            return False
        case RuleSet.SCRIPT_2023 | RuleSet.SCRIPT_2026:
            hidden = path.rpartition("/")[2].startswith(".")  # the shell's * leaves these out
            return not hidden and _SCRIPTED.fullmatch(path) is not None
        case RuleSet.ALL_OCCURRENCES:
            return _SCRIPTED.fullmatch(path) is not None
        case RuleSet.FIXED:
            return bool(_WORKFLOW.fullmatch(path) or _COMPOSITE_ACTION.fullmatch(path))
        case _:
            assert_never(rules)


def rewrite(
    rules: RuleSet, path: str, content: bytes, ref: str, *, own: frozenset[str] = frozenset()
) -> bytes:
    """The file after the cut; the same bytes when the rules leave it alone.

    `ref` is the branch of test-infra, such as release/2.15; ValueError when it is not a plain
    branch name. `own` are the repositories (`owner/name`) whose branch of that name `fixed` may
    point at; the scripts ask nobody.
    """
    if not _PLAIN_REF.fullmatch(ref):
        raise ValueError(f"{ref!r} is not a branch name such as release/2.15")
    if not applies_to(rules, path):
        return content
    target = ref.encode("ascii")
    match rules:
        case RuleSet.NONE:
            return content
        case RuleSet.SCRIPT_2023:
            return first_per_line(content, target)
        case RuleSet.SCRIPT_2026:
            return with_input_defaults(content, target)
        case RuleSet.ALL_OCCURRENCES:
            return every_occurrence(content, target)
        case RuleSet.FIXED:
            return point_at(content, target, own)
        case _:
            assert_never(rules)


def rewrite_all(
    rules: RuleSet, files: Mapping[str, bytes], ref: str, *, own: frozenset[str] = frozenset()
) -> tuple[Rewritten, ...]:
    """The files of a tree that `rewrite` changes, by path."""
    changes = (
        Rewritten(path, before, rewrite(rules, path, before, ref, own=own))
        for path, before in sorted(files.items())
    )
    return tuple(change for change in changes if change.before != change.after)
