"""The rewrites of a branch cut: which references leave `main`, in bytes, and what is left there."""

from cockpit.release.rewrites.diff import unified_diff
from cockpit.release.rewrites.left import Leftover, Why, leftovers
from cockpit.release.rewrites.rules import Rewritten, RuleSet, applies_to, rewrite, rewrite_all

__all__ = [
    "Leftover",
    "Rewritten",
    "RuleSet",
    "Why",
    "applies_to",
    "leftovers",
    "rewrite",
    "rewrite_all",
    "unified_diff",
]
