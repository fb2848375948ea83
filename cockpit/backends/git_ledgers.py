"""Ledgers on their remotes: a chain of commits that is only ever appended to."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.backends.git_clones import Clones, refused
from cockpit.backends.git_names import checked_ref, checked_sha
from cockpit.backends.git_output import LEDGER_FORMAT, read_ledger_commits
from cockpit.backends.git_runner import Clone
from cockpit.backends.ports import LedgerCommit
from cockpit.backends.text import clean
from cockpit.errors import Conflict
from cockpit.release.commits import short


class Ledgers:
    """Ledgers, each read and written through a clone of its own."""

    def __init__(self, clones: Clones, identity: Callable[[], tuple[str, str]]) -> None:
        """`identity` tells who writes, when it comes to that."""
        self._clones = clones
        self._identity = identity

    def tip(self, remote: str, ref: str) -> str | None:
        """The tip of a ledger on its remote; None when the ledger does not exist yet."""
        return self._clones.listed(self._of(remote), "--refs", [checked_ref(ref)]).get(ref)

    def read(self, remote: str, ref: str, since: str | None = None) -> tuple[LedgerCommit, ...]:
        """Fetch a ledger and read its chain, oldest first, after `since` when given.

        Raises Conflict when `since` is no longer part of the chain.
        """
        clone = self._of(remote)
        with self._clones.lock(clone):
            tip = self._fetch(clone, ref)
        if tip == since:
            return ()
        if tip is None or (since and not self._clones.contains(clone, tip, since)):
            raise Conflict(
                "The ledger was rewritten",
                f"{short(since or '')} is no longer part of {clean(ref)}",
                "read it as a whole",
            )
        span = f"{since}..{tip}" if since else tip
        walked = self._clones.walk(clone, LEDGER_FORMAT, span, "--reverse")
        return read_ledger_commits(walked)

    def append(self, remote: str, ref: str, message: str, parent: str | None) -> str:
        """Commit on `parent` and push fast-forward only; raises Conflict when the tip moved.

        A push whose answer is lost counts as done when the remote's chain holds the commit.
        """
        checked_ref(ref)
        clone = self._of(remote)
        with self._clones.lock(clone):
            self._clones.make(clone)
            if parent is not None:
                self._clones.need(clone, checked_sha(parent))
            sha = self._clones.commit(clone, message, parent, self._identity())
            pushed, failure = self._clones.push(clone, ref, sha, expected=parent or "")
            if pushed is not None and pushed.flag in " *=":
                return sha
            tip = self._fetch(clone, ref)
            if tip is not None and self._clones.contains(clone, tip, sha):
                return sha
        if tip != parent or (pushed is not None and pushed.lost_a_race):
            raise Conflict(
                "Somebody else wrote to the ledger",
                f"{clean(ref)} is {_at(tip)}, not {_at(parent)}",
                "read it and append again",
            )
        raise failure or refused(clone, pushed)

    def _of(self, remote: str) -> Clone:
        """Apart from the repository's own, so that no large fetch delays an entry."""
        return self._clones.of(remote, purpose="ledger")

    def _fetch(self, clone: Clone, ref: str) -> str | None:
        self._clones.fetch(clone, (), (checked_ref(ref),))
        return self._clones.fetched(clone).get(ref)


def _at(sha: str | None) -> str:
    return f"at {short(sha)}" if sha else "absent"
