"""Submodules of a commit, and the branches of another repository that contain a commit."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial

import msgspec

from cockpit.backends.git_clones import Clones
from cockpit.backends.git_errors import last_words
from cockpit.backends.git_names import HEADS, checked_sha, kept_name, remote_name
from cockpit.backends.git_runner import REMOTE, Clone, GitRunner
from cockpit.backends.text import clean, mask
from cockpit.errors import CockpitError
from cockpit.release.submodules import Address, Reach, Submodule, address_of
from cockpit.threads import gather

_FILE = ".gitmodules"
_GITLINK = re.compile(rb"160000 commit ([0-9a-f]+)\t([^\0]+)\0")
_SHOWN_HOLDERS = 5
_AT_ONCE = 6


class SubmoduleReader:
    """Reads pins from a clone of ours, and asks their remotes for the commits."""

    def __init__(self, git: GitRunner, clones: Clones) -> None:
        self._git = git
        self._clones = clones

    def read(
        self, clone: Clone, sha: str, base: str | None, allowed: Sequence[str]
    ) -> tuple[Submodule, ...]:
        """The submodules of a commit, compared with those of `base`, by path."""
        pins = self.pins(clone, sha)
        if not pins:
            return ()
        addresses = {
            path: address_of(url, clone.remote, allowed)
            for path, url in self._addresses(clone, sha).items()
        }
        before = self.pins(clone, base) if base else {}
        calls = [
            partial(self._located, path, pin, before.get(path), addresses.get(path))
            for path, pin in sorted(pins.items())
        ]
        return tuple(gather(calls, threads=_AT_ONCE))

    def pins(self, clone: Clone, sha: str) -> dict[str, str]:
        """The commits a tree names, by path."""
        listed = self._git.run(clone, "ls-tree", "-r", "-z", "--full-tree", checked_sha(sha))
        return {os.fsdecode(path): pin.decode() for pin, path in _GITLINK.findall(listed)}

    def holders(self, remote: str, sha: str) -> tuple[str, ...]:
        """The branches of a remote that contain a commit, those first whose head it is.

        Only when no head is the commit are its branches fetched, without trees and files.
        """
        clone = self._clones.of(remote, purpose="commits")
        heads = _branches(self._clones.listed(clone, "--heads", ()))
        at_head = tuple(sorted(name for name, head in heads.items() if head == sha))
        if at_head:
            return at_head
        with self._clones.lock(clone):
            self._fetch(clone)
            if self._git.attempt(clone, "cat-file", "-e", f"{sha}^{{commit}}").status != 0:
                return ()
            output = self._git.run(
                clone,
                *("for-each-ref", f"--contains={sha}", "--format=%(refname)", kept_name(HEADS)),
            )
        names = (remote_name(ref) for ref in output.decode("utf-8", "replace").splitlines())
        return tuple(sorted(name.removeprefix(HEADS) for name in names if name))

    def _fetch(self, clone: Clone) -> None:
        self._clones.make(clone)
        finished = self._git.attempt(
            clone,
            *("fetch", "--progress", "--atomic", "--prune", "--no-tags", "--no-write-fetch-head"),
            *(("--filter=tree:0",) if clone.far else ()),
            *("--", REMOTE, f"+{HEADS}*:{kept_name(HEADS)}*"),
        )
        if finished.status != 0:
            raise self._git.failure(clone, finished)

    def _addresses(self, clone: Clone, sha: str) -> dict[str, str]:
        """What `.gitmodules` of a commit says: path → address as written."""
        blob = self._clones.entry(clone, sha, _FILE, "blob")
        if blob is None:
            return {}
        self._clones.need(clone, blob)
        text = self._git.run(clone, "cat-file", "blob", blob)
        finished = self._git.attempt(
            clone, "config", "--file", "-", "--no-includes", "--null", "--list", stdin=text
        )
        if finished.status != 0:
            raise CockpitError(
                f"{_FILE} of {clone.name} cannot be read",
                last_words(finished.errors),
                f"git config --file {_FILE} --list names the line",
            )
        return _read_addresses(finished.output.decode("utf-8", "surrogateescape"))

    def _located(
        self, path: str, pin: str, before: str | None, address: Address | None
    ) -> Submodule:
        found = Submodule(
            path=_shown(path),
            url=_shown(address.url) if address else "",
            pinned=pin,
            at_cut=before,
            reach=Reach.UNKNOWN,
        )
        if address is None or not address.url:
            return msgspec.structs.replace(found, trouble=f"{_FILE} names no address for it")
        if not address.allowed:
            trouble = "its remote is none that [submodules] of the config allows"
            return msgspec.structs.replace(found, trouble=trouble)
        try:
            holders = self.holders(address.url, pin)
        except CockpitError as err:
            return msgspec.structs.replace(found, trouble=str(err))
        return msgspec.structs.replace(
            found,
            reach=Reach.ON_BRANCH if holders else Reach.NO_BRANCH,
            holders=tuple(map(_shown, holders[:_SHOWN_HOLDERS])),
        )


def _branches(refs: dict[str, str]) -> dict[str, str]:
    return {ref.removeprefix(HEADS): sha for ref, sha in refs.items()}


def _read_addresses(listed: str) -> dict[str, str]:
    """The entries of `git config --null --list`; the last of equal keys counts."""
    entries: dict[str, dict[str, str]] = {}
    for entry in listed.split("\0"):
        key, _, value = entry.partition("\n")
        found = re.fullmatch(r"submodule\.(.+)\.(path|url)", key, re.DOTALL)
        if found:
            entries.setdefault(found[1], {})[found[2]] = value
    return {entry["path"]: entry["url"] for entry in entries.values() if len(entry) == 2}


def _shown(text: str) -> str:
    return mask(clean(text))
