"""What AWS, or its client, says when it will not do something, with what to do about it."""

from __future__ import annotations

from botocore.exceptions import NoCredentialsError, NoRegionError

_HERE = "for the platform on this machine, `python -m local run` before the command sets both"


def explained(problem: Exception) -> str:
    """The problem in its own words, or in better ones where those do not say what to do."""
    match problem:
        case NoRegionError():
            return (
                "No region is set: set AWS_DEFAULT_REGION to that of the environment, or AWS_PROFILE to a profile that "
                f"has one; {_HERE}"
            )
        case NoCredentialsError():
            return f"No credentials are set: sign in with `aws sso login`, and set AWS_PROFILE to the profile; {_HERE}"
    return str(problem)
