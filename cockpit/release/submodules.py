"""Submodules of a release branch: what they are pinned to, and whether a fix could land there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from fnmatch import fnmatchcase

import msgspec


class Reach(Enum):
    """Whether a pinned commit can be reached from a branch of its remote."""

    ON_BRANCH = "on a branch"
    NO_BRANCH = "on no branch"
    UNKNOWN = "unknown"


class Submodule(msgspec.Struct, frozen=True):
    """One submodule at the head of a branch."""

    path: str
    url: str
    """Where it is fetched from, with a relative address resolved; empty when nothing says."""
    pinned: str
    at_cut: str | None
    """The pin at the cut point; None when there was no such submodule, or no cut yet."""
    reach: Reach
    holders: tuple[str, ...] = ()
    """Some branches of its remote that contain the pinned commit."""
    trouble: str = ""
    """Why it cannot be told where the commit is."""

    @property
    def moved(self) -> bool:
        """Whether the pin is another one than at the cut."""
        return self.at_cut is not None and self.at_cut != self.pinned


class BranchSubmodules(msgspec.Struct, frozen=True):
    """The submodules of one repository."""

    repository: str
    branch: str
    """The release branch, or what it would be cut from."""
    sha: str
    cut: str | None
    """The cut point; None before the cut or where it is not known."""
    submodules: tuple[Submodule, ...] = ()


class Submodules(msgspec.Struct, frozen=True):
    """The submodules of every repository."""

    branches: tuple[BranchSubmodules, ...] = ()
    problems: dict[str, str] = {}
    """Repository → why its submodules could not be read."""

    def of(self, repository: str) -> BranchSubmodules | None:
        """Those of one repository; None when they were not read."""
        return next((found for found in self.branches if found.repository == repository), None)


class Address(msgspec.Struct, frozen=True):
    """Where a submodule is fetched from, and whether the cockpit may ask there."""

    url: str
    allowed: bool


def address_of(written: str, own_remote: str, allowed: Iterable[str]) -> Address:
    """Resolve what `.gitmodules` says; a relative address stays with the repository's own host.

    Anybody who can land a commit writes that file, so an absolute address counts only where one of
    the `allowed` patterns matches it.
    """
    if re.match(r"\.\.?/", written):
        url = _resolved(written, own_remote)
        return Address(url, bool(url) and _host(url) == _host(own_remote))
    return Address(written, any(fnmatchcase(written, pattern) for pattern in allowed))


def _resolved(written: str, own_remote: str) -> str:
    """As git does it: each `../` takes one part off the end of the repository's own address."""
    base = own_remote.rstrip("/")
    while found := re.match(r"(\.\.?)/+", written):
        written = written[found.end() :]
        if found[1] == "..":
            cut = max(base.rfind("/"), base.rfind(":") if "/" not in base else -1)
            base = base[:cut] if cut >= 0 else ""
    return f"{base}/{written}" if base else ""


def _host(remote: str) -> str:
    """Scheme and host of an address; empty for a folder of this machine."""
    found = re.match(r"[\w+.-]+://[^/]+|[^/]+?(?=:)", remote)
    return found[0] if found else ""
