"""Copy requests put together by hand, then signed and sent by boto3's own parts.

boto3 spends two to three milliseconds of one core on every request, on endpoint rules, validation
and events. A thousand small copies wait for nothing else, however many threads ask.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.awsrequest import AWSResponse
    from mypy_boto3_s3 import S3Client

_ETAG = re.compile(rb"<ETag>(?:&quot;|&#34;|\")?([^<&\"]+)")
_SHA256 = re.compile(rb"<ChecksumSHA256>([^<]+)</ChecksumSHA256>")
_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")
_OK, _ERROR = 200, 300


class Copied(msgspec.Struct, frozen=True):
    """What a store says of a copy."""

    etag: str
    sha256: str = ""
    """As the store computed it, in base64; empty where it computed none."""


class QuickCopies:
    """Copies to the keys of one bucket, over the connections of a client."""

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
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError

        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        headers = {
            "x-amz-copy-source": quote(source, safe="/~"),
            "x-amz-metadata-directive": "COPY",
            "x-amz-checksum-algorithm": "SHA256",
            **conditions,
        }
        request = AWSRequest("PUT", self._base + quote(key, safe="/~"), headers)
        S3SigV4Auth(credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        return _read(self._http.send(request.prepare()))


def _read(answer: AWSResponse) -> Copied:
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
