"""`missing`: what a release branch of any clone lacks, without config or network."""

from __future__ import annotations

import argparse
import gc
import sys

from cockpit.backends.git_history import ClonedHistory, line_of
from cockpit.errors import ExitCode


def run(arguments: argparse.Namespace) -> int:
    gc.disable()
    clone = ClonedHistory(arguments.repo)
    line = line_of(arguments.branch)
    ranges = clone.ranges(arguments.branch, arguments.trunk, arguments.cut, [f"{line[0]}*"] if line else [])
    import json
    from cockpit.backends.git_findings import Asked, read_findings

    read = read_findings(clone, ranges, Asked(arguments.branch, arguments.trunk))
    f = read.findings
    doc = {
        "cut": f.cut, "counts": f.counts,
        "picks": [{"branch_commit": r.commit.sha, "trunk_commit": r.trunk.sha if r.trunk else None, "by": r.by.value if r.by else None, "kind": r.kind.value} for r in f.picks],
        "missing_reverts": [{"revert": m.revert.sha, "reverted": m.reverted.sha, "on_branch_as": m.on_branch_as, "pr": m.reverted.pull, "why": m.why} for m in f.missing_reverts],
        "carry_forward": [{"branch": c.line, "commit": c.commit, "trunk_commit": c.trunk.sha, "pr": c.trunk.pull, "why": c.why} for c in f.carry_forward],
        "nameless": [c.sha + c.title for c in f.nameless],
        "unknown": f.unknown,
    }
    sys.stdout.write(json.dumps(doc, indent=1) + "\n")
    return int(ExitCode.OK)
