"""What git prints, read into our values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from cockpit.backends.git_names import PEELED, TAGS
from cockpit.backends.ports import LedgerCommit
from cockpit.backends.text import clean, clean_lines, mask
from cockpit.release.candidates import Tag
from cockpit.release.commits import Commit

COMMIT_FORMAT = "%H%x00%an%x00%ct%x00%s%x00%b"
LEDGER_FORMAT = "%H%x00%an%x00%ae%x00%ct%x00%G?%x00%B"


def read_refs(output: bytes) -> dict[str, str]:
    """The lines of `ls-remote` or `show-ref`: name, peeled ones ending in `^{}`, → SHA."""
    refs = {}
    for line in _text(output).splitlines():
        sha, _, name = line.replace("\t", " ", 1).partition(" ")
        refs[name] = sha
    return refs


def read_tags(refs: Mapping[str, str]) -> Iterator[Tag]:
    """The tags among refs that were listed with what they peel to."""
    for ref, sha in refs.items():
        if ref.startswith(TAGS) and not ref.endswith(PEELED):
            yield Tag(ref.removeprefix(TAGS), sha, refs.get(ref + PEELED, sha))


def read_commits(output: bytes) -> tuple[Commit, ...]:
    """What `log -z` with `COMMIT_FORMAT` printed."""
    return tuple(
        Commit(sha, _plain(title), _plain(author), _moment(at), mask(clean_lines(body)).strip("\n"))
        for sha, author, at, title, body in _records(output, 5)
    )


def read_ledger_commits(output: bytes) -> tuple[LedgerCommit, ...]:
    """What `log -z` with `LEDGER_FORMAT` printed."""
    return tuple(
        LedgerCommit(
            sha, _plain(author), _plain(email), _moment(at), clean_lines(message), signature
        )
        for sha, author, email, at, signature, message in _records(output, 6)
    )


class PushedRef(msgspec.Struct, frozen=True):
    """What `push --porcelain` says became of one ref."""

    flag: str
    """`*` new, space fast-forwarded, `+` forced, `=` up to date, `!` rejected."""
    ref: str
    summary: str

    @property
    def lost_a_race(self) -> bool:
        """Whether the ref was not as expected; any other rejection is the remote's own will."""
        return self.flag == "!" and bool(
            re.search(
                r"stale info|fetch first|non-fast-forward|already exists"
                r"|failed to update|lock|atomic push fail",
                self.summary,
            )
        )


def read_push(output: bytes) -> tuple[PushedRef, ...]:
    """The lines of `push --porcelain` that speak of refs."""
    found = re.findall(r"^([ +\-*!=])\t[^\t]*:([^\t:]+)\t(.*)$", _text(output), re.MULTILINE)
    return tuple(PushedRef(flag, ref, mask(clean(summary))) for flag, ref, summary in found)


def _records(output: bytes, fields: int) -> Iterator[tuple[str, ...]]:
    texts = _text(output).split("\0")
    return zip(*(texts[start::fields] for start in range(fields)), strict=False)


def _moment(seconds: str) -> datetime:
    """A committer date; git itself shows dates that nothing can hold as the epoch."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _plain(text: str) -> str:
    return mask(clean(text))


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")
