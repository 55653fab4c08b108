"""The three delete policies that everybody needs. A request that asks for another deletion gets that."""

from nugetlite import DeletePolicy, DeleteRequest, Deletion, hookimpl


@hookimpl
def nugetlite_delete_policy(name: str) -> DeletePolicy | None:
    """``hard``, ``soft`` and ``unlist``."""
    try:
        own = Deletion(name)
    except ValueError:
        return None

    def policy(request: DeleteRequest) -> Deletion:
        return request.requested or own

    return policy
