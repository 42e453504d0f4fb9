"""The sample catalog and its pictures."""

from decimal import Decimal
from xml.etree import ElementTree

from retail.pictures import draw, shapes, tones
from retail.sample_catalog import sample_categories, sample_products

LARGEST_PICTURE = 6_000


def test_there_are_200_products_on_ten_shelves_and_each_says_what_it_is() -> None:
    products, slugs = sample_products(), {category["slug"] for category in sample_categories()}
    assert (len(products), len({product["sku"] for product in products}), len(slugs)) == (200, 200, 10)
    for product in products:
        assert 20 < len(product["description"]) < 300
        assert Decimal(product["price"]) > 0
        assert {"colour"} < set(product["attributes"])
        assert set(product["categories"]) <= slugs
    assert {category["cover_sku"] for category in sample_categories()} <= {product["sku"] for product in products}


def test_some_of_them_are_scarce_and_some_sold_out() -> None:
    counts = [product["inventory_count"] for product in sample_products()]
    assert 5 < counts.count(0) < 20
    assert 10 < len([count for count in counts if 1 <= count <= 5]) < 40


def test_each_has_a_picture_of_its_own_that_is_small_and_well_formed() -> None:
    pictures = [draw(product["name"], product["drawing"]) for product in sample_products()]
    assert len({picture.split("</title>")[1] for picture in pictures}) == 200
    for picture in pictures:
        assert len(picture) < LARGEST_PICTURE
        assert "$" not in picture
        assert ElementTree.fromstring(picture).tag.endswith("svg")  # noqa: S314 our own picture


def test_a_drawing_that_names_nothing_known_is_a_parcel_and_never_a_file_of_ours() -> None:
    parcel = draw("A thing", {})
    for picture in ("frame", "../pictures", "", None, 7):
        assert draw("A thing", {"picture": picture, "tone": "unknown"}) == parcel
    assert draw("<b>&", {}).count("&lt;b&gt;&amp;") == 1


def test_every_shape_is_used_and_every_drawing_is_known() -> None:
    drawings = [product["drawing"] for product in sample_products()]
    assert {drawing["picture"] for drawing in drawings} == set(shapes()) - {"parcel"}
    assert {drawing["tone"] for drawing in drawings} == set(tones())
