"""The OpenAPI document and the routes are one."""

import re

from openapi_spec_validator import validate

PREFIX = "/api/nugetlite"


def test_the_document_is_one_and_everybody_may_have_it(api):
    document = api().document

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": f"http://localhost{PREFIX}"}]


def test_every_route_is_described_and_everything_described_is_a_route(town, api):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)), method.lower())
        for rule in town.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in rule.methods - {"HEAD"}
    }

    described = {(path, method) for path, methods in api().document["paths"].items() for method in methods}

    assert routes == described | {("/openapi.json", "get")}


def test_every_parameter_in_a_path_is_described(api):
    for path, methods in api().document["paths"].items():
        for operation in methods.values():
            described = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
            assert described == re.findall(r"\{(\w+)\}", path)


def test_every_operation_has_its_own_name_and_says_what_it_does(api):
    operations = [each for methods in api().document["paths"].values() for each in methods.values()]

    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["summary"].endswith(".") for each in operations)


def test_it_names_the_server_as_its_client_sees_it(make_town):
    town = make_town(base_url="https://nuget.example.com/feed")

    document = town.app.test_client().get(f"{PREFIX}/openapi.json").json

    assert document["servers"] == [{"url": f"https://nuget.example.com/feed{PREFIX}"}]
