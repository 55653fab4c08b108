"""What goes wrong between a client and a feed, in one sentence each.

ClientError
├── BadOption         what was asked for makes no sense; nothing was sent
├── Unreachable       there is no answer, and nothing has happened
├── Unfinished        there is no answer, and whether it has happened is not known
├── Answered          the feed said no
├── Puzzling          the feed said something else than its protocol has it say
├── NotOffered        feeds of this kind cannot do this
└── WrongBytes        what came is not what the feed says it is
"""

from __future__ import annotations

from nugetlite.errors import FeedError


class ClientError(FeedError):
    """A client could not do what it was asked to."""


class BadOption(ClientError):
    """An option, a file or a combination of them that cannot be meant."""


class Unreachable(ClientError):
    """Nobody answers; nothing was done."""


class Unfinished(ClientError):
    """The connection ended, or the time ran out, before there was an answer."""


class Answered(ClientError):
    """The feed's own refusal."""

    def __init__(self, code: int, sentence: str) -> None:
        self.code = code  #: the HTTP status
        self.sentence = sentence
        super().__init__(f"{sentence} (HTTP {code})")


class Puzzling(ClientError):
    """An answer that cannot be understood."""


class NotOffered(ClientError):
    """Something that feeds of this kind have no request for."""


class WrongBytes(ClientError):
    """A file whose hash is not the one that the feed tells."""
