"""What the refusals and the silence of an S3 store mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cockpit.backends.text import clean, mask
from cockpit.errors import (
    AccessDenied,
    CockpitError,
    ConfigError,
    Conflict,
    CredentialExpired,
    Throttled,
    Unreachable,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CONNECT_S = 5
_SLOW_DOWN_S = 5.0
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
_UNKNOWN_KEY = {
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
ABSENT = {"404", "NoSuchKey"}
_REFUSED = {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "Forbidden", "403"}
REPLACED = {"PreconditionFailed", "412"}
_SKEWED = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_SLOW_DOWN = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "429"}


class Login(NamedTuple):
    """What messages call the credentials of a store, and how one comes by others."""

    credentials: str = "AWS credentials"
    again: str = "log in to AWS again (aws sso login, or new keys), then refresh (r)"
    table: str = "[objectstore]"
    """Where its bucket stands in the config."""


AWS_LOGIN = Login()


def code_of(err: ClientError) -> str:
    """How a store names why it refused."""
    return err.response.get("Error", {}).get("Code", "")


def refusal(err: ClientError, bucket: str, where: str, login: Login) -> CockpitError:
    """What an answer of S3 means that is no success."""
    answer, code = err.response, code_of(err)
    said = mask(clean(f"{code}: {answer.get('Error', {}).get('Message', '')}"))
    if code in _EXPIRED:
        return CredentialExpired(f"The {login.credentials} have expired", said, login.again)
    if code in _UNKNOWN_KEY:
        return AccessDenied(f"The {login.credentials} are not accepted", said, login.again)
    if code in _REFUSED:
        return AccessDenied(
            f"The {login.credentials} may not read {bucket}",
            said,
            "ask for read access to the bucket",
        )
    if code in REPLACED:
        return Conflict(
            "The store holds something else than expected",
            f"{said}; nothing was written",
            "look at the promotion (5), then plan again",
        )
    if code in _SKEWED:
        return CockpitError(
            "This machine's clock is wrong",
            f"S3 refuses requests that are more than 15 minutes off ({said})",
            "set the clock, for example with timedatectl set-ntp true",
        )
    if code == "NoSuchBucket":
        return ConfigError(
            f"There is no bucket {bucket}",
            said,
            f"edit the bucket of {login.table} in release.toml",
        )
    if code in _SLOW_DOWN:
        return Throttled("S3 asks to wait", said, "nothing to do: it is asked again", _SLOW_DOWN_S)
    if answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return Unreachable("S3 answers with errors", f"{where}: {said}", "refresh (r)")
    return CockpitError("S3 refused this", f"{where}: {said}", "release-cockpit doctor")


def failure(err: Exception, where: str, read_s: float, login: Login) -> CockpitError:
    """What it means that no answer of S3 came, or no credential was found to ask with."""
    from botocore import exceptions as boto

    said = mask(clean(str(err)))
    if isinstance(err, boto.NoCredentialsError | boto.PartialCredentialsError):
        return AccessDenied(f"There are no {login.credentials}", said, login.again)
    if isinstance(err, boto.ProfileNotFound):
        return ConfigError(
            "The AWS profile does not exist", said, "edit [objectstore].profile in release.toml"
        )
    if isinstance(err, boto.UnauthorizedSSOTokenError | boto.SSOTokenLoadError):
        return CredentialExpired("The AWS login has ended", said, login.again)
    if isinstance(
        err,
        boto.SSOError | boto.LoginError | boto.TokenRetrievalError | boto.CredentialRetrievalError,
    ):
        return AccessDenied("The AWS login has ended", said, login.again)
    if isinstance(err, boto.ConnectTimeoutError):
        said = f"{where}: no connection within {CONNECT_S} s"
    elif isinstance(err, boto.ReadTimeoutError):
        said = f"{where}: no answer within {read_s:g} s"
    elif isinstance(err, boto.EndpointConnectionError):
        said = f"{where}: no connection"
    return Unreachable("S3 cannot be reached", said, "check the network, then refresh (r)")
