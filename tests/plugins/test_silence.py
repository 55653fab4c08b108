"""A worked example that nobody configures does nothing."""

from nugetlite.testing import nupkg


def test_a_feed_with_all_of_them_is_like_one_with_none(make_site):
    client = make_site()

    assert client.push(nupkg("Contoso.Json", "1.0.0")).status_code == 201
    assert client.search("contoso") == ["Contoso.Json"]
    assert client.delete("Contoso.Json", "1.0.0").headers["X-NuGetLite-Deletion"] == "unlist"
    assert client.relist("Contoso.Json", "1.0.0").status_code == 200
    assert client.can_restore("Contoso.Json", "1.0.0")
