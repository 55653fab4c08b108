"""What holds for all rooms of the web."""

from flask import Blueprint, url_for

from nugetlite import hookimpl


class Greetings:
    @hookimpl
    def nugetlite_blueprints(self):
        pages = Blueprint("greetings", __name__)
        pages.add_url_rule(
            "/greet/<id:package_id>", view_func=lambda package_id: url_for("greetings.again", loudly="yes")
        )
        pages.add_url_rule("/again", endpoint="again", view_func=lambda: "Hello")
        return pages


def test_a_page_of_a_plugin_may_have_flask_make_its_urls(make_client):
    client = make_client([Greetings()])

    assert client.http.get("/greet/Contoso.Json").text == "/again?loudly=yes"
