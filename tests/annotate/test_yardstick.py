"""The yardstick: the guide's by default, files over presets, everything malformed refused with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.annotate.pace import find_indicators
from nlp.annotate.yardstick import load_yardstick
from nlp.errors import ResourceError


def test_the_guide_is_the_default() -> None:
    stick = load_yardstick()
    assert stick.id.startswith("guide-")
    assert (stick.tolerance, stick.ahead, stick.expected("公园", elapsed=0.5)) == (0.0, 0.10, 0.5)
    assert load_yardstick("lenient").id != stick.id


def test_a_file_goes_over_its_preset(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(
        'base = "lenient"\nname = "本县"\ntolerance = 0.1\n'
        'curve = [{ words = ["造林"], points = [[0.25, 0.0], [0.5, 0.8], [1.0, 1.0]] }]\n'
        'exempt = [{ words = ["秸秆"], until = 0.75, reason = "秋收后统计" }]\n',
        encoding="utf-8",
    )
    stick = load_yardstick(path)
    assert (stick.name, stick.tolerance, stick.yellow, stick.id[:5]) == ("本县", 0.1, 0.7, "ours-")
    assert [stick.expected("造林", elapsed=e) for e in (0.25, 0.375, 0.5, 0.75, 1.0)] == pytest.approx([0.0, 0.4, 0.8, 0.9, 1.0])
    (forest,) = find_indicators("完成造林10万亩。", "完成造林200亩。", elapsed=0.25, yardstick=stick)
    assert (forest.verdict, forest.expected) == ("on_pace", 0.0)
    (straw,) = find_indicators("秸秆还田10万亩。", "秸秆还田1万亩。", elapsed=0.5, yardstick=stick)
    assert (straw.verdict, straw.arithmetic[-5:], straw.light) == ("not_comparable", "秋收后统计", "")
    # The tolerance keeps a small lag from being one; without it this is behind.
    (park,) = find_indicators("新建公园100个。", "新建公园42个。", elapsed=0.5, yardstick=stick)
    assert (park.verdict, park.light) == ("on_pace", "yellow")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tolerence = 0.1", r"未知的键 \['tolerence'\]"),
        ("tolerance = 0.9", "tolerance = 0.9，应为 0 到 0.5 的数"),
        ("tolerance = true", "tolerance = True"),
        ("yellow = 1.5", "yellow = 1.5 大于 green = 1"),
        ('base = "mild"', "base = 'mild'，应为 guide、lenient 之一"),
        ("curve = 3", "curve 应为表的列表"),
        ('curve = [{ words = ["甲"] }]', "curve 的键应为"),
        ('curve = [{ words = ["甲"], points = [[0.5, 0.6], [0.25, 0.7]] }]', "按时间递增"),
        ('exempt = [{ words = ["甲"], until = 0.5, reason = "" }]', "须写明 reason"),
        ("exempt = [{ words = [], until = 0.5, reason = '季节' }]", "非空的文字列表"),
        ("= 3", "不能作为标尺文件读入"),
    ],
)
def test_a_malformed_yardstick_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "y.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResourceError, match=message) as error:
        load_yardstick(path)
    assert str(path) in str(error.value)


def test_a_missing_file_names_the_presets(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="guide、lenient"):
        load_yardstick(tmp_path / "none.toml")
