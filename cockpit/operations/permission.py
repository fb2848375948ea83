"""Who may carry out what: people the config does not know only look."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.operations.plan import Danger
from cockpit.release.people import Duty, Team

_DUTIES: Mapping[str, Duty] = {
    "approve": Duty.APPROVER,
    "deny": Duty.APPROVER,
    "ask-pick": Duty.APPROVER,
    "merge-pick": Duty.APPROVER,
    "override": Duty.CAPTAIN,
}


def duty_for(operation: str, danger: Danger) -> Duty | None:
    """What an operation takes beside being of the team; what cannot be undone takes a captain."""
    captain = Duty.CAPTAIN if danger is Danger.IRREVERSIBLE else None
    return _DUTIES.get(operation, captain)


def refusal(team: Team, email: str, operation: str, danger: Danger) -> str:
    """Why whoever goes by this e-mail address may not do it; empty where they may."""
    if danger is Danger.READ:
        return ""
    if stranger := team.stranger(email):
        return stranger
    duty, person = duty_for(operation, danger), team.by_email(email)
    if duty is None or person is None or duty in person.duties:
        return ""
    return f"{person.name} is no {duty.value}, and {operation} takes one"
