"""Where everything is below ``/api/nugetlite``, in one table from which answers and their description follow."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import get_type_hints

from nugetlite.web.manage import accounts, keys, owners, prefixes, trusts
from nugetlite.web.manage.shapes import Nothing

View = Callable[..., object]

SAFE = ("GET", "HEAD")
WITHOUT_BODY = (*SAFE, "DELETE")
BODY, ASKER = "told", "who"  #: what a view calls them

_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One thing that can be asked for. Its view says in its own words and types what it is."""

    method: str
    url: str
    view: View
    status: HTTPStatus = HTTPStatus.OK

    @property
    def name(self) -> str:
        """What it is called, by no other route."""
        return self.view.__name__

    @property
    def path(self) -> str:
        """The URL as OpenAPI writes it: ``/accounts/{name}``."""
        return _PLACE.sub(r"{\1}", self.url)

    @property
    def places(self) -> list[str]:
        """The parameters that stand in the path."""
        return _PLACE.findall(self.url)

    @property
    def options(self) -> list[str]:
        """The parameters that stand in the query."""
        return [name for name in self.parameters if name not in (ASKER, BODY, *self.places)]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """All that the view is handed."""
        return tuple(inspect.signature(self.view).parameters)

    @cached_property
    def takes(self) -> type | None:
        """The shape of what is sent; ``None`` where nothing is."""
        return None if self.method in WITHOUT_BODY else self._hints.get(BODY, Nothing)

    @cached_property
    def answers(self) -> type:
        """The shape of the answer."""
        return self._hints["return"]

    @cached_property
    def _hints(self) -> Mapping[str, type]:
        return get_type_hints(self.view, include_extras=True)


ROUTES = (
    Route("GET", "/me", accounts.me),
    Route("GET", "/accounts", accounts.list_accounts),
    Route("POST", "/accounts", accounts.create_account, HTTPStatus.CREATED),
    Route("GET", "/accounts/<name>", accounts.get_account),
    Route("PATCH", "/accounts/<name>", accounts.change_account),
    Route("DELETE", "/accounts/<name>", accounts.delete_account),
    Route("PUT", "/accounts/<name>/password", accounts.set_password),
    Route("PUT", "/accounts/<name>/members/<member>", accounts.add_member),
    Route("DELETE", "/accounts/<name>/members/<member>", accounts.remove_member),
    Route("GET", "/accounts/<name>/packages", owners.list_owned),
    Route("GET", "/accounts/<name>/keys", keys.list_keys),
    Route("POST", "/accounts/<name>/keys", keys.create_key, HTTPStatus.CREATED),
    Route("DELETE", "/accounts/<name>/keys/<path:key>", keys.revoke_key),
    Route("POST", "/accounts/<name>/keys/<path:key>/regenerate", keys.regenerate_key),
    Route("GET", "/accounts/<name>/trusts", trusts.list_trusts),
    Route("POST", "/accounts/<name>/trusts", trusts.create_trust, HTTPStatus.CREATED),
    Route("DELETE", "/accounts/<name>/trusts/<path:trust>", trusts.delete_trust),
    Route("GET", "/everybody/grants", accounts.get_everybodys_grants),
    Route("PUT", "/everybody/grants", accounts.set_everybodys_grants),
    Route("GET", "/packages/<id:id>/owners", owners.list_owners),
    Route("PUT", "/packages/<id:id>/owners/<name>", owners.add_owner),
    Route("DELETE", "/packages/<id:id>/owners/<name>", owners.remove_owner),
    Route("POST", "/packages/<id:id>/owners/<name>/confirm", owners.confirm_owner),
    Route("POST", "/packages/<id:id>/transfer", owners.transfer),
    Route("GET", "/prefixes", prefixes.list_prefixes),
    Route("PUT", "/prefixes/<pattern>/<name>", prefixes.reserve),
    Route("DELETE", "/prefixes/<pattern>/<name>", prefixes.release),
)
