"""Columns for programs that read millions of rows: item rows and risk rows as Parquet, through pyarrow (extra `[scale]`).

Every file has the whole schema, whatever its report holds, so that the files of a province read as one table. Nested parts stay nested; a key that a row
lacks is null. The bytes depend on the rows and on the version of pyarrow alone.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Final

from nlp.errors import OutputError, UsageError
from nlp.labels import STATUSES

FORMAT: Final = "parquet"
ITEMS: Final = "items.parquet"
RISKS: Final = "risks.parquet"
# Rows of a row group: what a reader holds at a time, about 10 MB of text.
GROUP_ROWS: Final = 8192
# Keys that a row has only where there is something to say. Here they are null; without them, and without the null of an address, a row is that of the jsonl.
OPTIONAL: Final = ("change", "review")
ADDRESS: Final = ("sheet", "page")
_RISK_KEYS: Final = (
    *("report", "number", "task", "units", "period", "status", "basis", "severity", "indicators"),
    *("words_against_figures", "confidence", "needs_review", "summary", "reason", "problems", "source"),
)


def require_pyarrow() -> None:
    """Raises `UsageError` where pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise UsageError(
            "--formats parquet 需要 pyarrow，这个环境里没有", remedy="请执行 pip install -c scripts/constraints.txt -e .[scale]，或从 --formats 里去掉 parquet"
        )


@functools.cache
def item_schema() -> Any:
    """The `pyarrow.Schema` of `items.parquet`: the keys of `items.jsonl` in their order, then `OPTIONAL`."""
    import pyarrow as pa  # noqa: PLC0415

    text, share, whole, yes, small = pa.string(), pa.float64(), pa.int32(), pa.bool_(), pa.int8()

    def struct(**fields: Any) -> Any:
        return pa.struct(list(fields.items()))

    probabilities = struct(**dict.fromkeys(STATUSES, share))
    span = {"start": whole, "end": whole, "text": text}
    cue = struct(rule=text, label=text, **span)
    indicator = struct(
        name=text,
        kind=text,
        target=share,
        target_unit=text,
        result=share,
        result_unit=text,
        ratio=share,
        expected=share,
        verdict=text,
        light=text,
        task_span=pa.list_(whole),
        text_span=pa.list_(whole),
        arithmetic=text,
        score=share,
    )
    fields = {
        "report": text,
        "number": text,
        "task": text,
        "units": pa.list_(text),
        "text": text,
        "period": text,
        "elapsed": share,
        "status": text,
        "basis": text,
        "probabilities": probabilities,
        "confidence": share,
        "needs_review": yes,
        "statements": pa.list_(struct(**span, status=text, probabilities=probabilities, cues=pa.list_(cue))),
        "problems": pa.list_(struct(**span, kind=text, score=share, rule=text)),
        "indicators": pa.list_(indicator),
        "words_against_figures": yes,
        "severity": small,
        "risk": struct(score=share, rank=whole, terms=pa.list_(struct(name=text, value=share)), why=text),
        "summary": text,
        "reason": text,
        "decided_by": text,
        "rules_status": text,
        "section": text,
        "other": pa.list_(struct(header=text, text=text)),
        "place": text,
        "source": struct(file=text, sheet=text, page=whole, row=whole),
        "change": struct(names=pa.list_(text), older_status=text, older_number=text),
        "review": struct(state=text, who=text, at=text, revision=whole, note=text),
    }
    return pa.schema(list(fields.items()))


@functools.cache
def risk_schema() -> Any:
    """The `pyarrow.Schema` of `risks.parquet`: the keys of `risks.jsonl` in their order."""
    import pyarrow as pa  # noqa: PLC0415

    items = item_schema()
    risk = items.field("risk").type
    lead = {"rank": risk.field("rank").type, "score": risk.field("score").type, "terms": risk.field("terms").type, "why": risk.field("why").type}
    return pa.schema([*lead.items(), *((key, items.field(key).type) for key in _RISK_KEYS)])


def write_parquet(path: Path, rows: Iterable[Mapping[str, Any]], *, schema: Any, group_rows: int = GROUP_ROWS) -> None:
    """The rows in a Parquet file of row groups of at most `group_rows` rows, zstd; no rows make a file that holds the schema alone.

    Raises
    ------
    OutputError : a row holds a key that the schema lacks, or a value of another type; nothing of it would be lost in silence.
    """
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    with parquet.ParquetWriter(str(path), schema, compression="zstd", version="2.6", write_page_checksum=True) as writer:
        for part in _parts(rows, size=group_rows):
            unknown = sorted({key for row in part for key in _unknown(row, schema)})
            if unknown:
                raise OutputError(f"行里有 parquet 表结构没有的键 {'、'.join(unknown)}", where=path.name, remedy="请从 --formats 里去掉 parquet")
            try:
                table = pa.Table.from_pylist(part, schema=schema)
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                raise OutputError(f"行里的值与 parquet 表结构的类型不符（{error}）", where=path.name, remedy="请从 --formats 里去掉 parquet") from error
            writer.write_table(table, row_group_size=group_rows)


def row_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as pyarrow reads it (`Table.to_pylist`) -> the row of the jsonl that it was written from; columns that were not read are missing."""
    row = {key: value for key, value in record.items() if value is not None or key not in OPTIONAL}
    if row.get("source"):
        row["source"] = {key: value for key, value in row["source"].items() if value is not None or key not in ADDRESS}
    return row


def _parts(rows: Iterable[Mapping[str, Any]], *, size: int) -> Iterator[list[dict[str, Any]]]:
    ahead = iter(rows)
    while part := [dict(row) for row in islice(ahead, size)]:
        yield part


def _unknown(value: Any, kind: Any, *, where: str = "") -> Iterator[str]:
    """Keys of a row, at any depth, that the schema (or the type `kind` within it) has no field for: pyarrow drops them without a word."""
    if isinstance(value, Mapping):
        names = set(kind.names)
        for key, inner in value.items():
            if key not in names:
                yield f"{where}{key}"
            elif isinstance(inner, Mapping | Sequence) and not isinstance(inner, str):
                yield from _unknown(inner, kind.field(key).type, where=f"{where}{key}.")
    elif isinstance(value, Sequence) and hasattr(kind, "value_type"):
        for inner in value:
            if isinstance(inner, Mapping):
                yield from _unknown(inner, kind.value_type, where=where)
