"""The looks at what else has to be there before a candidate goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.backends.ports import Answer
from cockpit.feeds.attempting import attempt_all
from cockpit.release.lookups import branch_of
from cockpit.release.overrides import override_commit
from cockpit.release.readiness import (
    Confirmation,
    Confirmations,
    CredentialLife,
    Credentials,
    Dependency,
    confirming,
    of_version,
)
from cockpit.release.state import ReleaseState

if TYPE_CHECKING:
    from cockpit.provider import Backends

_TRITON = "triton"
_LONGEST_TEXT = 100


def look_at_confirmations(backends: Backends, state: ReleaseState) -> Answer[Confirmations]:
    """The closed items of the milestone, with who said since the candidate that they work.

    Only items that changed since the candidate's commit are asked for their comments.
    """
    config, candidate = backends.config, state.candidate
    branch = branch_of(state, config.core)
    if candidate is None or branch is None or not config.milestone:
        return Answer(Confirmations(), "git")
    listed = backends.github.milestone_items(config.core, config.milestone)
    if listed.value is None:
        return Answer(Confirmations(candidate.commit_sha, milestone=False), listed.source)
    made = next((c.committed_at for c in branch.commits if c.sha == candidate.commit_sha), None)
    since = made or (branch.cut_point.committed_at if branch.cut_point else state.now)
    closed = [item for item in listed.value if item.state == "closed"]
    asked = [i.number for i in closed if i.updated_at is None or i.updated_at >= since]
    said = backends.github.comments_on(config.core, asked)
    words, tag = config.settings.github.validated_words, candidate.tag.name
    items = []
    for item in closed:
        found = confirming(said.value.get(item.number, ()), tag, since, words)
        if found is None:
            items.append(Confirmation(item))
        else:
            items.append(Confirmation(item, found.author, found.posted_at, found.url))
    missing = "; ".join(filter(None, (listed.missing, said.missing)))
    return Answer(Confirmations(candidate.commit_sha, items=tuple(items)), listed.source, missing)


def look_at_dependencies(backends: Backends, state: ReleaseState) -> Answer[Dependency]:
    """What the package index has of the Triton that the release takes."""
    config, index, sha = backends.config, backends.package_index, override_commit(state)
    if config.triton is None or index is None or not sha:
        return Answer(Dependency(), "git")
    text = backends.git.read_file(config.core, sha, config.triton.version_file)
    version = (text or "").strip()[:_LONGEST_TEXT]
    answer = index.project(_TRITON)
    names = [file.name for file in answer.value.files] if answer.value else []
    found = Dependency(_TRITON, version, of_version(names, version), answer.source)
    return Answer(found, answer.source, answer.missing)


def look_at_credentials(backends: Backends) -> Answer[Credentials]:
    """How long the credentials of whoever flies live; one that cannot be read hides no other."""
    config = backends.config
    looks = {"the GitHub token": lambda: backends.github.token_life()}
    if config.settings.objectstore is not None:
        looks["the AWS credentials"] = lambda: backends.store.credential_life()
    lives = tuple(
        found if isinstance(found, CredentialLife) else CredentialLife(name, unknown=str(found))
        for name, found in zip(looks, attempt_all(list(looks.values())), strict=True)
    )
    return Answer(Credentials(lives), "this machine's credentials")
