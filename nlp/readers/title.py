"""Title, place and reporting period of a report, from the text around its table or from the file name."""

from __future__ import annotations

import itertools
import re
from typing import Final

from nlp.errors import UsageError
from nlp.records import Period
from nlp.text import fold

# An officer types the 〇 of 二〇二三 as a circle, a letter or a figure.
_YEAR: Final = re.compile(r"(20\d{2})\s*年?(?:度)?|(二[〇○零o0][一二三四五六七八九〇○零o0]{2})年")
_DIGITS: Final = {c: str(n) for n, c in enumerate("〇一二三四五六七八九")} | {"○": "0", "零": "0", "o": "0"}
_FROM_JANUARY: Final = r"1\s*月?\s*[-—–―─至~到]\s*"
# Tried in order; the number is the last month covered.
_SPANS: Final = (
    (re.compile(rf"前[三3]季度|[三3]季度|{_FROM_JANUARY}9\s*月|q3(?!\d)"), 9),
    (re.compile(rf"上半年|(?<!下)半年|[二2]季度|{_FROM_JANUARY}6\s*月|h1(?!\d)|q2(?!\d)"), 6),
    (re.compile(rf"[一1]季度|首季|{_FROM_JANUARY}3\s*月|q1(?!\d)"), 3),
    (re.compile(rf"[四4]季度|下半年|全年|年度总结|年终|年底|{_FROM_JANUARY}12\s*月|q4(?!\d)|h2(?!\d)|fy(?![a-z])"), 12),
)
_MONTH: Final = re.compile(
    rf"(?:截至|截止|{_FROM_JANUARY})\s*(?:20\d{{2}}年)?\s*(\d{{1,2}})\s*月"
    r"|(?<![-—–―─至~到\d])(\d{1,2})\s*月份?(?:底|末)?\s*(?:进展|完成|落实|推进|工作|情况|重点|主要|任务|督查|督办|[）)])|\dm(\d{1,2})(?!\d)"
)
_CODES: Final = {3: "Q1", 6: "H1", 9: "Q3", 12: "FY"}
_CODE: Final = re.compile(r"(20\d{2})\s*(?:-|年)?\s*(?:(q[1-4]|h[12]|fy)|m?(\d{1,2})月?)")
_PLACE: Final = re.compile(
    r"(?:^|[：:\s（(])(?:关于|20\d{2}年度?)?([\u4e00-\u9fa5]{2,7}?(?<![全我本各])(?:自治[区州县旗]|新区|省|市|州|盟|县|旗|区))(?=$|[\s20二《（(人政第关各全年一上前三重主])"
)


def parse_period(code: str) -> Period:
    """The period that a person named: 2023Q1, 2023H1, 2023Q3, 2023FY, 2023M11 (2023Q2 is the half year, 2023Q4 the year).

    Raises
    ------
    UsageError : the code is none of these.
    """
    match = _CODE.fullmatch(fold(code).strip())
    if match and match.group(2):
        months = {"q1": 3, "q2": 6, "h1": 6, "q3": 9, "q4": 12, "h2": 12, "fy": 12}[match.group(2)]
        return _period(match.group(1), months)
    if match and 1 <= int(match.group(3)) <= 12:
        return _period(match.group(1), int(match.group(3)))
    raise UsageError(f"报告期 {code} 写法不对", remedy="请写作 2023Q1（一季度）、2023H1（上半年）、2023Q3（前三季度）、2023FY（全年）或 2023M11（1—11月）")


def _period(year: str, months: int) -> Period:
    return Period(f"{year}{_CODES.get(months, f'M{months:02d}')}", months / 12)


def find_period(*texts: str) -> Period | None:
    """The period named in the first of the texts that names both a year and a part of it; None where none does."""
    for text in texts:
        lines = text.split("\n")
        # A title may run over two lines.
        for line in [*lines, *map("".join, itertools.pairwise(lines))]:
            folded = fold(line)
            year = _YEAR.search(folded)
            months = _months(folded)
            if year and months:
                return _period(year.group(1) or "".join(_DIGITS.get(c, c) for c in year.group(2)).replace("二", "2"), months)
    return None


def _months(text: str) -> int | None:
    month = _MONTH.search(text)
    if month:
        number = int(next(g for g in month.groups() if g))
        if 1 <= number <= 12:
            return number
    return next((months for pattern, months in _SPANS if pattern.search(text)), None)


def find_place(*texts: str) -> str:
    """The government named in a title (云岫县, 澜港市); empty where none is."""
    for text in texts:
        for line in text.split("\n"):
            match = _PLACE.search(line)
            if match:
                return match.group(1)
    return ""


def find_title(text: str) -> str:
    """The line that reads like the title of a report: the first that speaks of progress, else the first line."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return next((line for line in lines if re.search(r"情况|进展|台账|清单|通报|报告|汇总", line) and len(line) <= 80), lines[0] if lines else "")
