"""Who the commits of this person are by."""

from __future__ import annotations

import re
from functools import cached_property

from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.text import clean
from cockpit.errors import CockpitError


class Identity:
    """A name and an e-mail, as git itself would write them."""

    def __init__(
        self,
        git: GitRunner,
        nowhere: Clone,
        *,
        given: tuple[str, str] | None,
        stand_in: tuple[str, str] | None,
    ) -> None:
        """`given` is used instead of git's own, `stand_in` only where git has none.

        `nowhere` is a clone that does not exist, so that no repository's own settings count.
        """
        self._git = git
        self._nowhere = nowhere
        self._given = given
        self._stand_in = stand_in

    @cached_property
    def known(self) -> tuple[str, str]:
        """Nothing is guessed from the name of the machine; raises CockpitError without one."""
        found = self._ident(self._given)
        if found is None and self._stand_in is not None:
            found = self._ident(self._stand_in)
        if found is None:
            raise CockpitError(
                "git does not know who you are",
                "every entry of the ledger carries a name and an e-mail",
                "git config --global user.name NAME; git config --global user.email E-MAIL",
            )
        return clean(found[1]), clean(found[2])

    def _ident(self, given: tuple[str, str] | None) -> re.Match[str] | None:
        """The identity git writes with this one given, or with its own; None when it has none."""
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL")
        variables = dict(zip(names, given, strict=True)) if given else {}
        finished = self._git.attempt(
            self._nowhere,
            *("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"),
            variables=variables,
        )
        found = re.match(r"(.+?) <(.+)> \d+ ", finished.output.decode("utf-8", "replace"))
        return found if finished.status == 0 else None
