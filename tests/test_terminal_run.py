"""What a run over several reports shows on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp import batch
from nlp.progress import Progress
from nlp.terminal import run as terminal
from nlp.wording import names


@pytest.mark.parametrize(
    ("state", "figures"),
    [
        (Progress("a", 0, 0, 0, 200), "0/200 份 · 0 项"),
        (Progress("a", 500, 0, 8, 200, (0, 0), 5.0, 120.0), "8/200 份 · 500 项 · 100 项/秒 · 约剩 2 分"),
        # The rate is that of this start.
        (Progress("a", 500, 0, 8, 200, (6, 400), 5.0, 12.4), "8/200 份 · 500 项 · 20 项/秒 · 约剩 12 秒"),
        (Progress("a", 9, 0, 8, 200, (0, 0), 3.0, 2 * 3600 + 180.0), "8/200 份 · 9 项 · 3 项/秒 · 约剩 2 小时 3 分"),
    ],
)
def test_rate_and_time_left(state: Progress, figures: str) -> None:
    assert terminal._figures(state, names()) == figures


def test_a_run_that_goes_on_says_so_once_even_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress() as show:
        show(Progress("a", 300, 0, 6, 20, (6, 300)))
        show(Progress("a", 400, 0, 8, 20, (6, 300)))
    said = capsys.readouterr()
    assert (said.out, said.err.split()) == ("", ["接着上次判读：已完成", "6", "份（300", "项），继续其余", "14", "份"])


def test_the_reports_with_most_at_risk_stand_first(write_csv, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = "序号,主要任务,牵头单位,落实情况"
    calm = write_csv(header, "1,举办龙舟赛。,市体育局,龙舟赛已于3月举办完毕。", name="甲县2024年一季度.csv")
    troubled = write_csv(header, "1,建成东门大桥。,市交通局,引桥征地受阻，业主对补偿有分歧。", name="乙县2024年一季度.csv")
    result = batch.run([calm, troubled], out=tmp_path / "out", formats=("jsonl",))
    assert result.overall
    assert [place.file for place in result.overall.places] == ["乙县2024年一季度.csv", "甲县2024年一季度.csv"]
    terminal.print_overall(result.overall, top=15)
    said = capsys.readouterr().out
    assert "2 份报告  共 2 项" in said
    assert "有风险占比最高的 2 份（共 2 份）" in said
    assert "全部报告风险最重的 1 项" in said
