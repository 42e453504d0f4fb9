"""Row P24: what `prod` costs is computed from its templates, and is not more than the reference."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from ops import cost, cost_model
from ops.cost_model import PRICES, UnknownCostError
from tests.infrastructure.synthesis import Synthesized


@pytest.fixture
def command() -> Typer:
    """`python -m ops.cost`."""
    application = Typer()
    application.command()(cost.main)
    return application


def total(platform: Synthesized) -> float:
    return sum(cost.by_stack(cost.bill(platform.templates)).values())


def test_p24_prod_costs_less_than_the_reference(prod: Synthesized) -> None:
    assert cost.REFERENCE_TOTAL == 369
    assert total(prod) < cost.REFERENCE_TOTAL


def test_p24_dev_costs_less_than_prod(dev: Synthesized, prod: Synthesized) -> None:
    assert total(dev) < 0.7 * total(prod)


def test_p24_document_is_current(prod: Synthesized) -> None:
    written = cost.DOCUMENT.read_text()

    assert written == cost.document(cost.bill(prod.templates)), "run `python -m ops.cost prod --write`"


def test_p24_the_sum_follows_the_template(prod: Synthesized) -> None:
    larger = copy.deepcopy(prod.templates)
    (service,) = (r for r in larger["Application"]["Resources"].values() if r["Type"] == "AWS::ECS::Service")
    service["Properties"]["DesiredCount"] *= 2
    difference = (
        cost.by_stack(cost.bill(larger))["application"] - cost.by_stack(cost.bill(prod.templates))["application"]
    )

    # two tasks of a quarter of a vCPU and half a GB
    assert difference == pytest.approx(2 * 730 * (0.25 * 0.03238 + 0.5 * 0.00356))


def test_p24_delivery_of_an_event_costs_five_kilobytes_however_small_it_is(
    prod: Synthesized, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    traffic = json.loads(cost_model.LIGHT_TRAFFIC.read_text())
    traffic["usage"]["event_millions"] = 1
    (tmp_path / "traffic.json").write_text(json.dumps(traffic))
    monkeypatch.setattr(cost_model, "LIGHT_TRAFFIC", tmp_path / "traffic.json")

    delivered = [line for line in cost.bill(prod.templates) if line.price == "delivered_gigabyte"]

    assert sum(line.quantity for line in delivered) == pytest.approx(1e6 * 5120 / 2**30)
    assert sum(line.dollars for line in delivered) == pytest.approx(0.138, abs=0.001)


def test_p24_nothing_is_forgotten(platform: Synthesized) -> None:
    strange = copy.deepcopy(platform.templates)
    strange["Data"]["Resources"]["Cluster"] = {"Type": "AWS::Neptune::DBCluster"}

    assert cost.bill(platform.templates)
    with pytest.raises(UnknownCostError, match="Data/Cluster: give AWS::Neptune::DBCluster a rule"):
        cost.bill(strange)


def test_p24_every_price_has_a_source_and_a_use(prod: Synthesized, platform: Synthesized) -> None:
    known = json.loads(PRICES.read_text())
    used = {line.price for each in (prod, platform) for line in cost.bill(each.templates)}

    assert {price["source"] for price in known["prices"].values()} <= set(known["sources"])
    assert used <= set(known["prices"])
    assert set(known["prices"]) - used <= {"interface_endpoint_hour"}, "where endpoints pay"


def test_p24_command_speaks_to_programs(prod: Synthesized, command: Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "synthesize", lambda _: prod.directory)
    told = json.loads(CliRunner().invoke(command, ["prod", "--json"]).output)

    assert told["total"] == pytest.approx(total(prod))
    assert set(told["stacks"]) == set(cost.REFERENCE)


def test_p24_command_shows_an_example_and_refuses_another_environments_document(command: Typer) -> None:
    assert "Example: python -m ops.cost prod" in CliRunner().invoke(command, ["--help"]).output
    refused = CliRunner().invoke(command, ["dev", "--write"])
    assert refused.exit_code == 2
    assert "the document is about prod" in refused.output
