"""The lines of the tracking issue, out of the checklist: what is done, by whom, with its runs."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.release.checklist import ItemState
from cockpit.release.markdown import link, plain
from cockpit.release.mirror import HandTick, MirrorLine, mirror_part
from cockpit.release.process import Process
from cockpit.release.walking import pages

_LINKS = 3
"""Pages that a line names; the cockpit shows the rest."""


def tracking_text(
    process: Process, states: Sequence[ItemState], kept: Sequence[HandTick] = ()
) -> str:
    """The cockpit's part of the issue; boxes changed by hand stay until they are adopted."""
    lines: dict[str, list[MirrorLine]] = {}
    for found in pages(process, states):
        phase = process.phase(found.item.phase)
        lines.setdefault(f"{phase.number} {plain(phase.title)}", []).append(_line(found))
    return mirror_part(lines, kept, link=lambda login: plain(f"@{login}") if login else "")


def _line(found: ItemState) -> MirrorLine:
    words = [f"**{plain(found.item.title)}**"]
    if found.said.problems:
        words.append(f"problem: {plain(found.said.problems[-1].note)}")
    elif found.said.waived is not None:
        words.append(f"does not apply: {plain(found.said.waived.note)}")
    elif found.said.signers:
        words.append(f"signed by {', '.join(plain(word.by) for word in found.said.signers)}")
    pages_of = dict.fromkeys(filter(None, _urls(found)))
    words += [link(url.rpartition("/")[2] or "page", url) for url in list(pages_of)[:_LINKS]]
    return MirrorLine(found.item.id, found.progress.settled, " · ".join(words))


def _urls(found: ItemState) -> list[str]:
    signed = [url for word in reversed(found.signatures) if word.holds for url in word.links]
    return [*(entry.url for entry in (found.verdict.evidence if found.verdict else ())), *signed]
