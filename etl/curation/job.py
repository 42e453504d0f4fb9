"""A run of the job: what is new in the raw zone becomes rows of the tables, and every record is accounted for."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession

from curation.accounting import Account, UnaccountedError
from curation.lake import Lake
from curation.lease import TERMS, Lease, Terms
from curation.publication import Catalog, Day, Publication, StuckError
from curation.reading import read_once
from curation.rebuild import NOTHING, Rebuild
from curation.sources import RawObjects
from curation.staging import Staging, added
from curation.tables import CURATED, PARTITION, quarantine_table

FILE_BYTES = 512 * 2**20  # of JSON that become one file of a day; a fortieth of that in Parquet

_log = logging.getLogger("curation")
Report = Callable[[Account], None]


def configure(spark: SparkSession) -> None:
    """Set what the job's results depend on, and what makes it fast, whatever the session's defaults are."""
    for name, value in {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.mapKeyDedupPolicy": "LAST_WIN",  # a name twice in one object is no reason to fail a run
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.json.enablePartialResults": "true",  # a field of a wrong type is null, and its neighbours are read
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # what Athena and Redshift read
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",  # an old date fails no run, whatever let it in
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # the partition is a text
        "spark.sql.constraintPropagation.enabled": "false",  # it takes a minute over conditions as long as ours
        "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",  # and so does it, where such a row is joined
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "100",  # tasks that ask after thousands of objects
        "spark.sql.maxConcurrentOutputFileWriters": "100",  # instead of a sort by day before each write
        "spark.sql.optimizer.windowGroupLimitThreshold": "-1",  # it would sort everything once more
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
        began = self.now()
        account = Account(run=f"{began:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}", started=began.isoformat())
        with Lease(self.lake, account.run, self.now, self.terms) as lease:
            publication = Publication(
                self.lake, self.catalog, lambda record: self.report(Account.of_record(record)), lease
            )
            rebuild = _finish(publication, rebuild)
            if source.find(rebuild) or rebuild.days:
                account, days = self._stage(source, account, rebuild)
                account.finished = self.now().isoformat()
                publication.publish(days, account.record())
                source.done()
            else:
                self.report(account)  # whether it ran at all is watched
            publication.check_catalog()
        return account

    def _stage(self, source: RawObjects, blank: Account, rebuild: Rebuild) -> tuple[Account, list[Day]]:
        """Write what the tables are to be, aside; once more without objects that turn out to be unreadable."""
        buckets = max(1, math.ceil(source.largest_day() / FILE_BYTES))
        for attempt in itertools.count(1):
            account = replace(blank, tables={})
            staging = Staging(self.spark, self.lake, f"{blank.run}/{attempt}", rebuild, buckets)
            try:
                days = self._stage_readable(source, account, staging)
            except Exception:  # whatever Spark calls it; raised again unless its cause is found and left out
                if not source.leave_out_unreadable():
                    raise
            else:
                if account.unaccounted:
                    self.report(account)
                    raise UnaccountedError(account)
                return account, days
        raise AssertionError("attempts have no end")

    def _stage_readable(self, source: RawObjects, account: Account, staging: Staging) -> list[Day]:
        configure(self.spark)
        tables = [*CURATED.values(), quarantine_table(account.run)]
        lines = source.lines()
        if lines is None:
            return [day for table in tables for day in staging.emptied(table, [])]
        distinct, numbers = read_once(lines, self.now(), staging)
        found = _rows_by_kind_and_day(distinct)
        touched = [(table, sorted({day for kind, day in found if kind in table.events})) for table in tables]
        staged = staging.write(distinct, [(table, days) for table, days in touched if days])
        account.duplicates = numbers["copies"]
        staging.expect_small()
        for name, counted in added(staged).items():
            account.add(name, rows=counted.rows, events=counted.events, known=counted.known)
        account.read, account.misplaced, account.ahead = (numbers[name] for name in ("read", "misplaced", "ahead"))
        if account.unaccounted:
            # Spark counts what passes by, and twice what it does twice, as after the loss of a worker.
            account.read = lines.count()
        emptied = [staging.emptied(table, days) for table, days in touched]
        return [*itertools.chain.from_iterable(each.days for each in staged), *itertools.chain.from_iterable(emptied)]


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


def _rows_by_kind_and_day(records: DataFrame) -> dict[tuple[str, str], int]:
    counted = records.groupBy("kind", PARTITION).count().collect()
    return {(kind, day): number for kind, day, number in counted}
