"""A run of the job: what is new in the raw zone becomes rows of the tables, and every record is accounted for."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from pyspark.sql import SparkSession

from curation.accounting import Account, UnaccountedError
from curation.lake import Lake
from curation.lease import TERMS, Lease, Terms
from curation.publication import STAGING, Catalog, Publication, StuckError
from curation.rebuild import NOTHING, Rebuild
from curation.sources import RawObjects
from curation.staging import PARTS_FOR_EACH, Staged, Staging
from curation.tables import BROKEN, CURATED, QUARANTINE

FILE_BYTES = 512 * 2**20  # of JSON that become one file of a day; a fortieth of that in Parquet

_log = logging.getLogger("curation")
Report = Callable[[Account], None]


def configure(spark: SparkSession) -> None:
    """Set what the job's results depend on, whatever the session's defaults are."""
    for name, value in {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
    }.items():
        spark.conf.set(name, value)


@dataclass(frozen=True)
class Curation:
    """The job over one lake. `now` is the clock that events are compared with; `report` gets each run's account."""

    spark: SparkSession
    lake: Lake
    catalog: Catalog
    report: Report
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    terms: Terms = TERMS

    def run(self, source: RawObjects, rebuild: Rebuild = NOTHING) -> Account:
        """Bring what `source` has into the tables, and make anew what is to be rebuilt.

        Raises UnaccountedError, with nothing changed, when rows of raw ≠ rows of curated + duplicates + quarantined;
        LakeBusyError, when another run is at work; CatalogError, with everything in place, when readers cannot find it.
        """
        configure(self.spark)
        began = self.now()
        account = Account(run=f"{began:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}", started=began.isoformat())
        with Lease(self.lake, account.run, self.now, self.terms) as lease:
            publication = Publication(
                self.lake, self.catalog, lambda record: self.report(Account.of_record(record)), lease
            )
            rebuild = _finish(publication, rebuild)
            if source.find(rebuild) or rebuild.days:
                staged = self._stage(source, account, rebuild)
                account = _account(account, staged)
                if account.unaccounted:
                    self.report(account)
                    raise UnaccountedError(account)
                account.finished = self.now().isoformat()
                publication.publish(staged.days, account.record())
                source.done()
            else:
                self.report(account)  # whether it ran at all is watched
            publication.check_catalog()
        return account

    def _stage(self, source: RawObjects, account: Account, rebuild: Rebuild) -> Staged:
        """Write what the tables are to be, aside."""
        buckets = max(1, math.ceil(source.largest_day() / FILE_BYTES))
        buckets_of_events = max(1, math.ceil(source.size() / FILE_BYTES))
        tables, place = {**CURATED, QUARANTINE: BROKEN}, f"{STAGING}/{account.run}"
        staging = Staging(self.spark, self.lake, tables, account.run, place, rebuild, buckets, buckets_of_events)
        at_least = PARTS_FOR_EACH * self.spark.sparkContext.defaultParallelism
        return staging.stage(source.parts(at_least), self.now())


def _account(blank: Account, staged: Staged) -> Account:
    account = replace(blank, read=staged.read, misplaced=staged.misplaced, ahead=staged.ahead, tables={})
    for table, added in staged.added.items():
        account.add(table, rows=added.rows, events=added.events, known=added.known + added.copies)
    return account


def _finish(publication: Publication, rebuild: Rebuild) -> Rebuild:
    """Complete what an earlier run left. What cannot be completed is made anew, if days are made anew at all."""
    try:
        if healed := publication.finish():
            _log.warning("completed run %s, which was stopped while it was published", healed["run"])
    except StuckError as stuck:
        if not rebuild.days:
            raise
        _log.warning("%s", stuck)
        publication.abandon()
        return rebuild.and_days(stuck.days)
    return rebuild
