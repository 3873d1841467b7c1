"""Files in chunks, and the folders of their outputs."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from nlp import plan as planning
from nlp.plan import folder_names, plan


def test_chunks_follow_the_paths_and_are_cut_by_count_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_BYTES", 100)
    sizes = {f"{n:02d}.csv": 10 for n in range(10)} | {"20.csv": 95, "21.csv": 300, "22.csv": 10}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(b"x" * size)
    files = [tmp_path / name for name in sizes]
    chunks = plan(files)
    assert [[file.name for file in chunk.files] for chunk in chunks] == [
        [f"{n:02d}.csv" for n in range(8)],
        ["08.csv", "09.csv"],
        ["20.csv"],
        ["21.csv"],
        ["22.csv"],
    ]
    assert [chunk.number for chunk in chunks] == [0, 1, 2, 3, 4]
    assert plan(files[::-1]) == plan([*files, files[0]]) == chunks
    first = chunks[0].files[0]
    assert (first.path, first.folder, first.size, first.sha256) == (str(tmp_path / "00.csv"), "00", 10, sha256(b"x" * 10).hexdigest())


def test_a_file_that_is_not_there_is_planned_too(tmp_path: Path) -> None:
    ((file,),) = [chunk.files for chunk in plan([tmp_path / "none.csv"])]
    assert (file.name, file.size, file.sha256) == ("none.csv", 0, "")


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (["a/甲县.csv", "a/乙县.docx"], ["甲县", "乙县"]),
        (["a/甲县.csv", "a/甲县.docx", "a/乙县.csv"], ["甲县_csv", "甲县_docx", "乙县"]),
        (["a/报告.csv", "b/报告.csv"], ["a_报告_csv", "b_报告_csv"]),
        (["x/a/报告.csv", "y/a/报告.csv", "z/b/报告.csv"], ["x_a_报告_csv", "y_a_报告_csv", "b_报告_csv"]),
        # One folder on Windows.
        (["a/Report.csv", "b/report.csv"], ["a_Report_csv", "b_report_csv"]),
        # What stands beside the folders.
        (["a/summary.xlsx.csv", "a/run.json.txt"], ["summary_xlsx_csv", "run_json_txt"]),
        (["a/甲县 .csv"], ["甲县"]),
        # The name made for one may be another's own.
        (["a/甲.csv", "a/甲.txt", "a/甲_csv.txt"], ["a_甲_csv", "甲_txt", "甲_csv"]),
    ],
)
def test_no_two_files_share_a_folder(files: list[str], folders: list[str]) -> None:
    assert folder_names([Path("/in") / file for file in files]) == folders
