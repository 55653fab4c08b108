"""Many clients at once, in threads and in two servers on one share: every answer is right, and all of them add up."""

import hashlib
import threading
from base64 import urlsafe_b64encode
from collections import Counter

import pytest

from nugetlite.testing import Client, nupkg

MANY = 50
SPELLINGS = ["1.0", "1.0.0", "1.0.0.0", "1.00.0", "01.0.0", "1.0.0+a", "1.0.0+b.7", "1.0"]


@pytest.fixture(params=["one server", "two servers with a database each"])
def clients(request, make_client, tmp_path):
    """Two clients of one share."""

    def clients(**settings):
        if request.param == "one server":
            return [make_client(**settings)] * 2
        return [
            make_client(database=f"sqlite:///{tmp_path / name}.db", **settings) for name in ("one", "other")
        ]

    return clients


def again(client):
    """A client of the same server for another thread."""
    return Client(client.app)


def test_of_many_pushes_of_one_version_one_wins(clients, at_once, share, contents, picture, scan):
    both = clients()
    packages = [
        nupkg(
            ("Contoso.Json", "contoso.JSON")[number % 2],
            SPELLINGS[number % 8],
            description=f"number {number}",
        )
        for number in range(MANY)
    ]
    pushers = [again(both[number % 2]) for number in range(MANY)]

    answers = at_once(
        [
            lambda client=client, content=content: client.push(content)
            for client, content in zip(pushers, packages, strict=True)
        ]
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    winner = packages[[answer.status_code for answer in answers].index(201)]
    assert contents(share) == {"contoso.json/1.0.0": winner}
    for client in both:
        scan(client)
        assert client.download("Contoso.Json", "1.0.0").data == winner
        [(version, (content, listed))] = picture(client, client.search("json")[0]).items()
        assert (version, content, listed) == ("1.0.0", winner, True)


def test_many_versions_of_a_new_id_are_all_taken(clients, at_once, share, contents, scan):
    both = clients()
    pushers = [again(both[number % 2]) for number in range(MANY)]

    answers = at_once(
        [
            lambda client=client, number=number: client.push(nupkg("Contoso.New", f"1.{number}.0"))
            for number, client in enumerate(pushers)
        ]
    )

    assert Counter(answer.status_code for answer in answers) == {201: MANY}
    assert len(contents(share)) == MANY
    for client in both:
        scan(client)
        assert client.versions("Contoso.New") == [f"1.{number}.0" for number in range(MANY)]


def test_a_download_during_a_delete_is_whole_or_none(make_client, at_once):
    client = make_client(delete_policy="hard")
    content = nupkg("Contoso.Json", "1.0.0", files={"lib/big.bin": bytes(range(256)) * 4000})
    for _ in range(8):
        client.push(content)
        readers = [again(client) for _ in range(6)]

        answers = at_once(
            [lambda reader=reader: reader.download("Contoso.Json", "1.0.0") for reader in readers]
            + [lambda: again(client).delete("Contoso.Json", "1.0.0")]
        )

        assert answers.pop().status_code == 204
        assert {answer.status_code for answer in answers} <= {200, 404}
        assert all(answer.data == content for answer in answers if answer.status_code == 200)


def test_a_download_during_a_replacement_is_whole_and_under_its_own_hash(make_client, at_once, picture):
    client = make_client(overwrite="always")
    packages = [nupkg("Contoso.Json", "1.0.0", files={"number": b"%d" % number}) for number in range(8)]
    assert len({len(content) for content in packages}) == 1, "only time and hash tell them apart"
    client.push(packages[0])
    stop = threading.Event()

    def replace():
        pusher = again(client)
        try:
            return Counter(pusher.push(content).status_code for _ in range(4) for content in packages)
        finally:
            stop.set()

    def read():
        reader, seen = again(client), Counter()
        while not stop.is_set():
            answer = reader.download("Contoso.Json", "1.0.0")
            seen[answer.status_code, answer.headers.get("ETag") == etag(answer.data)] += 1
        return seen

    replaced, *read = at_once([replace, read, read, read])

    assert replaced == {201: 4 * len(packages)}
    assert all(set(seen) == {(200, True)} for seen in read)
    assert picture(client, "Contoso.Json") == {"1.0.0": (packages[-1], True)}


def etag(content):
    digest = urlsafe_b64encode(hashlib.sha512(content).digest()).decode().rstrip("=")
    return f'"{digest}"'


def test_replacing_at_once_leaves_one_of_the_packages_whole(clients, at_once, share, contents, picture, scan):
    both = clients(overwrite="always")
    both[0].push(nupkg("Contoso.Json", "1.0.0", description="number 00"))
    scan(both[1])
    packages = [nupkg("Contoso.Json", "1.0.0", description=f"number {number:02}") for number in range(12)]
    pushers = [again(both[number % 2]) for number in range(len(packages))]

    answers = at_once(
        [
            lambda client=client, content=content: client.push(content)
            for client, content in zip(pushers, packages, strict=True)
        ]
    )

    assert Counter(answer.status_code for answer in answers) == {201: len(packages)}
    [content] = contents(share).values()
    assert content in packages
    for client in both:
        scan(client)
        assert picture(client, "Contoso.Json") == {"1.0.0": (content, True)}


@pytest.mark.parametrize("policy", ["unlist", "soft"])
def test_deletes_and_relists_at_once_end_in_one_state_for_all(
    make_client, at_once, picture, scan, share, contents, policy
):
    client = make_client(delete_policy=policy)
    content = nupkg("Contoso.Json", "1.0.0")
    client.push(content)

    def churn(verb):
        return Counter(getattr(again(client), verb)("Contoso.Json", "1.0.0").status_code for _ in range(12))

    answers = sum(at_once([lambda verb=verb: churn(verb) for verb in ["delete", "relist"] * 3]), Counter())

    assert set(answers) <= {200, 204, 404}
    seen = picture(client, "Contoso.Json")
    assert scan(client).restated == 0, "index and share agree, without a scan"
    assert picture(client, "Contoso.Json") == seen
    assert list(contents(share).values()) == [content for content, _ in seen.values()]
    assert client.relist("Contoso.Json", "1.0.0").status_code == 200
    assert picture(client, "Contoso.Json") == {"1.0.0": (content, True)}


def test_of_hard_deletes_at_once_one_wins_and_its_mark_stays(make_client, at_once, share, scan):
    client = make_client(delete_policy="hard")
    for number in range(6):
        id = f"Contoso.N{number}"
        client.push(nupkg(id, "1.0.0"))
        jobs = [lambda: again(client).delete(id, "1.0.0", reason="it was wrong")] * 6  # noqa: B023 -- done at once

        answers = at_once([*jobs, lambda: scan(client)])

        assert Counter(answer.status_code for answer in answers[:-1]) == {204: 1, 404: 5}
        assert len(list(share.glob(f".nugetlite/gone/{id.lower()}/1.0.0/mark.json"))) == 1
        scan(client)
        assert client.download(id, "1.0.0").headers["X-NuGet-Warning"].endswith("it was wrong")


def test_churn_during_scans_loses_nothing_that_was_answered(
    make_client, at_once, picture, scan, share, contents
):
    client = make_client(delete_policy={"*": "hard", "Contoso.Kept*": "unlist"})
    stop = threading.Event()
    wrong = []

    def churn(number):
        mine, id, kept = again(client), f"Contoso.Gone{number}", f"Contoso.Kept{number}"
        mine.push(nupkg(kept, "1.0.0"))
        mine.delete(kept, "1.0.0")
        for version in range(6):
            pushed = mine.push(nupkg(id, f"1.{version}.0")).status_code
            there = mine.can_restore(id, f"1.{version}.0")
            deleted = mine.delete(id, f"1.{version}.0").status_code
            back = mine.can_restore(id, f"1.{version}.0")
            listed = mine.search(f"packageid:{kept}")
            if (pushed, there, deleted, back, listed) != (201, True, 204, False, []):
                wrong.append((id, version, pushed, there, deleted, back, listed))
        mine.push(nupkg(id, "2.0.0"))
        if number == 0:
            stop.set()

    def keep_scanning(afresh):
        looks = 0
        while not stop.is_set():
            looks += 1
            scan(client, afresh=afresh)
        return looks

    looks = at_once(
        [*[lambda number=number: churn(number) for number in range(4)], lambda: keep_scanning(True)]
    )

    assert wrong == []
    assert looks[-1] > 1
    scan(client)
    assert len(contents(share)) == 8
    for number in range(4):
        assert [*picture(client, f"Contoso.Gone{number}")] == ["2.0.0"]
        [(_, listed)] = picture(client, f"Contoso.Kept{number}").values()
        assert not listed
