"""What the documents say about speed is what was measured."""

from bench.report import REPORT, write


def test_the_report_is_that_of_the_results() -> None:
    assert REPORT.read_text() == write()
