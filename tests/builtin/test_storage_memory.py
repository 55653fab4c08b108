"""The built-in memory storage keeps every promise of a storage."""

import pytest

from nugetlite import File
from nugetlite.builtin.storage_memory import MemoryStorage, nugetlite_open_storage
from nugetlite.testing.storage import ONE, StorageContract, put


class TestOurMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self):
        return MemoryStorage()


def test_every_memory_url_is_a_storage_of_its_own():
    one, two = nugetlite_open_storage("memory://"), nugetlite_open_storage("memory://")
    put(one, ONE, {"a": b"a"})
    assert list(two.scan()) == []


@pytest.mark.parametrize("url", ["file:///srv/packages", "s3://bucket", "/srv/packages", "memoryless://"])
def test_other_urls_are_for_others_to_answer(url):
    assert nugetlite_open_storage(url) is None


def test_the_time_is_that_of_its_clock():
    storage = MemoryStorage(clock=lambda: 1_700_000_000.5)
    told = put(storage, ONE, {"a": b"abc"})
    assert told.files == (File("a", 3, 1_700_000_000.5, told.files[0].tag),)
