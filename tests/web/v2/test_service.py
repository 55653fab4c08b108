"""What V2 clients read before they ask: the feed itself, and what it is made of."""

import pytest
from lxml import etree

from nugetlite.odata.entity import Property

EDM = {"e": "http://schemas.microsoft.com/ado/2006/04/edm"}
ROOTS = ["/nuget", "/nuget/", "/api/v2", "/api/v2/"]


@pytest.mark.parametrize("root", ROOTS)
def test_a_source_is_a_service_document(client, root):
    answer = client.http.get(root)

    assert answer.status_code == 200
    assert answer.content_type == "application/xml;charset=utf-8"
    document = etree.fromstring(answer.data)
    assert etree.QName(document).localname == "service"
    assert document.base == f"http://localhost{root.rstrip('/')}/"
    assert document.xpath("//*[local-name()='collection']/@href") == ["Packages"]


def test_it_is_told_in_json_too(gallery):
    assert gallery.get("", headers={"Accept": "application/json"}).json == {"d": {"EntitySets": ["Packages"]}}


@pytest.mark.parametrize("spelling", ["/nuget/$metadata", "/api/v2/$Metadata", "/nuget/%24metadata/"])
def test_metadata_has_what_clients_look_for(client, spelling):
    document = etree.fromstring(client.http.get(spelling).data)

    (container,) = document.xpath("//e:EntityContainer", namespaces=EDM)
    assert container.xpath("e:EntitySet/@Name", namespaces=EDM)[0] == "Packages"
    assert set(container.xpath("e:FunctionImport/@Name", namespaces=EDM)) == {
        *("Search", "FindPackagesById", "GetUpdates")
    }
    (type,) = container.xpath("e:EntitySet/@EntityType", namespaces=EDM)
    namespace, _, name = type.rpartition(".")
    assert document.xpath("//e:Schema/@Namespace", namespaces=EDM) == [namespace]
    (entity,) = document.xpath(f"//e:EntityType[@Name='{name}']", namespaces=EDM)
    assert entity.xpath("e:Property[@Name='IsAbsoluteLatestVersion']", namespaces=EDM)
    assert entity.xpath("e:Key/e:PropertyRef/@Name", namespaces=EDM) == ["Id", "Version"]


def test_metadata_speaks_of_the_same_properties_as_an_entry(gallery):
    document = etree.fromstring(gallery.get("$metadata").data)

    assert {
        each.get("Name"): (each.get("Type"), each.get("Nullable") != "false")
        for each in document.xpath("//e:EntityType/e:Property", namespaces=EDM)
    } == {each.value: (each.type, each.nullable) for each in Property}


@pytest.mark.parametrize("type", ["LegacyGallery/2.0.0", "LegacyGallery/Versioned"])
def test_the_service_index_of_v3_leads_here(gallery, type):
    source = gallery.client.resources[type]

    assert gallery.client.http.get(source).status_code == 200
    assert gallery.client.http.get(f"{source}/Search()").status_code == 200


def test_what_is_read_before_is_told_to_be_known(gallery):
    for resource in ("", "$metadata"):
        etag = gallery.get(resource).headers["ETag"]
        assert gallery.get(resource, headers={"If-None-Match": etag}).status_code == 304
