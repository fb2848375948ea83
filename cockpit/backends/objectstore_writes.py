"""Writing to a store: copies within it, files received from another one, and what is left over.

Whatever is written is created and never replaced: the store is asked to refuse where something
lies already, and to copy only the source that was planned.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec

from cockpit.backends.objectstore import ObjectStore, _condition, _flag, _native
from cockpit.backends.objectstore_quick import Headed
from cockpit.backends.ports.objectstore import ObjectProperties, Patience, Upload, at_once
from cockpit.errors import Conflict
from cockpit.release.artifacts import StoredObject
from cockpit.threads import gather

COPY_LIMIT = 5 * 1024**3
"""The largest object that a store copies in one request."""
_COPIED_PART = 512 * 1024**2
_SENT_PART = 8 * 1024**2
"""Small, so that several files at once stay far below 300 MB; 10,000 of them are 80 GB."""
_PART_THREADS = 4
_NO_UPLOAD = "NoSuchUpload"
_ANYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"

Report = Callable[[int], None]
"""Is told of bytes that have arrived; may raise to stop."""


class WritableStore(ObjectStore):
    """Implements TransferPort."""

    # A store that copies gigabytes by itself may be silent for a while.
    written_s = 120.0
    copy_limit = COPY_LIMIT
    copied_part = _COPIED_PART
    sent_part = _SENT_PART

    @property
    def bucket(self) -> str:
        """The bucket that is written to."""
        return self._settings.bucket

    @property
    def url(self) -> str:
        """The store as people name it."""
        return f"s3://{self._settings.bucket}"

    def list_folders(self, prefix: str) -> tuple[str, ...]:
        """The folders directly below a prefix that ends in a slash, by name."""
        bucket = self._settings.bucket
        self._tell(*("list-objects-v2", "--bucket", bucket, "--prefix", prefix, "--delimiter", "/"))
        with self._speaking() as (_, client):
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix, Delimiter="/"
            )
            return tuple(
                found["Prefix"].removeprefix(prefix).rstrip("/")
                for page in pages
                for found in page.get("CommonPrefixes", ())
            )

    def properties(self, key: str) -> ObjectProperties:
        """What an object carries beside its bytes; raises Conflict when it is gone."""
        found = self._head(self._settings.bucket, key)
        if found is None:
            raise Conflict("A file is gone", f"{self.url}/{key}", "look at the promotion (5)")
        return _carried(found)

    def copy(
        self, bucket: str, wanted: StoredObject, key: str, report: Report, replaces: str = ""
    ) -> StoredObject:
        """Copy an object of this store's endpoint to a key, with all that it carries.

        Raises Conflict when something lies there, but for the ETag `replaces`, or the source is no
        longer the one wanted.
        """
        if wanted.size > self.copy_limit:
            return self._copied_in_parts(bucket, wanted, key, report, replaces)
        self._tell(
            *("copy-object", "--bucket", self.bucket, "--key", key, *_flag(replaces)),
            *("--copy-source", f"{bucket}/{wanted.key}", "--copy-source-if-match", wanted.etag),
        )
        headers = {"x-amz-copy-source-if-match": f'"{wanted.etag}"'}
        headers |= {"If-Match": f'"{replaces}"'} if replaces else {"If-None-Match": "*"}
        if self._settings.acl:
            headers["x-amz-acl"] = self._settings.acl
        with self._writing() as (session, client):
            made = self._quick(session, client).copy(f"{bucket}/{wanted.key}", key, headers)
        report(wanted.size)
        native = _native(made.sha256)
        copied = self._named(wanted, key, made.etag)
        return copied.read(native) if native else copied

    def receive(
        self,
        wanted: StoredObject,
        key: str,
        carried: ObjectProperties,
        read: Callable[[int, int], bytes],
        report: Report,
        patiently: Patience,
    ) -> StoredObject:
        """Put a new object of bytes that are read piece by piece from elsewhere.

        `wanted` has to name its checksum: what arrives is completed only when it has that one.
        Every request is made patiently, so that a bad moment costs a part and not gigabytes.
        """
        names = {"checksum-sha256": wanted.sha256 or ""}
        carried = ObjectProperties(
            carried.content_type, carried.cache_control, {**carried.metadata, **names}
        )
        if wanted.size > self.sent_part:
            return self._received_in_parts(wanted, key, carried, read, report, patiently)
        body = read(0, wanted.size) if wanted.size else b""
        _check(hashlib.sha256(body).hexdigest(), wanted)
        digest = _md5(body)
        self._tell("put-object", "--bucket", self.bucket, "--key", key, "--if-none-match", "*")

        def put() -> str:
            with self._writing() as (_, client):
                return client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body,
                    ContentMD5=_in_base64(digest),
                    IfNoneMatch="*",
                    **self._carrying(carried),
                )["ETag"]

        etag = patiently(put)
        report(len(body))
        return self._arrived(wanted, key, etag, digest.hex())

    def is_public(self, key: str) -> bool:
        """Whether anybody may read an object, as far as the store tells."""
        with self._speaking() as (_, client):
            grants = client.get_object_acl(Bucket=self.bucket, Key=key)["Grants"]
        return any(grant.get("Grantee", {}).get("URI") == _ANYBODY for grant in grants)

    @property
    def acl(self) -> str:
        """The access that objects are given; empty where the bucket's own rules decide."""
        return self._settings.acl

    def give_access(self, key: str) -> None:
        """Give an object the access that the config names."""
        self._tell("put-object-acl", "--bucket", self.bucket, "--key", key, "--acl", self.acl)
        with self._speaking() as (_, client):
            client.put_object_acl(Bucket=self.bucket, Key=key, **self._acl)

    def unfinished_uploads(self, prefix: str) -> tuple[Upload, ...]:
        """Uploads in parts below a prefix that were begun and neither finished nor aborted."""
        self._tell("list-multipart-uploads", "--bucket", self.bucket, "--prefix", prefix)
        with self._speaking() as (_, client):
            pages = client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            return tuple(
                Upload(found["Key"], found["UploadId"], found["Initiated"])
                for page in pages
                for found in page.get("Uploads", ())
            )

    def abort_upload(self, key: str, upload: str) -> None:
        """Throw away the parts of an upload; nothing happens when it is gone already."""
        from botocore.exceptions import ClientError

        self._tell(
            *("abort-multipart-upload", "--bucket", self.bucket, "--key", key),
            *("--upload-id", upload),
        )
        with self._speaking() as (_, client):
            try:
                client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
            except ClientError as err:
                if err.response.get("Error", {}).get("Code") != _NO_UPLOAD:
                    raise

    def sha256_of(self, stored: StoredObject, report: Report) -> str:
        """The checksum of an object, by reading all of it; raises Conflict when it is replaced."""
        digest = hashlib.sha256()
        for start, length in _spans(stored.size, self.sent_part):
            digest.update(self.read_range(stored, start, length))
            report(length)
        return digest.hexdigest()

    @property
    def _acl(self) -> dict[str, Any]:
        return {"ACL": self._settings.acl} if self._settings.acl else {}

    def _carrying(self, carried: ObjectProperties) -> dict[str, Any]:
        found: dict[str, Any] = {"Metadata": dict(carried.metadata), **self._acl}
        if carried.content_type:
            found["ContentType"] = carried.content_type
        if carried.cache_control:
            found["CacheControl"] = carried.cache_control
        return found

    def _copied_in_parts(
        self, bucket: str, wanted: StoredObject, key: str, report: Report, replaces: str
    ) -> StoredObject:
        carried = self._properties_in(bucket, wanted.key)

        def copied(upload: str, number: int, start: int, length: int) -> dict[str, Any]:
            with self._writing() as (_, client):
                answer = client.upload_part_copy(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    PartNumber=number,
                    CopySource={"Bucket": bucket, "Key": wanted.key},
                    CopySourceIfMatch=f'"{wanted.etag}"',
                    CopySourceRange=f"bytes={start}-{start + length - 1}",
                )
            report(length)
            return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

        with self._upload(key, carried) as upload:
            spans = enumerate(_spans(wanted.size, self.copied_part), 1)
            calls = [partial(copied, upload, number, *span) for number, span in spans]
            parts = gather(calls, threads=_PART_THREADS)
            etag = self._complete(key, upload, parts, replaces)
        return self._named(wanted, key, etag)

    def _received_in_parts(
        self,
        wanted: StoredObject,
        key: str,
        carried: ObjectProperties,
        read: Callable[[int, int], bytes],
        report: Report,
        patiently: Patience,
    ) -> StoredObject:
        whole = hashlib.sha256()
        of_parts: list[bytes] = []

        def sent(upload: str, number: int, body: bytes) -> dict[str, Any]:
            with self._writing() as (_, client):
                made = client.upload_part(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    PartNumber=number,
                    Body=body,
                    ContentMD5=_in_base64(of_parts[-1]),
                )
            return {"PartNumber": number, "ETag": made["ETag"]}

        with self._upload(key, carried, patiently) as upload:
            parts = []
            for number, (start, length) in enumerate(_spans(wanted.size, self.sent_part), 1):
                body = read(start, length)
                whole.update(body)
                of_parts.append(_md5(body))
                parts.append(patiently(partial(sent, upload, number, body)))
                del body  # before the next part is read: eight files at once hold one each
                report(length)
            _check(whole.hexdigest(), wanted)
            etag = patiently(lambda: self._complete(key, upload, parts))
        joined = hashlib.md5(b"".join(of_parts)).hexdigest()  # noqa: S324
        return self._arrived(wanted, key, etag, f"{joined}-{len(of_parts)}")

    @contextmanager
    def _upload(
        self, key: str, carried: ObjectProperties, patiently: Patience = at_once
    ) -> Iterator[str]:
        """An upload in parts that is aborted when it does not come to its end."""
        self._tell("create-multipart-upload", "--bucket", self.bucket, "--key", key)

        def begun() -> str:
            with self._speaking() as (_, client):
                return client.create_multipart_upload(
                    Bucket=self.bucket, Key=key, **self._carrying(carried)
                )["UploadId"]

        upload = patiently(begun)
        try:
            yield upload
        except BaseException:
            self._abort_quietly(key, upload)
            raise

    def _abort_quietly(self, key: str, upload: str) -> None:
        """Abort while something else has gone wrong, which is what people should hear of."""
        from cockpit.errors import CockpitError

        try:
            self.abort_upload(key, upload)
        except CockpitError:
            return

    def _complete(
        self, key: str, upload: str, parts: list[dict[str, Any]], replaces: str = ""
    ) -> str:
        from botocore.exceptions import ClientError

        # Not every store heeds the condition at the end of an upload, and this one request more
        # is nothing beside gigabytes.
        found = self._head(self.bucket, key)
        if found is not None and found.etag != replaces:
            raise Conflict(
                "Something lies there already",
                f"{self.url}/{key} appeared meanwhile; nothing was overwritten",
                "look at the promotion (5), then plan again",
            )
        self._tell(
            *("complete-multipart-upload", "--bucket", self.bucket, "--key", key),
            *("--upload-id", upload, *_flag(replaces)),
        )
        with self._writing() as (_, client):
            try:
                answer = client.complete_multipart_upload(
                    Bucket=self.bucket,
                    Key=key,
                    UploadId=upload,
                    MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
                    **_condition(replaces),
                )
            except ClientError as err:
                if err.response.get("Error", {}).get("Code") == _NO_UPLOAD:
                    # An answer that was lost, and boto3's next try: what lies there will tell.
                    raise Conflict(
                        "An upload in parts is gone",
                        f"that of {self.url}/{key} was finished or aborted meanwhile",
                        "look at the promotion (5), then plan again",
                    ) from err
                raise
        return answer["ETag"].strip('"')

    def _arrived(self, wanted: StoredObject, key: str, etag: str, expected: str) -> StoredObject:
        found = msgspec.structs.replace(self._named(wanted, key, etag.strip('"')), computed=True)
        if found.etag != expected:
            raise Conflict(
                "What arrived is not what was sent",
                f"{self.url}/{key} has the ETag {found.etag}, not {expected}",
                "look at it before anybody installs it",
            )
        return found

    def _named(self, wanted: StoredObject, key: str, etag: str) -> StoredObject:
        return StoredObject(key, wanted.size, etag, wanted.last_modified, sha256=wanted.sha256)

    def _properties_in(self, bucket: str, key: str) -> ObjectProperties:
        found = self._head(bucket, key)
        if found is None:
            raise Conflict("A file is gone", f"s3://{bucket}/{key}", "look at the test channel")
        return _carried(found)


def _carried(found: Headed) -> ObjectProperties:
    return ObjectProperties(found.content_type, found.cache_control, found.labels)


def _spans(size: int, length: int) -> Iterator[tuple[int, int]]:
    """Where each piece begins, and how long it is."""
    for start in range(0, size, length):
        yield start, min(length, size - start)


def _md5(body: bytes) -> bytes:
    return hashlib.md5(body).digest()  # noqa: S324


def _in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _check(found: str, wanted: StoredObject) -> None:
    if found != wanted.sha256:
        raise Conflict(
            "The checksum of a file is wrong",
            f"{wanted.key} has the SHA-256 {found}, and says of itself {wanted.sha256}",
            "nothing was written; find out which of the two is right",
        )
