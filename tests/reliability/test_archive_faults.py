"""Archives: whatever fails on the way, and in whatever order two pushes come, a version is whole or not there."""

import hashlib
from collections import Counter
from io import BytesIO
from itertools import count

import pytest

from nugetlite import ShareFull, ShareUnavailable
from nugetlite.testing import KEY

OLD, NEW = b"old" * 1000, b"new" * 2000
ID = "Acme.Web"
CHANGING = ("stage", "add", "move", "remove")
pytestmark = [pytest.mark.usefixtures("hasty"), pytest.mark.thorough]
HEADERS = {"X-Octopus-ApiKey": KEY}


def push(client, id, content=OLD, query=""):
    file = {"file": (BytesIO(content), f"{id}.1.0.0.zip")}
    return client.http.post(f"/api/packages/raw{query}", data=file, headers=HEADERS).status_code


def replace(client, id, content=NEW):
    return push(client, id, content, "?replace=true")


def delete(client, id):
    return client.http.delete(f"/api/packages/{id}.1.0.0", headers=HEADERS).status_code


def there(client, id):
    """The bytes of the version, which are those that its hash is of; none if it is not there."""
    raw = client.http.get(f"/api/packages/{id}.1.0.0/raw", buffered=True)
    if raw.status_code == 404:
        return None
    assert raw.status_code == 200
    assert raw.get_etag()[0] == hashlib.sha1(raw.data).hexdigest()
    return raw.data


#: what is done, whether the version is there before, by which policy, and what it is afterwards
VERBS = {
    "push": (push, False, "unlist", OLD),
    "replace": (replace, True, "unlist", NEW),
    "unlist": (delete, True, "unlist", OLD),
    "soft delete": (delete, True, "soft", None),
    "hard delete": (delete, True, "hard", None),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [ShareFull("full"), ShareUnavailable("away")], ids=["full", "away"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_fault_leaves_the_old_or_the_new(make_client, watched, scan, verb, error, when):
    act, is_there, policy, outcome = VERBS[verb]
    client = make_client([watched], delete_policy=policy)
    for number in count(1):
        id, steps, faults = f"Acme.App{number}", count(1), []
        if is_there:
            push(client, id)

        def hear(now, what, steps=steps, number=number, faults=faults):
            if now == when and what in CHANGING and next(steps) == number:
                faults.append(what)
                raise error

        watched.hear = hear
        status = act(client, id)
        watched.hear = lambda now, what: None
        if not faults:
            assert number > 1
            break
        assert status in (200, 201, error.status)
        scan(client, looks=2)
        assert there(client, id) in {outcome, OLD if is_there else None}
        act(client, id)
        scan(client)
        assert there(client, id) == outcome


def test_of_many_pushes_of_one_version_one_wins(make_client, at_once):
    client = make_client()
    contents = [bytes([number]) * 5000 for number in range(12)]

    answers = at_once([lambda content=content: push(client, ID, content) for content in contents])

    assert Counter(answers) == {201: 1, 409: 11}
    assert there(client, ID) == contents[answers.index(201)]


def test_replacements_at_once_leave_one_of_them_whole(make_client, at_once):
    client = make_client()
    contents = [bytes([number]) * (5000 + number) for number in range(12)]

    answers = at_once([lambda content=content: replace(client, ID, content) for content in contents])

    assert set(answers) <= {201, 409}
    assert there(client, ID) in contents
