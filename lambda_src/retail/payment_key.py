"""The payment gateway's key, where whoever deployed has put it."""

import json

from retail import clients
from retail.errors import PaymentGatewayMissingError

_PUT_IT_THERE = """put {"api_key": "sk_…"} there, then replay"""


def secret_key(secret_arn: str) -> str:
    """The API key out of the secret; raises PaymentGatewayMissingError until somebody has put it there."""
    secrets = clients.secrets_manager()
    try:
        content = json.loads(secrets.get_secret_value(SecretId=secret_arn)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        raise PaymentGatewayMissingError(f"{secret_arn} is empty: {_PUT_IT_THERE}") from None
    except ValueError:
        raise PaymentGatewayMissingError(f"{secret_arn} holds no JSON: {_PUT_IT_THERE}") from None
    key = content.get("api_key") if isinstance(content, dict) else None
    if not isinstance(key, str) or not key:
        raise PaymentGatewayMissingError(f"{secret_arn} holds no api_key: {_PUT_IT_THERE}")
    return key
