"""The ledger in git: entries as commit messages, appended by compare-and-swap."""

from __future__ import annotations

import contextlib
import random
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast, get_args

import msgspec

from cockpit.backends.ports import Clock, GitPort, LedgerCommit
from cockpit.backends.text import clean, clean_lines, mask
from cockpit.errors import CockpitError, Conflict
from cockpit.release.commits import short
from cockpit.release.record import Entry, KnownEvent, Ledger, Recorded

_SUBJECT_LENGTH = 72
_RAW_LENGTH = 4000
_TRIES = 10_000
_PATIENCE_S = 300.0
"""How long an event is put on ever newer tips before somebody is told that it was not written."""
_SHORTEST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_FALSE = {"B": "bad", "R": "by a key that was revoked"}
"""Signatures, as `%G?` has them, that prove the opposite of what they should."""
_KINDS = frozenset(kind.__struct_config__.tag for kind in get_args(KnownEvent))


def encode(entry: Entry) -> str:
    """The commit message of an entry: what happened in one line, then the entry as JSON."""
    safe = _each_text(msgspec.to_builtins(entry), lambda text: mask(clean_lines(text)))
    return f"{encode_subject(entry.event)}\n\n{msgspec.json.encode(safe).decode()}\n"


def encode_subject(event: KnownEvent) -> str:
    """What happened, in the one line that `git log --oneline` shows."""
    subject = mask(clean(event.describe())).strip()
    if len(subject) > _SUBJECT_LENGTH:
        subject = subject[: _SUBJECT_LENGTH - 1] + "…"
    return subject


def decode(commit: LedgerCommit) -> Recorded:
    """What a commit records; one that cannot be read is kept, says why, and has no effect."""
    entry, problem = _read(commit)
    return Recorded(
        sha=commit.sha,
        author=commit.author,
        email=commit.email,
        committed_at=commit.committed_at,
        signature=commit.signature,
        entry=entry,
        problem=problem,
        raw="" if entry else mask(clean_lines(commit.message))[:_RAW_LENGTH],
    )


def _read(commit: LedgerCommit) -> tuple[Entry | None, str]:
    """The entry, or why there is none."""
    _, _, text = commit.message.partition("\n\n")
    try:
        found: object = msgspec.json.decode(text)
        kind = _kind(found)
        if isinstance(kind, str) and kind not in _KINDS:
            return None, f"newer event kind {clean(kind)!r} is kept and ignored"
        entry = msgspec.convert(_each_text(found, clean_lines), Entry)
    except msgspec.ValidationError as err:
        return None, f"not an entry: {clean(str(err))}"
    except (msgspec.DecodeError, RecursionError):
        return None, "not an entry: its message is not the cockpit's"
    if _without_zone(entry):
        return None, "not an entry: a time without its zone"
    if commit.signature in _FALSE:
        return None, f"forged: git says that its signature is {_FALSE[commit.signature]}"
    if entry.email != commit.email:
        return None, f"forged: it names {entry.email}, but {commit.email} wrote it"
    return entry, ""


def _kind(found: object) -> object:
    event = found.get("event") if isinstance(found, dict) else None
    return event.get("kind") if isinstance(event, dict) else None


def _without_zone(entry: Entry) -> bool:
    event = entry.event
    values = [entry.at, *(getattr(event, field) for field in event.__struct_fields__)]
    return any(isinstance(value, datetime) and value.tzinfo is None for value in values)


def _each_text(value: object, change: Callable[[str], str]) -> object:
    """The same JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(inner, change) for inner in value]
    return value


class _Wish:
    """An event that a thread waits to see recorded."""

    def __init__(self, event: KnownEvent) -> None:
        self.event = event
        self.recorded: Recorded | None = None
        self.problem: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether another thread has seen to it."""
        return self.recorded is not None or self.problem is not None


class LedgerStore:
    """One release's ledger; may be used from any thread and by any number of processes."""

    def __init__(
        self, git: GitPort, remote: str, ref: str, *, cockpit_version: str, host: str, clock: Clock
    ) -> None:
        self.host = host
        self._git = git
        self._remote = remote
        self._ref = ref
        self._cockpit_version = cockpit_version
        self._clock = clock
        self._last = Ledger()
        self._tip: str | None = None
        """The newest tip that is known, which may be ahead of what was read."""
        self._turn = threading.Lock()
        self._wishes: list[_Wish] = []
        self._wishes_lock = threading.Lock()

    @property
    def email(self) -> str:
        """What identifies this person in the ledger."""
        return self._git.identity()[1]

    def command(self, event: KnownEvent) -> str:
        """The git line that would record an event."""
        subject = encode_subject(event)
        commit = f"git commit-tree -p TIP -m {shlex.quote(subject)} $(git mktree </dev/null)"
        return f'git push {self._remote} "$({commit})":{self._ref}'

    def now(self) -> datetime:
        """The release's time, as entries carry it."""
        return self._clock.now()

    def read(self, previous: Ledger | None = None) -> Ledger:
        """The ledger as its remote has it now; only what is newer than `previous` is read.

        A chain that no longer contains what was known is read as a whole, and ends with a record
        that says so.
        """
        known = self._last if previous is None else previous
        try:
            newer = self._read_since(known.tip)
            ledger = _extended(known, newer) if newer else known
        except Conflict as conflict:
            ledger = _extended(Ledger(), self._read_since(None))
            ledger = Ledger((*ledger.entries, self._rewritten(known, conflict)), ledger.tip)
        self._last = ledger
        self._tip = ledger.tip
        return ledger

    def append(self, event: KnownEvent) -> Recorded:
        """Record an event, whatever the ledger holds.

        What several threads append at once goes out in one push, in the order they came.
        """
        wish = _Wish(event)
        with self._wishes_lock:
            self._wishes.append(wish)
        with self._turn:
            if not wish.done:
                self._grant()
        if wish.problem is not None:
            raise wish.problem
        return cast("Recorded", wish.recorded)

    def append_if(self, decide: Callable[[Ledger], KnownEvent]) -> Recorded:
        """Record what `decide` makes of the newest ledger, and nothing if that moved meanwhile.

        `decide` raises to refuse. It is asked again whenever somebody else was quicker, so what
        it allowed is still true when its event is written.
        """
        with self._turn:
            for known in self._tries():
                ledger = self._last if known and self._last.tip == self._tip else self.read()
                try:
                    event = decide(ledger)
                except CockpitError:
                    if not known:
                        raise
                    continue  # nobody is refused for what may have passed
                with contextlib.suppress(Conflict):
                    (recorded,) = self._put((event,), ledger.tip)
                    return recorded
        raise _too_busy()

    def _grant(self) -> None:
        """Record what every thread that waits has asked for."""
        with self._wishes_lock:
            granted, self._wishes = self._wishes, []
        try:
            recorded = self._record(tuple(wish.event for wish in granted))
        except Exception as problem:  # noqa: BLE001  (each thread is told what became of its own)
            for wish in granted:
                wish.problem = problem
        else:
            for wish, found in zip(granted, recorded, strict=True):
                wish.recorded = found

    def _record(self, events: Sequence[KnownEvent]) -> tuple[Recorded, ...]:
        """Put events on the tip, whatever is below it, so that nothing has to be read."""
        for known in self._tries():
            tip = self._tip if known else self._git.bring_ledger(self._remote, self._ref)
            with contextlib.suppress(Conflict):
                return self._put(events, tip)
        raise _too_busy()

    def _tries(self) -> Iterator[bool]:
        """Tries until patience ends, with pauses that let others end; whether the tip is known.

        The first is on the tip that is known already, which saves a look at the remote: a push on
        any other than the remote's is rejected, so what was true of it is true, or nothing is
        written.
        """
        patience = time.monotonic() + _PATIENCE_S
        if self._tip is not None:
            yield True
        for turn in range(_TRIES):
            yield False
            if time.monotonic() > patience:
                return
            longest = min(_LONGEST_PAUSE_S, _SHORTEST_PAUSE_S * 2**turn)
            time.sleep(random.uniform(0, longest))  # noqa: S311  (spreads, hides nothing)

    def _put(self, events: Sequence[KnownEvent], tip: str | None) -> tuple[Recorded, ...]:
        """Push events onto a tip; raises Conflict when it is not the remote's."""
        name, email = self._git.identity()
        at = self.now()
        entries = [
            Entry(at, name, email, self.host, self._cockpit_version, event) for event in events
        ]
        messages = [encode(entry) for entry in entries]
        made = self._git.append_ledger(self._remote, self._ref, messages, tip)
        commits = tuple(
            LedgerCommit(sha, name, email, at, message, "")
            for sha, message in zip(made, messages, strict=True)
        )
        if self._last.tip == tip:
            self._last = _extended(self._last, commits)
        self._tip = made[-1]
        return tuple(map(decode, commits))

    def _read_since(self, tip: str | None) -> tuple[LedgerCommit, ...]:
        return self._git.read_ledger(self._remote, self._ref, tip)

    def _rewritten(self, known: Ledger, conflict: Conflict) -> Recorded:
        return Recorded(
            sha=known.tip or "",
            author="",
            email="",
            committed_at=self.now(),
            signature="",
            entry=None,
            problem=f"the ledger was rewritten: {conflict.detail}",
            raw=f"{len(known.entries)} entries up to {short(known.tip or '')} were known before",
        )


def _too_busy() -> Conflict:
    return Conflict(
        "The ledger is too busy",
        "somebody else was quicker every time",
        "try again in a moment",
    )


def _extended(known: Ledger, newer: tuple[LedgerCommit, ...]) -> Ledger:
    tip = newer[-1].sha if newer else known.tip
    return Ledger((*known.entries, *map(decode, newer)), tip)
