"""The step that waits until an index page tells of files as they are; process section 8.6."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from cockpit.errors import Cancelled, CockpitError
from cockpit.feeds.index_checks import IndexCheck
from cockpit.operations.plan import Expectation, Probe, Progress, StepFacts, StepState
from cockpit.operations.promotion_checks import duration_words
from cockpit.release.artifacts import StoredObject
from cockpit.release.index_state import IndexState
from cockpit.release.promotion import SIDECAR, Piece, Release
from cockpit.release.words import counted, few

if TYPE_CHECKING:
    from cockpit.backends.ports import Clock, IndexPort, TransferPort

_LOOKS_EVERY_S = 10.0
"""How often a page is asked for; one that has not changed is not sent again."""


class Pages(msgspec.Struct, frozen=True):
    """Where the index pages of a channel are, and how long they are waited for."""

    index: IndexPort
    url: str
    prefix: str
    clock: Clock
    within: timedelta


class AwaitIndex:
    """See that the page of a folder lists every file as it is; nothing is written.

    What a page says decides, not when it was made: it may come from a listing that is older.
    """

    def __init__(
        self,
        pages: Pages,
        source: TransferPort,
        release: Release,
        pieces: Sequence[Piece],
        beside: Sequence[StoredObject] = (),
    ) -> None:
        """`source` holds what the pieces come from; `beside` is other metadata in the folder."""
        self._pages = pages
        self._source = source
        self._release = release
        self._pieces = {piece.key: piece.source for piece in pieces}
        self._beside = tuple(beside)
        self._cancel = threading.Event()
        self._check = IndexCheck()
        self._sha256: dict[str, str] = {}
        """Checksums that were read, since the store tells none."""
        folder = pieces[0].folder
        self._page = f"the index of {folder}"
        wheels = [piece for piece in pieces if not piece.key.endswith(SIDECAR)]
        self.facts = StepFacts(
            key=f"index/{folder}/{release.package}-{release.version}",
            summary=f"Wait until {self._page} lists {counted(len(wheels), 'file')} of {release} as"
            f" put back, at most {duration_words(pages.within.total_seconds())}",
            command=f"curl {pages.url}/{folder}/{release.package}/index.html",
            expects=tuple(
                Expectation(f"{piece.source.name} in {self._page}", _expected(piece))
                for piece in wheels
            ),
        )

    def probe(self) -> Probe:
        """What the page says now; one that cannot be read says nothing yet."""
        try:
            state = self._state()
        except CockpitError as err:
            return Probe(StepState.TODO, f"{self._page} cannot be told: {err}")
        built = f", built {state.built_at:%d %b %H:%M} UTC" if state.built_at else ""
        lacking = "; ".join(self._lacking(state))
        if lacking:
            return Probe(StepState.TODO, f"{self._page}{built}: {lacking}")
        words = f"{self._page}{built}, lists {counted(state.listed, 'file')} as put back"
        return Probe(StepState.DONE, words)

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Look until it is so; raises CockpitError once that has taken too long."""
        self._cancel = cancel
        clock, within = self._pages.clock, self._pages.within
        until = clock.now() + within
        while (found := self.probe()).state is not StepState.DONE:
            if clock.now() >= until:
                raise CockpitError(
                    f"T{self._page[1:]} does not list what was put back",
                    f"{found.detail}; it was waited for {duration_words(within.total_seconds())}",
                    "have the index pages built anew, then plan the same again: what was put back"
                    " is found in its place",
                )
            report(Progress(paused=f"{found.detail}; waits until {until:%H:%M} UTC"))
            if cancel.wait(_LOOKS_EVERY_S):
                raise Cancelled("Stopped", found.detail)

    def verify(self) -> Probe:
        """Look again."""
        return self.probe()

    def _state(self) -> IndexState:
        """What the page says; a file is read where it gives a checksum, and the store none."""
        state = self._look()
        silent = set(self._silent()).difference(state.bare)
        if state.unlisted or state.wrong or not silent:
            return state
        for key in sorted(silent):
            self._sha256[key] = self._source.sha256_of(self._pieces[key], self._stop_if_asked)
        return self._look()

    def _look(self) -> IndexState:
        files = [
            msgspec.structs.replace(stored, key=key, sha256=self._sha256.get(key, stored.sha256))
            for key, stored in self._pieces.items()
        ]
        return self._check.state(
            self._pages.index, self._pages.prefix, self._release.package, (*files, *self._beside)
        )

    def _silent(self) -> Iterator[str]:
        """Wheels of which no checksum is known."""
        for key, stored in self._pieces.items():
            if not stored.sha256 and key not in self._sha256 and not key.endswith(SIDECAR):
                yield key

    def _lacking(self, state: IndexState) -> Iterator[str]:
        if state.unlisted:
            files = counted(len(state.unlisted), "file")
            yield f"{files} not listed, such as {few(state.unlisted, 1)}"
        yield from map(str, state.wrong[:1])
        if len(state.wrong) > 1:
            yield f"and {len(state.wrong) - 1} more are listed wrongly"
        silent = set(self._silent())
        if bare := [key for key in state.bare if key not in silent]:
            yield f"{counted(len(bare), 'file')} without a checksum, such as {bare[0]}"

    def _stop_if_asked(self, _: int) -> None:
        if self._cancel.is_set():
            raise Cancelled("Stopped", "a file was being read")


def _expected(piece: Piece) -> str:
    sha256 = piece.source.sha256
    return f"sha256 {sha256}" if sha256 else "no checksum, or that of its bytes"
