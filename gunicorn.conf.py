"""Found here by ``gunicorn wsgi:app``. The settings themselves are installed with the feed."""

from nugetlite.serving import *  # noqa: F403
