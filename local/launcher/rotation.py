"""Rotation of secrets, which the emulator only pretends: here the rotation function is called, step by step."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from contextvars import copy_context
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc, secretsmanager

from local.launcher.recorded import Created, Handler, Properties

_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

logger = logging.getLogger("rotation")


def rotation_schedule() -> Handler:
    """AWS::SecretsManager::RotationSchedule: who rotates the secret. The schedule itself is recorded only."""

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        _, secret = secretsmanager._resolve(properties["SecretId"])
        secret.update(
            RotationEnabled=True,
            RotationLambdaARN=properties["RotationLambdaARN"],
            RotationRules=properties.get("RotationRules", {}),
        )
        return secret["ARN"], {"Id": secret["ARN"]}

    def delete(reference: str, _properties: Properties) -> None:
        _, secret = secretsmanager._resolve(reference)
        if secret:
            secret.update(RotationEnabled=False, RotationLambdaARN=None, RotationRules=None)

    return {"create": create, "delete": delete}


def rotate_for_real() -> None:
    """`RotateSecret` begins a version and calls the function's four steps; a step that fails ends the rotation."""
    get_value = secretsmanager._get_secret_value

    def rotate(request: dict[str, Any]) -> Any:
        _, secret = secretsmanager._resolve(request.get("SecretId"))
        function = secret and secret.get("RotationLambdaARN")
        if not function:
            return error_response_json("InvalidRequestException", "The secret has no rotation function.", 400)
        token = request.get("ClientRequestToken") or str(uuid.uuid4())
        empty = {"SecretString": None, "SecretBinary": None, "CreatedDate": int(time.time()), "Stages": ["AWSPENDING"]}
        secret["Versions"][token] = empty
        context = copy_context()
        threading.Thread(target=context.run, args=(_call_steps, secret["ARN"], function, token), daemon=True).start()
        return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})

    def get_what_is_there(request: dict[str, Any]) -> Any:
        status, headers, body = get_value(request)
        found = json.loads(body)
        if status == 200 and "SecretString" not in found and "SecretBinary" not in found:
            return error_response_json("ResourceNotFoundException", "The version has no value yet.", 400)
        return status, headers, body

    secretsmanager._rotate_secret = rotate
    secretsmanager._get_secret_value = get_what_is_there


def _call_steps(secret: str, function: str, token: str) -> None:
    record, configuration, _ = lambda_svc._get_func_record_for_ref(function)
    executable = lambda_svc._execution_record_for_config(record, configuration)
    for step in _STEPS:
        event = {"Step": step, "SecretId": secret, "ClientRequestToken": token}
        result = lambda_svc._execute_function_with_config_scope(executable, event)
        if result.get("error"):
            logger.error("rotation of %s stopped at %s: %s", secret, step, result.get("body"))
            return
