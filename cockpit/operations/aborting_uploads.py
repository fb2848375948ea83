"""Abort uploads in parts that nobody finished: they cost money, and no listing shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cockpit.backends.ports import TransferPort, Upload
from cockpit.errors import CockpitError
from cockpit.feeds.promotion_reads import PromotionReads
from cockpit.operations.plan import Danger, Expectation, Plan, Probe, Progress, StepFacts, StepState
from cockpit.operations.promoting import channels
from cockpit.release.promotion import STABLE
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends


class AbortUpload:
    """Throws away the parts of one upload."""

    def __init__(self, store: TransferPort, upload: Upload) -> None:
        self._store = store
        self._upload = upload
        self.facts = StepFacts(
            key=f"abort/{store.bucket}/{upload.key}/{upload.id}",
            summary=f"Abort the upload of {store.url}/{upload.key},"
            f" begun {upload.begun_at:%d %b %H:%M} UTC",
            command=f"aws s3api abort-multipart-upload --bucket {store.bucket}"
            f" --key {upload.key} --upload-id {upload.id}",
            expects=(Expectation(f"upload {upload.id}", "unfinished"),),
        )

    def probe(self) -> Probe:
        """Whether the store still lists it."""
        ids = {upload.id for upload in self._store.unfinished_uploads(self._upload.key)}
        if self._upload.id in ids:
            return Probe(StepState.TODO, "its parts are still there")
        return Probe(StepState.DONE, "it is gone")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Abort it."""
        report(Progress(note="aborting"))
        self._store.abort_upload(self._upload.key, self._upload.id)

    def verify(self) -> Probe:
        """Ask the store again."""
        return self.probe()


class AbortUploads:
    """Plans to abort every unfinished upload of the channels and mirrors of a certain age."""

    name = "abort-uploads"

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._reads = PromotionReads(backends, channels(backends))

    def plan(self) -> Plan:
        """List what is unfinished; younger uploads may be somebody's who is at it."""
        hours = self._backends.config.settings.promotion.orphan_after_h
        oldest = self._backends.clock.now() - timedelta(hours=hours)
        steps: list[AbortUpload] = []
        warnings = []
        for at in (STABLE, *self._reads.mirrors):
            try:
                store = self._reads.store(at)
                uploads = self._uploads(store)
            except CockpitError as err:
                warnings.append(f"{at} could not be read: {err}")
                continue
            steps += [AbortUpload(store, upload) for upload in uploads if _old(upload, oldest)]
            young = sum(not _old(upload, oldest) for upload in uploads)
            if young:
                warnings.append(
                    f"{counted(young, 'upload')} of {at} younger than {hours:g} h left alone"
                )
        return Plan(
            operation=self.name,
            subject="channels and mirrors",
            sentence=f"Abort {counted(len(steps), 'upload')} that nobody has finished within"
            f" {hours:g} h.",
            danger=Danger.IRREVERSIBLE,
            target=f"abort {len(steps)}",
            steps=tuple(steps),
            blockers=() if steps else ("there is no upload that old",),
            warnings=tuple(warnings),
        )

    def _uploads(self, store: TransferPort) -> list[Upload]:
        packages = self._reads.packages
        prefixes = {prefix for promoted in packages for prefix in self._reads.prefixes(promoted)}
        found = {
            upload.id: upload
            for prefix in sorted(prefixes)
            for upload in store.unfinished_uploads(f"{prefix}/")
        }
        return sorted(found.values(), key=lambda upload: (upload.key, upload.id))


def _old(upload: Upload, oldest: datetime) -> bool:
    return upload.begun_at <= oldest
