"""What V2 clients read before they ask, and what no V2 client gets here."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from nugetlite.errors import NotOffered
from nugetlite.web.links import V2Links
from nugetlite.web.v2 import atom
from nugetlite.web.v2.address import Address
from nugetlite.web.v2.asked import Options
from nugetlite.web.v2.form import document, form
from nugetlite.web.v2.metadata import metadata


def service(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """The service document: what there is."""
    return document(form().service(here))


def tell_metadata(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """What it is made of."""
    if address.rest:
        raise NotFound
    return document((metadata(), atom.XML))


def batch(address: Address, options: Options, here: V2Links) -> ResponseReturnValue:
    """Several questions in one request: nuget.exe 2 does so only where a URL would be too long."""
    raise NotOffered("This feed takes no $batch; ask each question in a request of its own")
