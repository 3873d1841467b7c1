"""Parquet: what is read back is what the jsonl holds; columns and filters of it; one schema for all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nlp import batch
from nlp.errors import OutputError, UsageError
from nlp.outputs.columnar import ITEMS, RISKS, item_schema, risk_schema, row_of, write_parquet
from nlp.rewriting import rewrite
from nlp.settings import ALL_FORMATS, FORMATS
from tests.outputs.generated import report

pytest.importorskip("pyarrow", reason="pyarrow is not installed: the extra [scale]")
import pyarrow as pa
from pyarrow import dataset, parquet

SAMPLE = Path(__file__).resolve().parents[2] / "corpora" / "sample"
BOTH = ("jsonl", "parquet")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two reports with figures, units, problems; the second one has columns of its own and no risk."""
    folder = tmp_path_factory.mktemp("columnar")
    other = folder / "乙县2024年上半年.csv"
    other.write_text("序号,主要任务,牵头单位,落实情况,联系人\n1,举办龙舟赛。,市体育局,已于五月举办。,王某\n", encoding="utf-8")
    batch.run([next(SAMPLE.glob("*.docx")), other], out=folder / "out", model=None, formats=BOTH)
    return folder / "out"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read(path: Path, **options: Any) -> list[dict[str, Any]]:
    return [row_of(record) for record in parquet.read_table(path, **options).to_pylist()]


def test_what_is_read_back_is_what_the_jsonl_holds(outputs: Path) -> None:
    folders = [path for path in outputs.iterdir() if path.is_dir()]
    assert len(folders) == 2
    for folder in folders:
        for name in ("items", "risks"):
            rows = lines(folder / f"{name}.jsonl")
            found = read(folder / f"{name}.parquet")
            assert found == rows
            assert [list(row) for row in found] == [list(row) for row in rows]
    assert [parquet.read_metadata(folder / RISKS).num_rows == 0 for folder in sorted(folders)].count(True) == 1


def test_nested_parts_are_columns_and_no_text(outputs: Path) -> None:
    schema = parquet.read_schema(next(outputs.rglob(ITEMS)))
    assert schema.equals(item_schema())
    assert [schema.field(key).type.value_type.names[:3] for key in ("statements", "problems")] == [["start", "end", "text"]] * 2
    assert pa.types.is_struct(schema.field("indicators").type.value_type)
    assert [(f.name, f.type) for f in schema.field("probabilities").type] == [
        (status, pa.float64()) for status in ("completed", "in_progress", "not_started", "at_risk")
    ]
    assert parquet.read_schema(next(outputs.rglob(RISKS))).equals(risk_schema())


def test_a_reader_of_many_reports_takes_the_columns_and_rows_that_it_wants(outputs: Path) -> None:
    everything = [row for path in sorted(outputs.rglob("items.jsonl")) for row in lines(path)]
    files = [str(path) for path in sorted(outputs.rglob(ITEMS))]
    wanted = dataset.field("status") == "at_risk"
    found = dataset.dataset(files).to_table(columns=["number", "units", "severity"], filter=wanted).to_pylist()
    assert found == [{key: row[key] for key in ("number", "units", "severity")} for row in everything if row["status"] == "at_risk"]
    assert found
    # A part of a nested column without the rest of it.
    scores = dataset.dataset(files).to_table(columns={"score": dataset.field("risk", "score")}).column("score").to_pylist()
    assert scores == [row["risk"]["score"] for row in everything]
    assert read(Path(files[0]), columns=["number"], filters=[("severity", ">=", 2)]) == [
        {"number": row["number"]} for row in everything if row["severity"] >= 2 and row["source"]["file"] == everything[0]["source"]["file"]
    ]


def test_row_groups_are_bounded_and_the_filter_skips_those_that_hold_nothing(tmp_path: Path) -> None:
    rows, _ = report(100)
    path = tmp_path / ITEMS
    write_parquet(path, iter(rows), schema=item_schema(), group_rows=32)
    meta = parquet.read_metadata(path)
    assert [meta.row_group(n).num_rows for n in range(meta.num_row_groups)] == [32, 32, 32, 4]
    assert {meta.row_group(0).column(n).compression for n in range(meta.num_columns)} == {"ZSTD"}
    (fragment,) = dataset.dataset(str(path)).get_fragments()
    kept = fragment.split_by_row_group(dataset.field("text") == rows[99]["text"])
    assert 0 < len(kept) < 4
    assert [row["number"] for part in parquet.ParquetFile(path).iter_batches(batch_size=10, columns=["number"]) for row in part.to_pylist()] == [
        row["number"] for row in rows
    ]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows, _ = report(60)
    for name in ("one", "two"):
        write_parquet(tmp_path / name, rows, schema=item_schema())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_change_and_review_are_kept_and_null_where_there_are_none(tmp_path: Path) -> None:
    rows, _ = report(3)
    rows[0]["change"] = {"names": ["moved"], "older_status": "not_started", "older_number": "7"}
    rows[1]["review"] = {"state": "corrected", "who": "甲", "at": "2024-05-01T08:00:00", "revision": 3, "note": ""}
    rows[2]["source"] = {"file": "甲市.pdf", "page": 2, "row": 9}
    write_parquet(tmp_path / ITEMS, rows, schema=item_schema())
    records = parquet.read_table(tmp_path / ITEMS).to_pylist()
    assert [(record["change"] is None, record["review"] is None) for record in records] == [(False, True), (True, False), (True, True)]
    for record, row in zip(records, rows, strict=True):
        assert row_of(record) == {**row, "risk": {**row["risk"], "why": None}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "没有的键 colour"),
        ({"problems": [{"start": 0, "end": 1, "text": "甲", "kind": "delay", "score": 1.0, "rule": "", "age": 3}]}, "没有的键 problems.age"),
        ({"severity": "critical"}, "类型不符"),
    ],
)
def test_nothing_is_dropped_in_silence(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    rows, _ = report(2)
    with pytest.raises(OutputError, match=said):
        write_parquet(tmp_path / ITEMS, [{**rows[0], **change}, rows[1]], schema=item_schema())


def test_corrected_rows_are_written_too(outputs: Path, tmp_path: Path) -> None:
    rows = lines(next(path for path in sorted(outputs.rglob("items.jsonl"))))
    rewrite(rows, out=tmp_path / "out", model_id="rules", yardstick_id="guide", formats=BOTH)
    assert read(tmp_path / "out" / ITEMS) == lines(tmp_path / "out" / "items.jsonl")


def test_without_pyarrow_one_line_says_what_to_install_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr("nlp.outputs.columnar.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"需要 pyarrow，这个环境里没有。请执行 pip install .*\[scale\]"):
        batch.run([next(SAMPLE.glob("*.docx"))], out=tmp_path / "out", model=None, formats=("parquet",))
    assert not (tmp_path / "out").exists()


def test_it_is_not_among_the_files_written_by_default() -> None:
    assert "parquet" not in FORMATS
    assert set(ALL_FORMATS) == {*FORMATS, "parquet"}
