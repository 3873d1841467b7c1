"""The figures of an evaluation as one HTML page: tables and plots in inline SVG, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from nlp.labels import BASES, BASIS_NAMES, PROBLEM_KINDS, PROBLEM_NAMES, STATUS_NAMES, STATUSES
from nlp.outputs.document import document

_SIZE: Final = 260
_EDGE: Final = 38
_COLOURS: Final = ("#1f5fa8", "#b45309", "#4d7c0f")
_PARTS: Final = (("statement", "语句"), ("item_by_words", "事项（不计算术）"))
_STYLE: Final = """
body { font: 15px/1.6 "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; color: #222 }
h1 { font-size: 1.4em } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; margin: .6em 0 } th, td { border: 1px solid #ccc; padding: .2em .7em; text-align: right } th { background: #f2f4f7 }
td:first-child, th:first-child { text-align: left } td.right { background: #e8f1fb } caption { text-align: left; font-weight: 600; padding: .3em 0 }
.row { display: flex; flex-wrap: wrap; gap: 1.5em } figure { margin: 0 } figcaption { font-weight: 600 }
svg text { font-size: 11px } svg text:not([fill]) { fill: #444 }
"""


def write_page(figures: Mapping[str, Mapping[str, Any]], *, title: str) -> str:
    """The whole page.

    Parameters
    ----------
    figures : reader (model, rules, baseline) -> what `evaluate.evaluate` gave; a reader without spans has none of their keys.
    """
    parts = [f"<h1>衡量结果：{escape(title)}</h1>"]
    for what, name in _PARTS:
        parts += [f"<h2>{name}</h2>", _classes(figures, what), '<div class="row">']
        parts += [_confusion(reader, figure[what]) for reader, figure in figures.items()]
        parts.append("</div>")
    parts += ["<h2>目标与结果</h2>", _pace(figures)]
    parts += ["<h2>问题语句</h2>", _spans(figures), _kinds(figures), "<h2>把握与复核</h2>", '<div class="row">']
    reliability = {reader: [(b["confidence"], b["accuracy"]) for b in figure["statement"]["reliability"]] for reader, figure in figures.items()}
    parts.append(_plot("语句：说有几成把握，对了几成", reliability, across="把握", up="正确", low=0.2, diagonal=True))
    coverage = {reader: [(c["coverage"], c["accuracy"]) for c in f["review"]["coverage"]] for reader, f in figures.items() if "review" in f}
    parts += [_plot("事项：只看最有把握的一部分，对了几成", coverage, across="看的份额", up="正确", low=0.5), "</div>", _review(figures)]
    return document(title=title, style=_STYLE, body="\n".join(parts))


def _classes(figures: Mapping[str, Mapping[str, Any]], what: str) -> str:
    header = ["", "宏平均 F1", "95% 区间", "正确率", *(f"{STATUS_NAMES[s]} 准 / 全 / F1" for s in STATUSES), "ECE"]
    rows = []
    for reader, figure in figures.items():
        part = figure[what]
        low_high = figure.get(f"{what}_interval")
        interval = f"{low_high[0]:.3f}–{low_high[1]:.3f}" if low_high else "—"
        classes = [" / ".join(f"{part['classes'][s][key]:.3f}" for key in ("precision", "recall", "f1")) for s in STATUSES]
        rows.append([reader, f"{part['macro_f1']:.3f}", interval, f"{part['accuracy']:.3f}", *classes, f"{part['ece']:.3f}"])
    return _table(header, rows)


def _confusion(reader: str, part: Mapping[str, Any]) -> str:
    header = ["标注 \\ 判为", *(STATUS_NAMES[s] for s in STATUSES)]
    rows = [[STATUS_NAMES[s], *map(str, counts)] for s, counts in zip(STATUSES, part["confusion"], strict=True)]
    return _table(header, rows, caption=reader, diagonal=True)


def _spans(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for reader, figure in figures.items():
        if "problems" in figure:
            overlap, exact = (" / ".join(f"{figure['problems'][how][key]:.3f}" for key in ("precision", "recall", "f1")) for how in ("overlap", "exact"))
            rows.append([reader, overlap, "–".join(f"{end:.3f}" for end in figure["problem_interval"]), exact])
    return _table(["", "重叠三成以上 准 / 全 / F1", "95% 区间", "逐字相同 准 / 全 / F1"], rows)


def _pace(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for reader, figure in figures.items():
        if "pace" in figure:
            pace = figure["pace"]
            pairs = " / ".join(f"{pace['pairs'][key]:.3f}" for key in ("precision", "recall", "f1"))
            bases = [f"{pace['basis_classes'][basis]['f1']:.3f}" for basis in BASES]
            rows.append([reader, pairs, f"{pace['verdict_accuracy']:.3f}", f"{pace['item_macro_f1']:.3f}", *bases])
    return _table(["", "配对 准 / 全 / F1", "结论正确", "事项宏平均 F1（连同算术）", *(f"{BASIS_NAMES[basis]} F1" for basis in BASES)], rows)


def _kinds(figures: Mapping[str, Mapping[str, Any]]) -> str:
    readers = {reader: figure["problems"]["by_kind"] for reader, figure in figures.items() if "problems" in figure}
    header = ["类别", "数量", *(f"{reader} {what}" for reader in readers for what in ("找到", "类别对"))]
    rows = []
    for kind in PROBLEM_KINDS:
        counts = [kinds[kind] for kinds in readers.values()]
        rows.append([PROBLEM_NAMES[kind], str(counts[0]["n"]), *(f"{c[key]:.3f}" for c in counts for key in ("recall", "kind_accuracy"))])
    return _table(header, rows)


def _review(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for reader, figure in figures.items():
        if "review" in figure:
            rest = figure["review"]["accuracy_of_the_rest"]
            rows.append([reader, f"{figure['review']['flagged']:.1%}", "—" if rest is None else f"{rest:.1%}"])
    return _table(["", "标为需复核", "其余的正确率（不计算术）"], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "", diagonal: bool = False) -> str:
    lines = ["<table>", f"<caption>{escape(caption)}</caption>" if caption else "", "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in header) + "</tr>"]
    for n, row in enumerate(rows, start=1):
        cells = (f'<td class="right">{escape(cell)}</td>' if diagonal and n == i else f"<td>{escape(cell)}</td>" for i, cell in enumerate(row))
        lines.append("<tr>" + "".join(cells) + "</tr>")
    return "\n".join([*filter(None, lines), "</table>"])


def _plot(title: str, lines: Mapping[str, Sequence[tuple[float, float]]], *, across: str, up: str, low: float, diagonal: bool = False) -> str:
    """Lines of points in [`low`, 1] on both axes."""

    def place(x: float, y: float) -> tuple[float, float]:
        span = _SIZE - 2 * _EDGE
        return _EDGE + (max(x, low) - low) / (1 - low) * span, _SIZE - _EDGE - (max(y, low) - low) / (1 - low) * span

    ends = place(low, low), place(1.0, 1.0)
    drawn = [f'<path d="M{ends[0][0]} {ends[1][1]}V{ends[0][1]}H{ends[1][0]}" fill="none" stroke="#888"/>']
    if diagonal:
        drawn.append(f'<path d="M{ends[0][0]} {ends[0][1]}L{ends[1][0]} {ends[1][1]}" stroke="#bbb" stroke-dasharray="4 3"/>')
    for value in (low, (1 + low) / 2, 1.0):
        x, y = place(value, value)
        drawn.append(f'<text x="{x:.0f}" y="{_SIZE - _EDGE + 14}" text-anchor="middle">{value:.2g}</text>')
        drawn.append(f'<text x="{_EDGE - 5}" y="{y + 4:.0f}" text-anchor="end">{value:.2g}</text>')
    for n, ((reader, points), colour) in enumerate(zip(lines.items(), _COLOURS, strict=False)):
        at = [place(x, y) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
        drawn.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}"/>' for x, y in at]
        drawn.append(f'<text x="{_SIZE - _EDGE + 6}" y="{_EDGE + 14 * n}" fill="{colour}">{escape(reader)}</text>')
    drawn.append(f'<text x="{_SIZE / 2}" y="{_SIZE - 6}" text-anchor="middle">{escape(across)}</text>')
    drawn.append(f'<text x="12" y="{_SIZE / 2}" text-anchor="middle" transform="rotate(-90 12 {_SIZE / 2})">{escape(up)}</text>')
    width = _SIZE + 50
    svg = f'<svg width="{width}" height="{_SIZE}" viewBox="0 0 {width} {_SIZE}" role="img" aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"
