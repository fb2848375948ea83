"""Milestones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import flask
import msgspec

from cockpit.rehearsal.github.call import locked, this_call
from cockpit.rehearsal.github.http import (
    answer,
    invalid,
    not_found,
    page_of,
    query,
    read_body,
)
from cockpit.rehearsal.github.serialise_issues import milestone_body
from cockpit.rehearsal.model import Milestone, Repository

routes = flask.Blueprint("milestones", __name__)

State = Literal["open", "closed"]
_NEVER = datetime.max.replace(tzinfo=UTC)


class NewMilestone(msgspec.Struct):
    """What a milestone is made of."""

    title: str
    state: State = "open"
    description: str | None = None
    due_on: datetime | None = None


class MilestoneChange(msgspec.Struct):
    """What of a milestone changes."""

    title: str | msgspec.UnsetType = msgspec.UNSET
    state: State | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    due_on: datetime | msgspec.UnsetType | None = msgspec.UNSET


@routes.get("/repos/<owner>/<name>/milestones")
@locked
def milestones(repository: Repository) -> flask.Response:
    """Milestones, by default the open ones, the earliest due first."""
    state = query("state", "open")
    found = [one for one in repository.milestones.values() if state in ("all", one.state)]
    found.sort(
        key=lambda one: (one.due_on or _NEVER, one.number), reverse=query("direction") == "desc"
    )
    return answer([milestone_body(this_call(), repository, one) for one in page_of(found)])


@routes.get("/repos/<owner>/<name>/milestones/<int:number>")
@locked
def one(repository: Repository, number: int) -> flask.Response:
    """A milestone with its items counted."""
    return answer(milestone_body(this_call(), repository, _milestone(repository, number)))


@routes.post("/repos/<owner>/<name>/milestones")
@locked
def create(repository: Repository) -> flask.Response:
    """Make a milestone; its title must be new."""
    call = this_call()
    call.require("write")
    wanted = read_body(NewMilestone)
    if not wanted.title:
        raise invalid("Milestone", "title", "missing_field")
    if any(one.title == wanted.title for one in repository.milestones.values()):
        raise invalid("Milestone", "title", "already_exists")
    number = max(repository.milestones, default=0) + 1
    made = Milestone(
        call.forge.next_id(),
        number,
        wanted.title,
        wanted.state,
        wanted.description or "",
        wanted.due_on,
        call.now,
    )
    repository.milestones[number] = made
    return answer(milestone_body(call, repository, made), 201)


@routes.patch("/repos/<owner>/<name>/milestones/<int:number>")
@locked
def update(repository: Repository, number: int) -> flask.Response:
    """Change, close or re-open a milestone."""
    call = this_call()
    call.require("write")
    milestone = _milestone(repository, number)
    change = read_body(MilestoneChange)
    if change.title is not msgspec.UNSET:
        milestone.title = change.title
    if change.state is not msgspec.UNSET:
        milestone.state = change.state
    if change.description is not msgspec.UNSET:
        milestone.description = change.description or ""
    if change.due_on is not msgspec.UNSET:
        milestone.due_on = change.due_on
    return answer(milestone_body(call, repository, milestone))


def _milestone(repository: Repository, number: int) -> Milestone:
    milestone = repository.milestones.get(number)
    if milestone is None:
        raise not_found()
    return milestone
