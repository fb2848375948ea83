"""The S3 store of the channels, read through boto3."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast

from cockpit.backends.objectstore_errors import (
    ABSENT,
    AWS_LOGIN,
    CONNECT_S,
    REPLACED,
    Login,
    code_of,
    failure,
    refusal,
)
from cockpit.backends.objectstore_quick import Headed, Page, QuickRequests, headed
from cockpit.backends.ports import Delivery
from cockpit.backends.ports.objectstore import REQUESTS_AT_ONCE
from cockpit.backends.text import clean, mask
from cockpit.config_places import ObjectStoreTable
from cockpit.errors import (
    AccessDenied,
    ConfigError,
    Conflict,
)
from cockpit.release.artifacts import StoredObject
from cockpit.release.readiness import CredentialLife

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config as BotoConfig
    from mypy_boto3_s3 import S3Client

READ_S = 20
_ATTEMPTS = 3
_END_OF_LIFE = "AWS_CREDENTIAL_EXPIRATION"
_CHECKSUM_NAMES = ("checksum-sha256", "x-amz-meta-checksum-sha256")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


_Addressing: TypeAlias = Literal["path", "virtual", "auto"]


class _Kept(NamedTuple):
    """What lasts until the next login."""

    session: Session
    clients: dict[float, S3Client]
    """By how long each waits for an answer, in seconds."""
    quickly: dict[S3Client, QuickRequests]


class ObjectStore:
    """Implements ObjectStorePort; boto3 is imported with the first request.

    An environment that is a function is asked at every login, so that new keys are found in it.
    """

    read_s: float = READ_S
    written_s: float = READ_S
    """How long a store may be silent about what it was given, or was asked to copy."""
    attempts = _ATTEMPTS

    def __init__(
        self,
        settings: ObjectStoreTable,
        environment: Mapping[str, str] | Callable[[], Mapping[str, str]],
        *,
        log: Callable[[str], None] | None = None,
        login: Login = AWS_LOGIN,
    ) -> None:
        self._login = login
        self._settings = settings
        self._environment = environment
        self._log = log
        self._making = threading.Lock()
        self._kept: _Kept | None = None

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key starts with the prefix, all pages."""
        self._tell("list-objects-v2", "--bucket", self._settings.bucket, "--prefix", prefix)
        following = ""
        while True:
            page = self._page(prefix, following)
            yield from page.objects
            following = page.following
            if not following:
                return

    def newest_version(self, bucket: str, key: str) -> str | None:
        """The id of an object's current version; None where there is none to name."""
        self._tell("head-object", "--bucket", bucket, "--key", key, "--query", "VersionId")
        found = self._head(bucket, key)
        # A bucket that stopped keeping versions answers with this word.
        version = found.version if found else ""
        return version if version not in ("", "null") else None

    def describe(self, key: str) -> StoredObject | None:
        """An object with its checksum, which no listing tells; None when it is not there."""
        self._tell(
            *("head-object", "--bucket", self._settings.bucket, "--key", key),
            *("--checksum-mode", "ENABLED"),
        )
        found = self._head(self._settings.bucket, key)
        if found is None:
            return None
        told, native = _told(found.labels), _native(found.sha256)
        stored = StoredObject(key, found.size, found.etag, found.last_modified, sha256=told)
        return stored.read(native) if native else stored

    def read_range(self, stored: StoredObject, start: int, length: int) -> bytes:
        """A piece of an object, from a byte on; raises Conflict when it was replaced."""
        from botocore.exceptions import ClientError

        bucket, span = self._settings.bucket, f"bytes={start}-{start + length - 1}"
        self._tell(
            *("get-object", "--bucket", bucket, "--key", stored.key),
            *("--range", span, "--if-match", stored.etag, "/dev/stdout"),
        )
        with self._speaking() as (session, client):
            quick = self._quick(session, client).read(stored.key, span, stored.etag)
            if quick is not None:
                return quick
            try:
                found = client.get_object(
                    Bucket=bucket, Key=stored.key, Range=span, IfMatch=stored.etag
                )
                return found["Body"].read()
            except ClientError as err:
                if code_of(err) in {*ABSENT, *REPLACED}:
                    raise Conflict(
                        "A file of the channel was replaced",
                        f"{clean(stored.key)} is no longer the one that was listed",
                        "refresh (r)",
                    ) from err
                raise

    def labels(self, key: str) -> dict[str, str] | None:
        """The metadata that its uploader gave an object; None when it is not there."""
        self._tell("head-object", "--bucket", self._settings.bucket, "--key", key)
        found = self._head(self._settings.bucket, key)
        return found.labels if found is not None else None

    def put_new(self, key: str, path: Path, delivery: Delivery) -> None:
        """Upload a file in one request: S3 takes five gigabytes so, and keeps the whole's digest.

        A file in parts would have no checksum of its own, and leave its parts behind when killed.
        """
        from botocore.exceptions import ClientError

        bucket = self._settings.bucket
        digest = base64.b64encode(bytes.fromhex(delivery.sha256)).decode()
        self._tell(
            *("put-object", "--bucket", bucket, "--key", key, "--body", path.name),
            *("--checksum-sha256", digest, *_flag(delivery.replaces)),
        )
        labels = {**delivery.labels, _CHECKSUM_NAMES[0]: delivery.sha256}
        with self._writing() as (_, client), path.open("rb") as file:
            try:
                client.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=cast("IO[bytes]", _Counted(file, delivery.report)),
                    ContentLength=path.stat().st_size,
                    ChecksumSHA256=digest,
                    ContentType="binary/octet-stream",
                    Metadata=labels,
                    **_condition(delivery.replaces),
                )
            except ClientError as err:
                if code_of(err) in REPLACED:
                    raise Conflict(
                        f"{clean(key)} is not what was expected",
                        "somebody has put it there, or replaced it, meanwhile",
                        "plan again: it looks first",
                    ) from err
                raise

    def credential_life(self) -> CredentialLife:
        """How long the credentials live, where they can tell."""
        from botocore.credentials import RefreshableCredentials

        name = f"the {self._login.credentials}"
        given = self._environment
        told = (given() if callable(given) else given).get(_END_OF_LIFE, "")
        if told:
            return CredentialLife(name, datetime.fromisoformat(told))
        with self._speaking() as (session, _):
            found = session.get_credentials()
        if found is None:
            return CredentialLife(name, unknown="there are none: log in to AWS")
        if isinstance(found, RefreshableCredentials):
            if "sso" in found.method:
                return CredentialLife(name, unknown="they end with the login, unseen")
            return CredentialLife(f"{name}, which renew themselves")
        if found.token:
            return CredentialLife(name, unknown="a session that does not say when it ends")
        return CredentialLife(name)

    def check_access(self) -> str:
        """Who the credential is, in words; raises when the bucket cannot be read."""
        with self._speaking() as (session, client):
            for prefix in (self._settings.test_prefix, self._settings.stable_prefix):
                client.list_objects_v2(Bucket=self._settings.bucket, Prefix=f"{prefix}/", MaxKeys=1)
            credentials = session.get_credentials()
            method = credentials.method if credentials else "none"
            if self._settings.endpoint:
                return f"credential from {_words_for(method)}"
            sts = session.client("sts", config=_limits("virtual"))
            return f"{clean(sts.get_caller_identity()['Arn'])}, from {_words_for(method)}"

    def _head(self, bucket: str, key: str) -> Headed | None:
        """What the store says of an object; None when it is not there."""
        from botocore.exceptions import ClientError

        with self._speaking(bucket) as (session, client):
            if bucket == self._settings.bucket:
                quick = self._quick(session, client).head(key)
                if quick is not None:
                    return quick
            try:
                return headed(client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED"))
            except ClientError as err:
                if code_of(err) in ABSENT:
                    return None
                raise

    def _page(self, prefix: str, following: str) -> Page:
        """One page of a list."""
        bucket = self._settings.bucket
        with self._speaking() as (session, client):
            quick = self._quick(session, client).page(prefix, following)
            if quick is not None:
                return quick
            onward: dict[str, Any] = {"ContinuationToken": following} if following else {}
            answer = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **onward)
        objects = (
            StoredObject(
                key=found["Key"],
                size=found["Size"],
                etag=found["ETag"].strip('"'),
                last_modified=found["LastModified"],
            )
            for found in answer.get("Contents", ())
        )
        return Page(tuple(objects), answer.get("NextContinuationToken", ""))

    def _quick(self, session: Session, client: S3Client) -> QuickRequests:
        """What asks over this client."""
        kept = self._kept
        if kept is None or kept.session is not session:  # somebody else's failure ended the login
            return QuickRequests(session, client, self._settings.bucket)
        if client not in kept.quickly:
            kept.quickly[client] = QuickRequests(session, client, self._settings.bucket)
        return kept.quickly[client]

    def _session(self, read_s: float) -> tuple[Session, S3Client]:
        """The session, and its client that waits so long for an answer."""
        with self._making:
            if self._kept is None:
                self._kept = _Kept(self._connect(), {}, {})
            session, clients = self._kept.session, self._kept.clients
            if read_s not in clients:
                clients[read_s] = self._client(session, read_s)
            return session, clients[read_s]

    def _client(self, session: Session, read_s: float) -> S3Client:
        addressing: _Addressing = "path" if self._settings.endpoint else "auto"
        return session.client(
            "s3",
            endpoint_url=self._settings.endpoint,
            config=_limits(addressing, read_s, self.attempts),
        )

    def _connect(self) -> Session:
        from boto3.session import Session
        from botocore.session import Session as BotocoreSession

        core = BotocoreSession()
        given = self._environment
        environment = given() if callable(given) else given
        key = environment.get("AWS_ACCESS_KEY_ID")
        if self._settings.profile and not key:
            core.set_config_variable("profile", self._settings.profile)
        if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "false":
            # Outside EC2 nobody answers there, and boto3 would wait seconds to find that out.
            core.get_component("credential_provider").remove("iam-role")
        return Session(
            aws_access_key_id=key,
            aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            region_name=self._settings.region,
            botocore_session=core,
        )

    def _writing(self) -> AbstractContextManager[tuple[Session, S3Client]]:
        """As `_speaking`, for what a store may be silent about for longer."""
        return self._speaking(read_s=self.written_s)

    @contextmanager
    def _speaking(
        self, bucket: str | None = None, read_s: float | None = None
    ) -> Iterator[tuple[Session, S3Client]]:
        """Session and client, whose exceptions become ours.

        `bucket` is spoken of where it is another one than the channels'.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        where = self._settings.endpoint or "AWS"
        read_s = self.read_s if read_s is None else read_s
        try:
            yield self._session(read_s)
        except ClientError as err:
            refused = refusal(err, bucket or self._settings.bucket, where, self._login)
            if isinstance(refused, AccessDenied):
                # The next try reads the credentials again, which a login has renewed by then.
                self._kept = None
            raise refused from err
        except BotoCoreError as err:
            self._kept = None
            raise failure(err, where, read_s, self._login) from err
        except json.JSONDecodeError as err:
            raise AccessDenied(
                "The AWS credentials cannot be read",
                "a credential_process of the AWS configuration did not answer with JSON",
                "run that credential_process by hand, or set [objectstore].profile",
            ) from err
        except ValueError as err:
            raise ConfigError(
                "boto3 does not understand the channels' settings",
                mask(clean(str(err))),
                "edit [objectstore] in release.toml",
            ) from err

    def _tell(self, *words: str) -> None:
        if self._log is None:
            return
        line = ["aws", "s3api", *words]
        if self._settings.endpoint:
            line += ["--endpoint-url", self._settings.endpoint]
        if self._settings.profile:
            line += ["--profile", self._settings.profile]
        self._log(mask(shlex.join(line)))


class _Counted:
    """A file that tells how far it has been read, also when it is read once more."""

    def __init__(self, file: IO[bytes], report: Callable[[int], None]) -> None:
        self._file = file
        self._report = report
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """Read on, and tell."""
        piece = self._file.read(size)
        self._report(self._file.tell())
        return piece


def _limits(
    addressing: _Addressing,
    read_s: float = READ_S,
    attempts: int = _ATTEMPTS,
) -> BotoConfig:
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_S,
        read_timeout=read_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=REQUESTS_AT_ONCE,
        s3={"addressing_style": addressing},
    )


def _condition(replaces: str) -> dict[str, Any]:
    """What the store is to find at the key: nothing, or what is replaced on purpose."""
    return {"IfMatch": f'"{replaces}"'} if replaces else {"IfNoneMatch": "*"}


def _flag(replaces: str) -> tuple[str, str]:
    """The same for the command line."""
    return ("--if-match", replaces) if replaces else ("--if-none-match", "*")


def _native(sha256: str) -> str:
    """The SHA-256 that S3 computed, in hexadecimal; of what was put in parts there is none."""
    if "-" in sha256:
        return ""
    with suppress(ValueError):
        return base64.b64decode(sha256, validate=True).hex()
    return ""


def _told(labels: Mapping[str, str]) -> str:
    """The SHA-256 that the uploader wrote beside an object; section 8.8."""
    told = next((labels[name] for name in _CHECKSUM_NAMES if name in labels), "")
    return told.lower() if _SHA256.fullmatch(told) else ""


def _words_for(method: str) -> str:
    return {
        "explicit": "the credentials file",
        "env": "the environment",
        "shared-credentials-file": "the AWS credentials file",
        "none": "nowhere, anonymously",
    }.get(method, method)
