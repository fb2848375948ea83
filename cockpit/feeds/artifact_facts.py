"""What is known of files beyond their listing, kept on disk: asking hundreds again would cost."""

from __future__ import annotations

import contextlib
import os
import threading
from datetime import datetime
from pathlib import Path

import msgspec

from cockpit.feeds.cache import ReadingCache
from cockpit.release.artifacts import Contents, StoredObject


class _Fact(msgspec.Struct, frozen=True):
    sha256: str | None = None
    told_at: datetime | None = None
    """The file's last change when its checksum was told: it can be set without a new ETag."""
    contents: Contents | None = None
    computed: bool = False
    claimed: str = ""


class ArtifactFacts:
    """Facts by key and ETag, which never become untrue: another file gets another ETag.

    Looks and cockpits that run side by side share the file: what each learns joins what is there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._turns = ReadingCache(file.parent)
        self._lock = threading.Lock()
        self._facts: dict[str, _Fact] | None = None
        self._unsaved: list[StoredObject] = []

    def completed(self, stored: StoredObject) -> StoredObject:
        """A listed object with everything that is known of it."""
        with self._lock:
            fact = self._all.get(_name(stored), _Fact())
        told = fact.told_at == stored.last_modified
        return msgspec.structs.replace(
            stored,
            sha256=fact.sha256 if told else None,
            computed=fact.computed and told,
            claimed=fact.claimed if told else "",
            contents=fact.contents,
        )

    def learn(self, stored: StoredObject) -> None:
        """Remember what an object says of itself."""
        with self._lock:
            _add(self._all, stored)
            self._unsaved.append(stored)

    def learn_told(self, listed: StoredObject, told: StoredObject | None) -> None:
        """Remember what a listed object told when it was asked, in times as they are listed.

        One that was replaced since the listing is described by the next look.
        """
        if told is not None and told.etag == listed.etag:
            self.learn(msgspec.structs.replace(told, last_modified=listed.last_modified))

    def save(self) -> None:
        """Keep it on disk beside what others have kept; a disk that refuses costs only speed."""
        with self._lock, self._turns.turn(self._file.name), contextlib.suppress(OSError):
            self._facts = self._kept()
            for stored in self._unsaved:
                _add(self._facts, stored)
            if not self._unsaved:
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_name(f".{self._file.name}-{os.getpid()}")
            draft.write_bytes(msgspec.msgpack.encode(self._facts))
            draft.replace(self._file)
            self._unsaved.clear()

    @property
    def _all(self) -> dict[str, _Fact]:
        if self._facts is None:
            self._facts = self._kept()
        return self._facts

    def _kept(self) -> dict[str, _Fact]:
        try:
            return msgspec.msgpack.decode(self._file.read_bytes(), type=dict[str, _Fact])
        except (OSError, msgspec.DecodeError):
            return {}


def _add(facts: dict[str, _Fact], stored: StoredObject) -> None:
    known = facts.get(_name(stored), _Fact())
    # A checksum that was computed over all bytes is not given up for one that is only told.
    read = known.computed and not stored.computed and known.told_at == stored.last_modified
    told = stored.sha256 is not None and not read
    facts[_name(stored)] = _Fact(
        sha256=stored.sha256 if told else known.sha256,
        told_at=stored.last_modified if told else known.told_at,
        contents=stored.contents or known.contents,
        computed=stored.computed if told else known.computed,
        claimed=stored.claimed if told else known.claimed,
    )


def _name(stored: StoredObject) -> str:
    return f"{stored.etag} {stored.key}"
