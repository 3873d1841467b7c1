"""Every label of the project, defined once: code, order, Chinese name, one-letter mark.

`K` = 4 status labels; every `(N, K)` array in the project has its columns in the order of `STATUSES`.
"""

from __future__ import annotations

from typing import Final

COMPLETED: Final = "completed"
IN_PROGRESS: Final = "in_progress"
NOT_STARTED: Final = "not_started"
AT_RISK: Final = "at_risk"

STATUSES: Final = (COMPLETED, IN_PROGRESS, NOT_STARTED, AT_RISK)
STATUS_NAMES: Final = {COMPLETED: "已完成", IN_PROGRESS: "推进中", NOT_STARTED: "未启动", AT_RISK: "有风险"}
# The marks that a labelled text carries in front of each statement.
STATUS_MARKS: Final = {"C": COMPLETED, "P": IN_PROGRESS, "N": NOT_STARTED, "R": AT_RISK}

# Why an item is at risk, in the order in which the labelling guide asks.
BASES: Final = ("stated", "decline", "growth", "pace")
BASIS_NAMES: Final = {"stated": "文字写明", "decline": "指标逆向", "growth": "增速未达", "pace": "进度滞后"}

PROBLEM_KINDS: Final = ("delay", "blocked", "shortfall", "resources", "external", "other")
PROBLEM_NAMES: Final = {
    "delay": "进度滞后",
    "blocked": "要件受阻",
    "shortfall": "指标不足",
    "resources": "资源短缺",
    "external": "等待外部",
    "other": "其他问题",
}

# What a cue rule can say: a kind of problem, a status, or that what it covers only looks like a problem.
PSEUDO: Final = "pseudo"
CUE_LABELS: Final = (*PROBLEM_KINDS, NOT_STARTED, IN_PROGRESS, COMPLETED, PSEUDO)

SEVERITIES: Final = (0, 1, 2, 3)
SEVERITY_NAMES: Final = {0: "无", 1: "关注", 2: "较重", 3: "严重"}

TARGET_KINDS: Final = ("quantity", "growth", "level", "ceiling", "rank", "milestone")
VERDICTS: Final = ("met", "ahead", "on_pace", "behind", "falling", "below_target", "not_comparable")
VERDICT_NAMES: Final = {
    "met": "已达到",
    "ahead": "超前",
    "on_pace": "符合序时",
    "behind": "落后序时",
    "falling": "逆向变动",
    "below_target": "低于目标",
    "not_comparable": "无法比较",
}

# What can become of a task between two periods, worst first: the order in which changes are listed. The last two name rows of one period alone.
WORSE: Final = "worse"
FELL_BACK: Final = "fell_back"
STALLED: Final = "stalled"
REPEATED: Final = "repeated"
UNCHANGED: Final = "unchanged"
MOVED: Final = "moved"
RECOVERED: Final = "recovered"
NEWLY_COMPLETED: Final = "newly_completed"
NEW: Final = "new"
DROPPED: Final = "dropped"
CHANGES: Final = (WORSE, FELL_BACK, STALLED, REPEATED, UNCHANGED, MOVED, RECOVERED, NEWLY_COMPLETED)
CHANGE_NAMES: Final = {
    WORSE: "转差",
    FELL_BACK: "累计数回落",
    STALLED: "停滞",
    REPEATED: "照抄上期",
    UNCHANGED: "无明显变化",
    MOVED: "推进",
    RECOVERED: "好转",
    NEWLY_COMPLETED: "新完成",
    NEW: "新增",
    DROPPED: "取消",
}

# Terms of the risk score (`nlp/ranking.py`).
TERM_NAMES: Final = {
    "severity": "严重程度",
    "at_risk": "判为有风险",
    "pace_gap": "与应达进度的差距",
    "decline": "主要指标逆向",
    "blocked": "受阻且未见办法",
    "spread": "问题不止一处",
    "external": "等待外部",
    "words_against_figures": "文字与数据不符",
    "low_rank": "位次靠后",
    "not_started_late": "时间已过仍未启动",
    "unfinished": "年终未完成",
    "repeated": "与上期雷同",
    "no_report": "未填报",
}
