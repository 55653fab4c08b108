"""Whatever the storage refuses: the client hears a status that fits, and the version is whole, or as before."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest

from nugetlite import ShareFull, ShareUnavailable
from nugetlite.testing import Client, nupkg

FULL, AWAY = ShareFull("There is no room left (ENOSPC)"), ShareUnavailable("It cannot be used just now (EIO)")
CHANGING = ("stage", "add", "move", "remove")
pytestmark = [pytest.mark.usefixtures("hasty"), pytest.mark.thorough]


@dataclass
class Verb:
    """Something that a client does to the version 1.0.0 of an id, and what was done before."""

    act: Callable[[Client, str], object]
    before: Callable[[Client, str], object] = lambda client, id: None
    policy: str = "unlist"


def push(client, id, words="old"):
    return client.push(nupkg(id, "1.0.0", description=words))


def delete(client, id):
    return client.delete(id, "1.0.0")


def relist(client, id):
    return client.relist(id, "1.0.0")


def erase(client, id):
    return client.delete(id, "1.0.0", type="HardDelete")


def pushed_and_deleted(client, id):
    push(client, id)
    delete(client, id)


def push_symbols(client, id):
    return client.push_symbols(nupkg(id, "1.0.0", package_types=["SymbolsPackage"]))


VERBS = {
    "push": Verb(push),
    "replace": Verb(lambda client, id: push(client, id, "another one"), push),
    "unlist": Verb(delete, push),
    "soft delete": Verb(delete, push, policy="soft"),
    "hard delete": Verb(delete, push, policy="hard"),
    "hard delete of a soft-deleted one": Verb(erase, pushed_and_deleted, policy="soft"),
    "push of a hard-deleted one": Verb(push, pushed_and_deleted, policy="hard"),
    "relist": Verb(relist, pushed_and_deleted),
    "relist of a soft-deleted one": Verb(relist, pushed_and_deleted, policy="soft"),
    "push of symbols": Verb(push_symbols, push),
}


class Faults:
    """Has the n-th step of a storage fail: before it is done, or when it is done already."""

    def __init__(self, watched):
        self.watched = watched
        self.happened = False

    def at(self, number, error, when, verbs):
        steps = count(1)
        self.happened = False

        def hear(now, verb):
            if now == when and verb in verbs and next(steps) == number:
                self.happened = True
                raise error

        self.watched.hear = hear

    def none(self):
        self.watched.hear = lambda now, verb: None


ALL = (*CHANGING, "open", "scan", "share_id", "tidy")


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize(
    ("error", "when", "verbs"),
    [(FULL, "before", CHANGING), (AWAY, "before", ALL), (AWAY, "after", CHANGING)],
    ids=["full", "away", "failed when it was done"],
)
def test_a_fault_leaves_the_old_state_or_the_new_one(
    make_client, watched, picture, scan, verb, error, when, verbs
):
    client = make_client([watched], delete_policy=verb.policy, overwrite="always")
    verb.before(client, "Contoso.Model")
    old = picture(client, "Contoso.Model")
    done = verb.act(client, "Contoso.Model").status_code
    new = picture(client, "Contoso.Model")
    faults = Faults(watched)

    for number in count(1):
        id = f"Contoso.N{number}"
        verb.before(client, id)
        faults.at(number, error, when, verbs)
        answer = verb.act(client, id)
        faults.none()
        if not faults.happened:
            break
        assert answer.status_code in (error.status, done), (
            "a step whose failure changes nothing may be passed over"
        )
        if answer.status_code != done:
            assert answer.headers["Retry-After"]
            assert answer.status == f"{error.status:d} {error}"
        scan(client)
        assert same(picture(client, id), id) in (same(old), same(new))
        if answer.status_code == done:
            assert same(picture(client, id), id) == same(new)
        verb.act(client, id)
        assert same(picture(client, id), id) == same(new)
    assert number > 1
    assert answer.status_code == done


def same(seen, id="Contoso.Model"):
    """A picture in which the id does not count: the size differs with it."""
    kinds = {nupkg(id, "1.0.0", description=words): words for words in ("old", "another one")}
    return {version: (kinds[content], listed) for version, (content, listed) in seen.items()}


@pytest.mark.parametrize("error", [FULL, AWAY], ids=["full", "away"])
def test_a_refused_push_leaves_the_share_as_it_was(make_client, watched, share, error):
    client = make_client([watched])
    faults = Faults(watched)
    for verb in ("stage", "add"):
        faults.at(1, error, "before", (verb,))
        assert push(client, "Contoso.Json").status_code == error.status
    faults.none()

    assert not [*share.glob("[!.]*"), *share.glob(".nugetlite/incoming/*")]
    assert push(client, "Contoso.Json").status_code == 201


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_scan_that_is_disturbed_forgets_nothing_and_the_next_one_sees_all(
    make_client, watched, share, scan, parts, picture, when
):
    client = make_client([watched], delete_policy={"*": "unlist", "Contoso.Soft": "soft"})
    for id in ("Contoso.Listed", "Contoso.Unlisted", "Contoso.Soft"):
        push(client, id)
    delete(client, "Contoso.Unlisted")
    delete(client, "Contoso.Soft")
    known = {id: picture(client, id) for id in ("Contoso.Listed", "Contoso.Unlisted", "Contoso.Soft")}
    faults = Faults(watched)

    for number in count(1):
        dropped = f"Contoso.Dropped{number}"
        (share / f"{number}.nupkg").write_bytes(nupkg(dropped, "1.0.0"))
        faults.at(number, AWAY, when, ALL)
        with suppress(ShareUnavailable):
            scan(client, 2)
        faults.none()
        assert {id: picture(client, id) for id in known} == known
        scan(client, 2)
        assert client.can_restore(dropped, "1.0.0")
        assert {id: picture(client, id) for id in known} == known
        if not faults.happened:
            break
    assert number > 10
    assert not list(share.glob("*.nupkg"))
    assert not list(share.glob(".nugetlite/rejected/*"))
