"""Decisions that are made at the same time: none undoes another, and no id is left without an owner by its owners."""

from contextlib import suppress
from threading import Thread

import pytest

from nugetlite import OPERATOR, Actor, PackageId
from nugetlite.errors import FeedError


def together(*tasks):
    """Do these at the same time; what is refused is refused."""

    def run(task):
        with suppress(FeedError):
            task()

    threads = [Thread(target=run, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_who_changes_a_password_does_not_undo_what_is_decided_about_them_meanwhile(town):
    town.account("alice", "administrator")
    accounts = town.management.accounts

    together(
        lambda: accounts.set_password(OPERATOR, "alice", "correct horse"),  # which takes a while
        lambda: accounts.enable(OPERATOR, "alice", enabled=False),
        lambda: accounts.grant(OPERATOR, "alice", {}),
    )

    alice = town.people.known().accounts["alice"]
    assert (alice.enabled, dict(alice.grants), bool(alice.password)) == (False, {}, True)


@pytest.mark.parametrize("attempt", range(5))
def test_two_owners_who_take_each_other_away_leave_one(town, attempt):
    id, owners = PackageId.parse("Contoso.Json"), town.management.owners
    for name in ("alice", "bob"):
        town.account(name)
        owners.add(OPERATOR, id, name)

    together(
        lambda: owners.remove(Actor("alice"), id, "bob"),
        lambda: owners.remove(Actor("bob"), id, "alice"),
    )

    assert len(town.owners("Contoso.Json")) == 1
