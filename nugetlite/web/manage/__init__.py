"""The JSON API by which people are managed, below ``/api/nugetlite``: what the command line does, over HTTP."""
