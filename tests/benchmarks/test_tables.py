from tests.benchmarks.tables import text_table


def test_columns_are_as_wide_as_their_widest_cell():
    table = text_table(("page", "ms"), [("/", 3.14159), ("/apps/", 1234.5)])
    assert table.splitlines() == ["page      ms", "------  ----", "/       3.14", "/apps/  1234"]


def test_a_table_without_rows_has_its_headings():
    assert text_table(("page", "ms"), []).splitlines() == ["page  ms", "----  --"]
