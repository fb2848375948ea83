"""JSON bodies of issues, pull requests and what hangs on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cockpit.rehearsal.github.call import Call
from cockpit.rehearsal.github.http import Body
from cockpit.rehearsal.github.serialise import (
    association,
    node_id,
    owner_body,
    repository_body,
    repository_page,
    repository_url,
    stamp,
    stamp_or_null,
    user_body,
    user_body_or_null,
)
from cockpit.rehearsal.model import Comment, Issue, Label, Milestone, Pull, Repository, Review

_FACES = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


@dataclass(frozen=True, slots=True)
class PullFacts:
    """What only git knows about a pull request."""

    mergeable: bool | None
    """None once it is closed, or when its commits are gone."""
    commits: int
    additions: int
    deletions: int
    changed_files: int


def label_body(call: Call, repository: Repository, name: str) -> Body:
    """A label, also one that hangs on an issue only."""
    label = repository.labels.get(name) or Label(id=0, name=name)
    return {
        "id": label.id,
        "node_id": node_id("Label", f"{repository.id}:{name}"),
        "url": f"{repository_url(call, repository)}/labels/{name}",
        "name": label.name,
        "color": label.color,
        "default": False,
        "description": label.description or None,
        "archived_at": None,
        "archived_by": None,
    }


def milestone_body(call: Call, repository: Repository, milestone: Milestone) -> Body:
    """A milestone with its items counted."""
    url = f"{repository_url(call, repository)}/milestones/{milestone.number}"
    created = stamp(milestone.created_at or call.forge.clock.epoch)
    tally = _tally(call, repository)
    return {
        "url": url,
        "html_url": f"{repository_page(call, repository)}/milestone/{milestone.number}",
        "labels_url": f"{url}/labels",
        "id": milestone.id,
        "node_id": node_id("Milestone", milestone.id),
        "number": milestone.number,
        "title": milestone.title,
        "description": milestone.description or None,
        "creator": None,
        "open_issues": tally[milestone.number, "open"],
        "closed_issues": tally[milestone.number, "closed"],
        "state": milestone.state,
        "created_at": created,
        "updated_at": created,
        "due_on": stamp_or_null(milestone.due_on),
        "closed_at": created if milestone.state == "closed" else None,
    }


def issue_body(call: Call, repository: Repository, issue: Issue) -> Body:
    """An issue, or a pull request seen as one."""
    url = f"{repository_url(call, repository)}/issues/{issue.number}"
    body = _shared(call, repository, issue) | {
        "url": url,
        "node_id": node_id("Issue", issue.id),
        "repository_url": repository_url(call, repository),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": _page(call, repository, issue),
        "comments": len(issue.comments),
        "state_reason": issue.state_reason,
        "closed_by": None,
        "type": None,
        "performed_via_github_app": None,
        "reactions": _reactions(url),
    }
    if issue.pull:
        page = _page(call, repository, issue)
        body["draft"] = issue.pull.draft
        body["pull_request"] = {
            "url": f"{repository_url(call, repository)}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp_or_null(issue.pull.merged_at),
        }
    return body


def comment_body(call: Call, repository: Repository, issue: Issue, comment: Comment) -> Body:
    """A comment on an issue or pull request."""
    url = f"{repository_url(call, repository)}/issues/comments/{comment.id}"
    return {
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "url": url,
        "html_url": f"{_page(call, repository, issue)}#issuecomment-{comment.id}",
        "issue_url": f"{repository_url(call, repository)}/issues/{issue.number}",
        "user": user_body(call, comment.user),
        "created_at": stamp(comment.created_at),
        "updated_at": stamp(comment.updated_at),
        "body": comment.body,
        "author_association": association(call, comment.user),
        "performed_via_github_app": None,
        "reactions": _reactions(url),
    }


def pull_body(call: Call, repository: Repository, issue: Issue, pull: Pull) -> Body:
    """A pull request in a list."""
    url = f"{repository_url(call, repository)}/pulls/{issue.number}"
    page = _page(call, repository, issue)
    links = _pull_links(call, repository, issue, pull)
    return _shared(call, repository, issue) | {
        "url": url,
        "node_id": node_id("PullRequest", issue.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "merged_at": stamp_or_null(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "requested_reviewers": [user_body(call, login) for login in pull.requested_reviewers],
        "requested_teams": [],
        "draft": pull.draft,
        "head": _side(call, repository, pull.head_ref, pull.head_sha),
        "base": _side(call, repository, pull.base_ref, pull.base_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
        "auto_merge": None,
    }


def full_pull_body(
    call: Call, repository: Repository, issue: Issue, pull: Pull, facts: PullFacts
) -> Body:
    """One pull request with what git says about it."""
    states = {True: "clean", False: "dirty", None: "unknown"}
    return pull_body(call, repository, issue, pull) | {
        "merged": pull.merged_at is not None,
        "mergeable": facts.mergeable,
        "rebaseable": facts.mergeable,
        "mergeable_state": "draft" if pull.draft else states[facts.mergeable],
        "merged_by": user_body_or_null(call, pull.merged_by),
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": facts.commits,
        "additions": facts.additions,
        "deletions": facts.deletions,
        "changed_files": facts.changed_files,
    }


def review_body(call: Call, repository: Repository, issue: Issue, review: Review) -> Body:
    """A review of a pull request."""
    url = f"{repository_url(call, repository)}/pulls/{issue.number}"
    page = f"{_page(call, repository, issue)}#pullrequestreview-{review.id}"
    return {
        "id": review.id,
        "node_id": node_id("PullRequestReview", review.id),
        "user": user_body(call, review.user),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "submitted_at": stamp(review.submitted_at),
        "commit_id": review.commit_id,
        "author_association": association(call, review.user),
    }


def _shared(call: Call, repository: Repository, issue: Issue) -> Body:
    """What an issue and a pull request show alike."""
    milestone = repository.milestones.get(issue.milestone) if issue.milestone else None
    assignees = [user_body(call, login) for login in issue.assignees]
    return {
        "id": issue.id,
        "number": issue.number,
        "state": issue.state,
        "locked": issue.locked,
        "active_lock_reason": None,
        "title": issue.title,
        "user": user_body(call, issue.user),
        "body": issue.body or None,
        "labels": [label_body(call, repository, name) for name in issue.labels],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone_body(call, repository, milestone) if milestone else None,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp_or_null(issue.closed_at),
        "author_association": association(call, issue.user),
    }


def _page(call: Call, repository: Repository, issue: Issue) -> str:
    kind = "pull" if issue.pull else "issues"
    return f"{repository_page(call, repository)}/{kind}/{issue.number}"


def _pull_links(call: Call, repository: Repository, issue: Issue, pull: Pull) -> dict[str, str]:
    root = repository_url(call, repository)
    return {
        "self": f"{root}/pulls/{issue.number}",
        "html": _page(call, repository, issue),
        "issue": f"{root}/issues/{issue.number}",
        "comments": f"{root}/issues/{issue.number}/comments",
        "review_comments": f"{root}/pulls/{issue.number}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{root}/pulls/{issue.number}/commits",
        "statuses": f"{root}/statuses/{pull.head_sha}",
    }


def _side(call: Call, repository: Repository, ref: str, sha: str) -> Body:
    """Head or base; a ref `login:branch` lies in a fork, which the world does not hold."""
    fork, colon, branch = ref.partition(":")
    if colon:
        owner = user_body(call, fork)
        return {"label": ref, "ref": branch, "sha": sha, "user": owner, "repo": None}
    return {
        "label": f"{repository.owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": owner_body(call, repository),
        "repo": repository_body(call, repository),
    }


def _tally(call: Call, repository: Repository) -> Counter[tuple[int, str]]:
    known = call.tallies.get(repository.full_name)
    if known is None:
        known = call.tallies[repository.full_name] = Counter(
            (issue.milestone, issue.state)
            for issue in repository.issues.values()
            if issue.milestone is not None
        )
    return known


def _reactions(url: str) -> Body:
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_FACES, 0)}
