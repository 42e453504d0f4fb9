"""Resources that run for real although CloudFormation support for them is missing from the emulator."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import athena, eventbridge, rds, rds_data
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

from local.launcher.configuration import Configuration
from local.launcher.recorded import Created, Handler, Properties

_HOST = "127.0.0.1"

# psql quotes :"name" as an identifier and :'name' as a literal, so no value can break out.
_CREATE_DATABASE = """
SELECT format('CREATE ROLE %I LOGIN CREATEROLE CREATEDB', :'username')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'username') \\gexec
ALTER ROLE :"username" PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'username')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
"""
_DROP_DATABASE = """
DROP DATABASE IF EXISTS :"database" WITH (FORCE);
SELECT DISTINCT format('DROP ROLE %I', taken_on.rolname)
  FROM pg_auth_members
  JOIN pg_roles AS taken_on ON taken_on.oid = pg_auth_members.roleid
  JOIN pg_roles AS owner ON owner.oid = pg_auth_members.member
 WHERE owner.rolname = :'username' \\gexec
DROP ROLE IF EXISTS :"username";
"""


def database_cluster(configuration: Configuration) -> Handler:
    """AWS::RDS::DBCluster: a database and its owner on the real PostgreSQL, reached through TLS."""
    emulated = dict(_RESOURCE_HANDLERS["AWS::RDS::DBCluster"])

    def at_our_address(created: Created) -> Created:
        reference, attributes = created
        # The record too: the secret's attachment reads host and port from it.
        rds._clusters[reference].update(Endpoint=_HOST, ReaderEndpoint=_HOST, Port=configuration.database_port)
        address = {"Endpoint.Address": _HOST, "ReadEndpoint.Address": _HOST}
        return reference, {**attributes, **address, "Endpoint.Port": str(configuration.database_port)}

    def psql(script: str, properties: Properties) -> None:
        variables = {
            "username": str(properties["MasterUsername"]),
            "password": str(properties["MasterUserPassword"]),
            "database": str(properties["DatabaseName"]),
        }
        command = [configuration.psql, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]
        command += ["--host", _HOST, "--port", str(configuration.postgres_port), "--username", "postgres"]
        # Through the script and not the command line, where every user of the machine could read the password.
        settings = "".join(f"\\set {name} '{_escaped(value)}'\n" for name, value in variables.items())
        done = subprocess.run(
            command,
            input=settings + script,
            env={"PGPASSWORD": configuration.postgres_password, "PATH": os.defpath},
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(f"AWS::RDS::DBCluster: PostgreSQL refused: {done.stderr.strip()}")

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        created: Created = emulated["create"](logical_id, properties, stack)
        psql(_CREATE_DATABASE, properties)
        return at_our_address(created)

    def update(reference: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Created:
        updated: Created = emulated["update"](reference, old, new, stack, logical_id)
        psql(_CREATE_DATABASE, new)
        return at_our_address(updated)

    def delete(reference: str, properties: Properties) -> None:
        psql(_DROP_DATABASE, properties)
        emulated["delete"](reference, properties)

    return {**emulated, "create": create, "update": update, "delete": delete}


def serve_data_api(configuration: Configuration) -> None:
    """The RDS Data API runs its statements on the real PostgreSQL; the emulator looks for a container of its own."""
    connect = rds_data._connect

    def connect_there(instance: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        ours = {**instance, "_internal_address": _HOST, "_internal_port": configuration.database_port}
        return connect(ours, *arguments, **named)

    rds_data._connect = connect_there
    rds_data._has_real_endpoint = lambda _instance: True


def _escaped(value: str) -> str:
    """The value as it stands inside psql's single quotes."""
    return value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")


def serverless_cache(configuration: Configuration) -> Handler:
    """AWS::ElastiCache::ServerlessCache: the real Redis, reached through TLS."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name = str(properties.get("ServerlessCacheName") or f"{stack}-{logical_id}").lower()
        port = str(configuration.cache_port)
        return name, {
            "ARN": f"arn:aws:elasticache:{get_region()}:{get_account_id()}:serverlesscache:{name}",
            "Status": "available",
            "FullEngineVersion": str(properties.get("MajorEngineVersion", "")),
            "Endpoint.Address": _HOST,
            "Endpoint.Port": port,
            "ReaderEndpoint.Address": _HOST,
            "ReaderEndpoint.Port": port,
        }

    return {"create": create, "delete": lambda _reference, _properties: None}


def event_archive() -> Handler:
    """AWS::Events::Archive: the emulator's own archive, which its CloudFormation does not know."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        # EventBridge allows 48 characters.
        name = str(properties.get("ArchiveName") or f"{stack}-{logical_id}"[-48:])
        pattern = properties.get("EventPattern", "")
        request = {
            "ArchiveName": name,
            "EventSourceArn": properties["SourceArn"],
            "Description": properties.get("Description", ""),
            "EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern),
            "RetentionDays": int(properties.get("RetentionDays", 0)),
        }
        return name, {"Arn": _call(eventbridge._create_archive, request)["ArchiveArn"]}

    def delete(name: str, _properties: Properties) -> None:
        _call(eventbridge._delete_archive, {"ArchiveName": name})

    return {"create": create, "delete": delete}


def named_query() -> Handler:
    """AWS::Athena::NamedQuery: the emulator's own, which its CloudFormation does not know."""

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        name = str(_call(athena._create_named_query, properties)["NamedQueryId"])
        return name, {"NamedQueryId": name}

    def delete(name: str, _properties: Properties) -> None:
        _call(athena._delete_named_query, {"NamedQueryId": name})

    return {"create": create, "delete": delete}


def _call(operation: Any, request: Properties) -> Properties:
    """The emulator's answer to a request of an API of its own; raises ValueError with its words when it refuses."""
    status, _headers, body = operation(request)
    answer: Properties = json.loads(body) if body else {}
    if status >= 400:
        raise ValueError(f"{operation.__name__}: {answer}")
    return answer
