"""A JSON object that somebody sent: what is not as it should be reads as if it were not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from nugetlite.client.errors import Puzzling


@dataclass(frozen=True, slots=True)
class Document:
    """An object, read field by field. The letter case of a name does not count (Octopus's clients differ in it)."""

    fields: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: bytes, whence: str) -> Document:
        """Read an object; raises ``Puzzling``."""
        try:
            loaded = orjson.loads(body)
        except ValueError as error:
            raise Puzzling(f"{whence} answered something that is not JSON") from error
        if not isinstance(loaded, dict):
            raise Puzzling(f"{whence} answered JSON, but not with an object")
        return cls.of(loaded)

    @classmethod
    def of(cls, fields: Mapping[str, object]) -> Document:
        """From what a JSON parser made."""
        return cls({name.lower(): value for name, value in fields.items()})

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name.lower()) is not None

    def text(self, name: str) -> str:
        """A string; a number as its digits."""
        value = self.fields.get(name.lower())
        return value if isinstance(value, str) else str(value) if type(value) in (int, float) else ""

    def number(self, name: str) -> int:
        """A number."""
        value = self.fields.get(name.lower())
        return value if type(value) is int else 0

    def is_true(self, name: str) -> bool:
        """Whether it says so."""
        return self.fields.get(name.lower()) is True

    def document(self, name: str) -> Document:
        """An object in it."""
        value = self.fields.get(name.lower())
        return Document.of(value) if isinstance(value, dict) else Document()

    def documents(self, name: str) -> Iterator[Document]:
        """The objects of an array in it."""
        value = self.fields.get(name.lower())
        return (
            Document.of(each) for each in (value if isinstance(value, list) else ()) if isinstance(each, dict)
        )

    def texts(self, name: str) -> list[str]:
        """The strings of an array in it; of one string, that one."""
        value = self.fields.get(name.lower())
        return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
