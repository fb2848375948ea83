"""What is said and done about picks on GitHub: comments, milestones and merges.

Everything that writes is sent once; after a lost answer whoever asked has to look.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cockpit.backends.github_http import Listing, Transport, list_kind
from cockpit.backends.github_kinds import COMMENTS, MILESTONES, path_of, pull_path, sentence
from cockpit.backends.github_picks import read_comment, read_pull
from cockpit.backends.github_records import (
    CommentRecord,
    IssueRecord,
    MergeRecord,
    MilestoneRecord,
    PullCommitRecord,
)
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, clean_lines
from cockpit.errors import CockpitError, Unreachable
from cockpit.release.nominations import Comment
from cockpit.release.pullrequests import PullPage
from cockpit.release.repos import Repository

_COMMITS = list_kind("commits", tuple[PullCommitRecord, ...], lambda rows: (rows, None))
_ISSUE = msgspec.json.Decoder(IssueRecord)
_COMMENT = msgspec.json.Decoder(CommentRecord)
_MERGE = msgspec.json.Decoder(MergeRecord)


class GithubTalk:
    """The part of the adapter that speaks and decides for people."""

    _transport: Transport

    def comments(self, repository: Repository, number: int) -> Answer[tuple[Comment, ...]]:
        """The comments under an issue or pull request, oldest first."""
        path = path_of(repository, f"issues/{number}/comments")
        issue = self._transport.read(f"/repos/{repository.name}/issues/{number}", _ISSUE.decode)
        listing = self._transport.read_list(path, COMMENTS, issue.comments)
        found = sorted(map(read_comment, listing.rows), key=lambda comment: comment.id)
        return Answer(tuple(found), path, listing.missing)

    def comments_on(
        self, repository: Repository, numbers: Sequence[int]
    ) -> Answer[dict[int, tuple[Comment, ...]]]:
        """The comments under several issues, oldest first; one request an issue."""
        listings = self._transport.read_lists(
            [path_of(repository, f"issues/{number}/comments") for number in numbers], COMMENTS
        )
        found = {
            number: tuple(sorted(map(read_comment, listing.rows), key=lambda one: one.id))
            for number, listing in zip(numbers, listings, strict=True)
        }
        missing = sentence(listing.missing for listing in listings)
        return Answer(found, path_of(repository, "issues"), missing)

    def comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Comment on an issue or pull request, asked for once."""
        path = f"/repos/{repository.name}/issues/{number}/comments"
        answer = self._transport.write("POST", path, {"body": body})
        try:
            return read_comment(_COMMENT.decode(answer.body))
        except msgspec.DecodeError as err:
            raise _unread(err) from err

    def pull(self, repository: Repository, number: int) -> PullPage | None:
        """A pull request; None where there is none of this number."""
        row = read_pull(self._transport, repository, number)
        if row is None:
            return None
        return PullPage(
            number=row.number,
            title=clean(row.title),
            body=clean_lines(row.body or ""),
            state=row.state,
            merged_sha=row.merge_commit_sha if row.merged_at else None,
            head_sha=row.head.sha,
            head=clean(row.head.ref),
            base=clean(row.base.ref),
            draft=row.draft,
            url=row.html_url,
            milestone=clean(row.milestone.title) if row.milestone else "",
        )

    def pull_messages(self, repository: Repository, number: int) -> Answer[tuple[str, ...]]:
        """What the commits of a pull request say, oldest first."""
        path = path_of(repository, f"pulls/{number}/commits")
        listing = self._transport.read_list(path, _COMMITS)
        found = tuple(clean_lines(row.commit.message) for row in listing.rows)
        return Answer(found, path, listing.missing)

    def set_milestone(self, repository: Repository, number: int, title: str) -> None:
        """Put an issue or pull request into the milestone of exactly this title."""
        found, listing = self._milestone(repository, title)
        if found is None:
            raise CockpitError(
                f"{repository.name} has no milestone {title}",
                listing.missing or f"there are {len(listing.rows)} others",
                "make it on GitHub, or set github.milestone in release.toml",
            )
        path = f"/repos/{repository.name}/issues/{number}"
        self._transport.write("PATCH", path, {"milestone": found.number})

    def merge_pull(
        self, repository: Repository, number: int, head: str, title: str, message: str
    ) -> str:
        """Squash a pull request whose head is exactly this commit; gives what it became.

        Raises Conflict where the head has moved or GitHub cannot merge it.
        """
        answer = self._transport.write(
            "PUT",
            f"{pull_path(repository, number)}/merge",
            {
                "sha": head,
                "merge_method": "squash",
                "commit_title": title,
                "commit_message": message,
            },
        )
        try:
            return _MERGE.decode(answer.body).sha
        except msgspec.DecodeError as err:
            raise _unread(err) from err

    def _milestone(
        self, repository: Repository, title: str
    ) -> tuple[MilestoneRecord | None, Listing[MilestoneRecord]]:
        """The milestone of exactly this title, among all that there are."""
        listing = self._transport.read_list(
            path_of(repository, "milestones", state="all"), MILESTONES
        )
        return next((row for row in listing.rows if row.title == title), None), listing


def _unread(err: msgspec.DecodeError) -> Unreachable:
    return Unreachable("GitHub's answer could not be read", str(err), "run the same plan again")
