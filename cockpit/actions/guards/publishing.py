"""Whether wheels can go the next step to the package index in a situation."""

from __future__ import annotations

from cockpit.actions.situation import Availability, Disabled, Enabled, Situation
from cockpit.release.gates_publishing import staging_gates
from cockpit.release.publishing import Publication, Way, publications


def of_package(situation: Situation) -> dict[str, str]:
    """The selected row's package; nothing for all of the release."""
    selection = situation.selection
    if selection is None or selection.pane != "publishing":
        return {}
    return {"package": selection.key.partition(" ")[0]}


def can_stage(situation: Situation) -> Availability:
    wheels = _meant(situation)
    if isinstance(wheels, Disabled):
        return wheels
    if all(wheel.way is Way.MISSING for wheel in wheels):
        return Disabled("the channel has none of these wheels yet")
    if any(wheel.way in (Way.TO_STAGE, Way.MISSING, Way.STALE) for wheel in wheels):
        return Enabled()
    return Disabled("every wheel is staged")


def of_staging(situation: Situation) -> dict[str, str]:
    """With what has been replaced since, where that is all that is left to stage."""
    wheels = _meant(situation)
    ways = {wheel.way for wheel in wheels} if not isinstance(wheels, Disabled) else set[Way]()
    again = {"replace": "yes"} if Way.STALE in ways else {}
    return of_package(situation) | again


def can_inspect(situation: Situation) -> Availability:
    wheels = _meant(situation)
    if isinstance(wheels, Disabled):
        return wheels
    if not any(wheel.staged for wheel in wheels):
        return Disabled("nothing is staged")
    return Enabled()


def can_publish(situation: Situation) -> Availability:
    wheels = _meant(situation)
    if isinstance(wheels, Disabled):
        return wheels
    if all(wheel.way is Way.PUBLISHED for wheel in wheels):
        return Disabled("every wheel is on the package index")
    for gate in staging_gates(of_package(situation).get("package", "")):
        verdict = gate.judge(situation.state)
        if not verdict.clear:
            return Disabled(verdict.headline)
    return Enabled()


def _meant(situation: Situation) -> tuple[Publication, ...] | Disabled:
    state = situation.state
    if state.publishing.value is None or state.artifacts.value is None:
        return Disabled("the channels and the package index have not been read yet")
    found = publications(state)
    name = of_package(situation).get("package")
    wheels = tuple(w for package, each in found.items() if name in (None, package) for w in each)
    return wheels or Disabled("the config names no wheels for the package index")
