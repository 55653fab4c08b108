"""Two servers on one share, and one acts in between two steps of the other: it is as if one had come after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest

from nugetlite import database, sqlite
from nugetlite.testing import Client, nupkg
from nugetlite.web.current import NAME

Act = Callable[[Client, str], object]


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


def scan(client, id):
    client.app.extensions[NAME].upkeep._scanner.scan()


def reindex(client, id):
    """Read all again; another host does so without asking us."""
    client.app.extensions[NAME].upkeep._scanner.scan(afresh=True)


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
    *[Meeting(push, other, gone) for other in (push, scan)],
    *[Meeting(replace, other) for other in (replace_too, unlist, hard_delete, scan, reindex)],
    *[Meeting(unlist, other) for other in (relist, scan, reindex, hard_delete)],
    *[Meeting(soft_delete, other) for other in (relist, scan, reindex)],
    *[Meeting(hard_delete, other) for other in (hard_delete, scan, reindex, unlist)],
    Meeting(hard_delete, scan, hidden),
    Meeting(hard_delete, scan, asleep),
    *[Meeting(relist, other, asleep) for other in (relist, scan, reindex, hard_delete)],
    *[Meeting(relist, other, hidden) for other in (scan, reindex)],
    *[Meeting(scan, other) for other in (several(hard_delete, push), several(unlist), soft_delete, replace)],
    *[Meeting(scan, other, nothing) for other in (push, several(push, unlist), several(push, hard_delete))],
    *[Meeting(scan, other, asleep) for other in (relist, several(relist, unlist))],
    *[
        Meeting(reindex, other)
        for other in (unlist, soft_delete, hard_delete, replace, several(hard_delete, push))
    ],
    *[Meeting(reindex, other, hidden) for other in (relist, several(hard_delete, push))],
]


@pytest.mark.parametrize("meeting", MEETINGS, ids=str)
def test_it_is_as_if_one_had_come_after_the_other(make_client, watched, share, picture, monkeypatch, meeting):
    for module in (database, sqlite):
        monkeypatch.setattr(module, "BUSY_AFTER", 0.01)  # who waits for the one that waits here waits in vain
    one, other = make_client([watched], overwrite="always"), make_client(overwrite="always")

    def state(client, id):
        seen = picture(client, id)
        lying = {path.read_bytes() for path in share.glob(f"{id.lower()}/*/*.nupkg")}
        assert {content for content, _ in seen.values()} == lying, "index and share agree"
        told = client.download(id, "1.0.0").headers.get("X-NuGet-Warning", "")
        words = {nupkg(id, "1.0.0", files={word: b""}): word for word in ("first", "other", "third")}
        return (
            [(words[content], listed) for content, listed in seen.values()],
            "was removed" in told,
            len(list(share.glob(f".nugetlite/deleted/{id.lower()}/*"))),
            len(list(share.glob(f".nugetlite/unlisted/{id.lower()}/*"))),
        )

    def outcome(*acts):
        id = f"Contoso.{next(numbers)}"
        for act in (meeting.before, *acts):
            act(one, id)
        return state(one, id)

    numbers = count(1)
    expected = [outcome(meeting.one, meeting.other), outcome(meeting.other, meeting.one)]
    alone = {"one": outcome(meeting.one), "other": outcome(meeting.other)}
    for step in count(1):
        id = f"Contoso.{next(numbers)}"
        meeting.before(one, id)
        answers, steps = {}, count(1)

        def hear(when, verb, id=id, answers=answers, steps=steps, step=step):
            if when == "before" and next(steps) == step:
                answers["other"] = meeting.other(other, id)

        watched.hear = hear
        try:
            answers["one"] = meeting.one(one, id)
        finally:
            watched.hear = lambda when, verb: None
        if "other" not in answers:
            break
        busy = [name for name, status in answers.items() if status == 503]
        allowed = [*expected, *(alone[name] for name in alone if name not in busy and busy)]
        assert state(one, id) in allowed, (step, answers)
        assert state(other, id) == state(one, id)
        report = one.app.extensions[NAME].upkeep.scan()
        assert (report.added, report.changed, report.removed, report.restated) == (0, 0, 0, 0), (
            step,
            answers,
        )
        assert state(one, id) in allowed, (step, answers)
    assert step > 3
