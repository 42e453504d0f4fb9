"""Row P20: a warehouse inside the network, over the lake, that cannot cost more than it was given."""

from __future__ import annotations

import json

import pytest

from environments import PROD, InvalidEnvironmentError, WarehouseCapacity
from retail_constructs.fingerprint import fingerprint
from tests.infrastructure.synthesis import ROOT, Synthesized


def test_p20_dev_has_no_warehouse(dev: Synthesized) -> None:
    types = {resource["Type"] for resource in dev.templates["Analytics"]["Resources"].values()}

    assert not [resource_type for resource_type in types if "Redshift" in resource_type or "Warehouse" in resource_type]


def test_p20_workgroup_is_the_smallest_in_three_zones_and_not_public(prod: Synthesized) -> None:
    workgroup = prod.only("AWS::RedshiftServerless::Workgroup")
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in workgroup["ConfigParameters"]}

    assert workgroup["BaseCapacity"] == 4
    assert workgroup["EnhancedVpcRouting"] is True
    assert workgroup["PubliclyAccessible"] is False
    assert len({json.dumps(subnet) for subnet in workgroup["SubnetIds"]}) == 3
    assert parameters["require_ssl"] == "true"


def test_p20_reads_of_the_lake_take_the_gateway_endpoint(prod: Synthesized) -> None:
    workgroup = prod.only("AWS::RedshiftServerless::Workgroup")
    (endpoint,) = [
        e for e in prod.properties("AWS::EC2::VPCEndpoint") if json.dumps(e["ServiceName"]).rstrip('"}]').endswith("s3")
    ]
    tables = {
        association["SubnetId"]["Ref"]: association["RouteTableId"]["Ref"]
        for association in prod.properties("AWS::EC2::SubnetRouteTableAssociation")
    }

    with_endpoint = {table["Ref"] for table in endpoint["RouteTableIds"]}
    subnets = json.dumps(workgroup["SubnetIds"])
    application = [subnet for subnet in tables if subnet.startswith("VpcApplicationSubnet")]
    assert len([subnet for subnet in application if subnet in subnets]) == 3
    assert {tables[subnet] for subnet in application} <= with_endpoint


def test_p20_nobody_knows_the_administrators_password(prod: Synthesized) -> None:
    namespace = prod.only("AWS::RedshiftServerless::Namespace")

    assert namespace["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace
    assert "DataKey" in json.dumps(namespace["AdminPasswordSecretKmsKeyId"])
    assert "DataKey" in json.dumps(namespace["KmsKeyId"])


def test_p20_every_log_has_its_group_made_beforehand(prod: Synthesized) -> None:
    (namespace,) = prod.resources("AWS::RedshiftServerless::Namespace").values()
    groups = prod.resources("AWS::Logs::LogGroup", "Analytics")

    for log in namespace["Properties"]["LogExports"]:
        name = f"/aws/redshift/{namespace['Properties']['NamespaceName']}/{log}"
        (logical_id,) = [key for key, group in groups.items() if group["Properties"].get("LogGroupName") == name]
        assert logical_id in namespace["DependsOn"]


def test_p20_schema_and_limit_are_set_up_at_deployment(prod: Synthesized) -> None:
    setup = prod.only("Custom::WarehouseSetup")

    assert (setup["ExternalSchema"], setup["Database"]) == ("lake", "warehouse")
    assert setup["CatalogDatabase"] == {"Ref": "Catalog"}
    assert setup["RpuHours"] == "100"
    assert "Workgroup" in json.dumps(setup["WorkgroupArn"])


def test_p20_views_are_made_over_tables_that_are_there_and_setup_runs_when_it_changes(prod: Synthesized) -> None:
    (setup,) = prod.resources("Custom::WarehouseSetup").values()
    sources = [file for file in (ROOT / "lambda_src/warehouse_setup").rglob("*") if file.suffix in (".py", ".sql")]

    assert setup["Properties"]["Code"] == fingerprint(sources)
    assert set(prod.resources("AWS::Glue::Table")) <= set(setup["DependsOn"])


def test_p20_views_are_refreshed_after_each_successful_run_of_the_job(prod: Synthesized) -> None:
    (rule,) = [
        rule
        for rule in prod.properties("AWS::Events::Rule", "Analytics")
        if rule["EventPattern"].get("detail", {}).get("state") == ["SUCCEEDED"]
    ]
    (job,) = prod.resources("AWS::Glue::Job")
    (target,) = rule["Targets"]
    setup = prod.only("Custom::WarehouseSetup")

    assert rule["EventPattern"]["detail"]["jobName"] == [{"Ref": job}]
    assert target["Arn"] == setup["ServiceToken"]
    assert '"RequestType":"Refresh"' in json.dumps(target["Input"]).replace("\\", "")


def test_p20_warehouse_writes_nothing_into_the_lake(prod: Synthesized) -> None:
    (policy,) = [
        policy["Properties"]
        for name, policy in prod.resources("AWS::IAM::ManagedPolicy", "Analytics").items()
        if name.startswith("WarehouseRole")
    ]
    statements = policy["PolicyDocument"]["Statement"]
    actions = {
        action for s in statements for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }

    assert all(action.split(":")[1].startswith(("Get", "List", "BatchGet", "Decrypt")) for action in actions)
    assert "/raw" not in json.dumps(statements)


def test_p20_data_outlives_the_stack_in_prod(prod: Synthesized) -> None:
    (namespace,) = prod.resources("AWS::RedshiftServerless::Namespace").values()

    assert namespace["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize(("base", "hours", "words"), [(6, 10, "6 RPU"), (4, 0, "0 RPU hours")])
def test_p20_capacity_that_redshift_has_not_is_refused(base: int, hours: int, words: str) -> None:
    with pytest.raises(InvalidEnvironmentError, match=words):
        WarehouseCapacity(base_rpu=base, rpu_hours_a_month=hours)


def test_p20_prod_stays_within_the_rows_reference() -> None:
    assert PROD.warehouse
    assert PROD.warehouse.rpu_hours_a_month * 0.375 < 73  # USD, what row P24 gives all of analytics
