"""The S3 adapter on two real servers, and against credentials and networks that fail."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import ThreadedMotoServer

from cockpit.backends.archives import read_contents
from cockpit.backends.mirrors import mirror_login
from cockpit.backends.objectstore import ObjectStore, _native
from cockpit.backends.objectstore_writes import WritableStore
from cockpit.config_places import MirrorTable, ObjectStoreTable
from cockpit.errors import (
    AccessDenied,
    CockpitError,
    ConfigError,
    Conflict,
    CredentialExpired,
    Throttled,
    Unreachable,
)
from cockpit.rehearsal.s3 import AccessKey, SeaweedS3
from cockpit.release.artifacts import Contents, StoredObject
from tests.backends.scripted import Asked, Reply, Scripted, scripted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}
BUCKET = "pytorch"
XML = {"Content-Type": "application/xml"}


def table(endpoint: str, *, bucket: str = BUCKET, profile: str | None = None) -> ObjectStoreTable:
    return ObjectStoreTable(bucket=bucket, endpoint=endpoint, profile=profile)


def client_of(endpoint: str, keys: dict[str, str]) -> S3Client:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = client_of(endpoint, KEYS)
    client.create_bucket(Bucket=BUCKET)
    for number in range(55):
        client.put_object(Bucket=BUCKET, Key=f"whl/test/cpu/torch-{number:04}.whl", Body=b"x")
    client.put_object(Bucket=BUCKET, Key="whl/cpu/torch-2.14.0.whl", Body=b"stable")
    yield endpoint
    server.stop()


class TestListing:
    def test_every_page_is_listed(self, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "20")
        found = list(ObjectStore(table(moto), KEYS).list_objects("whl/test/"))
        assert len(found) == 55
        assert found[0].key == "whl/test/cpu/torch-0000.whl"
        assert (found[0].size, found[0].etag) == (1, "9dd4e461268c8034f5c8564e155c67a6")
        assert found[0].last_modified.tzinfo is not None

    def test_nothing_under_a_prefix_is_no_error(self, moto: str) -> None:
        assert list(ObjectStore(table(moto), KEYS).list_objects("nowhere/")) == []

    def test_access_is_told_with_its_source(self, moto: str) -> None:
        assert (
            ObjectStore(table(moto), KEYS).check_access() == "credential from the credentials file"
        )

    def test_the_environments_keys_serve_without_a_file(
        self, moto: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
        assert ObjectStore(table(moto), {}).check_access() == "credential from the environment"

    def test_a_profile_serves(
        self, moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shared = tmp_path / "credentials"
        lines = [f"{name.lower()} = {value}" for name, value in KEYS.items()]
        shared.write_text("\n".join(["[captain]", *lines]))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
        store = ObjectStore(table(moto, profile="captain"), {})
        assert store.check_access() == "credential from the AWS credentials file"

    def test_a_bucket_that_is_not_there_points_at_the_config(self, moto: str) -> None:
        with pytest.raises(ConfigError, match="no bucket elsewhere") as caught:
            list(ObjectStore(table(moto, bucket="elsewhere"), KEYS).list_objects("whl/"))
        assert "release.toml" in caught.value.hint

    def test_requests_are_told_as_lines_to_copy(self, moto: str) -> None:
        told: list[str] = []
        list(ObjectStore(table(moto), KEYS, log=told.append).list_objects("nowhere/"))
        assert told == [
            f"aws s3api list-objects-v2 --bucket pytorch --prefix nowhere/ --endpoint-url {moto}"
        ]


SHA = "ab" * 32
WHEEL = "whl/test/cpu/torch-2.15.0+cpu-cp312-cp312-win_amd64.whl"


def wheel(*, padding: int = 0, padding_behind: int = 0) -> bytes:
    """A wheel with a large file before or behind what is looked for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("torch/lib/a.so"), os.urandom(padding))
        archive.writestr("torch/version.py", f"git_version: str = '{'c' * 40}'\n")
        archive.writestr(
            "torch-2.15.0+cpu.dist-info/METADATA",
            "Name: torch\nRequires-Dist: sympy\nRequires-Dist: filelock\n\nRequires-Dist: no",
        )
        archive.writestr(zipfile.ZipInfo("torch/lib/b.so"), os.urandom(padding_behind))
    return buffer.getvalue()


class TestFiles:
    @pytest.fixture
    def client(self, moto: str) -> Iterator[S3Client]:
        client = client_of(moto, KEYS)
        yield client
        client.delete_object(Bucket=BUCKET, Key=WHEEL)

    def stored(self, moto: str, log: list[str] | None = None) -> tuple[ObjectStore, StoredObject]:
        store = ObjectStore(table(moto), KEYS, log=(log if log is not None else []).append)
        (found,) = store.list_objects(WHEEL)
        return store, found

    @pytest.mark.parametrize(
        ("extra", "told", "claimed"),
        [
            ({"Metadata": {"checksum-sha256": SHA}}, SHA, ""),
            ({"Metadata": {"checksum-sha256": "nonsense"}}, "", ""),
            ({}, "", ""),
            (
                {"ChecksumAlgorithm": "SHA256", "Metadata": {"checksum-sha256": SHA}},
                hashlib.sha256(b"x").hexdigest(),
                SHA,
            ),
            ({"ChecksumAlgorithm": "SHA256"}, hashlib.sha256(b"x").hexdigest(), ""),
        ],
    )
    def test_an_object_tells_its_checksum(
        self, moto: str, client: S3Client, extra: Any, told: str, claimed: str
    ) -> None:
        client.put_object(Bucket=BUCKET, Key=WHEEL, Body=b"x", **extra)
        store, listed = self.stored(moto)
        found = store.describe(WHEEL)
        assert found is not None
        assert (found.sha256, found.etag, found.size) == (told, listed.etag, 1)
        assert (found.computed, found.claimed) == ("ChecksumAlgorithm" in extra, claimed)

    def test_a_checksum_of_parts_is_none_of_the_object(self) -> None:
        assert _native("q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=-3") == ""

    def test_an_object_that_is_not_there_is_none(self, moto: str) -> None:
        assert ObjectStore(table(moto), KEYS).describe("whl/test/none.whl") is None

    @pytest.mark.parametrize("where", ["padding", "padding_behind"])
    def test_the_commit_is_read_in_a_few_pieces(
        self, moto: str, client: S3Client, where: str
    ) -> None:
        body = wheel(**{where: 1_000_000})
        client.put_object(Bucket=BUCKET, Key=WHEEL, Body=body)
        told: list[str] = []
        store, found = self.stored(moto, told)
        assert read_contents(store, found) == Contents("c" * 40, ("filelock", "sympy"))
        ranges = [line for line in told if "get-object" in line]
        assert len(ranges) <= 3
        assert all(found.etag in line for line in ranges)

    @pytest.mark.parametrize(
        "body", [b"", b"no archive", wheel()[:-30], wheel()[:40] + b"\0" * 40 + wheel()[80:]]
    )
    def test_a_broken_file_is_told_in_words(self, moto: str, client: S3Client, body: bytes) -> None:
        client.put_object(Bucket=BUCKET, Key=WHEEL, Body=body)
        assert read_contents(*self.stored(moto)).problem

    def test_a_file_that_was_replaced_meanwhile_is_a_conflict(
        self, moto: str, client: S3Client
    ) -> None:
        client.put_object(Bucket=BUCKET, Key=WHEEL, Body=wheel())
        store, found = self.stored(moto)
        client.put_object(Bucket=BUCKET, Key=WHEEL, Body=wheel(padding=9))
        with pytest.raises(Conflict, match="was replaced"):
            read_contents(store, found)

    def test_an_archive_of_libtorch_names_its_commit(self, moto: str, client: S3Client) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("libtorch/build-hash", f"{'d' * 40}\n")
        key = "libtorch/test/cpu/libtorch-shared-with-deps-2.15.0+cpu.zip"
        client.put_object(Bucket=BUCKET, Key=key, Body=buffer.getvalue())
        store = ObjectStore(table(moto), KEYS)
        (found,) = store.list_objects(key)
        assert read_contents(store, found) == Contents("d" * 40)


class TestVersions:
    def test_the_newest_version_is_named(self, moto: str) -> None:
        client = client_of(moto, KEYS)
        client.create_bucket(Bucket="ossci-metrics")
        client.put_bucket_versioning(
            Bucket="ossci-metrics", VersioningConfiguration={"Status": "Enabled"}
        )
        store = ObjectStore(table(moto), KEYS)
        assert store.newest_version("ossci-metrics", "slow-tests.json") is None
        made = [
            client.put_object(Bucket="ossci-metrics", Key="slow-tests.json", Body=body)["VersionId"]
            for body in (b"{}", b"[]")
        ]
        client.put_object(Bucket="ossci-metrics", Key="slow-tests.json.gz", Body=b"")
        assert store.newest_version("ossci-metrics", "slow-tests.json") == made[1]
        client.delete_object(Bucket="ossci-metrics", Key="slow-tests.json")
        assert store.newest_version("ossci-metrics", "slow-tests.json") is None

    def test_a_bucket_without_versions_names_none(self, moto: str) -> None:
        store = ObjectStore(table(moto), KEYS)
        assert store.newest_version(BUCKET, "whl/cpu/torch-2.14.0.whl") is None

    def test_a_refusal_names_the_bucket_that_was_asked(self) -> None:
        with scripted(lambda _: Reply(status=403)) as server:
            store = ObjectStore(table(server.url), KEYS)
            with pytest.raises(AccessDenied, match="may not read ossci-metrics"):
                store.newest_version("ossci-metrics", "slow-tests.json")


def of_parts(client: S3Client, store: ObjectStore) -> StoredObject:
    """An object that was put in parts, of which the store computed a checksum each."""
    key, part = "whl/test/in-parts", b"p" * (5 * 1024 * 1024)
    upload = client.create_multipart_upload(
        Bucket=BUCKET, Key=key, ChecksumAlgorithm="SHA256", Metadata={"checksum-sha256": SHA}
    )["UploadId"]
    made = client.upload_part(
        Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=part, ChecksumAlgorithm="SHA256"
    )
    parts: list[CompletedPartTypeDef] = [
        {"PartNumber": 1, "ETag": made["ETag"], "ChecksumSHA256": made["ChecksumSHA256"]}
    ]
    client.complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
    )
    found = store.describe(key)
    assert found is not None
    assert not found.computed
    return found


def test_parts_with_checksums_vouch_for_no_whole(moto: str) -> None:
    assert of_parts(client_of(moto, KEYS), ObjectStore(table(moto), KEYS)).sha256 == SHA


@pytest.mark.seaweedfs
def test_the_real_server_answers_the_same(tmp_path: Path) -> None:
    access = AccessKey()
    server = SeaweedS3(tmp_path, access)
    server.start()
    try:
        keys = {"AWS_ACCESS_KEY_ID": access.id, "AWS_SECRET_ACCESS_KEY": access.secret}
        client = server.client(attempts=8)
        client.create_bucket(Bucket=BUCKET)
        for number in range(5):
            client.put_object(Bucket=BUCKET, Key=f"whl/test/{number}", Body=b"x")
        store = ObjectStore(table(server.url), keys)
        assert [found.key[-1] for found in store.list_objects("whl/test/")] == list("01234")
        told = {"checksum-sha256": SHA}
        client.put_object(Bucket=BUCKET, Key=WHEEL, Body=wheel(padding=100_000), Metadata=told)
        described = store.describe(WHEEL)
        assert described is not None
        assert described.sha256 == SHA
        assert read_contents(store, described).git_version == "c" * 40
        body = wheel(padding=200_000)
        client.put_object(
            Bucket=BUCKET, Key=WHEEL, Body=body, Metadata=told, ChecksumAlgorithm="SHA256"
        )
        contradicted = store.describe(WHEEL)
        assert contradicted is not None
        assert (contradicted.sha256, contradicted.claimed) == (
            hashlib.sha256(body).hexdigest(),
            SHA,
        )
        assert of_parts(client, store).sha256 == SHA, "the whole's is none of the parts'"
        with pytest.raises(Conflict, match="was replaced"):
            read_contents(store, described)
        client.delete_object(Bucket=BUCKET, Key=WHEEL)
        assert store.check_access()
        wrong = ObjectStore(table(server.url), keys | {"AWS_SECRET_ACCESS_KEY": "wrong"})
        with pytest.raises(AccessDenied, match="not accepted"):
            wrong.check_access()
    finally:
        server.stop()


def refusal(code: str, status: int = 400, message: str = "No.") -> Reply:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, body.encode(), XML)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(lambda _: Reply(500)) as running:
        yield running


@pytest.mark.parametrize(
    ("reply", "kind", "title", "hint"),
    [
        (refusal("ExpiredToken"), CredentialExpired, "have expired", "log in to AWS again"),
        (refusal("InvalidAccessKeyId", 403), AccessDenied, "not accepted", "log in"),
        (refusal("SignatureDoesNotMatch", 403), AccessDenied, "not accepted", "log in"),
        (refusal("AccessDenied", 403), AccessDenied, "may not read pytorch", "ask for"),
        (refusal("RequestTimeTooSkewed", 403), CockpitError, "clock is wrong", "set the clock"),
        (refusal("NoSuchBucket", 404), ConfigError, "no bucket pytorch", "objectstore"),
        (refusal("MethodNotAllowed", 405), CockpitError, "S3 refused this", "doctor"),
    ],
)
def test_refusals_are_told_in_words(
    server: Scripted, reply: Reply, kind: type[CockpitError], title: str, hint: str
) -> None:
    server.answer = lambda _: reply
    with pytest.raises(kind, match=title) as caught:
        list(ObjectStore(table(server.url), KEYS).list_objects("whl/"))
    assert type(caught.value) is kind
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("code", "title", "hint"),
    [
        ("ExpiredToken", "of the mirror r2 have expired", "R2_ACCESS_KEY_ID and R2_SECRET"),
        ("InvalidAccessKeyId", "of the mirror r2 are not accepted", "R2_ACCESS_KEY_ID"),
        ("NoSuchBucket", "no bucket pytorch", "the mirror r2 in release.toml"),
    ],
)
def test_nobody_is_sent_to_aws_for_the_key_of_a_mirror(
    server: Scripted, code: str, title: str, hint: str
) -> None:
    server.answer = lambda _: refusal(code)
    login = mirror_login(MirrorTable(name="r2", bucket=BUCKET, endpoint=server.url))
    with pytest.raises(CockpitError, match=title) as caught:
        list(ObjectStore(table(server.url), KEYS, login=login).list_objects("whl/"))
    assert hint in caught.value.hint
    assert "AWS" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal("SlowDown", 503), Throttled),
        (refusal("InternalError", 500), Unreachable),
        (
            Reply(200, b"<ListBucketResult><Contents>", XML),
            Unreachable,
        ),
        (Reply(drop=True), Unreachable),
    ],
)
def test_outages_are_tried_a_few_times_and_then_told(
    server: Scripted, reply: Reply, kind: type[CockpitError]
) -> None:
    server.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        list(ObjectStore(table(server.url), KEYS).list_objects("whl/"))
    assert type(caught.value) is kind
    assert 1 <= server.count() <= 4


@pytest.mark.parametrize(
    ("encoding", "key"),
    [("", "whl/cpu/torch-2.15.0%2Bcpu.whl"), ("url", "whl/cpu/torch-2.15.0+cpu.whl")],
)
def test_a_key_is_taken_as_the_store_says_it_spells_it(
    server: Scripted, encoding: str, key: str
) -> None:
    named = f"<EncodingType>{encoding}</EncodingType>" if encoding else ""
    page = (
        f"<ListBucketResult>{named}<Contents><Key>whl/cpu/torch-2.15.0%2Bcpu.whl</Key>"
        "<Size>1</Size><ETag>&quot;e&quot;</ETag>"
        "<LastModified>2026-10-14T14:00:00Z</LastModified></Contents></ListBucketResult>"
    )
    server.answer = lambda _: Reply(200, page.encode(), XML)
    found = list(ObjectStore(table(server.url), KEYS).list_objects("whl/"))
    assert [stored.key for stored in found] == [key]


def test_a_listing_that_fails_midway_raises_instead_of_ending(server: Scripted) -> None:
    page = (
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>n</Next"
        "ContinuationToken><Contents><Key>a</Key><Size>1</Size><ETag>&quot;e&quot;</ETag>"
        "<LastModified>2026-10-14T14:00:00Z</LastModified></Contents></ListBucketResult>"
    )

    def answer(asked: Asked) -> Reply:
        if "continuation-token" in asked.query:
            return refusal("ExpiredToken")
        return Reply(200, page.encode(), XML)

    server.answer = answer
    listing = ObjectStore(table(server.url), KEYS).list_objects("whl/")
    assert next(listing).key == "a"
    with pytest.raises(AccessDenied):
        next(listing)


def test_after_a_new_login_the_same_store_goes_on(
    server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(shared))
    empty = Reply(200, b"<ListBucketResult/>", XML)

    def answer(asked: Asked) -> Reply:
        return empty if "NEWKEY" in asked.headers["authorization"] else refusal("ExpiredToken")

    server.answer = answer
    keys = "[default]\naws_access_key_id = {}\naws_secret_access_key = s\n"
    shared.write_text(keys.format("OLDKEY"))
    store = ObjectStore(table(server.url), {})
    with pytest.raises(AccessDenied):
        list(store.list_objects("whl/"))
    shared.write_text(keys.format("NEWKEY"))
    assert list(store.list_objects("whl/")) == []


def test_without_credentials_the_answer_comes_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(AccessDenied, match="no AWS credentials"):
        list(ObjectStore(table("http://127.0.0.1:9"), {}).list_objects("whl/"))
    assert time.monotonic() - started < 5


def test_the_metadata_service_is_not_asked(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
    with pytest.raises(AccessDenied):
        list(ObjectStore(table("http://127.0.0.1:9"), {}).list_objects("whl/"))
    assert server.asked == []


def test_a_broken_credential_process_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_config = tmp_path / "config"
    aws_config.write_text("[profile captain]\ncredential_process = echo not-json\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(aws_config))
    with pytest.raises(AccessDenied, match="cannot be read"):
        ObjectStore(table("http://127.0.0.1:9", profile="captain"), {}).check_access()


def test_a_profile_that_does_not_exist_points_at_the_config() -> None:
    with pytest.raises(ConfigError, match="profile does not exist"):
        ObjectStore(table("http://127.0.0.1:9", profile="nobody"), {}).check_access()


def test_an_endpoint_that_is_no_url_points_at_the_config() -> None:
    with pytest.raises(ConfigError, match="Invalid endpoint"):
        ObjectStore(table("127.0.0.1"), KEYS).check_access()


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as seat:
        seat.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{seat.getsockname()[1]}"
        with pytest.raises(Unreachable, match="no connection"):
            list(ObjectStore(table(endpoint), KEYS).list_objects("whl/"))


class Impatient(ObjectStore):
    """Gives up in a moment."""

    read_s = 0.2
    attempts = 1


def test_silence_is_told_with_how_long_it_was_waited_for(server: Scripted) -> None:
    server.answer = lambda _: Reply(hang=True)
    with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
        list(Impatient(table(server.url), KEYS).list_objects("whl/"))


class ImpatientWriter(WritableStore):
    """Waits a moment for what it reads, and twice as long for what it has copied."""

    read_s = 0.2
    written_s = 0.4
    attempts = 1


def test_a_store_that_says_nothing_is_waited_for_only_while_it_copies(server: Scripted) -> None:
    server.answer = lambda _: Reply(hang=True)
    store = ImpatientWriter(table(server.url), KEYS)
    for read in (lambda: list(store.list_objects("whl/")), lambda: store.describe("whl/a")):
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            read()
    wanted = StoredObject("whl/test/a", 1, "e", datetime(2026, 10, 1, tzinfo=UTC))
    with pytest.raises(Unreachable, match=r"no answer within 0\.4 s"):
        store.copy("pytorch", wanted, "whl/a", lambda _: None)
    assert WritableStore.read_s * 6 <= WritableStore.written_s


def test_making_a_store_loads_no_sdk() -> None:
    script = (
        "import sys; from cockpit.backends.objectstore import ObjectStore;"
        "from cockpit.config_places import ObjectStoreTable;"
        "ObjectStore(ObjectStoreTable(bucket='b'), {});"
        "assert not {'boto3', 'botocore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))
