"""The text of release trackers: their body, the nominations and what managers answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cockpit.rehearsal.history import BranchPull
from cockpit.rehearsal.messages import issue_url, pull_url
from cockpit.rehearsal.story import BRANCH, VERSION, TrunkCommit

CATEGORIES = ("regression", "critical", "fixnewfeature", "docs", "release")


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment that is still to be posted."""

    by: str
    body: str
    at: datetime
    edited_at: datetime | None = None


MINOR_BODY = f"""We cut a release branch for the [{VERSION} release]\
(https://github.com/pytorch/pytorch/tree/{BRANCH}).

Our plan from this point is roughly:

* Phase 1 (until 19/10/26): work on finalizing the release branch
* Phase 2 (after 19/10/26): perform extended integration/stability/performance testing based \
on Release Candidate builds.

This issue is for tracking cherry-picks to the release branch.

## Release dates

* M3: 5/10/26
* M4: 19/10/26
* M4.1: 22/10/26
* M5: 26/10/26
* M6: 28/10/26

## Cherry-Pick Criteria

**Phase 1 (until 19/10/26):**

Only low-risk changes may be cherry-picked from main:

1. Fixes to regressions against the most recent minor release
2. Critical fixes for: silent correctness, backwards compatibility, crashes, deadlocks, (large) \
memory leaks
3. Critical fixes to new features introduced in the most recent minor release
4. Test/CI fixes
5. Documentation improvements
6. Compilation fixes or ifdefs required for different versions of the compilers or third-party \
libraries
7. Release branch specific changes (e.g. change version identifiers)

Any other change requires special dispensation from the release managers (currently @ada-releng, \
@mika-releng). If this applies to your change please write "Special Dispensation" in the \
"Criteria Category:" template below and explain.

**Phase 2 (after 19/10/26):**

Note that changes here require us to rebuild a Release Candidate and restart extended testing \
(likely delaying the release). Therefore, the only accepted changes are **Release-blocking** \
critical fixes for: silent correctness, backwards compatibility, crashes, deadlocks, (large) \
memory leaks

## Cherry-Pick Process

1. Ensure your PR has landed in main. This does not apply for release-branch specific changes.
2. Create (but do not land) a PR against the release branch.
3. Make a request below with the following format:

```
Link to landed trunk PR (if applicable):
*

Link to release branch PR:
*

Criteria Category:
*
```

1. Someone from the release team will reply with approved / denied or ask for more information.
2. If approved, someone from the release team will merge your PR once the tests pass. \
**Do not land the release branch PR yourself.**

NOTE: Our normal tools (ghstack / ghimport, etc.) do not work on the release branch.

See HUD for the release branch at https://hud.pytorch.org/hud/pytorch/pytorch/release%2F2.15

cc @captain @ada-releng @mika-releng

### Versions

{VERSION}
"""
"""The body of the tracker of 2.15.0; process section 14.3."""


def patch_body(version: str, line: str) -> str:
    """The body of a patch release's tracker; process section 14.7."""
    return f"""This issue is for tracking cherry-picks to the [release branch]\
(https://github.com/pytorch/pytorch/tree/release/{line}) for the {version} release.

* Phase 1 (until 10/16): Cherry-pick post deadline (End of day 5PM PST)
* Phase 2 (after 10/16): Perform extended integration/stability/performance testing based on \
Release Candidate builds.

**Only issues that have 'cherry-picks' in this tracker will be considered for the release.**

No feature work is allowed to be cherry-picked. Fixes to regressions against {line}.0 only.
"""


def nomination(
    trunk: list[str], release: str, category: str, *, bullet: bool = True, header: str = ""
) -> str:
    """A request in the tracker's format."""
    links = "\n".join(f"* {link}" for link in trunk) or "*"
    mark = "* " if bullet else ""
    return (
        f"{header}Link to landed trunk PR (if applicable):\n{links}\n\n"
        f"Link to release branch PR:\n* {release}\n\nCriteria Category:\n{mark}{category}\n"
    )


def bot_nomination(pull: BranchPull, category: str) -> str:
    """What pytorchbot writes; it capitalises the link as well, and may leave a dangling dash."""
    source = pull.sources[0]
    fixes = issue_url(source.fixes).capitalize() if source.fixes else ""
    text = f"{category.capitalize()} - {fixes}"
    return nomination([pull_url(source.number)], pull_url(pull.number), text, bullet=False)


def human_nomination(pull: BranchPull, text: str) -> str:
    """What a contributor writes by hand."""
    links = [pull_url(source.number) for source in pull.sources if source.kind != "revert"]
    return nomination(links, pull_url(pull.number), text)


def incomplete_nomination(pull: BranchPull) -> str:
    """Numbers instead of links, and no category."""
    return (
        f"Link to landed trunk PR (if applicable): #{pull.sources[0].number}\n\n"
        f"Link to release branch PR: #{pull.number}\n"
    )


def trunk_only_nomination(commit: TrunkCommit, text: str) -> str:
    """A request without a pull request into the release branch."""
    return nomination([pull_url(commit.number)], "", text)


def quoting_stranger(pull: BranchPull) -> str:
    """An approval that does not count: quoted, in a code block, and by nobody of the team."""
    quoted = "".join(f"> {line}\n" for line in human_nomination(pull, "Regression").splitlines())
    return (
        f"{quoted}\nFor the next ones, please keep to the format:\n\n```\n"
        f"{nomination(['#1'], '#2', 'Critical fix')}\n@ada-releng: approved\n```\n\n"
        "I have tried this one, +1, approved from my side.\n"
    )


def answer(pull: BranchPull, words: str) -> str:
    """A manager's answer, naming the pull request it is about."""
    return f"> Link to release branch PR:\n> * {pull_url(pull.number)}\n\n{words}\n"
