"""What operations that only write to the ledger have in common."""

from __future__ import annotations

from cockpit.errors import ConfigError


def reason_of(text: str, decision: str) -> str:
    """A reason on one line; raises ConfigError where none is given."""
    reason = " ".join(text.split())
    if not reason:
        raise ConfigError(
            f"There is no reason for {decision}",
            "everybody sees it in the ledger, with your name",
            "say why in a few words",
        )
    return reason
