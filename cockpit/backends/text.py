"""Text from strangers made harmless, and secrets kept out of whatever is shown or stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
"""Terminal sequences: CSI; OSC, DCS and other strings; two-character escapes."""
_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks and overrides
    "\u00ad\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAB = "    "

MASKED = "***"
_SHOWN = rf"\1{MASKED}"


def _userinfo(found: re.Match[str]) -> str:
    """Over HTTP a user name alone can be a token; elsewhere only the password is secret."""
    scheme, user, password = found["scheme"], found["user"], found["password"]
    if scheme.lower().startswith("http"):
        return f"{scheme}://{MASKED}@"
    return f"{scheme}://{user}:{MASKED}@" if password is not None else found[0]


class _Secret(NamedTuple):
    """What one kind of secret looks like, and what is shown instead."""

    signs: tuple[str, ...]
    """Pieces of text, one of which it always has: looked for first, for most texts have none."""
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


_SECRETS = (
    _Secret(
        ("://",),
        re.compile(
            r"(?P<scheme>\b[A-Za-z][\w+.-]{0,20})://(?P<user>[^\s/:@?#]*)(?::(?P<password>[^\s/]*))?@"
        ),
        _userinfo,
    ),
    _Secret(
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(gh[pousr]_|github_pat_)\w{10,}"),
        _SHOWN,
    ),
    _Secret(
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        re.compile(r"\b(A(?:KIA|SIA|BIA|CCA))[A-Z0-9]{12,}\b"),
        _SHOWN,
    ),
    _Secret(("pypi-",), re.compile(r"\b(pypi-)[\w-]{24,}"), _SHOWN),
    _Secret(
        (":", "="),
        re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z]+\s+)?)[^\s\"',;]+"),
        _SHOWN,
    ),
    _Secret(
        ("=",),
        re.compile(r"(?i)\b(x-amz-(?:signature|credential|security-token)=)[^\s&\"']+"),
        _SHOWN,
    ),
    _Secret(
        (":", "="),
        re.compile(
            r"(?i)\b((?:aws_)?(?:secret_access_key|session_token)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]+"
        ),
        _SHOWN,
    ),
    _Secret(
        ("TOKEN=", "SECRET=", "PASSWORD=", "PASSWD="),
        re.compile(r"\b((?:[A-Z0-9]+_)*(?:TOKEN|SECRET|PASSWORD|PASSWD)=[\"']?)[^\s\"',;]+"),
        _SHOWN,
    ),
    _Secret(
        ("-----BEGIN ",),
        re.compile(
            r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)"
            r"(?:(?!-----BEGIN ).)*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
        _SHOWN,
    ),
)


def clean(text: str) -> str:
    """One line of plain text: line breaks become spaces."""
    return clean_lines(text).replace("\n", " ")


def clean_lines(text: str) -> str:
    r"""Plain text with `\n` as its only control character.

    Terminal sequences, control characters, direction overrides and invisible characters are
    dropped, tabs become spaces, and what no file could hold becomes U+FFFD. Joiners, which emoji
    and scripts need, are kept.
    """
    if text.isprintable():  # nearly every text is: none of what is looked for would be
        return text
    plain = _SEQUENCE.sub("", text)
    plain = _LINE_BREAK.sub("\n", plain).replace("\t", _TAB)
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", plain))


def mask(text: str) -> str:
    """The same text with tokens, keys and passwords replaced by asterisks."""
    for secret in _SECRETS:
        for sign in secret.signs:
            if sign in text:
                text = secret.pattern.sub(secret.replacement, text)
                break
    return text
