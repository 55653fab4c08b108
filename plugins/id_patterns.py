"""Takes only packages whose id fits a pattern. Settings: ``[plugin.id_patterns] allowed = ["Contoso.*"]``.

In the environment, with commas: ``NUGETLITE_PLUGIN_ID_PATTERNS_ALLOWED=Contoso.*,Fabrikam``.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from nugetlite import Config, Package, hookimpl


@hookimpl
def nugetlite_validate(package: Package, config: Config) -> Iterator[str]:
    """Object to an id that fits no pattern; letter case does not count."""
    allowed = config.for_plugin("id_patterns").names("allowed")
    id = package.identity.id
    if allowed and not any(fnmatchcase(id.key, pattern.lower()) for pattern in allowed):
        yield f"This feed takes ids such as {', '.join(allowed)}; {id} is none of them"
