"""Running SQL in the warehouse through the Data API, one statement after the other."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from retail.errors import RetailError
from retail.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from mypy_boto3_redshift_data.type_defs import DescribeStatementResponseTypeDef

POLL_SECONDS = 1.0
ATTEMPTS = 3
# Redshift's own words for a statement that met another one on its tables, and for a warehouse that is waking up.
_WORTH_ANOTHER_TRY = ("Serializable isolation violation", "conflict with concurrent transaction", "not available")


class WarehouseError(RetailError):
    """Redshift refused a statement, or did not finish it in time."""


@dataclass(frozen=True)
class Statements:
    """Runs statements as the warehouse's administrator until `deadline` (of `time.monotonic`), all of them together.

    `token` is that of the request: a request that is delivered again does not run its statements twice at once.
    """

    data: "RedshiftDataAPIServiceClient"
    workgroup: str
    database: str
    secret_arn: str
    token: str
    deadline: float

    def run(self, about: str, sql: str) -> str:
        """The id of the finished statement; raises WarehouseError, which begins with `about`, when it does not finish.

        A statement that met another one is tried again; one that takes too long is cancelled, for nobody would wait for
        what it locks and costs.
        """
        for attempt in range(1, ATTEMPTS + 1):
            state = self._end_of(self._start(sql, attempt), about)
            if state["Status"] == "FINISHED":
                return state["Id"]
            reason = state.get("Error", state["Status"])
            if attempt == ATTEMPTS or not any(words in reason for words in _WORTH_ANOTHER_TRY):
                raise WarehouseError(f"{about}: {reason}")
            logger.warning("statement is tried again", about=about, reason=reason, attempt=attempt)
        raise AssertionError("the last attempt returns or raises")

    def rows(self, about: str, sql: str) -> list[list[str]]:
        """The rows of a query of text columns; raises WarehouseError as `run` does."""
        pages = self.data.get_paginator("get_statement_result").paginate(Id=self.run(about, sql))
        return [[field.get("stringValue", "") for field in record] for page in pages for record in page["Records"]]

    def _start(self, sql: str, attempt: int) -> str:
        return self.data.execute_statement(
            WorkgroupName=self.workgroup,
            Database=self.database,
            SecretArn=self.secret_arn,
            ClientToken=sha256(f"{self.token} {attempt} {sql}".encode()).hexdigest(),
            Sql=sql,
        )["Id"]

    def _end_of(self, statement: str, about: str) -> "DescribeStatementResponseTypeDef":
        while (state := self.data.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
            if time.monotonic() > self.deadline:
                self.data.cancel_statement(Id=statement)
                raise WarehouseError(
                    f"{about}: still {state['Status']} when the time was over, cancelled: deploy again"
                )
            time.sleep(POLL_SECONDS)
        return state


def each(actions: list[Callable[[], None]]) -> None:
    """All of them, whatever one says; raises WarehouseError with every reason afterwards."""
    problems = []
    for action in actions:
        try:
            action()
        except WarehouseError as problem:
            problems.append(str(problem))
    if problems:
        raise WarehouseError("; ".join(problems))
