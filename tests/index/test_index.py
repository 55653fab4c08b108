import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from nugetlite import layout
from nugetlite.database import open_database
from nugetlite.index import Index
from nugetlite.index.values import Counts, FoundPdb
from nugetlite.package.identity import Identity, PackageId
from nugetlite.package.manifest import License, Manifest
from nugetlite.package.package import Deletion, Embedded, Package, Removal
from nugetlite.package.symbols import PdbFile

CONTOSO = PackageId.parse("contoso")


def test_a_package_is_given_back_as_it_was_told(shelf):
    package = Package(
        Manifest(
            Identity.parse("Contoso.Json", "1.02.0-Beta+Build.5"),
            title="Jßon \0 \N{PILE OF POO}",
            license=License("expression", "MIT"),
            tags=("a", "b"),
        ),
        size=2**40,
        sha512="abc==",
        published=shelf.noon + timedelta(microseconds=7),
        listed=False,
        embedded=frozenset([Embedded.ICON, Embedded.README]),
    )
    with shelf.database.begin() as connection:
        shelf.index.add(connection, [(package, "stamp")])
    for spelling in ("1.2.0-beta", "1.2.0.0-BETA+other"):
        found = shelf.index.get(Identity.parse("CONTOSO.json", spelling))
        assert found == package
    assert found.identity.version.original == "1.02.0-Beta+Build.5"
    assert shelf.index.versions(PackageId.parse("contoso.json")) == (package,)


def test_nothing_is_known_of_what_was_never_there(shelf):
    assert shelf.index.get(Identity.parse("Contoso", "1.0.0")) is None
    assert shelf.index.versions(CONTOSO) == ()
    assert shelf.index.version_list(CONTOSO)[0] == []
    assert shelf.index.listed_versions(CONTOSO, prerelease=True, semver2=True) == []
    assert shelf.index.removal(Identity.parse("Contoso", "1.0.0")) is None
    assert shelf.index.revision_of("contoso") == 0
    assert list(shelf.index.known()) == []


def test_versions_are_in_version_order_and_unlisted_ones_among_them(shelf):
    shelf.add("Contoso", "1.10.0", "1.9.0", "1.10.0-beta.10", "1.10.0-Beta.9", "1.10.0.1", "2.0.0+build")
    shelf.add("Contoso", "1.9.1", listed=False)
    keys = ["1.9.0", "1.9.1", "1.10.0-beta.9", "1.10.0-beta.10", "1.10.0", "1.10.0.1", "2.0.0"]
    assert shelf.index.version_list(CONTOSO)[0] == keys
    assert [each.identity.version.key for each in shelf.index.versions(CONTOSO)] == keys
    listed = shelf.index.listed_versions(CONTOSO, prerelease=False, semver2=True)
    assert listed == ["1.9.0", "1.10.0", "1.10.0.1", "2.0.0+build"]
    assert shelf.index.listed_versions(CONTOSO, prerelease=True, semver2=False) == [
        "1.9.0",
        "1.10.0",
        "1.10.0.1",
    ]


def test_a_version_that_is_told_again_is_as_told_last(shelf):
    package = shelf.add("Contoso", "1.0.0", description="old")
    shelf.replace(package, sha512="other", listed=False)
    found = shelf.index.get(package.identity)
    assert (found.sha512, found.listed) == ("other", False)
    assert [each.stamp for each in shelf.index.known()] == ["another stamp"]
    with shelf.database.begin() as connection:  # twice in one breath: the later one counts
        shelf.index.add(connection, [(package, "first"), (replace(package, sha512="last"), "second")])
    assert shelf.index.get(package.identity).sha512 == "last"
    assert shelf.index.counts().versions == 1


def test_the_id_is_shown_as_the_newest_version_spells_it(shelf):
    shelf.add("contoso", "1.0.0")
    shelf.add("CONTOSO", "3.0.0-beta", listed=False)
    shelf.add("Contoso", "2.0.0")
    assert shelf.completed("con") == ["CONTOSO"]
    shelf.forget("contoso", "3.0.0-beta")
    assert shelf.completed("con") == ["Contoso"]


def test_what_is_known_tells_folder_stamp_and_state_of_each_version(shelf):
    shelf.add("Contoso.Json", "1.0.0-Beta")
    shelf.add("Fabrikam", "2.0", listed=False)
    shelf.add("Gone", "1.0.0")
    shelf.remove("Gone", "1.0.0")
    known = {each.folder: each for each in shelf.index.known()}
    assert known.keys() == {"contoso.json/1.0.0-beta", "fabrikam/2.0.0"}
    assert {layout.version_folder(each.identity) for each in known.values()} == known.keys()
    assert [(each.listed, each.stamp) for each in known.values()] == [
        (True, "stamp of Contoso.Json 1.0.0-Beta"),
        (False, "stamp of Fabrikam 2.0.0"),
    ]


def test_what_became_of_a_version_is_remembered_until_it_is_back(shelf):
    identity = Identity.parse("Contoso", "1.0.0-Beta")
    package = shelf.add("Contoso", "1.0.0-Beta")
    shelf.add("Contoso", "2.0.0")
    shelf.remove("Contoso", "1.0.0-beta", Deletion.SOFT, why="superseded")
    assert shelf.index.get(identity) is None
    assert shelf.index.version_list(CONTOSO)[0] == ["2.0.0"]
    assert shelf.index.removal(identity) == Removal(identity, Deletion.SOFT, shelf.noon, "ann", "superseded")
    assert list(shelf.index.known_removals()) == [identity]

    shelf.remove("Contoso", "1.0.0-beta", Deletion.HARD)
    assert shelf.index.removal(identity).deletion is Deletion.HARD

    shelf.replace(package)
    assert shelf.index.removal(identity) is None
    assert shelf.index.version_list(CONTOSO)[0] == ["1.0.0-beta", "2.0.0"]


def test_removals_of_one_id_are_told_in_version_order(shelf):
    for id, version in [("Contoso", "1.10.0"), ("Contoso", "1.9.0"), ("Other", "1.0.0")]:
        shelf.remove(id, version)
    assert [str(each.identity.version) for each in shelf.index.removals(CONTOSO)] == ["1.9.0", "1.10.0"]
    shelf.drop_removal("CONTOSO", "1.9")
    assert [str(each.identity.version) for each in shelf.index.removals(CONTOSO)] == ["1.10.0"]


def test_a_version_that_was_forgotten_leaves_nothing(shelf):
    shelf.add("Contoso", "1.0.0", "2.0.0")
    shelf.forget("Contoso", "1.0.0", "7.0.0")
    shelf.forget("Unknown", "1.0.0")
    assert shelf.index.version_list(CONTOSO)[0] == ["2.0.0"]
    shelf.forget("Contoso", "2.0.0")
    assert shelf.index.counts() == Counts(packages=0, versions=0, unlisted=0, removed=0)
    assert shelf.found("") == []


def test_what_was_removed_meanwhile_can_be_told_from_what_was_removed_before(shelf):
    shelf.remove("Contoso", "1.0.0")
    before = shelf.index.revision()
    shelf.remove("Contoso", "2.0.0")
    shelf.remove("Contoso", "3.0.0")
    shelf.add("Contoso", "3.0.0")
    with shelf.database.begin() as connection:
        assert shelf.index.removed_since(connection, before) == {Identity.parse("contoso", "2.0.0")}


def test_restating_answers_whether_it_changed_anything(shelf):
    shelf.add("Contoso", "1.0.0")
    assert not shelf.restate("Contoso", "1.0.0", listed=True)
    assert shelf.restate("contoso", "1.0", listed=False)
    assert not shelf.restate("Contoso", "1.0.0", listed=False)
    assert not shelf.restate("Contoso", "9.9.9", listed=False)
    assert [each.stamp for each in shelf.index.known()] == ["stamp of Contoso 1.0.0"]


def test_counts(shelf):
    shelf.add("Contoso", "1.0.0", "2.0.0")
    shelf.add("Fabrikam", "1.0.0", listed=False)
    shelf.remove("Initech", "1.0.0")
    assert shelf.index.counts() == Counts(packages=2, versions=3, unlisted=1, removed=1)


def test_downloads_are_counted_by_version_and_outlive_the_version(shelf):
    shelf.add("Contoso", "1.0.0", "2.0.0")
    shelf.download("contoso", "1.0", times=3)
    shelf.download("Contoso", "2.0.0", times=2)
    shelf.download("Contoso", "7.7.7", times=1)
    shelf.download("Contoso", "2.0.0", times=0)
    [hit] = shelf.search("contoso").hits
    assert (hit.versions, hit.downloads) == ((("1.0.0", 3), ("2.0.0", 2)), 6)

    shelf.forget("Contoso", "1.0.0", "2.0.0")
    shelf.add("Contoso", "2.0.0")
    [hit] = shelf.search("contoso").hits
    assert (hit.versions, hit.downloads) == ((("2.0.0", 2),), 6)


CHANGES = {
    "add": lambda shelf: shelf.add("Contoso", "3.0.0"),
    "add another": lambda shelf: shelf.add("Fabrikam"),
    "restate": lambda shelf: shelf.restate("Contoso", "1.0.0", listed=False),
    "remove": lambda shelf: shelf.remove("Contoso", "1.0.0"),
    "remove what is not there": lambda shelf: shelf.remove("Contoso", "9.0.0"),
    "drop removal": lambda shelf: shelf.drop_removal("Contoso", "0.1.0"),
    "forget one": lambda shelf: shelf.forget("Contoso", "1.0.0"),
    "forget all": lambda shelf: shelf.forget("Contoso", "1.0.0", "2.0.0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_another_revision(shelf, name):
    shelf.add("Contoso", "1.0.0", "2.0.0")
    shelf.remove("Contoso", "0.1.0")
    before, of_contoso = shelf.index.revision(), shelf.index.revision_of("contoso")
    CHANGES[name](shelf)
    assert shelf.index.revision() > before
    assert (shelf.index.revision_of("contoso") == of_contoso) is (name == "add another")


def test_what_changes_nothing_is_no_other_revision(shelf):
    shelf.add("Contoso", "1.0.0")
    before = shelf.index.revision()
    shelf.download("Contoso", "1.0.0")
    shelf.restate("Contoso", "1.0.0", listed=True)
    shelf.forget("Contoso", "9.0.0")
    shelf.drop_removal("Contoso", "9.0.0")
    with shelf.database.begin() as connection:
        shelf.index.add(connection, [])
    assert shelf.index.revision() == before


def test_an_id_that_comes_back_has_a_revision_it_never_had(shelf):
    shelf.add("Contoso")
    first = shelf.index.revision_of("contoso")
    shelf.forget("Contoso", "1.0.0")
    assert shelf.index.revision_of("contoso") == 0
    shelf.add("Contoso")
    assert shelf.index.revision_of("contoso") > first


def test_a_change_that_was_not_completed_is_none(shelf):
    shelf.add("Contoso", "1.0.0", description="old")
    before = shelf.index.revision()
    with suppress(KeyboardInterrupt), shelf.database.begin() as connection:
        shelf.index.forget(connection, [Identity.parse("Contoso", "1.0.0")])
        raise KeyboardInterrupt
    assert shelf.index.revision() == before
    assert shelf.found("old") == ["Contoso"]


def test_a_change_by_another_process_is_seen_at_once(shelf, url):
    assert shelf.found("") == []
    before = shelf.index.revision()
    subprocess.run([sys.executable, "-c", ADD_ELSEWHERE, url], check=True)
    assert shelf.index.revision() > before
    assert shelf.found("") == ["Elsewhere"]


ADD_ELSEWHERE = """
import sys
from datetime import UTC, datetime
from nugetlite.database import open_database
from nugetlite.index import Index
from nugetlite.package.identity import Identity
from nugetlite.package.manifest import Manifest
from nugetlite.package.package import Package

database = open_database(sys.argv[1])
index = Index(database)
with database.begin() as connection:
    package = Package(Manifest(Identity.parse("Elsewhere", "1.0.0")), 1, "hash", datetime.now(UTC))
    index.add(connection, [(package, "stamp")])
"""


def test_while_one_thread_writes_the_others_read_whole_changes(shelf):
    shelf.add("Contoso", "1.0.0")
    seen, stopped = [], []

    def read():
        while not stopped:
            revision = shelf.index.revision()
            seen.append((len(shelf.index.versions(CONTOSO)), revision))

    readers = [Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20):
        shelf.add("Contoso", f"2.{number}.0", f"2.{number}.1")
    stopped.append(True)
    for reader in readers:
        reader.join()
    assert {count % 2 for count, _ in seen} == {1}
    assert shelf.index.revision() >= max(revision for _, revision in seen)


def test_the_revision_is_cheap_to_ask_for(tmp_path):
    index = Index(open_database(f"sqlite:///{tmp_path}/index.db"))  # PostgreSQL has to be asked
    index.revision()
    times = []
    for _ in range(50):
        began = time.perf_counter()
        for _ in range(100):
            index.revision()
        times.append((time.perf_counter() - began) / 100)
    assert min(times) < 50e-6  # some 5 µs, on a machine with nothing else to do


def test_tables_of_an_older_kind_are_emptied_and_downloads_kept(shelf, url):
    shelf.add("Contoso")
    shelf.download("Contoso", times=5)
    earlier = shelf.index.revision()
    with shelf.database.begin() as connection:
        shelf.database.remember(connection, "stamp of index", "0")
        connection.exec_driver_sql("ALTER TABLE packages RENAME COLUMN id TO spelling")
        connection.exec_driver_sql("CREATE TABLE precious (value TEXT)")
    shelf.database.close()

    index = Index(open_database(url))
    assert index.counts().packages == 0
    assert index.revision() > earlier
    newer = type(shelf)(url)
    newer.add("Contoso")
    assert newer.search().hits[0].downloads == 5
    with newer.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM precious").all() == []


def test_symbols_are_found_by_what_a_debugger_asks_for(shelf):
    identity = shelf.add("Contoso", "1.0.0-Beta").identity
    pdbs = [
        PdbFile("lib/net8.0/Contoso.pdb", "contoso.pdb", "contoso.pdb/aaffffffff"),
        PdbFile("lib/net9.0/Contoso.pdb", "contoso.pdb", "contoso.pdb/bbffffffff"),
        PdbFile("lib/net48/Contoso.pdb", "contoso.pdb", ""),
    ]
    with shelf.database.begin() as connection:
        shelf.index.put_symbols(connection, identity, "first", pdbs)
    assert shelf.index.find_pdb("contoso.pdb", "bbffffffff") == FoundPdb(identity, "lib/net9.0/Contoso.pdb")
    assert shelf.index.find_pdb("contoso.pdb", "ccffffffff") is None
    assert shelf.index.find_pdb("contoso.pdb", "") is None
    assert shelf.index.known_symbols() == {identity: "first"}

    shelf.remove("Contoso", "1.0.0-beta", Deletion.SOFT)  # who cannot get the package gets no symbols
    assert shelf.index.find_pdb("contoso.pdb", "bbffffffff") is None
    shelf.add("Contoso", "1.0.0-Beta")
    assert shelf.index.find_pdb("contoso.pdb", "bbffffffff") is not None

    with shelf.database.begin() as connection:
        shelf.index.put_symbols(connection, identity, "second", pdbs[:1])
    assert shelf.index.find_pdb("contoso.pdb", "bbffffffff") is None
    assert shelf.index.known_symbols() == {identity: "second"}

    with shelf.database.begin() as connection:
        shelf.index.forget_symbols(connection, Identity.parse("CONTOSO", "1.0.0-BETA"))
    assert shelf.index.find_pdb("contoso.pdb", "aaffffffff") is None
    assert shelf.index.known_symbols() == {}


def test_thousands_at_once(shelf):
    for id in ("Contoso", "Fabrikam"):
        shelf.add(id, *[f"1.{number}.0" for number in range(1200)], description="tool")
    assert len(shelf.index.version_list(CONTOSO)[0]) == 1200
    assert len(list(shelf.index.known())) == 2400
    assert [len(hit.versions) for hit in shelf.search("tool").hits] == [1200, 1200]
    shelf.forget("Contoso", *[f"1.{number}.0" for number in range(1199)])
    assert shelf.index.version_list(CONTOSO)[0] == ["1.1199.0"]
