"""A run over many files: the summary, memory of what was done, Ctrl-C, and the same bytes whatever cut the run off."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from nlp import batch
from nlp.errors import OutputError, UsageError
from nlp.ledger import LEDGER, open_ledger
from nlp.plan import plan
from nlp.progress import Progress
from nlp.settings import Settings, tools_of

HEADER = "序号,主要任务,牵头单位,落实情况"
TEXTS = (
    "引桥征地受阻，业主对补偿有分歧，{n}户尚未签约。",
    "大桥已于3月{n}日建成通车。",
    "桥墩完成{n}个，正在推进上部结构施工。",
    "尚未启动，拟定于五月招标第{n}标段。",
)
needs_kill = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def write_reports(folder: Path, n: int, *, rows: int = 2) -> Path:
    """So many small reports of as many counties."""
    folder.mkdir(parents=True)
    for k in range(n):
        lines = [f"{r + 1},建成{k}县第{r + 1}座大桥。,县交通局,{TEXTS[(k + r) % 4].format(n=k % 28 + 1)}" for r in range(rows)]
        (folder / f"{k:03d}县2024年一季度.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes; of `run.json` all but the seconds, which are those of the clock."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run = json.loads(found["run.json"])
    assert run.pop("seconds") > 0
    return {**found, "run.json": json.dumps(run).encode()}


def command(reports: Path, out: Path, *more: object) -> list[str]:
    return [sys.executable, "-m", "nlp.cli", "run", str(reports), "--out", str(out), "--top", "0", *map(str, more)]


def end_after(lines: int, started: list[str], out: Path, sign: int) -> tuple[int, str]:
    """Start the command, send the signal once so many chunks more are written down, and give back exit code and stderr."""
    ledger = out.with_name(f"{out.name}.partial") / LEDGER
    before = ledger.read_bytes().count(b"\n") if ledger.exists() else 1
    with subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8") as run:
        while run.poll() is None and not (ledger.exists() and ledger.read_bytes().count(b"\n") >= before + lines):
            time.sleep(0.005)
        run.send_signal(sign)
        _, said = run.communicate()
    assert not out.exists()
    return run.returncode, said


@needs_kill
def test_a_run_over_200_files_killed_three_times_gives_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 200)
    (reports / "099县2024年一季度.csv").write_bytes(b"")
    started = command(reports, tmp_path / "killed", "--model", "rules")
    for lines in (3, 1, 7):
        assert end_after(lines, started, tmp_path / "killed", signal.SIGKILL)[0] == -signal.SIGKILL
    last = subprocess.run(started, capture_output=True, text=True, encoding="utf-8", check=False)
    assert last.returncode == 1
    resumed, failed = last.stderr.strip().splitlines()
    assert resumed.startswith("接着上次判读：已完成 ")
    assert failed == "错误：099县2024年一季度.csv：文件是空的（0 字节）。请重新获取此文件"
    whole = batch.run([reports], out=tmp_path / "whole", top=0)
    assert (whole.reports, whole.items) == (199, 398)
    killed, undisturbed = contents(tmp_path / "killed"), contents(tmp_path / "whole")
    assert len(undisturbed) == 199 * 6 + 4
    assert killed == undisturbed
    assert not (tmp_path / "killed.partial").exists()


@needs_kill
@pytest.mark.skipif(not batch.SHIPPED_MODEL.is_dir(), reason="no model is shipped")
def test_with_the_model_too(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 20, rows=5)
    started = command(reports, tmp_path / "killed", "--model", batch.SHIPPED_MODEL, "--formats", "jsonl")
    for _ in range(2):
        assert end_after(1, started, tmp_path / "killed", signal.SIGKILL)[0] == -signal.SIGKILL
    assert subprocess.run(started, capture_output=True, check=False).returncode == 0
    batch.run([reports], out=tmp_path / "whole", model=batch.SHIPPED_MODEL, formats=("jsonl",), top=0)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


@needs_kill
def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 120)
    started = command(reports, tmp_path / "out", "--model", "rules")
    code, said = end_after(1, started, tmp_path / "out", signal.SIGINT)
    assert code == 130
    assert said.startswith("已中断，已完成 ")
    assert said.strip().endswith(f"份（共 120 份），保存在 {tmp_path / 'out.partial'}；再运行同一条命令即接着判读")
    assert len(said.strip().splitlines()) == 1
    changed = subprocess.run([*started, "--formats", "jsonl"], capture_output=True, text=True, encoding="utf-8", check=False)
    assert changed.returncode == 2
    assert "上次没有做完的判读与这次不同：--formats 上次为 xlsx,docx,html,csv,jsonl，这次为 jsonl。" in changed.stderr
    anew = subprocess.run([*started, "--formats", "jsonl", "--restart"], capture_output=True, text=True, encoding="utf-8", check=False)
    assert (anew.returncode, anew.stderr) == (0, "")
    assert "120 份报告 240 项" in anew.stdout


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> batch.RunResult:
    """Ten reports in three folders, two of one name, and one that cannot be read."""
    folder = tmp_path_factory.mktemp("many")
    write_reports(folder / "in" / "一区", 8)
    write_reports(folder / "in" / "二区", 1, rows=4)
    (folder / "in" / "二区" / "坏.csv").write_bytes(b"")
    worst = "1,建成西门大桥。,县交通运输局,引桥征地受阻，资金缺口大，工地长期停工。"
    (folder / "in" / "三县2024年一季度.csv").write_text(f"{HEADER}\n{worst}\n", encoding="utf-8")
    return batch.run([folder / "in"], out=folder / "out")


def test_each_report_has_a_folder_and_the_summary_stands_beside_them(done: batch.RunResult) -> None:
    assert (done.reports, done.items, len(done.failures), done.single) == (10, 21, 1, None)
    names = sorted(path.name for path in done.out.iterdir())
    assert names == sorted(
        [
            "一区_000县2024年一季度_csv",
            *(f"00{k}县2024年一季度" for k in range(1, 8)),
            "二区_000县2024年一季度_csv",
            "三县2024年一季度",
            "run.json",
            "summary.xlsx",
            "summary.html",
            "risks.jsonl",
        ]
    )
    run = json.loads((done.out / "run.json").read_text(encoding="utf-8"))
    assert (len(run["files"]), run["failed"][0]["file"]) == (10, "坏.csv")
    assert all((done.out / file["folder"] / "items.jsonl").is_file() for file in run["files"])
    assert list(run) == ["program", "model", "yardstick", "unit_aliases", "seconds", "files", "failed", "versions"]


def test_the_risks_of_all_reports_are_ranked_together(done: batch.RunResult) -> None:
    risks = [json.loads(line) for line in (done.out / "risks.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [risk["rank"] for risk in risks] == list(range(1, len(risks) + 1))
    assert [risk["score"] for risk in risks] == sorted((risk["score"] for risk in risks), reverse=True)
    own = {}
    for folder in {risk["folder"] for risk in risks}:
        lines = (done.out / folder / "risks.jsonl").read_text(encoding="utf-8").splitlines()
        own |= {(folder, row["number"]): row for row in map(json.loads, lines)}
    assert len(risks) == len(own)
    for risk in risks:
        row = own[risk["folder"], risk["number"]]
        assert {key: risk[key] for key in row if key != "rank"} == {key: value for key, value in row.items() if key != "rank"}
        assert risk["report_rank"] == row["rank"]
    assert (risks[0]["folder"], risks[0]["report_rank"]) == ("三县2024年一季度", 1)


def cells(path: Path, sheet: str) -> list[dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(min_row=2, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_the_workbook_lists_reports_and_units_that_add_up(done: batch.RunResult) -> None:
    places = cells(done.out / "summary.xlsx", "各报告")
    assert len(places) == 11
    assert {place["报告期"] for place in places[:-1]} == {"2024年一季度"}
    assert [place["名次"] for place in places[:-1]] == sorted(place["名次"] for place in places[:-1])
    assert places[-1]["文件"] == "坏.csv"
    assert places[-1]["任务数"] is None
    assert "文件是空的" in places[-1]["未能判读的原因"]
    assert sum(place["任务数"] or 0 for place in places) == 21
    assert all(place["任务数"] == sum(place[name] for name in ("已完成", "推进中", "未启动", "有风险")) for place in places[:-1])
    assert len(cells(done.out / "summary.xlsx", "风险清单")) == len((done.out / "risks.jsonl").read_text(encoding="utf-8").splitlines())
    (unit,) = cells(done.out / "summary.xlsx", "单位统计")
    # 县交通局 and 县交通运输局 mean one office.
    assert (unit["单位"], unit["报告数"], unit["牵头"]) == ("县交通局", 10, 21)


def test_the_page_leads_to_each_report_and_asks_for_nothing(done: batch.RunResult) -> None:
    page = (done.out / "summary.html").read_text(encoding="utf-8")
    assert page.count('/ducha.html">') == 10
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "10 份报告汇总" in page


def test_an_output_folder_of_many_reports_can_be_read_again(done: batch.RunResult) -> None:
    from nlp.store.folders import read_outputs  # noqa: PLC0415

    assert len(read_outputs(done.out)) == 10


def test_where_every_file_fails_nothing_is_written(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_bytes(b"")
    result = batch.run([tmp_path], out=tmp_path / "out")
    assert (result.reports, len(result.failures), result.overall) == (0, 2, None)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()


def test_a_second_run_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 2)
    settings = Settings()
    with (
        open_ledger(tmp_path / "out", chunks=plan(list(reports.iterdir())), settings=settings, tools=tools_of(settings)),
        pytest.raises(OutputError, match="另一次判读正在写入"),
    ):
        batch.run([reports], out=tmp_path / "out")


def test_an_older_report_is_for_one_report_alone(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 2)
    with pytest.raises(UsageError, match="--older 只能用于一份报告，这里有 2 份"):
        batch.run([reports], out=tmp_path / "out", older=reports)


def test_former_outputs_stay_until_the_new_ones_are_whole(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 12)
    batch.run([reports], out=tmp_path / "out", formats=("jsonl",))
    before = contents(tmp_path / "out")
    (reports / "000县2024年一季度.csv").unlink()
    from nlp import many  # noqa: PLC0415

    plain = many.run_here

    def break_off(*given: Any) -> Any:
        steps = plain(*given)
        yield next(steps)
        raise OutputError("磁盘满了", remedy="请腾出空间")

    with pytest.raises(OutputError, match=r"磁盘满了。请腾出空间；已完成 8 份（共 11 份），保存在 .*out\.partial；再运行同一条命令即接着判读"):
        many.run_many(sorted(reports.iterdir()), out=tmp_path / "out", settings=Settings(formats=("jsonl",)), runner=break_off)
    assert contents(tmp_path / "out") == before
    result = batch.run([reports], out=tmp_path / "out", formats=("jsonl",), force=True)
    assert result.reports == 11
    assert not (tmp_path / "out" / "000县2024年一季度").exists()


def test_what_came_to_the_place_of_the_outputs_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 2)

    def come(*_: Any) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "信.txt").touch()

    with pytest.raises(OutputError, match="输出文件夹已存在"):
        batch.run([reports], out=tmp_path / "out", formats=("jsonl",), progress=come)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["信.txt"]


def test_progress_counts_files_and_items_and_tells_the_time_left(tmp_path: Path) -> None:
    reports = write_reports(tmp_path / "in", 20)
    seen: list[Progress] = []
    batch.run([reports], out=tmp_path / "out", formats=("jsonl",), progress=seen.append)
    assert (seen[0].files_done, seen[0].files, seen[0].left) == (0, 20, None)
    assert (seen[-1].files_done, seen[-1].done, seen[-1].left) == (20, 40, 0.0)
    assert [state.files_done for state in seen] == sorted(state.files_done for state in seen)
    assert [state.done for state in seen] == sorted(state.done for state in seen)
    assert any(state.left for state in seen)
