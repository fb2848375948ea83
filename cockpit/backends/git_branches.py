"""What a repository's release branch is, told by the refs that belong to its release."""

from __future__ import annotations

import msgspec

from cockpit.backends.git_clones import Clones
from cockpit.backends.git_names import branches_of, is_tag_of, tag_prefixes
from cockpit.backends.git_output import read_tags
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, mask
from cockpit.errors import CockpitError
from cockpit.release.branches import BranchState
from cockpit.release.commits import Commit
from cockpit.release.repos import Repository

NEWEST_SHOWN = 200
"""How many commits are shown of a branch whose cut point cannot be told."""
_VERSION_LENGTH = 100


class BranchReader:
    """Fetches release branches; nothing is walked again while their refs stay."""

    def __init__(self, git: GitRunner, clones: Clones) -> None:
        self._git = git
        self._clones = clones
        self._known: dict[str, _Known] = {}

    def read(self, clone: Clone, repository: Repository) -> Answer[BranchState]:
        """Fetch a repository and describe its release branch."""
        with self._clones.lock(clone):
            refs = self._fetch(clone, repository)
            known = self._known.get(repository.name)
            if known is not None and (known.repository, known.refs) == (repository, refs):
                return known.answer
            answer = self._describe(clone, repository, refs)
            if answer.complete:
                self._known[repository.name] = _Known(repository, refs, answer)
            return answer

    def _fetch(self, clone: Clone, repository: Repository) -> dict[str, str]:
        """Bring what belongs to a release; gives exactly its refs, without absent ones.

        The trunk is asked for by name, since other branches may begin like it; the branches of the
        release by prefix, since they may not be there yet.
        """
        branches = branches_of(repository)
        release, orig, *trunks = branches
        absent = self._clones.fetch(
            clone, tuple(dict.fromkeys(trunks)), (release, orig, *tag_prefixes(repository))
        )
        return {
            ref: sha
            for ref, sha in self._clones.fetched(clone).items()
            if ref not in absent and (ref in branches or is_tag_of(repository, ref))
        }

    def _describe(
        self, clone: Clone, repository: Repository, refs: dict[str, str]
    ) -> Answer[BranchState]:
        """What the fetched refs say of the release branch."""
        release, orig, trunk, cut_from = (refs.get(ref) for ref in branches_of(repository))
        missing: list[str] = []
        if clone.shallow_edges:
            missing.append("the remote is shallow: history before its edge is not there")
        base = self._cut_point(clone, release, orig, trunk) if release else None
        if release and base is None:
            missing.append(f"where {repository.release_branch} was cut cannot be told")
        commits = self._since(clone, release, base) if release else ()
        cut_point = self._clones.commits(clone, base, "--no-walk")[0] if base else None
        state = BranchState(
            repository=repository.name,
            branch=repository.release_branch,
            head=commits[0] if commits else cut_point,
            cut_point=cut_point,
            orig_sha=orig,
            orig_parent=self._parent(clone, orig) if orig else None,
            trunk_sha=trunk,
            cut_from_sha=cut_from,
            commits=commits,
            tags=tuple(sorted(read_tags(refs), key=lambda tag: tag.name)),
            version_text=self._version_text(clone, repository, release, missing),
        )
        return Answer(state, mask(clean(repository.remote)), "; ".join(missing))

    def _parent(self, clone: Clone, sha: str) -> str | None:
        found = self._git.attempt(clone, "rev-parse", "--verify", "--quiet", f"{sha}^1")
        return found.output.decode().strip() if found.status == 0 else None

    def _cut_point(
        self, clone: Clone, release: str, orig: str | None, trunk: str | None
    ) -> str | None:
        """The orig branch where the release branch grew from it, else where the trunk was left."""
        if orig and self._clones.contains(clone, release, orig):
            return orig
        return self._clones.merge_base(clone, trunk, release) if trunk else None

    def _since(self, clone: Clone, release: str, base: str | None) -> tuple[Commit, ...]:
        if base is None:
            return self._clones.commits(clone, release, f"--max-count={NEWEST_SHOWN}")
        return self._clones.commits(clone, f"{base}..{release}")

    def _version_text(
        self, clone: Clone, repository: Repository, release: str | None, missing: list[str]
    ) -> str | None:
        path = repository.version_file
        if release is None or path is None:
            return None
        try:
            text = self._clones.file_text(clone, release, path)
        except CockpitError as err:
            missing.append(f"{clean(path)} could not be fetched: {err.detail}")
            return None
        return None if text is None else mask(clean(text.strip()))[:_VERSION_LENGTH]


class _Known(msgspec.Struct, frozen=True):
    """What was last read of a repository, valid while its refs stay."""

    repository: Repository
    refs: dict[str, str]
    answer: Answer[BranchState]
