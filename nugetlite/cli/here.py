"""The feed that a command works at: that of the settings, which has to be there."""

from __future__ import annotations

import os

from nugetlite import app, config
from nugetlite.errors import ConfigError


def feed_here(packages: str | None = None, *, mend: bool = False) -> app.Server:
    """Its parts; ``packages`` is another folder or storage URL than the settings', and ``mend`` as ``app.build``.

    Raises ``ConfigError`` as ``app.build``, and if there is no such folder: a mistyped one is not an empty feed. A
    database that lies elsewhere knows whether that is only away.
    """
    settings = config.load(os.environ, {"packages": packages})
    folder = app.folder_of(settings)
    if folder and not settings.database and not os.path.lexists(folder):
        raise ConfigError(
            f"packages: there is no folder {folder}; name the one of your feed (NUGETLITE_PACKAGES), "
            "or begin one with `nugetlite serve`"
        )
    return app.build(settings, mend=mend)
