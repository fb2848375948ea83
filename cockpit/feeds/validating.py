"""The looks at what a candidate is validated by: its validation runs and its documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.backends.ports import Answer
from cockpit.release.docs import DocsEntry, leads_to
from cockpit.release.lookups import branch_of
from cockpit.release.state import ReleaseState
from cockpit.release.validations import Validations, validations_of

if TYPE_CHECKING:
    from cockpit.provider import Backends

_RUNS_A_LOOK = 3
"""The newest run decides; those before it tell how it came to that."""


def look_at_validations(backends: Backends, state: ReleaseState) -> Answer[Validations]:
    """The newest runs of the ledger that validate this version, and those of the final tag."""
    config, version = backends.config, str(state.spec.version)
    newest = [
        (rules.repository, found.run)
        for rules in (state.spec.validation, *state.spec.runs.values())
        for found in validations_of(state.record, rules, version)[:_RUNS_A_LOOK]
    ]
    runs = tuple(backends.github.started_run(*asked) for asked in dict.fromkeys(newest))
    core, branch = config.core, branch_of(state, config.core)
    name = core.naming.final_tag_of(core.version)
    tag = next((found for found in branch.tags if found.name == name), None) if branch else None
    if tag is None or not state.spec.final_workflows:
        return Answer(Validations(runs), config.settings.github.api)
    started = backends.github.pushed_runs(core, name, tag.commit_sha)
    found = Validations(runs, started.value, tag.commit_sha)
    return Answer(found, config.settings.github.api, started.missing)


def look_at_docs(backends: Backends) -> Answer[DocsEntry]:
    """What the documentation's branch holds of this release."""
    from cockpit.backends.html_pages import read_html

    source = backends.config.docs
    if source is None:
        return Answer(DocsEntry(), "")
    found = backends.git.branch_tree(source.remote, source.branch, source.listing, source.folder)
    if found is None:
        return Answer(DocsEntry(), source.remote)
    listed = None
    if found.text is not None:
        listed = leads_to(read_html(found.text).links, source.folder)
    return Answer(DocsEntry(found.sha, len(found.entries), listed), source.remote)
