"""Which PDB a debugger means, and in whose symbols it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from nugetlite.index.rows import identity_of, key_of
from nugetlite.index.schema import packages, pdbs, symbols, versions
from nugetlite.index.values import FoundPdb
from nugetlite.sighting import seen
from nugetlite.statement import upsert

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nugetlite.package.identity import Identity
    from nugetlite.package.sight import Sight
    from nugetlite.package.symbols import PdbFile


def write_symbols(connection: Connection, identity: Identity, stamp: str, found: Iterable[PdbFile]) -> None:
    """Make these the symbols of a version; earlier ones are forgotten."""
    erase_symbols(connection, identity)
    key = key_of(identity)
    told = {**key, "id": identity.id.text, "version": identity.version.full, "stamp": stamp}
    upsert(connection, symbols, [told])
    entries = {pdb.key: {**key, "pdb": pdb.key, "entry": pdb.entry} for pdb in found if pdb.key}
    if entries:
        connection.execute(insert(pdbs), list(entries.values()))


def erase_symbols(connection: Connection, identity: Identity) -> None:
    """Forget the symbols of a version."""
    for table in (pdbs, symbols):
        of_identity = [table.c[name] == value for name, value in key_of(identity).items()]
        connection.execute(delete(table).where(*of_identity))


def read_symbols(connection: Connection) -> dict[Identity, str]:
    """Which versions have symbols, and the stamps of their folders."""
    return {identity_of(row): row.stamp for row in connection.execute(select(symbols))}


def read_pdb(connection: Connection, name: str, key: str, sight: Sight) -> FoundPdb | None:
    """The PDB of a file name and a key, in whichever symbols of a version that is here, and seen, it is."""
    same = (symbols.c.key == pdbs.c.key) & (symbols.c.sort_key == pdbs.c.sort_key)
    here = (versions.c.package == packages.c.number) & (versions.c.sort_key == pdbs.c.sort_key)
    wanted = (
        select(symbols.c.id, symbols.c.version, pdbs.c.entry)
        .join(pdbs, same)
        .join(packages, packages.c.key == pdbs.c.key)
        .join(versions, here)
        .where(pdbs.c.pdb == f"{name}/{key}", *seen(sight, pdbs.c.key))
        .order_by(pdbs.c.key, pdbs.c.sort_key)
        .limit(1)
    )
    row = connection.execute(wanted).first()
    return FoundPdb(identity_of(row), row.entry) if row else None
