"""The daily job: raw JSON of the lake becomes the tables of `curation/tables.json` (Parquet, zstd, a folder per day).

Guarantees: an event is in its tables once, however often it was archived or the job was repeated; it lies in the folder
of its own day (UTC), however late it came; a record that breaks its contract lies in `quarantine/` with the reason;
records of raw = curated + duplicates + quarantined, or the run fails and changes nothing. Of records,
nothing but where they lie and how many they are reaches the driver.

One run works at a time; what it read is in its ledger, `curated/_bookmark/`, on Glue (where it is started with
`--JOB_NAME`) as elsewhere:

    python etl/curate.py --lake ./lake                          a folder that holds raw/
    python etl/curate.py --lake retail-lake --database retail   a bucket, through the AWS clients of the environment
    python etl/curate.py --lake ./lake --rebuild 2026-11-20     makes a day anew from raw; or: --rebuild quarantine
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> None:
    """Run once, on Glue or here."""
    if "--JOB_NAME" in arguments:
        from curation.on_glue import run
    else:
        from curation.here import run
    run(arguments)


if __name__ == "__main__":
    main(sys.argv)
