"""Two servers on one share; one acts between two steps of the other, and it is as if one had come after it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest

from nugetlite import FeedError, database, sqlite
from nugetlite.testing import Client, nupkg
from nugetlite.web.current import NAME

Act = Callable[[Client, str], object]
pytestmark = [pytest.mark.usefixtures("hasty"), pytest.mark.thorough]


def push(client, id, words="first"):
    return client.push(nupkg(id, "1.0.0", files={words: b""})).status_code


def replace(client, id):
    return push(client, id, "other")


def replace_too(client, id):
    return push(client, id, "third")


def unlist(client, id):
    return client.delete(id, "1.0.0", type="Unlist").status_code


def soft_delete(client, id):
    return client.delete(id, "1.0.0", type="SoftDelete").status_code


def hard_delete(client, id):
    return client.delete(id, "1.0.0", type="HardDelete").status_code


def relist(client, id):
    return client.relist(id, "1.0.0").status_code


def scan(client, id, **options):
    """Look at the share; another host does so without asking us."""
    try:
        client.app.extensions[NAME].upkeep._scanner.scan(**options)
    except FeedError as error:
        return error.status


def reindex(client, id):
    return scan(client, id, afresh=True)


def several(*acts):
    def act(client, id):
        return [each(client, id) for each in acts][-1]

    act.__name__ = " and ".join(each.__name__ for each in acts)
    return act


@dataclass
class Meeting:
    """What one server does, what the other does in between, and how it was before."""

    one: Act
    other: Act
    before: Act = push

    def __str__(self):
        return f"{self.other.__name__} during {self.one.__name__}, after {self.before.__name__}"


def nothing(client, id):
    pass


hidden, asleep, gone = several(push, unlist), several(push, soft_delete), several(push, hard_delete)

MEETINGS = [
    *[
        Meeting(push, other, nothing)
        for other in (push, scan, several(push, hard_delete), several(push, unlist))
    ],
    Meeting(push, scan, gone),
    Meeting(push, several(scan, hard_delete), nothing),
    *[Meeting(replace, other) for other in (replace_too, unlist, soft_delete, hard_delete, reindex)],
    *[Meeting(unlist, other) for other in (relist, reindex, hard_delete)],
    *[Meeting(soft_delete, other) for other in (relist, reindex)],
    *[Meeting(hard_delete, other) for other in (hard_delete, unlist)],
    Meeting(hard_delete, scan, hidden),
    *[Meeting(relist, other, asleep) for other in (relist, scan, hard_delete)],
    Meeting(relist, reindex, hidden),
    *[Meeting(scan, other) for other in (several(hard_delete, push), soft_delete, replace)],
    *[Meeting(scan, other, nothing) for other in (several(push, unlist), several(push, hard_delete))],
    Meeting(scan, several(relist, unlist), asleep),
    *[Meeting(reindex, other) for other in (unlist, soft_delete, replace, several(hard_delete, push))],
    *[Meeting(reindex, other, hidden) for other in (relist, several(hard_delete, push))],
]


@pytest.fixture
def state(share):
    """How a version stands, for clients and on the share, which agree about it."""

    def state(client, id):
        words = {nupkg(id, "1.0.0", files={word: b""}): word for word in ("first", "other", "third")}
        answer = client.download(id, "1.0.0")
        here = answer.status_code == 200
        listed = client.search(f"packageid:{id}") == [id]
        lying = [path.read_bytes() for path in share.glob(f"{id.lower()}/*/*.nupkg")]
        assert lying == ([answer.data] if here else [])
        assert client.versions(id) == (["1.0.0"] if here else [])
        assert here or not listed
        return (
            words.get(answer.data, ""),
            listed,
            "was removed" in answer.headers.get("X-NuGet-Warning", ""),
            len(list(share.glob(f".nugetlite/deleted/{id.lower()}/*"))),
            len(list(share.glob(f".nugetlite/unlisted/{id.lower()}/*"))),
            len(list(share.glob(f".nugetlite/gone/{id.lower()}/*"))),
        )

    return state


@pytest.mark.parametrize("meeting", MEETINGS, ids=str)
def test_it_is_as_if_one_had_come_after_the_other(make_client, watched, state, monkeypatch, meeting):
    for module in (database, sqlite):
        monkeypatch.setattr(module, "BUSY_AFTER", 0.01)  # who waits for the one that waits here waits in vain
    one, other = make_client([watched], overwrite="always"), make_client(overwrite="always")
    ids = (f"Contoso.{number}" for number in count(1))

    def outcome(*acts):
        id = next(ids)
        for act in (meeting.before, *acts):
            act(one, id)
        found = state(one, id)
        hard_delete(one, id)
        return found

    def both(id, step):
        """What both were answered, when the other acted at that step of the one."""
        meeting.before(one, id)
        answers, steps = {}, count(1)

        def hear(when, verb):
            if (when == "after" or verb in ("add", "move", "remove")) and next(steps) == step:
                answers["other"] = meeting.other(other, id)

        watched.hear = hear
        answers["one"] = meeting.one(one, id)
        watched.hear = lambda when, verb: None
        return answers

    expected = [outcome(meeting.one, meeting.other), outcome(meeting.other, meeting.one)]
    without = {"one": outcome(meeting.other), "other": outcome(meeting.one)}
    for step in count(1):
        id = next(ids)
        answers = both(id, step)
        if "other" not in answers:
            break
        if 503 in answers.values():  # then share and index may differ for a while
            scan(one, id)
        refused = [without[name] for name, status in answers.items() if status and status >= 400]
        assert state(one, id) in [*expected, *refused], (step, answers)
        report = one.app.extensions[NAME].upkeep.scan()
        assert (report.added, report.changed, report.removed, report.restated) == (0, 0, 0, 0), (
            step,
            answers,
        )
        hard_delete(one, id)
    assert 1 < step < 100


def test_what_comes_back_just_before_it_is_forgotten_stays(client, parts):
    push(client, "Contoso.Json")
    departures = parts(client).upkeep._scanner._departures

    assert departures.forget({"contoso.json/1.0.0"}, known=1, missing_for=0) == (0, 0)

    assert client.can_restore("Contoso.Json", "1.0.0")
