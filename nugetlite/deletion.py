"""Which delete policy goes for which package id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nugetlite.errors import ConfigError, Refused
from nugetlite.package.package import Deletion
from nugetlite.package.patterns import ByPattern, Pattern

if TYPE_CHECKING:
    from nugetlite.config import Config
    from nugetlite.hookspecs import DeletePolicy, DeleteRequest
    from nugetlite.package.identity import PackageId
    from nugetlite.plugins import Plugins

_HARSHNESS = (Deletion.UNLIST, Deletion.SOFT, Deletion.HARD)
FALLBACK = "unlist"  #: for ids that no pattern of the setting speaks of


class Policies:
    """Delete policies by id pattern: the most specific one that fits an id decides. One pattern must be ``*``."""

    def __init__(self, table: Mapping[str, DeletePolicy]) -> None:
        self._table = ByPattern([(Pattern(text.lower()), policy) for text, policy in table.items()])

    def of(self, id: PackageId) -> DeletePolicy:
        """The policy for packages of this id."""
        policy = self._table.of(id.key)
        assert policy, "one pattern is *"  # noqa: S101
        return policy

    def decide(self, request: DeleteRequest) -> Deletion:
        """What a wish to delete comes to. Raises ``Refused`` for more than whoever asks may have at all."""
        id, bound = request.package.identity.id, request.actor.deletion
        asked = request.requested or bound
        _stay_within(bound, asked)
        decided = self.of(id)(replace(request, requested=asked))
        _stay_within(bound, decided)
        return decided


def _stay_within(bound: Deletion | None, deletion: Deletion | None) -> None:
    """Raise ``Refused`` for a deletion that takes away more than the bound."""
    if bound and deletion and _HARSHNESS.index(deletion) > _HARSHNESS.index(bound):
        raise Refused(
            f"This API key deletes by {bound}, and this would be a {deletion} delete; use another key"
        )


def load(plugins: Plugins, config: Config) -> Policies:
    """The policies that the setting ``delete_policy`` names; raises ``ConfigError`` for one nobody knows.

    What a policy of a plugin raises or answers when it is asked is looked after as the plugin's hooks are.
    """
    table = config.delete_policy
    names = {**table, "*": table.get("*", FALLBACK)}
    known = {name: _policy(name, plugins, config) for name in dict.fromkeys(names.values())}
    return Policies({pattern: known[name] for pattern, name in names.items()})


def _policy(name: str, plugins: Plugins, config: Config) -> DeletePolicy:
    policy = plugins.first_function("nugetlite_delete_policy", Deletion, name=name, config=config)
    if policy is None:
        raise ConfigError(
            f"delete_policy: no plugin knows {name!r}; expected hard, soft, unlist or a plugin's own"
        )
    return policy
