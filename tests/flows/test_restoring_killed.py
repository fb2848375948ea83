"""A candidate comes back into the test channel as it was, whatever happens on the way."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cockpit.errors import Refused
from cockpit.operations.runner import Ending
from cockpit.rehearsal.packages import BACKUP_BUCKET, BUCKET, ChannelObject, backup_of
from cockpit.rehearsal.world import World
from tests.flows.killed_promotion import PART, killed_moving
from tests.flows.promotions import TAG, bring_candidate, put
from tests.flows.releases import Reports, channel, cockpit_on

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OTHER_TAG = "v2.15.0-rc2"
WORDS = {"candidate": TAG, "package": "torch"}
RESTORE = ("restore", *(f"{name}={value}" for name, value in WORDS.items()))


class Shelf:
    """A world with the candidate's backup, and torch's files as it brought them, by key."""

    def __init__(self, world: World, brought: Sequence[ChannelObject]) -> None:
        self.world = world
        self.store: S3Client = channel(world)
        self.torch = {item.key: item for item in brought if "/torch-" in item.key}

    def lay_waste(self) -> tuple[list[str], list[str]]:
        """Lose three files, and have another candidate bring three others; which they are."""
        keys = sorted(self.torch)
        absent, other = keys[::3][:3], keys[1::3][:3]
        for key in absent:
            self.store.delete_object(Bucket=BUCKET, Key=key)
        for key in other:
            theirs = replace(self.torch[key], body=f"rc2 {key}".encode())
            put(self.store, theirs)
            put(self.store, backup_of(theirs, OTHER_TAG))
        return absent, other

    def enlarge(self, key: str) -> None:
        """Make a file of the candidate so large that it is copied in parts."""
        item = self.torch[key]
        body = b"\0" * PART + item.body
        told = {"checksum-sha256": hashlib.sha256(body).hexdigest()}
        self.torch[key] = large = replace(item, body=body, metadata=told)
        put(self.store, backup_of(large, TAG))

    def body(self, key: str, bucket: str = BUCKET) -> bytes:
        return self.store.get_object(Bucket=bucket, Key=key)["Body"].read()

    def assert_as_brought(self) -> None:
        """Bytes, metadata, type and access are the candidate's; nothing was left half-way."""
        for key, item in self.torch.items():
            found = self.store.get_object(Bucket=BUCKET, Key=key)
            assert found["Body"].read() == item.body, key
            assert (found["Metadata"], found["ContentType"]) == (item.metadata, item.content_type)
            grants = self.store.get_object_acl(Bucket=BUCKET, Key=key)["Grants"]
            assert any(grant["Permission"] == "READ" for grant in grants)
        assert "Uploads" not in self.store.list_multipart_uploads(Bucket=BUCKET)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    directory = tmp_path_factory.mktemp("restoring") / "world"
    with World.start(directory, scenario="small") as world:
        # What is told here is over once the files are back; see test_restoring for the index.
        text = world.config_path.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("index_url")]
        world.config_path.write_text("\n".join(lines), encoding="utf-8")
        yield Shelf(world, asyncio.run(bring_candidate(world)))


@pytest.fixture
def shelf(ready: Shelf) -> Shelf:
    """The shelf with everything in the test channel as the candidate brought it."""
    for item in ready.torch.values():
        put(ready.store, item)
    return ready


async def test_only_what_is_kept_is_replaced(shelf: Shelf) -> None:
    key = min(shelf.torch)
    shelf.store.put_object(Bucket=BUCKET, Key=key, Body=b"a broken upload")
    cockpit = cockpit_on(shelf.world)
    (blocker,) = (await cockpit.plan("restore", WORDS)).blockers
    assert f"would be lost, for no backup holds it: {key} (15 bytes, etag" in blocker
    discard = WORDS | {"discard": "it was broken"}
    agreed = await cockpit.plan("restore", discard)
    shelf.store.put_object(Bucket=BUCKET, Key=key, Body=b"a newer upload!")
    plan = await cockpit.plan("restore", discard)
    assert plan.digest != agreed.digest, "the loss of another file was agreed to"
    assert (plan.blockers, "lost for good" in "".join(plan.warnings)) == ((), True)
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.DONE, outcome.problem
    assert len(outcome.done) == 1, "the other folder was as it should be"
    shelf.assert_as_brought()


@pytest.mark.parametrize("number", [1, 4])
async def test_killed_after_any_object_it_resumes(shelf: Shelf, number: int) -> None:
    _, other = shelf.lay_waste()
    digest = (await cockpit_on(shelf.world).plan("restore", WORDS)).digest
    await killed_moving(shelf.world, ("copy", "after", number), *RESTORE)
    cockpit = cockpit_on(shelf.world)
    plan = await cockpit.plan("restore", WORDS)
    assert (plan.digest, plan.blockers) == (digest, ())
    assert (await cockpit.carry_out(plan, Reports())).succeeded
    shelf.assert_as_brought()
    for key in other:
        assert shelf.body(f"{OTHER_TAG}/{key}", BACKUP_BUCKET) == f"rc2 {key}".encode()


async def test_killed_inside_of_an_object_it_resumes(shelf: Shelf) -> None:
    (absent, *_), (other, *_) = shelf.lay_waste()
    for key in (absent, other):
        shelf.enlarge(key)
    await killed_moving(shelf.world, ("_complete", "before", 2), *RESTORE)
    left = shelf.store.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert {upload["Key"] for upload in left} <= {absent, other}
    equal = sorted(shelf.torch)[2]
    begun = shelf.store.create_multipart_upload(Bucket=BUCKET, Key=equal)["UploadId"]
    whole = (f"rc2 {other}".encode(), shelf.torch[other].body)
    assert shelf.body(other) in whole, "not replaced before it is whole"
    cockpit = cockpit_on(shelf.world)
    plan = await cockpit.plan("restore", WORDS)
    for upload in left:
        assert f"an upload of {upload['Key']} begun" in "".join(plan.outlook.warnings)
    assert equal not in "".join(plan.outlook.warnings), "what is there is not put again"
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.DONE, outcome.problem
    shelf.store.abort_multipart_upload(Bucket=BUCKET, Key=equal, UploadId=begun)
    shelf.assert_as_brought()


async def test_what_is_uploaded_after_a_kill_is_not_replaced(shelf: Shelf) -> None:
    uploaded = [keys[-1] for keys in shelf.lay_waste()]
    cockpit = cockpit_on(shelf.world)
    plan = await cockpit.plan("restore", WORDS)
    await killed_moving(shelf.world, ("copy", "before", 1), *RESTORE)
    for key in uploaded:
        shelf.store.put_object(Bucket=BUCKET, Key=key, Body=b"a newer nightly")
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.CONFLICT
    assert any(f"{key} has 15 bytes" in str(outcome.problem) for key in uploaded)
    blocked = await cockpit_on(shelf.world).plan("restore", WORDS)
    assert blocked.digest != plan.digest
    assert all(key in "".join(blocked.blockers) for key in uploaded)
    with pytest.raises(Refused, match="restore is blocked"):
        await cockpit_on(shelf.world).carry_out(blocked, Reports())
    assert {shelf.body(key) for key in uploaded} == {b"a newer nightly"}


async def test_two_captains_restore_once(shelf: Shelf) -> None:
    shelf.lay_waste()
    captains = [cockpit_on(shelf.world) for _ in range(2)]
    plans = [await captain.plan("restore", WORDS) for captain in captains]
    runs = zip(captains, plans, strict=True)
    answers = await asyncio.gather(
        *(captain.carry_out(plan, Reports()) for captain, plan in runs), return_exceptions=True
    )
    (refused,) = [answer for answer in answers if isinstance(answer, Refused)]
    assert "holds the lease" in refused.title
    shelf.assert_as_brought()
