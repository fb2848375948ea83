"""Whether a version is the one whose candidate comes next: the file, the tags, and no jump."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from cockpit.release.branches import BranchState
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


def version_blockers(
    backends: Backends, repository: Repository, branch: BranchState
) -> Iterator[str]:
    """What speaks against a candidate of the version that the config names."""
    version, naming = repository.version, repository.naming
    if repository.version_file and branch.version_text != str(version):
        found = branch.version_text or "nothing"
        yield f"{repository.version_file} says {found}, not {version}"
    if branch.tag(repository.final_tag) is not None:
        yield f"{repository.final_tag} is tagged: {version} is released and gets no more candidates"
    if version.patch > 0:
        before = msgspec.structs.replace(version, patch=version.patch - 1)
        # A version that was given up has candidates, and no final tag.
        patterns = (naming.final_tag_of(before), naming.candidate_tag.format(version=before, n="*"))
        tags = tuple(f"refs/tags/{pattern}" for pattern in patterns)
        if not backends.git.remote_refs(repository.remote, tags):
            yield f"{version} follows no {before}: nothing of that version is tagged"
