"""The HTTP interface of Octopus's built-in repository: what its clients push to, and what it can fetch from."""
