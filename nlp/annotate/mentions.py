"""Figures with what is said round them: the shape in which targets and results are held against each other."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nlp.annotate.quantities import AMOUNT, BARE, MEASURED, PERCENT, POINTS, Quantity, compact, scan
from nlp.config import load_toml
from nlp.text import Span, cut_statements

_HARD: Final = frozenset("，,。；;：:！!？?")
_SOFT: Final = _HARD | {"、"}
_LIST_GAP: Final = re.compile(r"(?:（含）|\(含\))?(?:以上|以内|左右|以下)?(?:[、和及与]|以及)(?:不少于|不低于|约|超)?$")
_LONGEST_GAP: Final = 9
_LONGEST_LIST: Final = 100
_JOINT: Final = re.compile(r"[、和及与]$")
_LONGEST_NAME: Final = 20
# Words that name nothing: what is left of a lead without them is its subject.
_EMPTY: Final = re.compile(
    r"[0-9、，,和及与（）()]|同比|[比较](?:上年|去年)(?:同期)?|分别|增长|下降|增加|减少|上升|提高|增速|增幅|回落|[为至到由从]|达到?|约|了|其中|[少多增降升]"
    r"|完工|竣工|开工|建成|投用|投产|交付|签约|办结|完成|安装|累计|已经?|新|实施|通过|结业|正式|另有|惠及|受益|涉及|在建|在施工|全年|年内|目前|共"
)
_SHARE_NAME: Final = re.compile(r"[率占比]|比重|完成|任务|目标|计划|进度|度$|成$")
_NAME_MARK: Final = re.compile(r"[、和及与]|以及")
# Words of change that are parts of others: 增加值, 不少于, 多式联运.
_NOT_CHANGE: Final = {
    "增加": "(?!值)",
    "增": "(?!加值|资|值税|殖|发|强)",
    "多": "(?![于式个家]|余)",
    "少": "(?!于|数|儿|年)",
    "减": "(?!灾|排|负|税)",
    "降": "(?!雨|碳)",
    "涨": "(?!停)",
}
_RATES: Final = ("增速", "增幅", "涨幅", "降幅", "跌幅", "减幅")
_BOUND_TAIL: Final = re.compile(r"(?:（含）|\(含\))?(?:及?以上|及?以内|及?以下|左右|之内|以内|的)?")
_LONGEST: Final = 60
# 50亿元以上工业项目, 收入20万元以上的村: the figure says which things are counted, not how many.
_QUALIFIER: Final = re.compile(
    r"(?:（含）|\(含\))?(?:及?以上|及?以下|以内)(?:的?(?=[一-龥a-z0-9])(?![和及并且与])|[、和及](?=[0-9]{1,6}[万亿]{0,2}(?:美元|元|亩|吨)以上))"
)
_COUNTED: Final = frozenset({"个", "人", "户", "人次", "标箱", "头", "天"})
# How far a word of change reaches to the figure behind it.
_REACH: Final = 8


@dataclass(frozen=True)
class Mention:
    """A quantity of a text with its surroundings, all in compact characters (`quantities.compact`).

    `lead` and `tail` are the words that touch it, up to the next mark or figure; `head` goes back over 、 to the last comma or figure; `clause` lies
    between two commas, `statement` between two stops, `before` is what the statement says in front of it.
    `change` is +1 or -1 where the figure says by how much something rose or fell, else 0. `order` counts figures of the text from 0.
    """

    quantity: Quantity
    span: Span
    # Where its statement begins.
    first: int
    lead: str
    tail: str
    clause: str
    statement: str
    head: str
    before: str
    change: int
    order: int
    is_in_brackets: bool
    # What the clauses in front are about, for a figure without words of its own: 出栏127万头，增长1.9%.
    subject: str = ""
    # The change of an earlier figure that this one may share: 增长6.5%，工业7.1%.
    elided: int = 0

    @property
    def value(self) -> float:
        """The figure, below zero for a fall."""
        return -self.quantity.low if self.change < 0 else self.quantity.low


@dataclass(frozen=True)
class _Group:
    """Figures that stand in one list and share the words in front of it: 分别不少于120、80、40个."""

    first: int
    size: int


def find_mentions(text: str) -> tuple[Mention, ...]:
    """The measured quantities of a text in order; `span` counts characters of `text`. The time grows with the text."""
    return tuple(iterate_mentions(text))


def iterate_mentions(text: str) -> Iterator[Mention]:
    """As `find_mentions`, one at a time, for who needs only the first of a long text."""
    squeezed, offsets = compact(text)
    quantities = _share_units(squeezed, [q for q in scan(squeezed) if q.kind in MEASURED and not _is_qualifier(squeezed, q)])
    if not quantities:
        return
    where = {offset: i for i, offset in enumerate(offsets)}
    cuts = sorted({0, *(where[span.start] for span in cut_statements(text) if span.start in where), len(squeezed)})
    depths = _depths(squeezed)
    mentions: list[Mention] = []
    for group in _groups(squeezed, quantities):
        found = [_mention(squeezed, offsets, quantities, group.first + i, cuts, depths) for i in range(group.size)]
        if group.size > 1:
            found = _share_lead(found, mentions)
        for mention in found:
            mentions.append(_after(mention, mentions[-1] if mentions else None))
            yield mentions[-1]


def _after(mention: Mention, last: Mention | None) -> Mention:
    """The mention with what it takes from the figure before it in the same statement."""
    if last is None or last.first != mention.first:
        return mention
    own = _EMPTY.sub("", mention.lead)
    # 1个示范镇、30个示范村: in such a list the name stands behind its figure.
    gap = mention.quantity.span.start - last.quantity.span.end
    is_named_behind = not mention.lead and gap == len(last.tail) + 1 and min(len(_EMPTY.sub("", m.tail)) for m in (last, mention)) >= 2
    subject = "" if len(own) >= 2 or is_named_behind else (last.subject + last.lead + last.tail)[-_LONGEST:]
    is_next = mention.quantity.kind == last.quantity.kind == PERCENT and mention.quantity.span.start - last.quantity.span.end <= _LONGEST_NAME
    shared = last.change or last.elided
    elided = shared if is_next and not mention.change and not _SHARE_NAME.search(mention.lead + mention.tail[:2]) else 0
    return replace(mention, subject=subject, elided=elided)


def _mention(text: str, offsets: Sequence[int], quantities: Sequence[Quantity], n: int, cuts: Sequence[int], depths: Sequence[int]) -> Mention:
    quantity = quantities[n]
    start, end = quantity.span
    k = bisect_right(cuts, start)
    first, last = cuts[k - 1], cuts[k] if k < len(cuts) else len(text)
    left, right = max(first, start - _LONGEST), min(last, end + _LONGEST)
    after_last = quantities[n - 1].span.end if n else 0
    before_next = quantities[n + 1].span.start if n + 1 < len(quantities) else len(text)
    lead_start = max(_back(text, start, left, _SOFT), after_last)
    bound = _BOUND_TAIL.match(text, end, right)
    tail_start = bound.end() if bound else end
    tail = text[tail_start : max(tail_start, _forward(text, end, min(right, before_next), _SOFT))]
    return Mention(
        quantity=quantity,
        span=Span(offsets[start], offsets[end - 1] + 1),
        first=first,
        lead=text[lead_start:start],
        tail=tail,
        clause=text[_back(text, start, left, _HARD) : _forward(text, end, right, _HARD)],
        statement=text[max(first, start - 2 * _LONGEST) : right],
        head=text[max(_back(text, start, left, _HARD), after_last) : start],
        before=text[left:start],
        change=_change(text[lead_start:start], quantity),
        order=n,
        is_in_brackets=depths[start] > 0,
    )


def _is_qualifier(text: str, quantity: Quantity) -> bool:
    match = _QUALIFIER.match(text, quantity.span.end)
    return quantity.base not in _COUNTED and (quantity.kind == AMOUNT or match.group().endswith("的")) if match else False


def _share_units(text: str, quantities: Sequence[Quantity]) -> list[Quantity]:
    """Bare numbers of a list take the unit of the next one that has a unit: 120、80、40个. Others without a unit are left out."""
    shared: list[Quantity] = []
    for quantity in reversed(quantities):
        if quantity.kind == BARE:
            behind = shared[-1] if shared else None
            if behind is None or behind.span.start - quantity.span.end > 2 or not _JOINT.match(text[quantity.span.end : behind.span.start]):
                continue
            quantity = replace(quantity, unit=behind.unit, base=behind.base, factor=behind.factor, kind=behind.kind)  # noqa: PLW2901
        shared.append(quantity)
    return shared[::-1]


def _groups(text: str, quantities: Sequence[Quantity]) -> list[_Group]:
    """Runs of at most 100 figures with nothing but a list mark between them."""
    groups: list[_Group] = []
    for n, quantity in enumerate(quantities):
        gap = text[quantities[n - 1].span.end : quantity.span.start] if n else "。"
        if n and groups[-1].size < _LONGEST_LIST and len(gap) <= _LONGEST_GAP and _LIST_GAP.match(gap):
            groups[-1] = _Group(groups[-1].first, groups[-1].size + 1)
        else:
            groups.append(_Group(n, 1))
    return groups


def _share_lead(members: list[Mention], earlier: Sequence[Mention]) -> list[Mention]:
    """Each member of a list with its own name out of the names in front of the list, and with the list's word of change."""
    first = members[0]
    # The names of a list stand between marks of their own, so the words back to the last comma belong to it.
    whole = first.head
    head, mark, verb = whole.partition("分别")
    names = [name for name in _NAME_MARK.split(head) if name]
    if mark and len(names) < len(members):
        # 吞吐量3120万吨，集装箱38.9万标箱，分别增长4.4%、7.1%: the names stand with the figures before.
        last = [m for m in earlier[-len(members) :] if m.change == 0]
        names = [m.lead for m in last] if len(last) == len(members) and not names else names
    leads = [name + verb for name in names[-len(members) :]] if len(names) >= len(members) else [whole] * len(members)
    return [replace(m, lead=lead, change=_change(lead, m.quantity)) for m, lead in zip(members, leads, strict=True)]


@functools.cache
def _change_words() -> tuple[re.Pattern[str], frozenset[str]]:
    words = load_toml("mentions.toml")["change"]
    both = sorted([*words["up"], *words["down"]], key=lambda word: -len(word))
    return re.compile("|".join(word + _NOT_CHANGE.get(word, "") for word in both)), frozenset(words["down"])


def _change(lead: str, quantity: Quantity) -> int:
    """+1 or -1 where the words in front of a percentage say that it is a rise or a fall, else 0."""
    if quantity.kind not in {PERCENT, POINTS} and quantity.unit != "倍":
        return 0
    if lead.endswith(("-", "—", "负")):
        return -1
    pattern, downs = _change_words()
    found = list(pattern.finditer(lead))
    if not found:
        return 0
    last = found[-1]
    between = lead[last.end() :]
    if len(between) > _REACH:
        return 0
    if any(c in between for c in "到至") and last.group() not in _RATES:
        earlier = next((rate for rate in _RATES if rate in lead), None)
        return 0 if earlier is None else (-1 if earlier in downs else 1)
    return -1 if last.group() in downs else 1


def _back(text: str, start: int, least: int, marks: frozenset[str]) -> int:
    i = start
    while i > least and text[i - 1] not in marks:
        i -= 1
    return i


def _forward(text: str, end: int, most: int, marks: frozenset[str]) -> int:
    i = end
    while i < most and text[i] not in marks:
        i += 1
    return i


def _depths(text: str) -> list[int]:
    """How many brackets are open at each character; one that is never closed counts up to the end of its statement."""
    depths, depth = [], 0
    for c in text:
        if c in "（(":
            depth += 1
        elif c in "）)":
            depth = max(0, depth - 1)
        elif c in "。；":
            depth = 0
        depths.append(depth)
    return depths
