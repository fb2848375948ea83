"""What is checked of files and credentials before anything is promoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from cockpit.errors import CockpitError
from cockpit.release.artifacts import Contents
from cockpit.release.candidates import Candidate
from cockpit.release.commits import short
from cockpit.release.promotion import SIDECAR, Piece, Promoted
from cockpit.release.readiness import CredentialLife
from cockpit.release.words import counted, few


def foreign(
    promoted: Promoted,
    candidate: Candidate | None,
    pieces: Iterable[Piece],
    contents: Mapping[str, Contents | CockpitError],
) -> list[str]:
    """Files that are not proven to be built from the candidate's commit."""
    if candidate is None:
        return []
    others, silent, unread = [], [], []
    for piece in pieces:
        if piece.source.key.endswith(SIDECAR):
            continue
        found = contents[piece.source.key]
        if isinstance(found, CockpitError):
            unread.append(f"{piece.source.name} ({found})")
        elif found.problem:
            unread.append(f"{piece.source.name} ({found.problem})")
        elif not found.git_version:
            silent.append(piece.source.name)
        elif found.git_version != candidate.commit_sha:
            others.append(f"{piece.source.name} at {short(found.git_version)}")
    at = f"{candidate.tag.name} at {short(candidate.commit_sha)}"
    return [
        f"{counted(len(names), 'file')} of {promoted.release} {words}: {few(names)}"
        for names, words in (
            (others, f"not built from {at}"),
            (silent, "naming no commit they were built from"),
            (unread, "that could not be looked into"),
        )
        if names
    ]


def mislabelled(promoted: Promoted, pieces: Iterable[Piece], where: str) -> list[str]:
    """Files that claim another checksum than their bytes have: indexes would spread the claim."""
    wrong = [
        f"{source.key} claims sha256 {source.claimed}, and its bytes have {source.sha256}"
        for source in (piece.source for piece in pieces)
        if source.claimed
    ]
    if not wrong:
        return []
    return [
        f"{counted(len(wrong), 'file')} of {promoted.release} with a wrong checksum in {where}:"
        f" {few(wrong)}; correct checksum-sha256 there, or bring the right file, then plan again"
    ]


def unproven_words(pieces: Iterable[Piece]) -> tuple[str, ...]:
    """What is not known of checksums before files are copied; nothing where the store knows all."""
    unproven = sum(piece.source.unproven for piece in pieces)
    if not unproven:
        return ()
    files, claim = counted(unproven, "file"), "it claims" if unproven == 1 else "they claim"
    return (f"the store computed no checksum of {files}: what {claim} is checked once copied",)


def life_warnings(life: CredentialLife, where: str, seconds: float, now: datetime) -> list[str]:
    """Why a credential may end before the work does."""
    needed = duration_words(seconds)
    if life.ends_at is not None:
        left = (life.ends_at - now).total_seconds()
        if left < seconds:
            return [
                f"the credential for {where} is good for {duration_words(max(left, 0))}, and this"
                f" takes about {needed}: log in first, or it pauses until you do"
            ]
        return []
    if life.unknown:
        return [f"the credential for {where}: {life.unknown}; this takes about {needed}"]
    return []


def duration_words(seconds: float) -> str:
    """A length of time that was estimated, so roughly."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
