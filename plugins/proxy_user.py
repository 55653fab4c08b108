"""Believes a reverse proxy that has signed its users in. Settings: ``[plugin.proxy_user] header = "X-Remote-User"``.

The proxy must set the header itself, whatever clients send; it is believed at 127.0.0.1, or ``from = ["10.0.0.5"]``.
The user needs an account of that name (``nugetlite users create``). API keys go on working beside it.
"""

from werkzeug.wrappers import Request

from nugetlite import Actor, Config, People, Refused, hookimpl

HERE = ("127.0.0.1", "::1")


@hookimpl
def nugetlite_identify(request: Request, people: People, config: Config) -> Actor | None:
    """The account whose name the proxy tells; ``None`` for who comes another way."""
    settings = config.for_plugin("proxy_user")
    header = settings.text("header")
    name = request.headers.get(header, "") if header else ""
    behind = request.environ.get("werkzeug.proxy_fix.orig", request.environ)  # what the socket itself says
    if not name or behind.get("REMOTE_ADDR") not in (settings.names("from") or HERE):
        return None
    if who := people.actor(name):
        return who
    raise Refused(f"{name} has no account on this feed; ask its operator for one")
