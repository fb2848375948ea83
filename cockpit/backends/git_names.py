"""Names that may be handed to git, and the refs that belong to a release."""

from __future__ import annotations

import re

from cockpit.backends.text import clean, mask
from cockpit.errors import ConfigError
from cockpit.release.repos import Repository

PEELED = "^{}"
"""What ends the name of the line that tells what an annotated tag comes down to."""
TAGS = "refs/tags/"
HEADS = "refs/heads/"
_KEPT = "refs/cockpit-read/"

_UNFIT = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|[/.]$")
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A whole object name, of either format."""


def checked_ref(ref: str) -> str:
    """A full ref name that `git check-ref-format` would accept; raises ConfigError otherwise."""
    if not ref.startswith("refs/") or _UNFIT.search(ref):
        raise ConfigError(
            f"{clean(ref)!r} is not the name of a git ref",
            "expected refs/… without spaces, “..” or any of ~^:?*[\\",
            "edit the branch, tag and ledger names in release.toml",
        )
    return ref


def checked_sha(sha: str) -> str:
    """A whole object name; raises ConfigError otherwise."""
    if not SHA.fullmatch(sha):
        raise ConfigError(
            f"{clean(sha)!r} is not a commit's SHA",
            "expected 40 hexadecimal digits",
            "give it whole",
        )
    return sha


def checked_remote(remote: str) -> str:
    """A remote that git takes for nothing but an address; raises ConfigError otherwise."""
    if not remote or remote.startswith("-") or re.match(r"[\w+.-]+::", remote):
        raise ConfigError(
            f"{mask(clean(remote))!r} is not the address of a git remote",
            "expected a URL, host:path or a folder",
            "edit the remotes in release.toml",
        )
    return remote


def tag_patterns(name: str) -> tuple[str, str]:
    """What makes `ls-remote` list one tag and the commit it comes down to."""
    ref = checked_ref(TAGS + name)
    return ref, ref + PEELED


def kept_name(ref: str) -> str:
    """What a clone calls a ref of its remote."""
    return _KEPT + ref.removeprefix("refs/")


def remote_name(kept: str) -> str | None:
    """What the remote calls a ref of a clone; None for what was not fetched from it."""
    return f"refs/{kept.removeprefix(_KEPT)}" if kept.startswith(_KEPT) else None


def branches_of(repository: Repository) -> tuple[str, str, str, str]:
    """The refs of release branch, orig branch, trunk and what is cut from."""
    return (
        checked_ref(f"refs/heads/{repository.release_branch}"),
        checked_ref(f"refs/heads/{repository.orig_branch}"),
        checked_ref(f"refs/heads/{repository.trunk}"),
        checked_ref(f"refs/heads/{repository.cut_from}"),
    )


def tag_prefixes(repository: Repository) -> tuple[str, ...]:
    """What the tags of a repository's version begin with, none beginning like another."""
    version, naming = repository.version, repository.naming
    before_number = naming.candidate_tag.partition("{n}")[0].format(version=version)
    names = sorted({before_number, naming.final_tag_of(version)}, key=len)
    apart = [name for i, name in enumerate(names) if not name.startswith(tuple(names[:i]))]
    return tuple(checked_ref(f"{TAGS}{name}0").removesuffix("0") for name in apart)


def is_tag_of(repository: Repository, ref: str) -> bool:
    """Whether a ref, or what it peels to, is a candidate or the final tag of its version."""
    if not ref.startswith(TAGS):
        return False
    name = ref.removeprefix(TAGS).removesuffix(PEELED)
    candidate = repository.naming.candidate_of(name)
    if candidate is not None:
        return candidate.version == repository.version
    return repository.naming.version_of(name) == repository.version
