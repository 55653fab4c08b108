"""An Octopus server's built-in package repository, or a feed that speaks like one.

The exchange is that of Octopus's own .NET client (Octopus.Client, as ``octo push`` uses it): the root document
says where everything is, in RFC 6570 templates; a space has its own; a package is pushed as a whole, or as
the difference to one that is there.

    session    who asks, in which space, and what the links in documents lead to
    difference the delta between a file and what the server has
    server     push, delete, find and locate
"""
