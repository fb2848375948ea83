"""The world's S3: moto inside this process, or a real server binary beside it."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cockpit.rehearsal.serving import LOOPBACK, QuietHandler

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from mypy_boto3_s3 import S3Client
    from werkzeug.serving import WSGIRequestHandler

    from cockpit.rehearsal.clock import WorldClock

REGION = "us-east-1"


class S3Error(RuntimeError):
    """The S3 server could not be started."""


class ObjectToPut(Protocol):
    """What the world says of an object that it puts there itself."""

    @property
    def bucket(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def metadata(self) -> Mapping[str, str]: ...
    @property
    def content_type(self) -> str: ...
    @property
    def last_modified(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a bucket, with one piece of its metadata."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What S3 clients of the world sign with."""

    id: str = "AKIAREHEARSAL0000001"
    secret: str = "rehearsal-secret"


MIRROR_KEY = AccessKey("mirrorrehearsal0000000000000001", "mirror-secret")
"""The mirror has a key of its own; the channels' is none there."""


# moto keeps all its buckets in one table of the process and asks one clock. Each world is an
# account of its own, and these two replacements make that account's names and time its own too.

_world: ContextVar[MotoS3 | None] = ContextVar("world", default=None)
_accounts = itertools.count(100_000_000_001)
_installed = threading.Lock()


class _NamesOfThisWorld(MutableMapping[str, tuple[str, str]]):
    """Bucket name → partition and account, of the world that is being asked."""

    def __init__(self) -> None:
        self._by_account: dict[str, dict[str, tuple[str, str]]] = {}

    @property
    def _names(self) -> dict[str, tuple[str, str]]:
        world = _world.get()
        return self._by_account.setdefault(world.account if world else "", {})

    def __getitem__(self, bucket: str) -> tuple[str, str]:
        return self._names[bucket]

    def __setitem__(self, bucket: str, owner: tuple[str, str]) -> None:
        self._names[bucket] = owner

    def __delitem__(self, bucket: str) -> None:
        del self._names[bucket]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _time_of_this_world() -> datetime:
    world = _world.get()
    now = world.clock.now() if world else datetime.now(UTC)
    return now.replace(tzinfo=None)


class MotoS3:
    """moto as a WSGI application whose buckets belong to one world."""

    def __init__(self, clock: WorldClock) -> None:
        self.clock = clock
        self.account = str(next(_accounts))
        self.before_request: Callable[[], None] = lambda: None
        """Is called before each request, to put there what has come since the last one."""
        self._app = self._create_app()
        self._lock = threading.RLock()
        """Held while a bucket is read or written: moto's own tables are not made for threads."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.before_request()
        with self._lock:
            _world.set(self)
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
            return self._app(environ, start_response)

    def create_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        _world.set(self)
        self._backend.create_bucket(name, REGION)

    def keep_versions(self, name: str) -> None:
        """Make an empty bucket that keeps every version of an object."""
        with self._lock:
            self.create_bucket(name)
            self._backend.put_bucket_versioning(name, "Enabled")

    def put(self, objects: Iterable[ObjectToPut]) -> int:
        """Put objects straight into the backend, publicly readable; gives how many."""
        from moto.s3.models import get_canned_acl

        backend = self._backend
        public = get_canned_acl("public-read")
        count = 0
        with self._lock:
            _world.set(self)
            for item in objects:
                if item.bucket not in backend.buckets:
                    self.create_bucket(item.bucket)
                key = backend.put_object(
                    item.bucket, item.key, item.body, disable_notification=True
                )
                key.set_metadata({f"x-amz-meta-{k}": v for k, v in item.metadata.items()})
                key.set_metadata({"Content-Type": item.content_type})
                key.set_acl(public)
                key.last_modified = item.last_modified.astimezone(UTC).replace(tzinfo=None)
                count += 1
        return count

    def files(self, bucket: str, prefix: str, metadata: str) -> list[StoredFile]:
        """What lies below a prefix, each with one entry of its metadata, or nothing for it."""
        name = f"x-amz-meta-{metadata}"
        with self._lock:
            _world.set(self)
            return [
                StoredFile(key, stored.metadata.get(name, ""))
                for key, stored in self._backend.buckets[bucket].keys.items()
                if key.startswith(prefix)
            ]

    def forget(self) -> None:
        """Drop every bucket, and moto's own record of what was in them."""
        from moto.s3.models import FakeKey, FakeMultipart, s3_backends

        s3_backends.pop(self.account, None)
        for kind in (FakeKey, FakeMultipart):
            tracked: list[Any] = vars(kind)["instances_tracked"]
            for item in tracked:
                if item.account_id == self.account:
                    item.dispose()
            tracked[:] = [item for item in tracked if item.account_id != self.account]

    @staticmethod
    def request_handler() -> type[WSGIRequestHandler]:
        """moto's own handler keeps underscores in metadata names; ours keeps quiet."""
        from moto.moto_server.werkzeug_app import MotoRequestHandler

        return type("QuietMotoHandler", (QuietHandler, MotoRequestHandler), {})

    @property
    def _backend(self) -> Any:
        from moto.s3.models import s3_backends

        return s3_backends[self.account]["aws"]

    @staticmethod
    def _create_app() -> WSGIApplication:
        from moto.moto_server.werkzeug_app import create_backend_app
        from moto.s3 import models

        with _installed:
            if not isinstance(models.s3_backends.bucket_accounts, _NamesOfThisWorld):
                vars(models.s3_backends)["bucket_accounts"] = _NamesOfThisWorld()
                vars(models)["utcnow"] = _time_of_this_world
        app: WSGIApplication = create_backend_app("s3")
        return app


_WEED_ANSWERS_WITHIN_S = 60.0
_WEED_ATTEMPTS = 3
_SOCKET_IN_LOG = re.compile(r"listening on Unix socket (\S+\.sock)")


class SeaweedS3:
    """The `weed` binary as the world's S3: stricter than moto, slower to start, on real time.

    It dates every object by itself, so what the world puts there is never older than the server.
    """

    def __init__(self, directory: Path, key: AccessKey) -> None:
        self._key = key
        self._buckets: set[str] = set()
        self._metadata: dict[tuple[str, str, str], dict[str, str]] = {}
        """Bucket, key and ETag → metadata that was read before: a listing does not have it."""
        self._directory = directory / "seaweedfs"
        self._log = self._directory / "weed.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start the server and wait until it takes an object; raises S3Error."""
        weed = _find_weed()
        for attempt in range(1, _WEED_ATTEMPTS + 1):
            self._launch(weed)
            try:
                self._wait_until_it_stores()
                return
            except S3Error:
                self.stop()
                # A port can be taken between choosing it and weed's opening it.
                if attempt == _WEED_ATTEMPTS:
                    raise

    def keep_versions(self, name: str) -> None:
        """Make an empty bucket that keeps every version of an object."""
        client = self.client(attempts=8)
        client.create_bucket(Bucket=name)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self._buckets.add(name)

    def put(self, objects: Iterable[ObjectToPut]) -> int:
        """Put objects over HTTP, publicly readable and in any order; gives how many."""
        # The first writes into a bucket can fail while the server makes room for it.
        client = self.client(attempts=8)

        def put_one(item: ObjectToPut) -> None:
            client.put_object(
                Bucket=item.bucket,
                Key=item.key,
                Body=item.body,
                Metadata=dict(item.metadata),
                ContentType=item.content_type,
            )
            client.put_object_acl(Bucket=item.bucket, Key=item.key, ACL="public-read")

        wanted = list(objects)
        for bucket in {item.bucket for item in wanted} - self._buckets:
            client.create_bucket(Bucket=bucket)
            self._buckets.add(bucket)
        with ThreadPoolExecutor(8) as pool:
            return len(list(pool.map(put_one, wanted)))

    def files(self, bucket: str, prefix: str, metadata: str) -> list[StoredFile]:
        """What lies below a prefix, each with one entry of its metadata, or nothing for it."""
        client = self.client(attempts=8)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        found = [(item["Key"], item["ETag"]) for page in pages for item in page.get("Contents", [])]

        def described(item: tuple[str, str]) -> StoredFile:
            known = self._metadata.get((bucket, *item))
            if known is None:
                known = client.head_object(Bucket=bucket, Key=item[0])["Metadata"]
                self._metadata[(bucket, *item)] = known
            return StoredFile(item[0], known.get(metadata, ""))

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(described, found))

    def stop(self) -> None:
        """End the server at once: its data goes with the world, and a polite end takes 25 s."""
        atexit.unregister(self.stop)
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        for socket_file in _SOCKET_IN_LOG.findall(self._log.read_text(errors="replace")):
            Path(socket_file).unlink(missing_ok=True)

    def client(self, *, attempts: int = 1) -> S3Client:
        """A client that knows no other credentials than the world's."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self._key.id,
            aws_secret_access_key=self._key.secret,
            config=Config(retries={"total_max_attempts": attempts}, max_pool_connections=8),
        )

    def _launch(self, weed: str) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        atexit.register(self.stop)
        identities = self._directory / "identities.json"
        identities.write_text(json.dumps(_identities(self._key)), encoding="utf-8")
        ports = _free_ports(8)
        self.url = f"http://{LOOPBACK}:{ports[0]}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [weed, "-logtostderr=true", "server", *self._options(ports, identities)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self._directory,
                env={"HOME": str(self._directory), "PATH": os.environ.get("PATH", "")},
                start_new_session=True,
            )

    def _options(self, ports: list[int], identities: Path) -> list[str]:
        s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = ports
        return [
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            f"-dir={self._directory}",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=100",
            f"-master.port={master}",
            f"-master.port.grpc={master_grpc}",
            # The master reports statistics to its makers unless it is told not to.
            "-master.telemetry=false",
            f"-volume.port={volume}",
            f"-volume.port.grpc={volume_grpc}",
            "-filer",
            "-filer.localSocket=filer.sock",
            f"-filer.port={filer}",
            f"-filer.port.grpc={filer_grpc}",
            "-s3",
            f"-s3.port={s3}",
            f"-s3.port.grpc={s3_grpc}",
            f"-s3.config={identities}",
            "-s3.localSocket=s3.sock",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
        ]

    def _wait_until_it_stores(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client()
        deadline = time.monotonic() + _WEED_ANSWERS_WITHIN_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                client.create_bucket(Bucket="is-it-up")
                client.put_object(Bucket="is-it-up", Key="probe", Body=b"probe")
                client.delete_object(Bucket="is-it-up", Key="probe")
                client.delete_bucket(Bucket="is-it-up")
                return
            except (BotoCoreError, ClientError):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.1)
        raise S3Error(f"the S3 server did not come up; its last words are in {self._log}")


def _find_weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise S3Error("no `weed` binary was found; install the extra `seaweedfs`")
    return found


def _identities(key: AccessKey) -> dict[str, object]:
    return {
        "identities": [
            {
                "name": "captain",
                "credentials": [{"accessKey": key.id, "secretKey": key.secret}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            },
            # An object's own ACL opens nothing here: without this nobody could read index pages.
            {"name": "anonymous", "actions": ["Read"]},
        ]
    }


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for holder in held:
            holder.bind((LOOPBACK, 0))
        return [int(holder.getsockname()[1]) for holder in held]
