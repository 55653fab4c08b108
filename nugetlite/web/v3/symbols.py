"""The symbol server: a debugger asks for a PDB by its name and key (SSQP)."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.wsgi import wrap_file

from nugetlite.web.access import guard_reads
from nugetlite.web.current import feed
from nugetlite.web.document import IMMUTABLE

symbols = guard_reads(Blueprint("symbols", __name__, url_prefix="/v3/symbols"))

KEY = re.compile(r"[0-9a-f]{32}(?:ffffffff|[0-9a-f]{1,8})", re.IGNORECASE)


@symbols.get("/<name>/<key>/<file>")
@symbols.get("/<ignored>/<name>/<key>/<file>")
def pdb(name: str, key: str, file: str, ignored: str = "") -> ResponseReturnValue:
    """The PDB of that name whose id is the key, in any letter case; some debuggers put a level before it."""
    if name.lower() != file.lower() or not KEY.fullmatch(key):
        raise NotFound
    _, stream = feed().open_pdb(name.lower(), key.lower())
    response = Response(
        wrap_file(request.environ, stream), content_type="application/octet-stream", direct_passthrough=True
    )
    response.headers["Cache-Control"] = f"private, {IMMUTABLE}"
    return response
