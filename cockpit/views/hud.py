"""Where the HUD shows the builds of a ref: a link for people, never something to rely on."""

from __future__ import annotations

from urllib.parse import quote


def hud_url(template: str, repository: str, ref: str) -> str:
    """The page of a branch, tag or commit; empty where no HUD is configured.

    In the template `{repository}` is `owner/name` and `{ref}` the ref, encoded as one segment of a
    path: `release%2F2.15` (process section 7.1).
    """
    if not template or not ref:
        return ""
    return template.replace("{repository}", repository).replace("{ref}", quote(ref, safe=""))
