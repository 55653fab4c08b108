"""Which delete policy goes for which package id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import TYPE_CHECKING

from nugetlite.errors import ConfigError
from nugetlite.package.package import Deletion

if TYPE_CHECKING:
    from nugetlite.config import Config
    from nugetlite.hookspecs import DeletePolicy
    from nugetlite.package.identity import PackageId
    from nugetlite.plugins import Plugins

FALLBACK = "unlist"  #: for ids that no pattern of the setting speaks of


class Policies:
    """Delete policies by id pattern, where ``*`` stands for any text and letter case does not count.

    The most specific pattern that fits an id wins: an id in full, then the pattern with the most letters
    beside its ``*``, then the one that the table names first. One pattern must be ``*``.
    """

    def __init__(self, table: Mapping[str, DeletePolicy]) -> None:
        by_specificity = sorted(table, key=lambda pattern: ("*" in pattern, -len(pattern.replace("*", ""))))
        self._table = [(re.compile(translate(pattern.lower())), table[pattern]) for pattern in by_specificity]

    def of(self, id: PackageId) -> DeletePolicy:
        """The policy for packages of this id."""
        return next(policy for pattern, policy in self._table if pattern.match(id.key))


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
