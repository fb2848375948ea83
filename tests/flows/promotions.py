"""Helpers of the promotion's tests: a world whose candidate is whole and signed, and its stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.operations.pinning import PinCandidates
from cockpit.operations.plan import Plan
from cockpit.operations.runner import Outcome
from cockpit.rehearsal.matrix import wheels
from cockpit.rehearsal.packages import (
    BUCKET,
    MIRROR_BUCKET,
    Build,
    ChannelObject,
    backup_of,
    libtorch_archive,
    torch_wheel,
)
from cockpit.rehearsal.people import ADA, CAPTAIN
from cockpit.rehearsal.s3 import MIRROR_KEY, REGION
from cockpit.rehearsal.world import World
from cockpit.release.signoffs import Signed
from cockpit.runtime import Cockpit
from tests.flows.releases import Reports, channel, cockpit_on
from tests.flows.test_sign_off import cockpit_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAG = "v2.15.0-rc1"


def mirror(world: World) -> S3Client:
    """A client of the world's mirror."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=world.mirror_url,
        region_name=REGION,
        aws_access_key_id=MIRROR_KEY.id,
        aws_secret_access_key=MIRROR_KEY.secret,
    )


def candidate_files(world: World) -> Iterator[ChannelObject]:
    """Every file that the first candidate of the core should have brought."""
    sha = world.forge.repositories["pytorch/pytorch"].seen_refs[f"refs/tags/{TAG}"]
    build = Build(world.scenario.version, sha, world.clock.now())
    for target in world.scenario.matrix.targets:
        for wheel in wheels(world.scenario.matrix, target):
            yield torch_wheel(build, wheel, prefix="test/")
        for accelerator in target.libtorch:
            yield libtorch_archive(build, target, accelerator, prefix="test/")


def put(store: S3Client, item: ChannelObject) -> None:
    """Put one object, as the world's own jobs do."""
    store.put_object(
        Bucket=item.bucket,
        Key=item.key,
        Body=item.body,
        Metadata=item.metadata,
        ContentType=item.content_type,
    )
    store.put_object_acl(Bucket=item.bucket, Key=item.key, ACL="public-read")


async def bring_candidate(world: World) -> list[ChannelObject]:
    """Fill the test channel and the backup, and pin the candidates; gives what was brought."""
    store, brought = channel(world), list(candidate_files(world))
    for item in brought:
        put(store, item)
        put(store, backup_of(item, TAG))
    cockpit = cockpit_on(world)
    await cockpit.carry_out(PinCandidates(cockpit.backends).plan(), Reports())
    return brought


async def make_ready(world: World) -> None:
    """Bring the candidate, and have the release team decide."""
    await bring_candidate(world)
    cockpit = cockpit_on(world)
    answer = cockpit.backends.git.read_branch(cockpit.config.core)
    sha = answer.value.candidates(cockpit.config.core)[-1].commit_sha
    for person in (CAPTAIN, ADA):
        cockpit_of(world, person).backends.ledger.append(Signed("go-decision", sha))


async def promoted(cockpit: Cockpit, **words: str) -> tuple[Plan, Outcome]:
    """Plan a promotion and carry it out."""
    plan = await cockpit.plan("promote", words)
    return plan, await cockpit.carry_out(plan, Reports())


def held(store: S3Client, bucket: str, *stems: str) -> dict[str, str]:
    """Key and ETag of everything that a bucket holds of these in its stable folders."""
    pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        item["Key"]: item["ETag"]
        for page in pages
        for item in page.get("Contents", ())
        if "/test/" not in item["Key"]
        and "nightly" not in item["Key"]
        and any(stem in item["Key"] for stem in stems)
    }


def stable(world: World, *stems: str) -> dict[str, str]:
    """What the stable channel holds of the release."""
    return held(channel(world), BUCKET, *(stems or ("-2.15.0", "-0.30.0")))


def mirrored(world: World, *stems: str) -> dict[str, str]:
    """What the mirror holds of the release."""
    return held(mirror(world), MIRROR_BUCKET, *(stems or ("-2.15.0", "-0.30.0")))


def take_back(world: World) -> None:
    """Empty stable channel and mirror of the release, for the next test."""
    for store, bucket, found in (
        (channel(world), BUCKET, stable(world)),
        (mirror(world), MIRROR_BUCKET, mirrored(world)),
    ):
        for key in found:
            store.delete_object(Bucket=bucket, Key=key)
