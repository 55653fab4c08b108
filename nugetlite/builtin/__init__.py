"""What nugetlite brings along: plugins like anybody's, written with the public names only."""

from nugetlite.builtin import access, deletion, storage_file, storage_memory, validation

BUILTIN = (storage_file, storage_memory, deletion, access, validation)
