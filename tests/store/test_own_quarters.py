"""Reports of the store as quarters to learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.errors import CorpusError
from nlp.store import Store, add_run, confirm, correct, set_status
from nlp.store.own_quarters import export_quarters, own_quarters
from nlp.training.corpus import read_corpora
from tests.store.conftest import make_row, make_rows
from tests.test_cli import ducha


def test_what_is_reviewed_is_counted(store: Store, run) -> None:
    add_run(store, [make_row(0, period="2024M11", place="")])
    confirm(store, 1, who="张三", on_revision=0)
    correct(store, 2, [set_status("in_progress")], who="张三", on_revision=0)
    month, quarter = own_quarters(store)
    assert (quarter.run, quarter.key, quarter.corrected, quarter.confirmed, quarter.pending, quarter.refusal) == (run.id, "苇塘市2024/q1.jsonl", 1, 1, 6, "")
    assert "2024M11 不能作语料" in month.refusal
    with pytest.raises(CorpusError, match="2024M11 不能作语料"):
        export_quarters(store, [month], out=Path("none"))


@pytest.mark.usefixtures("run")
def test_a_report_that_nobody_looked_at_is_not_learned_from(store: Store, tmp_path: Path) -> None:
    assert own_quarters(store)[0].refusal == "还没有改过或确认过的行"
    with pytest.raises(CorpusError, match="还没有改过或确认过的行"):
        export_quarters(store, own_quarters(store), out=tmp_path)
    assert list(tmp_path.glob("*2024")) == []


@pytest.mark.usefixtures("run")
def test_quarters_become_a_corpus(store: Store, tmp_path: Path) -> None:
    half = add_run(store, [row | {"period": "2024H1"} for row in make_rows(3)])
    confirm(store, 1, who="张三", on_revision=0)
    correct(store, 2, [set_status("in_progress")], who="张三", on_revision=0)
    confirm(store, 9, who="张三", on_revision=0)
    written = export_quarters(store, own_quarters(store), out=tmp_path / "own")
    assert [path.relative_to(tmp_path / "own").as_posix() for path in written] == ["苇塘市2024/h1.jsonl", "苇塘市2024/q1.jsonl"]
    ((government, items),) = read_corpora(tmp_path / "own")
    assert (government.place, government.year, government.split) == ("苇塘市", 2024, "train")
    assert [(item.period, item.id, item.status) for item in items] == [
        ("2024Q1", "001", "at_risk"),
        ("2024Q1", "002", "in_progress"),
        ("2024H1", "001", "at_risk"),
    ]
    assert half.id == 2


@pytest.mark.usefixtures("run")
def test_one_quarter_is_learned_from_once(store: Store, tmp_path: Path) -> None:
    add_run(store, make_rows(8), model="other")
    for item in (1, 9):
        confirm(store, item, who="张三", on_revision=0)
    with pytest.raises(CorpusError, match=r"苇塘市2024/q1\.jsonl 选了两份报告"):
        export_quarters(store, own_quarters(store), out=tmp_path)


@pytest.mark.usefixtures("run")
def test_label_export_writes_what_a_corpus_needs(store: Store, tmp_path: Path) -> None:
    confirm(store, 1, who="张三", on_revision=0)
    out = tmp_path / "语料" / "苇塘" / "q1.jsonl"
    done = ducha("label", "export", "--store", tmp_path / "标注.db", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "government.toml" in done.stdout
    audited = ducha("audit", tmp_path / "语料", "--no-counts")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert "1 项，错误 0" in audited.stdout
