"""Found here by ``gunicorn wsgi:app``. The settings themselves are installed with the feed."""

from nugetlite.web.gunicorn import *  # noqa: F403
