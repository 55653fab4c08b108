"""Wherever a process dies, there is the old state or the new one, whole; and what was cut short can be done again."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

import pytest

from nugetlite.testing import Client, nupkg

ID = "Contoso.Json"
OLD, NEW = (nupkg(ID, "1.0.0", description=words) for words in ("old", "another one"))
CUT_SHORT = 9

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.usefixtures("hasty"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),  # our children do little
]


@dataclass
class Story:
    """Something that a client does, and what was done before."""

    name: str
    act: Callable[[Client], object]
    before: Callable[[Client], object] = lambda client: None
    again: int = 404  #: the answer to doing it again when it was done
    policy: str = "unlist"


def push(client, content=OLD):
    return client.push(content)


def delete(client, **form):
    return client.delete(ID, "1.0.0", **form)


def relist(client):
    return client.relist(ID, "1.0.0")


def pushed_and_deleted(client):
    push(client)
    client.push_symbols(nupkg(ID, "1.0.0", package_types=["SymbolsPackage"]))
    delete(client)


STORIES = [
    Story("push", push, again=201),
    Story("replace", lambda client: push(client, NEW), push, again=201),
    Story("unlist", delete, push, again=204),
    Story("soft delete", delete, push, policy="soft"),
    Story("hard delete", delete, push, policy="hard"),
    Story(
        "hard delete of an unlisted one", lambda client: delete(client, type="HardDelete"), pushed_and_deleted
    ),
    Story(
        "hard delete of a soft-deleted one",
        lambda client: delete(client, type="HardDelete"),
        pushed_and_deleted,
        policy="soft",
    ),
    Story("push of a hard-deleted one", push, pushed_and_deleted, again=201, policy="hard"),
    Story("relist", relist, pushed_and_deleted, again=200),
    Story("relist of a soft-deleted one", relist, pushed_and_deleted, again=200, policy="soft"),
]


@pytest.fixture(params=STORIES, ids=lambda story: story.name)
def story(request):
    return request.param


@pytest.fixture
def restart(make_client, watched, story, scan):
    """Start a server after whatever happened to the last one, and have it look at its share."""

    def restart():
        watched.hear = lambda when, verb: None
        client = make_client([watched], delete_policy=story.policy, overwrite="always")
        scan(client)
        return client

    return restart


@pytest.fixture
def state(picture, contents, share):
    """How the version stands, for clients and on the share, where nothing lies about."""

    def state(client):
        seen = picture(client, ID)
        assert {f"contoso.json/{version}": content for version, (content, _) in seen.items()} == contents(
            share
        )
        assert not [*share.glob(".nugetlite/incoming/*"), *share.glob(".nugetlite/trash/*/*")]
        told = client.download(ID, "1.0.0").headers.get("X-NuGet-Warning", "")
        beside = [share.glob(f".nugetlite/{what}/*/*/*") for what in ("deleted", "unlisted", "symbols")]
        return seen, "was removed" in told, [sorted(path.name for path in each) for each in beside]

    return state


def die_after(watched, steps):
    """Have this process die when it has done so many things to the share."""
    done = count(1)

    def hear(when, verb):
        if when == "after" and verb in ("stage", "add", "move", "remove") and next(done) == steps:
            os._exit(CUT_SHORT)

    watched.hear = hear


def test_a_process_that_dies_leaves_the_old_state_or_the_new_one(
    story, restart, state, watched, share, tmp_path, forked
):
    def act(steps):
        client = restart()
        die_after(watched, steps)
        story.act(client)
        os._exit(0)

    def begin_again():
        shutil.rmtree(share)
        shutil.copytree(tmp_path / "prepared", share)

    client = restart()
    story.before(client)
    shutil.copytree(share, tmp_path / "prepared")
    old = state(client)
    story.act(client)
    new = state(client)

    for steps in count(1):
        begin_again()
        if forked(partial(act, steps)) != CUT_SHORT:
            break
        client = restart()
        found = state(client)
        assert found in (old, new), f"after step {steps}"
        again = story.act(client).status_code
        assert again == story.again if found == new else again in (200, 201, 204)
        assert state(client) == new
    assert steps > 1
    assert state(restart()) == new, "what was answered stays"
