"""What a push asks to be done if its id and version is there: ``overwriteMode``, or the older ``replace``."""

from __future__ import annotations

from nugetlite.repository import Mode
from nugetlite.web.current import parameters


def mode_asked() -> Mode | None:
    """The mode in the URL of the current request, if there is one. Raises ``NotUnderstood``.

    NuGet's clients put a slash behind the URL that they were given, so it may end in ``?replace=true/``.
    """
    asked = {name: value.rstrip("/") for name, value in parameters().items()}
    if mode := asked.get("overwritemode"):
        return Mode.parse(mode)
    if "replace" in asked:
        return Mode.OVERWRITE if asked["replace"].strip().lower() == "true" else Mode.FAIL
    return None
