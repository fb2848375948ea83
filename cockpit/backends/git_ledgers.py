"""Ledgers on their remotes: a chain of commits that is only ever appended to."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence

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

    def __init__(
        self, clones: Clones, identity: Callable[[], tuple[str, str]], *, sign: bool = False
    ) -> None:
        """`identity` tells who writes, when it comes to that; `sign` has git sign it."""
        self._clones = clones
        self._identity = identity
        self._sign = sign
        self._known: set[str] = set()
        """Commits that are in the clone, since this process brought or made them."""

    def tip(self, remote: str, ref: str) -> str | None:
        """The tip of a ledger on its remote; None when the ledger does not exist yet."""
        return self._clones.listed(self._of(remote), "--refs", [checked_ref(ref)]).get(ref)

    def bring(self, remote: str, ref: str) -> str | None:
        """Fetch a ledger without reading it; gives its tip, None where there is none yet."""
        clone = self._of(remote)
        with self._clones.lock(clone):
            tip = self._fetch(clone, ref)
        if tip is not None:
            self._known.add(tip)
        return tip

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
        self._known.add(tip)
        return read_ledger_commits(walked)

    def append(
        self, remote: str, ref: str, messages: Sequence[str], parent: str | None
    ) -> tuple[str, ...]:
        """Commit on `parent`, one on the other, and push them all or none, fast-forward only.

        Raises Conflict when the tip moved. A push whose answer is lost counts as done when the
        remote's chain holds the last of them.
        """
        checked_ref(ref)
        clone = self._of(remote)
        with self._clones.lock(clone), self._turn(clone):
            made = self._committed(clone, messages, parent)
            pushed, failure = self._clones.push(clone, ref, made[-1], expected=parent or "")
            if pushed is not None and pushed.flag in " *=":
                return made
            if pushed is not None and pushed.lost_a_race:
                raise _moved(ref, parent)
            tip = self._fetch(clone, ref)
            if tip is not None and self._clones.contains(clone, tip, made[-1]):
                return made
        if tip != parent:
            raise _moved(ref, parent)
        raise failure or refused(clone, pushed)

    def _committed(
        self, clone: Clone, messages: Sequence[str], parent: str | None
    ) -> tuple[str, ...]:
        if not clone.exists:
            self._known.clear()
            self._clones.make(clone)
        if parent is not None and checked_sha(parent) not in self._known:
            self._clones.need(clone, parent)
        made: list[str] = []
        for message in messages:
            on = made[-1] if made else parent
            made.append(self._clones.commit(clone, message, on, self._identity(), sign=self._sign))
        self._known.update(made)
        return tuple(made)

    @contextlib.contextmanager
    def _turn(self, clone: Clone) -> Iterator[None]:
        """One process of this machine at a time: they would only reject each other's pushes."""
        self._clones.make(clone)
        descriptor = os.open(clone.git_dir / "append.turn", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _of(self, remote: str) -> Clone:
        """Apart from the repository's own, so that no large fetch delays an entry."""
        return self._clones.of(remote, purpose="ledger")

    def _fetch(self, clone: Clone, ref: str) -> str | None:
        self._clones.fetch(clone, (), (checked_ref(ref),))
        return self._clones.fetched(clone).get(ref)


def _moved(ref: str, parent: str | None) -> Conflict:
    known = f"at {short(parent)}" if parent else "absent"
    return Conflict(
        "Somebody else wrote to the ledger",
        f"{clean(ref)} is not {known} any more",
        "read it and append again",
    )
