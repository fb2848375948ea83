"""GitHub's refusals and silences in our words; throttling is never called a lack of rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from cockpit.backends.github_records import ErrorRecord
from cockpit.backends.text import clean
from cockpit.errors import AccessDenied, CockpitError, Throttled, Unreachable

SECONDARY_WAIT_S = 60.0
"""How long GitHub asks to wait when it names no time."""
AMBIGUOUS = "resource not accessible by integration"
"""Said about missing rights, and after bursts of requests too."""
_LIMIT_WORDS = ("rate limit", "abuse detection", "retry your request again later")
_RETRY_HINT = "try again later; an open cockpit looks again by itself"


class NotFound(CockpitError):
    """GitHub has nothing there, or does not show it."""


class Gone(CockpitError):
    """GitHub had it, and has deleted it."""


def refusal(
    status: int, headers: Mapping[str, str], body: str, subject: str, token_source: str | None
) -> CockpitError:
    """What a status of 400 and above means; `headers` have lower-case names."""
    said = message_of(body)
    if is_throttling(status, headers, said):
        return throttled(headers, said)
    if status == 401:
        return AccessDenied(
            "GitHub does not accept this token",
            f"{said or 'Bad credentials'} (from {token_source})" if token_source else said,
            "release-cockpit login",
        )
    if status == 403:
        return AccessDenied(
            "GitHub refused this",
            f"{subject}: {said}",
            "release-cockpit doctor names missing rights",
        )
    if status == 404:
        whom = "to this token" if token_source else "without a token"
        return NotFound(
            "GitHub did not find it",
            f"{subject}: not there, or not shown {whom}",
            "check the repository's name in release.toml, then release-cockpit doctor",
        )
    if status == 410:
        return Gone("GitHub has deleted it", f"{subject}: {said or 'gone'}", "")
    if status >= 500:
        return Unreachable("GitHub answers with errors", f"{subject}: {status} {said}", _RETRY_HINT)
    return CockpitError("GitHub refused this", f"{subject}: {status} {said}", "")


def message_of(body: str) -> str:
    """GitHub's own words about a refusal, cleaned; empty when it gave none."""
    try:
        return clean(msgspec.json.decode(body, type=ErrorRecord).message)
    except msgspec.DecodeError:
        return ""


def is_throttling(status: int, headers: Mapping[str, str], said: str) -> bool:
    """Whether a refusal only asks to wait."""
    if status not in (403, 429):
        return False
    return (
        status == 429
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or any(words in said.lower() for words in _LIMIT_WORDS)
    )


def throttled(headers: Mapping[str, str], said: str) -> Throttled:
    """A request to wait, with the seconds until it ends by GitHub's own clock."""
    wait = SECONDARY_WAIT_S
    if headers.get("retry-after", "").isdigit():
        wait = float(headers["retry-after"])
    elif headers.get("x-ratelimit-remaining") == "0":
        reset, now = headers.get("x-ratelimit-reset", ""), server_time(headers)
        if reset.isdigit() and now is not None:
            wait = max(1.0, float(reset) - now.timestamp())
    return Throttled(
        "GitHub asks to wait",
        f"{said or 'too many requests'}; {_span(wait)} left",
        _RETRY_HINT,
        wait,
    )


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """GitHub's own time as an answer tells it."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return None


def token_end(told: str) -> datetime | None:
    """When a token ends, as GitHub's header has it; None for any other text."""
    for form in ("%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z"):
        try:
            found = datetime.strptime(told.strip(), form)
        except ValueError:
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def silence(host: str, err: Exception, *, connect_s: float, read_s: float) -> Unreachable:
    """What a failed connection or a broken answer means."""
    import requests

    text = str(err)
    if isinstance(err, requests.ConnectTimeout):
        reason = f"no connection within {connect_s:g} s"
    elif isinstance(err, requests.Timeout) or "Read timed out" in text:
        reason = f"no answer within {read_s:g} s"
    elif "NameResolutionError" in text:
        reason = "its name cannot be resolved"
    elif "Connection refused" in text:
        reason = "the connection was refused"
    elif isinstance(err, requests.exceptions.SSLError):
        reason = "its certificate is not trusted or TLS failed"
    elif isinstance(err, requests.exceptions.ChunkedEncodingError):
        reason = "the answer broke off"
    else:
        reason = "the connection broke"
    return Unreachable(
        "GitHub cannot be reached", f"{host}: {reason}", "check the network, then refresh (r)"
    )
