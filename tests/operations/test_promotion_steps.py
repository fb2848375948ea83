"""The steps of a promotion on a store with real preconditions, and with objects in parts.

The default server of the rehearsal heeds no condition of a copy, and refuses no wrong checksum;
what rests on those is shown here.
"""

from __future__ import annotations

import hashlib
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cockpit.backends.objectstore_writes import WritableStore
from cockpit.backends.ports.objectstore import ObjectProperties, at_once
from cockpit.config_places import ObjectStoreTable
from cockpit.errors import Cancelled, Conflict
from cockpit.feeds.artifact_facts import ArtifactFacts
from cockpit.operations import patience
from cockpit.operations.plan import Progress, StepState
from cockpit.operations.promotion_steps import CopyFiles, MirrorFiles
from cockpit.rehearsal.s3 import REGION, AccessKey, SeaweedS3
from cockpit.release.artifacts import StoredObject
from cockpit.release.promotion import Likeness, Piece, PromotionRules, Release, Selection, select
from tests.backends.test_objectstore import client_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = AccessKey()
KEYS = {"AWS_ACCESS_KEY_ID": KEY.id, "AWS_SECRET_ACCESS_KEY": KEY.secret}
PART = 5 * 1024 * 1024
SMALL, BIG = b"small", b"b" * (PART + 1)
NAME = "torch-2.15.0+cpu-cp3{}-cp3{}-win_amd64.whl"
TORCH = Release("torch", "2.15.0")


class InParts(WritableStore):
    """Copies and receives in parts what others do in one request."""

    copy_limit = PART
    copied_part = PART
    sent_part = PART


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedS3]:
    seaweed = SeaweedS3(tmp_path_factory.mktemp("weed"), KEY)
    seaweed.start()
    yield seaweed
    seaweed.stop()


class Shelf:
    """Two buckets of one server: the channels, and what plays a mirror."""

    def __init__(self, url: str, number: int) -> None:
        self.client: S3Client = client_of(url, KEYS)
        self.channel, self.other = f"channel-{number}", f"mirror-{number}"
        for bucket in (self.channel, self.other):
            self.client.create_bucket(Bucket=bucket)
        self.stable = self._store(url, self.channel)
        self.mirror = self._store(url, self.other)
        self.put(12, SMALL)
        self.put(13, BIG)

    @staticmethod
    def _store(url: str, bucket: str) -> InParts:
        table = ObjectStoreTable(bucket=bucket, endpoint=url, region=REGION)
        return InParts(table, KEYS)

    def put(self, python: int, body: bytes, sha256: str | None = None) -> str:
        key = f"whl/test/cpu/{NAME.format(python, python)}"
        told = {"checksum-sha256": sha256 or hashlib.sha256(body).hexdigest()}
        self.client.put_object(
            Bucket=self.channel, Key=key, Body=body, Metadata=told, ContentType="binary/x-wheel"
        )
        return key

    def selection(self) -> Selection:
        found = [self.stable.describe(o.key) for o in self.stable.list_objects("whl/test/")]
        there = [stored for stored in found if stored is not None]
        return select(TORCH, there, ("whl/test", "whl"), PromotionRules())

    def copying(self, facts: ArtifactFacts | None = None) -> CopyFiles:
        return CopyFiles(self.stable, self.stable, TORCH, self.selection().pieces, facts)

    def mirroring(self) -> MirrorFiles:
        return MirrorFiles(self.stable, self.mirror, "r2", TORCH, self.selection().pieces)


@pytest.fixture
def shelf(server: SeaweedS3, request: pytest.FixtureRequest) -> Shelf:
    return Shelf(server.url, abs(hash(request.node.name)))


def run(step: CopyFiles | MirrorFiles) -> list[Progress]:
    told: list[Progress] = []
    step.apply(told.append, threading.Event())
    return told


@pytest.mark.seaweedfs
class TestOnRealPreconditions:
    def test_copies_and_mirrors_in_parts_are_verified_and_carry_all(self, shelf: Shelf) -> None:
        for step in (shelf.copying(), shelf.mirroring()):
            assert step.probe().state is StepState.TODO
            told = run(step)
            assert (told[-1].done, told[-1].total) == (len(SMALL) + len(BIG),) * 2
            verdict = step.verify()
            assert (verdict.state, len(verdict.parts)) == (StepState.DONE, 2), verdict.detail
            assert "absent" not in "".join(verdict.parts)
        for bucket in (shelf.channel, shelf.other):
            for python, body in ((12, SMALL), (13, BIG)):
                key = f"whl/cpu/{NAME.format(python, python)}"
                found = shelf.client.get_object(Bucket=bucket, Key=key)
                assert found["Body"].read() == body
                assert found["ContentType"] == "binary/x-wheel"
                assert found["Metadata"]["checksum-sha256"] == hashlib.sha256(body).hexdigest()
        assert shelf.copying().probe().state is shelf.mirroring().probe().state is StepState.DONE
        assert shelf.stable.is_public(f"whl/cpu/{NAME.format(13, 13)}")

    def test_a_source_that_changes_is_not_copied(self, shelf: Shelf) -> None:
        step = shelf.copying()
        for piece in step.pieces:
            shelf.put(int(piece.source.name[20:22]), b"another candidate's")
            with pytest.raises(Conflict):
                shelf.stable.copy(shelf.channel, piece.source, piece.key, lambda _: None)
        with pytest.raises(Conflict, match="no longer in the source"):
            run(step)
        assert list(shelf.stable.list_objects("whl/cpu/")) == []

    def test_a_destination_that_appears_is_not_overwritten(self, shelf: Shelf) -> None:
        for store in (shelf.stable, shelf.mirror):
            for piece in shelf.selection().pieces:
                shelf.client.put_object(Bucket=store.bucket, Key=piece.key, Body=b"theirs")
        for piece in shelf.selection().pieces:
            with pytest.raises(Conflict):
                shelf.stable.copy(shelf.channel, piece.source, piece.key, lambda _: None)
        for step in (shelf.copying(), shelf.mirroring()):
            assert step.probe().state is StepState.CONFLICT
            with pytest.raises(Conflict, match="not overwritten"):
                run(step)
        for bucket in (shelf.channel, shelf.other):
            for piece in shelf.selection().pieces:
                found = shelf.client.get_object(Bucket=bucket, Key=piece.key)
                assert found["Body"].read() == b"theirs"
        assert shelf.stable.unfinished_uploads("whl/") == ()

    def test_only_what_was_seen_is_replaced(self, shelf: Shelf) -> None:
        def lay(key: str, body: bytes) -> str:
            put = shelf.client.put_object(Bucket=shelf.channel, Key=key, Body=body)
            return put["ETag"].strip('"')

        def restore(piece: Piece, etag: str) -> None:
            shelf.stable.copy(shelf.channel, piece.source, piece.key, lambda _: None, etag)

        for piece in shelf.selection().pieces:
            seen, newer = lay(piece.key, b"seen"), lay(piece.key, b"newer")
            with pytest.raises(Conflict):
                restore(piece, seen)
            found = shelf.client.get_object(Bucket=shelf.channel, Key=piece.key)
            assert found["Body"].read() == b"newer"
            restore(piece, newer)
            (there,) = shelf.stable.list_objects(piece.key)
            assert there.size == piece.source.size
        assert shelf.stable.unfinished_uploads("whl/") == ()

    def test_a_wrong_checksum_is_found_before_the_mirror_has_it(
        self, shelf: Shelf, tmp_path: Path
    ) -> None:
        """This server computes none of a copy, so that the copy is read."""
        wrong = ("0" * 64, "1" * 64)
        shelf.put(12, SMALL, wrong[0])
        shelf.put(13, BIG, wrong[1])
        run(shelf.copying())
        facts = ArtifactFacts(tmp_path / "facts")
        resumed = shelf.copying(facts)
        assert {placed.likeness for placed in resumed.compared()} == {Likeness.SAME, Likeness.TOLD}
        verdict = resumed.verify()
        assert verdict.state is resumed.probe().state is StepState.CONFLICT
        assert (
            f"sha256 {hashlib.sha256(SMALL).hexdigest()}, and claims {wrong[0]}" in verdict.detail
        )
        kept = (tmp_path / "facts").stat().st_mtime_ns
        resumed.probe()
        assert (tmp_path / "facts").stat().st_mtime_ns == kept, "nothing new was found out"
        planned = shelf.copying(ArtifactFacts(tmp_path / "facts")).compared()
        assert {placed.likeness for placed in planned} == {Likeness.DIFFERENT}, "read once for ever"
        mirroring = shelf.mirroring()
        with pytest.raises(Conflict, match="checksum of a file is wrong"):
            run(mirroring)
        mirror = shelf.mirror
        assert list(mirror.list_objects("whl/")) == []
        assert mirror.unfinished_uploads("whl/") == ()

    def test_what_a_killed_run_left_half_way_is_thrown_away(self, shelf: Shelf) -> None:
        step = shelf.copying()
        shelf.client.create_multipart_upload(Bucket=shelf.channel, Key=step.pieces[1].key)
        others = "whl/cpu/executorch-2.15.0-cp312-cp312-win_amd64.whl"
        shelf.client.create_multipart_upload(Bucket=shelf.channel, Key=others)
        run(step)
        assert [upload.key for upload in shelf.stable.unfinished_uploads("whl/")] == [others]
        assert step.verify().state is StepState.DONE

    def test_what_the_store_computed_of_the_source_is_not_read(
        self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def read(*_: object) -> str:
            pytest.fail("the copy has the same ETag")

        monkeypatch.setattr(InParts, "sha256_of", read)
        key, told = shelf.put(12, SMALL), {"checksum-sha256": hashlib.sha256(SMALL).hexdigest()}
        shelf.client.put_object(
            Bucket=shelf.channel, Key=key, Body=SMALL, Metadata=told, ChecksumAlgorithm="SHA256"
        )
        step = CopyFiles(shelf.stable, shelf.stable, TORCH, shelf.selection().pieces[:1])
        run(step)
        assert step.verify().state is StepState.DONE

    def test_memory_does_not_grow_with_the_file(self, shelf: Shelf) -> None:
        parts = 12
        part, whole = b"w" * PART, hashlib.sha256()
        for _ in range(parts):
            whole.update(part)
        key = "whl/cpu/large.whl"
        wanted = StoredObject(key, parts * PART, "", datetime.now(UTC), sha256=whole.hexdigest())
        words = wanted, key, ObjectProperties(), lambda _, length: b"w" * length
        assert shelf.mirror.unfinished_uploads(key) == (), "and the SDK is loaded"
        tracemalloc.start()
        try:
            made = shelf.mirror.receive(*words, lambda _: None, at_once)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert made.etag.endswith(f"-{parts}")
        assert peak < 2 * PART, "one part, and what the SDK needs"

    def test_an_upload_that_somebody_aborted_is_a_conflict(self, shelf: Shelf) -> None:
        key, size = "whl/cpu/large.whl", PART + 1
        sha256 = hashlib.sha256(b"w" * size).hexdigest()
        wanted = StoredObject(key, size, "", datetime.now(UTC), sha256=sha256)
        arrived = 0

        def report(length: int) -> None:
            nonlocal arrived
            arrived += length
            if arrived == size:
                (upload,) = shelf.mirror.unfinished_uploads(key)
                shelf.mirror.abort_upload(key, upload.id)

        words = wanted, key, ObjectProperties(), lambda _, length: b"w" * length
        with pytest.raises(Conflict, match="upload in parts is gone"):
            shelf.mirror.receive(*words, report, at_once)
        assert list(shelf.mirror.list_objects(key)) == []

    def test_a_stop_in_the_middle_of_a_file_leaves_nothing(
        self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patience, "_TOLD_EVERY_S", 0.0)
        run(shelf.copying())
        step, cancel = shelf.mirroring(), threading.Event()
        seen: list[int] = []

        def report(progress: Progress) -> None:
            seen.append(progress.done)
            if progress.done >= PART:
                cancel.set()

        with pytest.raises(Cancelled):
            step.apply(report, cancel)
        assert shelf.mirror.unfinished_uploads("whl/") == ()
