"""Talks to feeds as their clients do: this server, any NuGet source, any Octopus server.

    options         what a command line, a configuration file or a variable says, as values
    connection      requests and answers, uploads and downloads; who is asked again, and when
    discovery       what a URL leads to
    remote          what one can do with whatever is there: push, delete, relist, find, locate
    octopus         ... by the Octopus API          v3, v2        ... by NuGet's; publishing is theirs both
    pushing         several files, several at a time
    downloading     one file, whole or not at all

It knows nothing of the server's insides, and prints nothing: news goes to the log, and to whoever watches.
"""
