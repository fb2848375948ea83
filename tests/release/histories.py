"""Made-up histories: a line of messages for trunk, another for a release branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1

from cockpit.release.claims import Reader
from cockpit.release.lineage import History, HistoryCommit, Origin, origins
from cockpit.release.undoing import Held, MissingRevert, Told, held_by, missing_reverts, told_by

MERGE_BOT = "PyTorch MergeBot"


def sha_of(name: str) -> str:
    """The SHA of a commit that a test calls by name."""
    return sha1(name.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Story:
    """Commits by name, oldest first: before the cut, on trunk since, on the branch since.

    A message may name another commit's SHA as `<name>`, or its first nine digits as `<name:9>`.
    """

    before: Mapping[str, str] = field(default_factory=dict)
    trunk: Mapping[str, str] = field(default_factory=dict)
    branch: Mapping[str, str] = field(default_factory=dict)
    authors: Mapping[str, str] = field(default_factory=dict)
    trees: Mapping[str, str] = field(default_factory=dict)
    repository: str | None = "pytorch/pytorch"

    @property
    def history(self) -> History:
        """Trunk, newest first."""
        own = self._commits(self.trunk, start=1_000)
        before = self._commits(self.before, start=0)
        return History(before, History(own))

    @property
    def told(self) -> Told:
        """What trunk's commits do."""
        return told_by(self.history)

    @property
    def origins(self) -> list[Origin]:
        """Where the branch's commits come from, newest first."""
        commits = self._commits(self.branch, start=5_000)
        return list(origins(commits, self.history, "2.15"))

    @property
    def held(self) -> dict[int, Held]:
        """How the branch stands to trunk's changes."""
        return held_by(self.origins, self.told)

    def missing(self) -> list[MissingRevert]:
        """Reverts that the branch lacks."""
        return list(missing_reverts(self.told, self.held))

    def missing_names(self) -> list[tuple[str, str, str]]:
        """Names of revert, of what it reverts, and of what the branch has, for each."""
        names = {sha_of(name): name for name in (*self.before, *self.trunk, *self.branch)}
        return [
            (names[m.revert.sha], names[m.reverted.sha], names[m.on_branch_as])
            for m in self.missing()
        ]

    def nameless(self) -> list[str]:
        """Titles of reverts of what could not be found."""
        told = self.told
        return [told.trunk.commits[position].title for position in told.nameless]

    def _commits(self, messages: Mapping[str, str], start: int) -> Sequence[HistoryCommit]:
        reader = Reader(lambda: self.repository, closing=True)
        names = (*self.before, *self.trunk, *self.branch)
        found = []
        for at, (name, message) in enumerate(messages.items()):
            text = message
            for other in names:
                text = text.replace(f"<{other}>", sha_of(other))
                text = text.replace(f"<{other}:9>", sha_of(other)[:9])
            title, _, body = text.partition("\n")
            found.append(
                HistoryCommit(
                    sha_of(name),
                    self.trees.get(name, f"tree of {name}"),
                    start + at,
                    start + at,
                    self.authors.get(name, "Ada"),
                    title,
                    reader.pulls(title, body),
                    reader.claims(title, body),
                )
            )
        return found[::-1]
