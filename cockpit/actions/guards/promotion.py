"""Why nothing can be promoted, restored or cleared away now, and what a row stands for."""

from __future__ import annotations

from cockpit.actions.situation import Availability, Disabled, Enabled, Scope, Situation
from cockpit.release.promotion import STABLE, Promotion


def of_place(situation: Situation) -> dict[str, str]:
    """The package of the selected row; on a mirror's row the stable channel is taken as it is."""
    selection = situation.selection
    if selection is None or Scope.PROMOTION not in situation.scopes:
        return {}
    place, _, package = selection.key.partition("/")
    return {"package": package} if place == STABLE else {"package": package, "mirrors-only": "yes"}


def can_promote(situation: Situation) -> Availability:
    found = _known(situation)
    if isinstance(found, Disabled):
        return found
    if not any(standing.files for standing in found.standings):
        return Disabled("the test channel holds nothing of this release")
    return Enabled()


def can_restore(situation: Situation) -> Availability:
    found = _known(situation)
    if isinstance(found, Disabled):
        return found
    return Enabled() if found.backups else Disabled("the config names no backup of candidates")


def has_orphans(situation: Situation) -> Availability:
    found = _known(situation)
    if isinstance(found, Disabled):
        return found
    return Enabled() if found.orphans else Disabled("there is no upload that nobody finished")


def _known(situation: Situation) -> Promotion | Disabled:
    promotion = situation.state.promotion.value
    return promotion or Disabled("the channels have not been read yet")
