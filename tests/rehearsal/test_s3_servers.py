"""One contract, held by both S3 servers of the rehearsal, asked with boto3 over real sockets."""

from __future__ import annotations

import io
import itertools
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.s3 import REGION, AccessKey, MotoS3, SeaweedS3
from cockpit.rehearsal.serving import Service

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EPOCH = datetime(2026, 10, 14, 14, tzinfo=UTC)
PART = b"p" * (5 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Seed:
    """An object to seed."""

    bucket: str
    key: str
    body: bytes = b"wheel"
    metadata: dict[str, str] = field(default_factory=dict)
    content_type: str = "binary/octet-stream"
    last_modified: datetime = EPOCH - timedelta(days=2)


SEEDS = (
    Seed("pytorch", "whl/test/cpu/torch-2.15.0+cpu-cp312-cp312-win_amd64.whl"),
    Seed(
        "pytorch",
        "whl/test/cpu/torch-2.15.0-cp312-cp312-macosx_14_0_arm64.whl",
        metadata={"checksum-sha256": "ab" * 32},
    ),
    Seed("pytorch", "whl/test/index.html", b"<html></html>", content_type="text/html"),
    Seed("pytorch-backup", "v2.15.0-rc1/whl/test/cpu/torch.whl"),
)


def connect(url: str, key: AccessKey | None = None) -> S3Client:
    key = key or AccessKey()
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def start_moto(_directory: Path, stack: ExitStack) -> str:
    moto = MotoS3(WorldClock(EPOCH))
    stack.callback(moto.forget)
    service = Service("s3", moto, io.StringIO(), moto.request_handler())
    stack.callback(service.stop)
    assert moto.put(SEEDS) == len(SEEDS)
    return service.url


def start_seaweed(directory: Path, stack: ExitStack) -> str:
    seaweed = SeaweedS3(directory, AccessKey())
    stack.callback(seaweed.stop)
    seaweed.start()
    assert seaweed.put(SEEDS) == len(SEEDS)
    return seaweed.url


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(start_moto, id="moto"),
        pytest.param(start_seaweed, id="seaweedfs", marks=pytest.mark.seaweedfs),
    ],
)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[S3Client]:
    start: Callable[[Path, ExitStack], str] = request.param
    with ExitStack() as stack:
        yield connect(start(tmp_path_factory.mktemp("s3"), stack))


_names = itertools.count()


@pytest.fixture
def key() -> str:
    """A key that no other test uses."""
    return f"scratch/{next(_names)}/torch-2.15.0+cu130-cp313-cp313t-manylinux_2_28_x86_64.whl"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"].get("Code", "")


def test_seeded_objects_are_there_with_their_metadata(client: S3Client) -> None:
    listed = client.list_objects_v2(Bucket="pytorch", Prefix="whl/")["Contents"]
    assert [item.get("Key") for item in listed] == sorted(
        seed.key for seed in SEEDS if seed.bucket == "pytorch"
    )
    for seed in SEEDS:
        head = client.head_object(Bucket=seed.bucket, Key=seed.key)
        assert head["ContentLength"] == len(seed.body)
        assert head["Metadata"] == seed.metadata
        assert head["ContentType"] == seed.content_type
        grants = client.get_object_acl(Bucket=seed.bucket, Key=seed.key)["Grants"]
        assert "READ" in {grant.get("Permission") for grant in grants}


def test_put_head_get_and_list(client: S3Client, key: str) -> None:
    put = client.put_object(
        Bucket="pytorch", Key=key, Body=b"bytes", Metadata={"checksum-sha256": "cd" * 32}
    )
    head = client.head_object(Bucket="pytorch", Key=key)
    assert head["ETag"] == put["ETag"]
    assert head["Metadata"] == {"checksum-sha256": "cd" * 32}
    assert client.get_object(Bucket="pytorch", Key=key)["Body"].read() == b"bytes"
    prefix = key.rpartition("/")[0]
    listed = client.list_objects_v2(Bucket="pytorch", Prefix=prefix)
    assert [item.get("Key") for item in listed["Contents"]] == [key]
    with pytest.raises(ClientError) as missing:
        client.head_object(Bucket="pytorch", Key=f"{key}.not")
    assert code_of(missing) == "404"


def test_a_long_list_comes_in_pages(client: S3Client, key: str) -> None:
    for number in range(7):
        client.put_object(Bucket="pytorch", Key=f"{key}/{number}", Body=b"x")
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket="pytorch", Prefix=f"{key}/", PaginationConfig={"PageSize": 3}
    )
    assert [len(page["Contents"]) for page in pages] == [3, 3, 1]


def test_copy_keeps_bytes_and_metadata(client: S3Client, key: str) -> None:
    client.put_object(
        Bucket="pytorch", Key=key, Body=b"wheel", Metadata={"a": "b"}, ContentType="text/plain"
    )
    client.copy_object(
        Bucket="pytorch-backup", Key=key, CopySource={"Bucket": "pytorch", "Key": key}
    )
    copied = client.get_object(Bucket="pytorch-backup", Key=key)
    assert copied["Body"].read() == b"wheel"
    assert copied["Metadata"] == {"a": "b"}
    assert copied["ContentType"] == "text/plain"


def test_multipart_upload_and_part_copy(client: S3Client, key: str) -> None:
    upload = client.create_multipart_upload(Bucket="pytorch", Key=key, Metadata={"a": "b"})
    first = client.upload_part(
        Bucket="pytorch", Key=key, UploadId=upload["UploadId"], PartNumber=1, Body=PART
    )
    client.put_object(Bucket="pytorch", Key=f"{key}.tail", Body=b"tail")
    second = client.upload_part_copy(
        Bucket="pytorch",
        Key=key,
        UploadId=upload["UploadId"],
        PartNumber=2,
        CopySource={"Bucket": "pytorch", "Key": f"{key}.tail"},
    )["CopyPartResult"]
    client.complete_multipart_upload(
        Bucket="pytorch",
        Key=key,
        UploadId=upload["UploadId"],
        MultipartUpload={
            "Parts": [
                {"PartNumber": 1, "ETag": first["ETag"]},
                {"PartNumber": 2, "ETag": second.get("ETag", "")},
            ]
        },
    )
    head = client.head_object(Bucket="pytorch", Key=key)
    assert head["ContentLength"] == len(PART) + len(b"tail")
    assert head["Metadata"] == {"a": "b"}
    assert head["ETag"].endswith('-2"')


def test_an_aborted_multipart_upload_leaves_no_object(client: S3Client, key: str) -> None:
    upload = client.create_multipart_upload(Bucket="pytorch", Key=key)
    client.upload_part(
        Bucket="pytorch", Key=key, UploadId=upload["UploadId"], PartNumber=1, Body=b"part"
    )
    client.abort_multipart_upload(Bucket="pytorch", Key=key, UploadId=upload["UploadId"])
    listed = client.list_objects_v2(Bucket="pytorch", Prefix=key)
    assert listed["KeyCount"] == 0


def test_conditional_puts(client: S3Client, key: str) -> None:
    first = client.put_object(Bucket="pytorch", Key=key, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as exists:
        client.put_object(Bucket="pytorch", Key=key, Body=b"second", IfNoneMatch="*")
    assert code_of(exists) == "PreconditionFailed"
    with pytest.raises(ClientError) as moved:
        client.put_object(Bucket="pytorch", Key=key, Body=b"second", IfMatch='"' + "0" * 32 + '"')
    assert code_of(moved) == "PreconditionFailed"
    assert client.get_object(Bucket="pytorch", Key=key)["Body"].read() == b"first"
    client.put_object(Bucket="pytorch", Key=key, Body=b"second", IfMatch=first["ETag"])
    assert client.get_object(Bucket="pytorch", Key=key)["Body"].read() == b"second"


def test_a_bucket_that_keeps_versions_names_the_newest(client: S3Client) -> None:
    client.create_bucket(Bucket="ossci-metrics")
    client.put_bucket_versioning(
        Bucket="ossci-metrics", VersioningConfiguration={"Status": "Enabled"}
    )
    put = [
        client.put_object(Bucket="ossci-metrics", Key="state.json", Body=body)["VersionId"]
        for body in (b"1", b"2")
    ]
    head = client.head_object(Bucket="ossci-metrics", Key="state.json")
    assert head["VersionId"] == put[1] != put[0]


def test_two_moto_worlds_share_neither_buckets_nor_time() -> None:
    with ExitStack() as stack:
        clocks = [WorldClock(EPOCH), WorldClock(EPOCH + timedelta(days=30))]
        clients = []
        for clock in clocks:
            moto = MotoS3(clock)
            stack.callback(moto.forget)
            service = Service("s3", moto, io.StringIO(), moto.request_handler())
            stack.callback(service.stop)
            clients.append(connect(service.url))
        for client, body in zip(clients, (b"one", b"two"), strict=True):
            client.create_bucket(Bucket="pytorch")
            client.put_object(Bucket="pytorch", Key="key", Body=body)
        for client, body, clock in zip(clients, (b"one", b"two"), clocks, strict=True):
            got = client.get_object(Bucket="pytorch", Key="key")
            assert got["Body"].read() == body
            assert abs(got["LastModified"] - clock.now()) < timedelta(minutes=1)
            client.create_bucket(Bucket="pytorch")
            assert client.list_objects_v2(Bucket="pytorch")["KeyCount"] == 1


def test_what_moto_forgets_is_gone_for_its_world_alone() -> None:
    kept, gone = MotoS3(WorldClock(EPOCH)), MotoS3(WorldClock(EPOCH))
    kept.put(SEEDS)
    gone.put(SEEDS)
    gone.forget()
    with ExitStack() as stack:
        stack.callback(kept.forget)
        service = Service("s3", kept, io.StringIO(), kept.request_handler())
        stack.callback(service.stop)
        body = connect(service.url).get_object(Bucket="pytorch", Key=SEEDS[0].key)["Body"].read()
        assert body == SEEDS[0].body
        emptied = Service("s3", gone, io.StringIO(), gone.request_handler())
        stack.callback(emptied.stop)
        assert connect(emptied.url).list_buckets()["Buckets"] == []


@pytest.mark.seaweedfs
def test_seaweedfs_refuses_a_wrong_secret_and_leaves_nothing_running(tmp_path: Path) -> None:
    seaweed = SeaweedS3(tmp_path, AccessKey())
    try:
        seaweed.start()
        with pytest.raises(ClientError) as refused:
            connect(seaweed.url, AccessKey(secret="wrong")).list_buckets()
        assert code_of(refused) == "SignatureDoesNotMatch"
        sockets = [
            Path(line.rpartition(" ")[2])
            for line in (tmp_path / "seaweedfs" / "weed.log").read_text().splitlines()
            if "Unix socket" in line
        ]
        assert sockets
        assert all(path.exists() for path in sockets)
    finally:
        seaweed.stop()
    assert not any(path.exists() for path in sockets)
    port = int(seaweed.url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
