"""What the file storage is made of: POSIX folders, changed so that nobody ever sees half of it.

    visit       the share during one verb: is it there, is it the one; and the place out of sight
    filling     makes a folder out of sight
    placing     puts it in its place
    scanning    tells what is there
    tidying     clears away what crashed processes left
    maker       whose a temporary file is
    staged      a file lent for bytes on their way in
    again       opens a file that was opened before
    exchange    swaps two folders in one step
    folders     the steps down a path, and what else is done with a folder

``nugetlite.builtin.storage_file`` puts them together.
"""
