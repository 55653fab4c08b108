"""The symbol server: a debugger asks for a PDB by its name and key (SSQP)."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.wsgi import FileWrapper

from nugetlite.web.access import guard_reads, sight
from nugetlite.web.current import feed
from nugetlite.web.document import IMMUTABLE
from nugetlite.web.download import BLOCK

symbols = guard_reads(Blueprint("symbols", __name__, url_prefix="/v3/symbols"))

KEY = re.compile(r"[0-9a-f]{32}[0-9a-f]{1,8}", re.IGNORECASE)  #: an id, and "ffffffff" or an age


@symbols.get("/<name>/<key>/<file>")
@symbols.get("/<level>/<name>/<key>/<file>")
def pdb(name: str, key: str, file: str, level: str = "") -> ResponseReturnValue:
    """The PDB of that name whose id is the key, in any letter case; some debuggers put a level before it."""
    if name.lower() != file.lower() or not KEY.fullmatch(key):
        raise NotFound
    found = feed().open_pdb(name.lower(), key.lower(), sight())
    response = Response(FileWrapper(found.stream, BLOCK), content_type="application/octet-stream")
    response.call_on_close(found.close)
    response.content_length = found.size
    response.set_etag(f"{key.lower()}-{found.checksum:08x}")
    response.headers["Cache-Control"] = f"public, {IMMUTABLE}"  # another build has another key
    return response.make_conditional(request)
