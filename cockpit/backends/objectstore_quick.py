"""The requests that are made by the thousand, put together by hand and sent by boto3's own parts.

boto3 spends two to three milliseconds of one core on every request, on endpoint rules, validation
and events, and a tenth of one on every key of a list, on its time. A thousand small copies wait for
nothing else, however many threads ask, and neither does a person whose keys share that core.

Whatever a reading request is answered but for success, boto3 asks again: how to retry, and what a
refusal means, is its to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree

import msgspec

from cockpit.release.artifacts import StoredObject

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.awsrequest import AWSResponse
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

A = TypeVar("A")
R = TypeVar("R")
_ETAG = re.compile(rb"<ETag>(?:&quot;|&#34;|\")?([^<&\"]+)")
_SHA256 = re.compile(rb"<ChecksumSHA256>([^<]+)</ChecksumSHA256>")
_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")
_OK, _PART, _ERROR = 200, 206, 300
_LABEL = "x-amz-meta-"


class Copied(msgspec.Struct, frozen=True):
    """What a store says of a copy."""

    etag: str
    sha256: str = ""
    """As the store computed it, in base64; empty where it computed none."""


class Headed(msgspec.Struct, frozen=True):
    """What a store says of an object beside its bytes."""

    size: int
    etag: str
    last_modified: datetime
    labels: dict[str, str]
    """The metadata that its uploader gave it."""
    sha256: str = ""
    """As the store computed it over all bytes, in base64; empty where it computed none."""
    version: str = ""
    content_type: str = ""
    cache_control: str = ""


class Page(msgspec.Struct, frozen=True):
    """Some keys of a list, and what the next request has to say to go on."""

    objects: tuple[StoredObject, ...]
    following: str = ""


class QuickRequests:
    """Requests about the keys of one bucket, over the connections of a client."""

    def __init__(self, session: Session, client: S3Client, bucket: str) -> None:
        url = client.generate_presigned_url(
            "copy_object", {"Bucket": bucket, "Key": "key", "CopySource": f"{bucket}/key"}
        )
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('key')}"
        self._session = session
        self._region = client.meta.region_name
        self._http: Any = vars(client)["_endpoint"].http_session

    def copy(self, source: str, key: str, conditions: dict[str, str]) -> Copied:
        """Copy `BUCKET/KEY`; raises boto3's own exceptions."""
        headers = {
            "x-amz-copy-source": quote(source, safe="/~"),
            "x-amz-metadata-directive": "COPY",
            "x-amz-checksum-algorithm": "SHA256",
            **conditions,
        }
        return _copied(self._send("PUT", quote(key, safe="/~"), headers))

    def head(self, key: str) -> Headed | None:
        """What the store says of an object; None where boto3 has to ask."""
        answer = self._read("HEAD", quote(key, safe="/~"), {"x-amz-checksum-mode": "ENABLED"})
        return _understood(_headed, answer.headers) if answer is not None else None

    def read(self, key: str, span: str, etag: str) -> bytes | None:
        """Some bytes of an object while it has this ETag; None where boto3 has to ask."""
        wanted = {"if-match": f'"{etag}"', "range": span}
        answer = self._read("GET", quote(key, safe="/~"), wanted, _PART)
        return answer.content if answer is not None else None

    def page(self, prefix: str, following: str) -> Page | None:
        """Some of the objects whose key starts with the prefix; None where boto3 has to ask."""
        query = {"encoding-type": "url", "list-type": "2", "prefix": prefix}
        if following:
            query["continuation-token"] = following
        answer = self._read("GET", "?" + urlencode(sorted(query.items()), quote_via=quote), {})
        return _understood(_page, answer.content) if answer is not None else None

    def _read(
        self, method: str, place: str, headers: dict[str, str], success: int = _OK
    ) -> AWSResponse | None:
        """The answer to a request that changes nothing, if it is a success."""
        from botocore.exceptions import HTTPClientError, NoCredentialsError

        try:
            answer = self._send(method, place, headers)
        except (HTTPClientError, NoCredentialsError):
            return None
        return answer if answer.status_code == success else None

    def _send(self, method: str, place: str, headers: dict[str, str]) -> AWSResponse:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError

        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest(method, self._base + place, headers)
        S3SigV4Auth(credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        answer: AWSResponse = self._http.send(request.prepare())
        return answer


def _understood(read: Callable[[A], R], answer: A) -> R | None:
    """What a success says; None where it is cut short, or is none of a store."""
    try:
        return read(answer)
    except (ElementTree.ParseError, LookupError, ValueError):
        return None


def headed(found: HeadObjectOutputTypeDef) -> Headed:
    """What boto3 says of an object."""
    return Headed(
        size=found["ContentLength"],
        etag=found["ETag"].strip('"'),
        last_modified=found["LastModified"],
        labels=dict(found.get("Metadata", {})),
        sha256=_whole(found["ETag"], found.get("ChecksumSHA256", ""), found.get("ChecksumType")),
        version=found.get("VersionId", ""),
        content_type=found.get("ContentType", ""),
        cache_control=found.get("CacheControl", ""),
    )


def _headed(headers: Mapping[str, str]) -> Headed:
    etag = headers["ETag"]
    sha256, kind = headers.get("x-amz-checksum-sha256", ""), headers.get("x-amz-checksum-type")
    return Headed(
        size=int(headers["Content-Length"]),
        etag=etag.strip('"'),
        last_modified=parsedate_to_datetime(headers["Last-Modified"]),
        labels={
            name[len(_LABEL) :]: value
            for name, value in headers.items()
            if name.lower().startswith(_LABEL)
        },
        sha256=_whole(etag, sha256, kind),
        version=headers.get("x-amz-version-id", ""),
        content_type=headers.get("Content-Type", ""),
        cache_control=headers.get("Cache-Control", ""),
    )


def _whole(etag: str, sha256: str, kind: str | None) -> str:
    """The checksum that a store computed over all bytes; of one put in parts there is none."""
    parts = kind == "COMPOSITE" or ("-" in etag and kind != "FULL_OBJECT")
    return "" if parts or "-" in sha256 else sha256


def _page(body: bytes) -> Page:
    root = ElementTree.fromstring(body)  # noqa: S314  (boto3 reads it with the same parser)
    space, kind, rest = root.tag.partition("ListBucketResult")
    following = root.findtext(f"{space}NextContinuationToken") or ""
    truncated = root.findtext(f"{space}IsTruncated") == "true"
    if not kind or rest or truncated != bool(following):
        raise ValueError(root.tag)
    # A store that spells keys as they are does not name an encoding; `%2B` is then no `+`.
    spelled = unquote if root.findtext(f"{space}EncodingType") == "url" else str
    names = [f"{space}{name}" for name in ("Key", "Size", "ETag", "LastModified")]
    objects = []
    for found in root.iter(f"{space}Contents"):
        key, size, etag, modified = (found.findtext(name) or "" for name in names)
        objects.append(
            StoredObject(
                key=spelled(key),
                size=int(size),
                etag=etag.strip('"'),
                last_modified=datetime.fromisoformat(modified),
            )
        )
    return Page(tuple(objects), following)


def _copied(answer: AWSResponse) -> Copied:
    """What an answer says; a store may begin one with 200 and end it with an error."""
    from botocore.exceptions import ClientError

    body = answer.content
    etag = _ETAG.search(body)
    if answer.status_code == _OK and etag is not None:
        native = _SHA256.search(body)
        return Copied(etag[1].decode(), native[1].decode() if native else "")
    code, message = _CODE.search(body), _MESSAGE.search(body)
    status = answer.status_code if answer.status_code >= _ERROR else 500
    raise ClientError(
        {
            "Error": {
                "Code": code[1].decode() if code else str(status),
                "Message": message[1].decode("utf-8", "replace") if message else "",
            },
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "CopyObject",
    )
