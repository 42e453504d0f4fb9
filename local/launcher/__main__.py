"""Starts the emulator with what this project adds to it: `python -m local.launcher CONFIGURATION`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ministack import app
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

from local.launcher import bridges, corrections
from local.launcher.configuration import Configuration
from local.launcher.recorded import Recorder


def main(configuration: Configuration) -> None:
    """Serves until the process is stopped."""
    corrections.resolve_outputs_of_other_regions()
    corrections.leave_sam_alone()
    for resource_type, correct in (
        ("AWS::S3::Bucket", corrections.with_bucket_tags),
        ("AWS::SecretsManager::Secret", corrections.with_arn_as_reference),
        ("AWS::ECS::TaskDefinition", corrections.with_camel_case_containers),
    ):
        _RESOURCE_HANDLERS[resource_type] = correct(_RESOURCE_HANDLERS[resource_type])
    _RESOURCE_HANDLERS["AWS::RDS::DBCluster"] = bridges.database_cluster(configuration)
    _RESOURCE_HANDLERS["AWS::ElastiCache::ServerlessCache"] = bridges.serverless_cache(configuration)
    _RESOURCE_HANDLERS["AWS::Events::Archive"] = bridges.event_archive()
    for resource_type, handler in _RESOURCE_HANDLERS.items():
        _RESOURCE_HANDLERS[resource_type] = corrections.with_properties_as_attributes(handler)
    recorder = Recorder(json.loads(Path(configuration.schemas).read_text()), Path(configuration.recorded))
    for resource_type in recorder.types():
        _RESOURCE_HANDLERS.setdefault(resource_type, recorder.handler(resource_type))
    app.main()


if __name__ == "__main__":
    given = Path(sys.argv.pop())
    main(Configuration.read(given))
