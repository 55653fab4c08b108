"""The claims of a token beside what somebody wants them to be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Claims = Mapping[str, object]

#: claims that are names in which the services themselves do not count letter case
NAMES = frozenset({"repository", "repository_owner", "project_path", "namespace_path"})
#: the same up to the ``@``, behind which stands a branch or tag, in which it counts
WORKFLOWS = frozenset({"job_workflow_ref", "workflow_ref"})


def texts(value: object) -> Iterator[str]:
    """What a claim says: text, a number or a truth as text; of a list, each of them; of anything else, nothing."""
    match value:
        case str():
            yield value
        case bool():
            yield str(value).lower()
        case int():
            yield str(value)
        case list():
            for each in value:
                if not isinstance(each, list):
                    yield from texts(each)


def says(claims: Claims, name: str, wanted: str) -> bool:
    """Whether a claim is as wanted: just that text, in which ``*`` stands for any."""
    pattern = _comparable(name, wanted)
    return any(fits(pattern, _comparable(name, text)) for text in texts(claims.get(name)))


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern means. It takes no longer with many ``*``."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(first):
        return False
    *middle, last = rest
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return text[at:].endswith(last)


def _comparable(name: str, text: str) -> str:
    if name in NAMES:
        return text.lower()
    if name in WORKFLOWS:
        path, at, ref = text.partition("@")
        return f"{path.lower()}{at}{ref}"
    return text
