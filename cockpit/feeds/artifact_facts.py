"""What is known of files beyond their listing, kept on disk: asking hundreds again would cost."""

from __future__ import annotations

import contextlib
import os
import threading
from datetime import datetime
from pathlib import Path

import msgspec

from cockpit.release.artifacts import Contents, StoredObject


class _Fact(msgspec.Struct, frozen=True):
    sha256: str | None = None
    told_at: datetime | None = None
    """The file's last change when its checksum was told: it can be set without a new ETag."""
    contents: Contents | None = None
    computed: bool = False


class ArtifactFacts:
    """Facts by key and ETag, which never become untrue: another file gets another ETag."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._facts: dict[str, _Fact] | None = None

    def completed(self, stored: StoredObject) -> StoredObject:
        """A listed object with everything that is known of it."""
        fact = self._all.get(_name(stored), _Fact())
        told = fact.told_at == stored.last_modified
        return msgspec.structs.replace(
            stored,
            sha256=fact.sha256 if told else None,
            computed=fact.computed and told,
            contents=fact.contents,
        )

    def learn(self, stored: StoredObject) -> None:
        """Remember what an object says of itself."""
        with self._lock:
            known = self._all.get(_name(stored), _Fact())
            self._all[_name(stored)] = _Fact(
                sha256=stored.sha256 if stored.sha256 is not None else known.sha256,
                told_at=stored.last_modified if stored.sha256 is not None else known.told_at,
                contents=stored.contents or known.contents,
                computed=stored.computed if stored.sha256 is not None else known.computed,
            )

    def save(self) -> None:
        """Keep it on disk; a disk that refuses costs only speed."""
        with self._lock, contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_name(f".{self._file.name}-{os.getpid()}")
            draft.write_bytes(msgspec.msgpack.encode(self._all))
            draft.replace(self._file)

    @property
    def _all(self) -> dict[str, _Fact]:
        if self._facts is None:
            try:
                text = self._file.read_bytes()
                self._facts = msgspec.msgpack.decode(text, type=dict[str, _Fact])
            except (OSError, msgspec.DecodeError):
                self._facts = {}
        return self._facts


def _name(stored: StoredObject) -> str:
    return f"{stored.etag} {stored.key}"
