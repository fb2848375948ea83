"""Commit messages as the project writes them."""

from __future__ import annotations

from cockpit.rehearsal.story import TrunkCommit

CORE_URL = "https://github.com/pytorch/pytorch"


_REASONS = (
    "`{slot.function}` took the generic path in `{slot.module}`, which is wrong for views.",
    "The kernel of `{slot.function}` was chosen before the device was known.",
    "Found by the nightly fuzzer of {slot.area.tag}; the new test fails without this.",
    "`{slot.path}` kept a reference to the input of `{slot.function}` for too long.",
    "A refactoring of `{slot.module}` two weeks ago dropped this case of `{slot.function}`.",
)


def pull_url(number: int, repository: str = "pytorch/pytorch") -> str:
    """Where a pull request is read."""
    return f"https://github.com/{repository}/pull/{number}"


def issue_url(number: int) -> str:
    """Where an issue of core is read."""
    return f"{CORE_URL}/issues/{number}"


def trunk_message(commit: TrunkCommit) -> str:
    """The message that a change landed on trunk with."""
    if commit.kind == "revert":
        return _revert_message(commit)
    lines = [commit.subject, ""]
    if commit.kind == "reland" and commit.target is not None:
        lines += [f"This brings back #{commit.target.number} with its test made stable.", ""]
    if commit.slot is not None:
        lines += [_REASONS[commit.number % len(_REASONS)].format(slot=commit.slot), ""]
    if commit.fixes is not None:
        lines += [f"Fixes #{commit.fixes}", ""]
    if commit.phabricator is not None:
        lines += [f"Differential Revision: D{commit.phabricator}", ""]
    lines.append(f"Pull Request resolved: {pull_url(commit.number)}")
    return "\n".join(lines) + "\n"


def _revert_message(commit: TrunkCommit) -> str:
    target = commit.target
    if target is None:
        raise ValueError(f"{commit.title} reverts nothing")
    if commit.flavour == "phabricator":
        return (
            f"{commit.subject}\n\nSummary: It breaks an internal training job.\n\n"
            f"Original commit changeset: {target.sha[:12]}\n\n"
            f"Original Phabricator Diff: D{target.phabricator}\n\n"
            f"Differential Revision: D{(target.phabricator or 0) + 3117}\n"
        )
    body = f"{commit.subject}\n\nThis reverts commit {target.sha}.\n"
    if commit.flavour == "human":
        return body + "\nIt made the slow tests of the last two nights time out.\n"
    return body + (
        f"\nReverted {pull_url(target.number)} on behalf of https://github.com/"
        f"{target.author.login} due to breaking trunk "
        f"([comment]({pull_url(target.number)}#issuecomment-1))\n"
    )


def pick_head_message(source: TrunkCommit) -> str:
    """The message that `git cherry-pick -x` leaves on a pick's own branch."""
    return f"{trunk_message(source)}\n(cherry picked from commit {source.sha})\n"


def pick_message(source: TrunkCommit, number: int, *, with_trailer: bool) -> str:
    """The message that GitHub's squash leaves on the release branch."""
    body = trunk_message(source).split("\n", 2)[2]
    trailer = f"\n(cherry picked from commit {source.sha})\n" if with_trailer else ""
    return f"{source.title} (#{number})\n\n{body}{trailer}"


def picked_revert_message(revert: TrunkCommit, number: int, branch: str) -> str:
    """The message of a revert that the release branch takes over."""
    target = revert.target
    if target is None:
        raise ValueError(f"{revert.title} reverts nothing")
    line = branch.removeprefix("release/")
    return (
        f'[release/{line}] Revert "{target.title}" (#{number})\n\n'
        f"Reverts #{target.number} on {branch}.\n\nThis reverts commit {target.sha}.\n\n"
        f"Reverted on main by {revert.sha}.\n\n(cherry picked from commit {revert.sha})\n"
    )
