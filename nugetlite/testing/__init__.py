"""What plugin writers test with: real packages made on the spot, a client, and the promises a storage must keep."""

from nugetlite.testing.client import KEY, Client
from nugetlite.testing.packages import nupkg, nuspec
from nugetlite.testing.storage import StorageContract

__all__ = ["KEY", "Client", "StorageContract", "nupkg", "nuspec"]
