"""Starts the emulator with what this project adds to it: `python -m local.launcher CONFIGURATION`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ministack import app
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

from local.launcher import bridges, corrections, rotation
from local.launcher.athena_queries import answer_as_athena_does
from local.launcher.authorization import authorize_what_is_named
from local.launcher.configuration import Configuration
from local.launcher.delivery_streams import DeliveryStreams
from local.launcher.glue_jobs import run_glue_jobs
from local.launcher.origin_groups import follow_origin_groups
from local.launcher.recorded import Recorder
from local.launcher.task_credentials import serve_task_credentials


def main(configuration: Configuration) -> None:
    """Serves until the process is stopped."""
    corrections.resolve_outputs_of_other_regions()
    authorize_what_is_named()
    corrections.leave_sam_alone()
    answer_as_athena_does()
    follow_origin_groups()
    for resource_type, correct in (
        ("AWS::S3::Bucket", corrections.with_bucket_tags),
        ("AWS::SecretsManager::Secret", corrections.with_arn_as_reference),
        ("AWS::CloudFront::Distribution", corrections.with_default_origin_ports),
        ("AWS::ECS::TaskDefinition", corrections.with_camel_case_containers),
        ("AWS::CloudWatch::Alarm", corrections.with_first_metric),
        ("AWS::Route53::RecordSet", corrections.with_zone_of_the_account),
    ):
        _RESOURCE_HANDLERS[resource_type] = correct(_RESOURCE_HANDLERS[resource_type])
    _RESOURCE_HANDLERS["AWS::RDS::DBCluster"] = bridges.database_cluster(configuration)
    bridges.serve_data_api(configuration)
    _RESOURCE_HANDLERS["AWS::ElastiCache::ServerlessCache"] = bridges.serverless_cache(configuration)
    _RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = bridges.named_query()
    _RESOURCE_HANDLERS["AWS::Events::Archive"] = bridges.event_archive()
    _RESOURCE_HANDLERS["AWS::SecretsManager::RotationSchedule"] = rotation.rotation_schedule()
    rotation.rotate_for_real()
    run_glue_jobs()
    DeliveryStreams().start()
    for resource_type, handler in _RESOURCE_HANDLERS.items():
        _RESOURCE_HANDLERS[resource_type] = corrections.with_properties_as_attributes(handler)
    recorder = Recorder(json.loads(Path(configuration.schemas).read_text()), Path(configuration.recorded))
    for resource_type in recorder.types():
        _RESOURCE_HANDLERS.setdefault(resource_type, recorder.handler(resource_type))
    serve_task_credentials(configuration.task_credentials_port, configuration.task_token)
    # With TLS the emulator would also take port 443 where it may.
    app._port_is_bindable = lambda _host, _port: False
    app.main()


if __name__ == "__main__":
    given = Path(sys.argv.pop())
    main(Configuration.read(given))
