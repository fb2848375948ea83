"""What a fault does to a request on the wire: one middleware around every service."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from werkzeug.datastructures import Headers
from werkzeug.http import http_date
from werkzeug.wrappers import Response

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.faults import FaultBoard, FaultKind, Incoming, Strike
from cockpit.rehearsal.serving import (
    RequestLog,
    ServedRequest,
    ServiceName,
    reset_connection,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_REFUSALS: frozenset[FaultKind] = frozenset(
    {
        "throttle-primary",
        "throttle-secondary",
        "throttle-forbidden",
        "bad-credentials",
        "server-error",
        "expired-token",
        "expired-log",
        "lost-metadata",
    }
)
_ALTERATIONS: frozenset[FaultKind] = frozenset(
    {
        *("truncated-page", "wrong-count", "late-runs", "truncated-body", "late-listing"),
        "other-metadata",
    }
)
_MEDDLING: frozenset[FaultKind] = frozenset({"source-changes", "target-appears"})
_ANNOUNCED = re.compile(rb'(-metadata="sha256=)[0-9a-f]{64}')
_OVERCOUNTED = 7
"""How many rows a wrong count tells of that no page has."""
_SIGNED_BY = re.compile(r"Credential=([^/]+)/")


@dataclass(slots=True)
class FaultMiddleware:
    """Serves an application on the world's clock, with the board's faults in between."""

    service: ServiceName
    app: WSGIApplication
    faults: FaultBoard
    clock: WorldClock
    stopping: threading.Event
    """Set when the world stops, so that no delay outlives it."""
    requests: RequestLog = field(default_factory=RequestLog)
    on_half_upload: Callable[[bytes], None] | None = None
    """Is told what arrived of an upload that a fault broke off."""
    on_copy: Callable[[FaultKind, str, str], None] | None = None
    """Is told of a copy that somebody else interferes with: the fault, the source, the target."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = _incoming(self.service, environ)
        strikes = self.faults.strikes(request)
        skew = timedelta(seconds=sum(s.seconds for s in strikes if s.kind == "clock-skew"))

        def dated(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            stamped = Headers(headers)
            stamped["Date"] = http_date(self.clock.now() + skew)
            code = int(status.split(maxsplit=1)[0])
            self.requests.record(ServedRequest(request.method, request.target, code))
            return start_response(status, stamped.to_wsgi_list(), *rest)

        try:
            return self._answer(environ, dated, strikes)
        except ConnectionResetError:
            self.requests.record(ServedRequest(request.method, request.target, None))
            raise

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, strikes: list[Strike]
    ) -> Iterable[bytes]:
        kinds = {strike.kind for strike in strikes}
        for strike in strikes:
            if strike.kind == "slow":
                self.stopping.wait(strike.seconds)
        if "reset" in kinds:
            raise reset_connection(environ)
        if "half-upload" in kinds:
            arrived = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
            if self.on_half_upload is not None:
                self.on_half_upload(arrived)
            raise reset_connection(environ)
        refusal = next((strike for strike in strikes if strike.kind in _REFUSALS), None)
        if refusal is not None:
            return _refusal(self.service, refusal, self.clock.now())(environ, start_response)
        if "error-after-storing" in kinds:
            Response.from_app(self.app, environ, buffered=True).close()
            struck = next(strike for strike in strikes if strike.kind == "error-after-storing")
            return _index_refusal(struck)(environ, start_response)
        if kinds & _MEDDLING and self.on_copy is not None:
            source = unquote(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")).lstrip("/")
            for kind in sorted(kinds & _MEDDLING):
                self.on_copy(kind, source, environ["PATH_INFO"].lstrip("/"))
        if "response-lost" in kinds:
            Response.from_app(self.app, environ, buffered=True).close()
            raise reset_connection(environ)
        if kinds & _ALTERATIONS:
            return self._altered(environ, start_response, kinds)
        return self.app(environ, start_response)

    def _altered(
        self, environ: WSGIEnvironment, start_response: StartResponse, kinds: set[FaultKind]
    ) -> Iterable[bytes]:
        # A 304 has no list to shorten, and an ETag would make the short one look final.
        environ.pop("HTTP_IF_NONE_MATCH", None)
        response = Response.from_app(self.app, environ, buffered=True)
        if kinds & {"truncated-page", "late-runs"} and response.status_code == HTTPStatus.OK:
            _shorten(response, empty="late-runs" in kinds)
        if "late-listing" in kinds and response.status_code == HTTPStatus.OK:
            _forget_newest(response)
        if "wrong-count" in kinds and response.status_code == HTTPStatus.OK:
            _overcount(response)
        if "other-metadata" in kinds and response.status_code == HTTPStatus.OK:
            _announce_otherwise(response)
        if "truncated-body" in kinds:
            body = response.get_data()
            response.headers["Content-Length"] = str(len(body))
            start_response(response.status, response.headers.to_wsgi_list())
            return [body[: len(body) // 2]]
        return response(environ, start_response)


def _incoming(service: ServiceName, environ: WSGIEnvironment) -> Incoming:
    query = environ.get("QUERY_STRING", "")
    signed_by = _SIGNED_BY.search(environ.get("HTTP_AUTHORIZATION", ""))
    return Incoming(
        service=service,
        method=environ["REQUEST_METHOD"],
        target=environ["PATH_INFO"] + (f"?{query}" if query else ""),
        access_key=signed_by[1] if signed_by else "",
    )


def _shorten(response: Response, *, empty: bool) -> None:
    """Drop the second half of a JSON list, or all of it; only an empty list is counted anew."""
    body = json.loads(response.get_data())
    if isinstance(body, list):
        body = [] if empty else body[: len(body) // 2]
    elif isinstance(body, dict):
        for key, value in body.items():
            if isinstance(value, list):
                body[key] = [] if empty else value[: len(value) // 2]
        if empty and "total_count" in body:
            body["total_count"] = 0
    response.set_data(json.dumps(body))
    response.headers.pop("Link", None)
    response.headers.pop("ETag", None)


def _forget_newest(response: Response) -> None:
    """Drop the last file of a listing in JSON; others are left as they are."""
    if response.content_type.endswith("json"):
        body = json.loads(response.get_data())
        body["files"] = body["files"][:-1]
        response.set_data(json.dumps(body))


def _announce_otherwise(response: Response) -> None:
    """Have an index page tell a checksum of metadata that nothing has."""
    response.set_data(_ANNOUNCED.sub(rb"\g<1>" + b"0" * 64, response.get_data()))
    response.headers.pop("ETag", None)


def _overcount(response: Response) -> None:
    body = json.loads(response.get_data())
    if isinstance(body, dict) and "total_count" in body:
        body["total_count"] += _OVERCOUNTED
        response.set_data(json.dumps(body))
        response.headers.pop("ETag", None)


def _refusal(service: ServiceName, strike: Strike, now: datetime) -> Response:
    if service == "github":
        return _github_refusal(strike, now)
    if service in ("s3", "mirror"):
        return _s3_refusal(strike)
    return _index_refusal(strike)


def _index_refusal(strike: Strike) -> Response:
    status = 403 if strike.kind == "bad-credentials" else strike.status
    reason = (
        "Invalid or non-existent authentication information."
        if strike.kind == "bad-credentials"
        else HTTPStatus(status).phrase
    )
    return Response(reason, f"{status} {reason}", content_type="text/plain; charset=UTF-8")


def _github_refusal(strike: Strike, now: datetime) -> Response:
    message = HTTPStatus(strike.status).phrase
    headers = Headers()
    match strike.kind:
        case "throttle-primary":
            message = "API rate limit exceeded for user ID 1."
            headers["X-RateLimit-Limit"] = headers["X-RateLimit-Used"] = "5000"
            headers["X-RateLimit-Remaining"] = "0"
            headers["X-RateLimit-Reset"] = str(math.ceil(strike.until.timestamp()))
            headers["X-RateLimit-Resource"] = "core"
        case "throttle-secondary":
            message = (
                "You have exceeded a secondary rate limit. Please wait a few minutes before you"
                " try again."
            )
            left = (strike.until - now).total_seconds()
            headers["Retry-After"] = str(max(1, math.ceil(left)))
        case "throttle-forbidden":
            message = "Resource not accessible by integration"
        case "bad-credentials":
            message = "Bad credentials"
        case "expired-log":
            message = "The logs for this run have expired"
        case _:
            pass
    body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return Response(
        json.dumps(body | {"status": str(strike.status)}),
        strike.status,
        headers,
        content_type="application/json; charset=utf-8",
    )


def _s3_refusal(strike: Strike) -> Response:
    status = strike.status
    match strike.kind:
        case "bad-credentials":
            status = 403
            code = "InvalidAccessKeyId"
            message = "The AWS Access Key Id you provided does not exist in our records."
        case "expired-token":
            code, message = "ExpiredToken", "The provided token has expired."
        case "lost-metadata":
            code, message = "NoSuchKey", "The specified key does not exist."
        case _ if status == HTTPStatus.SERVICE_UNAVAILABLE:
            code, message = "SlowDown", "Please reduce your request rate."
        case _:
            code, message = "InternalError", "We encountered an internal error. Please try again."
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Response(body, status, content_type="application/xml")
