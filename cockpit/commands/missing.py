"""`missing`: which reverts and fixes a release branch of any clone lacks.

It reads a clone alone, without config or network; with a GitHub token the milestone as well.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from cockpit.backends.git_history import ClonedHistory, line_of
from cockpit.errors import CockpitError, ExitCode

if TYPE_CHECKING:
    from cockpit.commands.missing_fixes import MilestoneQuestions

_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
_UNASKED = (
    "there is no GitHub token, and the milestone is on GitHub: set GITHUB_TOKEN,"
    " or name a release.toml with --config"
)


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; 1 when a revert or a fix is missing."""
    clone = ClonedHistory(arguments.repo)
    with clone.asked_ahead(arguments.branch, arguments.trunk):
        return _printed(arguments, clone)


def _printed(arguments: argparse.Namespace, clone: ClonedHistory) -> int:
    # Imported while git looks for branches, and then while it walks.
    import json

    ranges = clone.ranges(arguments.branch, arguments.trunk, arguments.cut)
    from cockpit.backends.git_findings import Asked, read_findings
    from cockpit.views.findings import as_data, as_text

    milestone = _milestone(arguments, clone)
    repository = milestone.repository.name if milestone else None
    asked = Asked(arguments.branch, arguments.trunk, repository, closing=milestone is not None)
    read = read_findings(clone, ranges, asked)
    fixes, unread, code = None, _UNASKED, ExitCode.OK
    if milestone is not None:
        try:
            fixes, unread = milestone.missing_fixes(read)
        except CockpitError as err:
            unread, code = str(err), err.exit_code
    if arguments.json:
        text = json.dumps(as_data(read.findings, fixes, unread), indent=2)
    else:
        text = as_text(read.findings, fixes, unread)
    sys.stdout.write(text + "\n")
    return int(ExitCode.BLOCKED if read.findings.missing_reverts or fixes else code)


def _milestone(arguments: argparse.Namespace, clone: ClonedHistory) -> MilestoneQuestions | None:
    """The milestone to look into; None without a token, which leaves its libraries unloaded."""
    if arguments.config is not None:
        from cockpit.commands.missing_fixes import of_config

        return of_config(arguments.config, arguments.milestone)
    token = next((name for name in _TOKENS if os.environ.get(name, "").strip()), None)
    name, line = clone.repository_name() if token else None, line_of(arguments.branch)
    if token is None or name is None or line is None:
        return None
    from cockpit.commands.missing_fixes import of_clone

    return of_clone(name, line[1], arguments.milestone)
