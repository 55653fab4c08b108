"""What a V2 client asks for in its query options, as values. Nothing that it gets wrong is passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nugetlite.errors import BadPackageId, BadQuery, quoted
from nugetlite.odata.entity import Property
from nugetlite.odata.parser import parse_filter, parse_orderby
from nugetlite.odata.selection import PAGE, Cursor, Selection
from nugetlite.odata.updates import Updates
from nugetlite.package.identity import PackageId
from nugetlite.package.query import Query, knows_semver2, parse_terms
from nugetlite.web.v2.address import unquoted

SYSTEM = ("$filter", "$format", "$inlinecount", "$orderby", "$select", "$skip", "$skiptoken", "$top")
MOST = 2**31 - 1  #: of entries that can be skipped or taken
FORMATS = re.compile(r"(atom|xml|json|verbosejson|application/(atom\+xml|xml|json)([; ].*)?)", re.IGNORECASE)
TRUTHS = {"": False, "false": False, "0": False, "true": True, "1": True}


@dataclass(frozen=True, slots=True)
class Options:
    """The query options of one request, by their names in lower case. Everything here raises ``BadQuery``."""

    told: Mapping[str, str]

    def check(self) -> None:
        """Refuse OData's own options that this feed does not have: who leaves one out answers another question."""
        for name, value in self.told.items():
            if name.startswith("$") and name not in SYSTEM:
                raise BadQuery(f"{quoted(name)} is no query option of this feed; it has {', '.join(SYSTEM)}")
            if name == "$format" and not FORMATS.fullmatch(value.strip()):
                raise BadQuery(f"$format is json or atom; {quoted(value)} is not")

    def text(self, name: str) -> str:
        """A text, in quotes or not; "" if there is none."""
        return unquoted(self.told.get(name, ""))

    def flag(self, name: str) -> bool:
        """A truth, in any letter case; false if it is not told."""
        value = self.text(name)
        if value.lower() not in TRUTHS:
            raise BadQuery(f"{name} is true or false; {quoted(value)} is not")
        return TRUTHS[value.lower()]

    def number(self, name: str) -> int | None:
        """A whole number that is not negative."""
        value = self.told.get(name, "").strip()
        if not value:
            return None
        if not re.fullmatch("0*[0-9]{1,10}", value) or int(value) > MOST:
            raise BadQuery(f"{name} is a whole number from 0 to {MOST}; {quoted(value)} is not")
        return int(value)

    @property
    def semver2(self) -> bool:
        """Whether the client reads SemVer 2 versions."""
        return knows_semver2(self.text("semverlevel"))

    @property
    def select(self) -> tuple[Property, ...]:
        """The properties that are wanted, in the order of the entity."""
        names = [name.strip() for name in self.told.get("$select", "").split(",") if name.strip()]
        found = {Property.named(name) for name in names if name != "*"}
        if None in found:
            wrong = next(name for name in names if name != "*" and not Property.named(name))
            raise BadQuery(f"$select names {quoted(wrong)}, and a package has no such property")
        return tuple(each for each in Property if not found or "*" in names or each in found)

    def next_page(self, after: Cursor) -> dict[str, str] | None:
        """The options of the page that goes on after ``after``; ``None`` if that is more than was asked for."""
        top = self.number("$top")
        if top is not None and top <= PAGE:
            return None
        moved_on = ("$skip", "$skiptoken", "$top")
        rest = {name: value for name, value in self.told.items() if name not in moved_on}
        if top is not None:
            rest["$top"] = str(top - PAGE)
        return {**rest, "$skiptoken": str(after)}

    # What each operation selects

    def packages(self) -> Selection:
        """``Packages()``: all versions, listed or not."""
        return self._selection()

    def of_one_id(self) -> Selection | None:
        """``FindPackagesById()``: all versions of one package; ``None`` for what is no id, for nothing has it."""
        if not (id := self.text("id")):
            raise BadQuery("FindPackagesById() wants to know whose versions: add id='an id'")
        try:
            return self._selection(id=PackageId.parse(id))
        except BadPackageId:
            return None

    def search(self) -> Selection:
        """``Search()``: listed versions of packages that answer some words.

        ``targetFramework`` and ``includeDelisted`` change nothing, as on nuget.org: a client shows what does
        not fit as such, and what is unlisted is seen by those who know its name.
        """
        self.flag("includedelisted")
        return self._selection(
            query=Query(parse_terms(self.text("searchterm"))),
            stable_only=not self.flag("includeprerelease"),
            listed_only=True,
        )

    def updates(self) -> Selection:
        """``GetUpdates()``: what is newer than what somebody has."""
        wanted = Updates.parse(
            self.text("packageids"),
            self.text("versions"),
            self.text("versionconstraints"),
            self.text("targetframeworks"),
            prerelease=self.flag("includeprerelease"),
            all_versions=self.flag("includeallversions"),
        )
        return self._selection(updates=wanted)

    def _selection(
        self,
        *,
        id: PackageId | None = None,
        query: Query | None = None,
        updates: Updates | None = None,
        stable_only: bool = False,
        listed_only: bool = False,
    ) -> Selection:
        top, token = self.number("$top"), self.text("$skiptoken")
        condition, order = self.told.get("$filter", ""), self.told.get("$orderby", "")
        return Selection(
            id=id,
            query=query,
            updates=updates,
            filter=parse_filter(condition) if condition.strip() else None,
            order=parse_orderby(order) if order.strip() else (),
            skip=self.number("$skip") or 0,
            top=PAGE if top is None else min(top, PAGE),
            after=Cursor.parse(token) if token else None,
            semver2=self.semver2,
            stable_only=stable_only,
            listed_only=listed_only,
            counted=self._wants_total(),
        )

    def _wants_total(self) -> bool:
        value = self.told.get("$inlinecount", "none").strip().lower()
        if value not in ("allpages", "none", ""):
            raise BadQuery(f"$inlinecount is allpages or none; {quoted(value)} is not")
        return value == "allpages"
