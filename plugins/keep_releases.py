"""Lets prereleases go for good and only hides releases: ``delete_policy = "keep-releases"``."""

from nugetlite import DeletePolicy, DeleteRequest, Deletion, hookimpl


@hookimpl
def nugetlite_delete_policy(name: str) -> DeletePolicy | None:
    """``keep-releases``, for the whole feed or for some ids: ``{ "*" = "keep-releases" }``."""
    return keep_releases if name == "keep-releases" else None


def keep_releases(request: DeleteRequest) -> Deletion:
    """What a wish to delete a version comes to. A release stays restorable, whatever the request asks for."""
    if request.package.is_prerelease:
        return request.requested or Deletion.HARD
    return Deletion.UNLIST
