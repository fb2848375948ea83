"""The checklist as a task list, for an issue."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.release.checklist import ItemState, Progress, item_states
from cockpit.release.process import Process
from cockpit.release.state import ReleaseState


def checklist_markdown(state: ReleaseState, process: Process) -> str:
    """Every item that applies, ticked where it is settled, with its evidence's page."""
    return "\n".join(_lines(state, process)) + "\n"


def _lines(state: ReleaseState, process: Process) -> Iterator[str]:
    found = item_states(process, state)
    candidate = state.candidate.tag.name if state.candidate else "no candidate yet"
    yield f"# {state.spec.project} {state.spec.version}: checklist"
    yield ""
    yield f"{candidate}, {state.now:%d %b %Y %H:%M} UTC"
    for phase in process.phases:
        yield ""
        yield f"## {phase.number} {phase.title}"
        yield ""
        here = [entry for entry in found if entry.item.phase is phase.id]
        applying = [entry for entry in here if entry.progress is not Progress.NOT_APPLICABLE]
        yield from map(_task, applying)
        beside = [entry.item.id for entry in here if entry not in applying]
        if beside:
            yield f"\nNot for this release: {', '.join(f'`{name}`' for name in beside)}"


def _task(entry: ItemState) -> str:
    box = "x" if entry.progress.settled else " "
    title, words = plain(entry.item.title), plain(entry.words)
    said = f": {words}" if words else ""
    pages = [e.url for e in entry.verdict.evidence if e.url] if entry.verdict else []
    pages += [
        url for signature in entry.signatures if not signature.void for url in signature.links
    ]
    page = f" ([evidence]({pages[0]}))" if pages else ""
    mark = "⚠ " if entry.progress is Progress.OVERRIDDEN else ""
    return f"- [{box}] `{entry.item.id}` {title}{mark and ' '}{mark}{said}{page}"


def plain(text: str) -> str:
    """A text from outside that Markdown takes as it is: no mention, no link, no heading."""
    kept = "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in " ".join(text.split()))
    return kept.replace("@", "@\u200b")
