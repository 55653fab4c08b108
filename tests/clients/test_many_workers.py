"""The feed under gunicorn, with several worker processes and from settings alone."""

import pytest

pytestmark = pytest.mark.client


def test_what_one_worker_takes_every_worker_serves(gunicorn_feed, make_workspace, packages):
    feed = gunicorn_feed
    workspace = make_workspace(feed.index)
    app = workspace.app()
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        assert workspace.dotnet.push(packages("Contoso.Greeting", version)).ok
        assert all(version in feed.versions("Contoso.Greeting") for _ in range(20))
        app.refer({"Contoso.Greeting": f"[{version}]"})
        assert app.restore("--no-cache").ok

    assert workspace.dotnet.delete("Contoso.Greeting", "1.2.0").ok

    app.refer({"Contoso.Greeting": "1.0.0"})
    assert app.restore("--no-cache").ok
    assert [app.latest("Contoso.Greeting") for _ in range(4)] == ["1.1.0"] * 4
