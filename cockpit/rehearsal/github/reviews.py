"""Reviews of pull requests, and who is asked for them."""

from __future__ import annotations

from typing import Literal

import flask
import msgspec

from cockpit.rehearsal.github.call import locked, this_call
from cockpit.rehearsal.github.http import ApiError, answer, invalid, not_found, page_of, read_body
from cockpit.rehearsal.github.records import pull_or_404
from cockpit.rehearsal.github.serialise import user_body
from cockpit.rehearsal.github.serialise_issues import pull_body, review_body
from cockpit.rehearsal.model import Repository, Review

routes = flask.Blueprint("reviews", __name__)

_STATES: dict[str, Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


class NewReview(msgspec.Struct):
    """What a review is submitted with."""

    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
    body: str = ""
    commit_id: str | None = None


class Reviewers(msgspec.Struct):
    """People asked for a review, or no longer."""

    reviewers: list[str]


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/reviews")
@locked
def reviews(repository: Repository, number: int) -> flask.Response:
    """All reviews, oldest first."""
    issue, pull = pull_or_404(repository, number)
    page = page_of(pull.reviews)
    return answer([review_body(this_call(), repository, issue, review) for review in page])


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/reviews/<int:review>")
@locked
def one(repository: Repository, number: int, review: int) -> flask.Response:
    """A review."""
    issue, pull = pull_or_404(repository, number)
    for found in pull.reviews:
        if found.id == review:
            return answer(review_body(this_call(), repository, issue, found))
    raise not_found()


@routes.post("/repos/<owner>/<name>/pulls/<int:number>/reviews")
@locked
def create(repository: Repository, number: int) -> flask.Response:
    """Approve, ask for changes, or comment."""
    call = this_call()
    login = call.require("read")
    issue, pull = pull_or_404(repository, number)
    wanted = read_body(NewReview)
    if wanted.event != "COMMENT" and login == issue.user:
        word = "approve" if wanted.event == "APPROVE" else "request changes on"
        raise ApiError(422, f"Unprocessable Entity: Can not {word} your own pull request")
    if wanted.event != "APPROVE" and not wanted.body.strip():
        raise invalid("PullRequestReview", "body", "missing_field")
    made = Review(
        call.forge.next_id(),
        login,
        _STATES[wanted.event],
        wanted.body,
        wanted.commit_id or pull.head_sha,
        call.now,
    )
    pull.reviews.append(made)
    pull.requested_reviewers = [one for one in pull.requested_reviewers if one != login]
    issue.updated_at = call.now
    return answer(review_body(call, repository, issue, made))


@routes.get("/repos/<owner>/<name>/pulls/<int:number>/requested_reviewers")
@locked
def requested(repository: Repository, number: int) -> flask.Response:
    """Who is asked for a review and has not answered."""
    _, pull = pull_or_404(repository, number)
    users = [user_body(this_call(), login) for login in pull.requested_reviewers]
    return answer({"users": users, "teams": []})


@routes.post("/repos/<owner>/<name>/pulls/<int:number>/requested_reviewers")
@locked
def request(repository: Repository, number: int) -> flask.Response:
    """Ask people for a review; only collaborators can be asked, and not the author."""
    call = this_call()
    call.require("triage")
    issue, pull = pull_or_404(repository, number)
    named = read_body(Reviewers).reviewers
    if issue.user in named:
        raise ApiError(422, "Review cannot be requested from pull request author.")
    if not call.forge.collaborators.keys() >= set(named):
        raise ApiError(
            422, "Reviews may only be requested from collaborators. One or more of them are not."
        )
    pull.requested_reviewers = list(dict.fromkeys([*pull.requested_reviewers, *named]))
    issue.updated_at = call.now
    return answer(pull_body(call, repository, issue, pull), 201)


@routes.delete("/repos/<owner>/<name>/pulls/<int:number>/requested_reviewers")
@locked
def withdraw(repository: Repository, number: int) -> flask.Response:
    """Ask people no longer."""
    call = this_call()
    call.require("triage")
    issue, pull = pull_or_404(repository, number)
    named = read_body(Reviewers).reviewers
    pull.requested_reviewers = [one for one in pull.requested_reviewers if one not in named]
    issue.updated_at = call.now
    return answer(pull_body(call, repository, issue, pull))
