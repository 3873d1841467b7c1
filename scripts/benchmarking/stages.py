"""Where the time of one report goes: every stage by itself, in steady state. In the main job the model reads while the rules work on the rows before."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarking.timing import Seconds, time_in_turn
from nlp.annotate.encoder import cores, load_model, run_session
from nlp.annotate.pace import find_indicators
from nlp.annotate.pipeline import annotate, find_text_cues
from nlp.annotate.predict import _TOKENS, Question, batches_by_length, collate
from nlp.annotate.summary import summarise
from nlp.annotate.windows import Window, build_windows
from nlp.annotate.yardstick import load_yardstick
from nlp.judging import result_of
from nlp.outputs.files import write_files
from nlp.ranking import rank
from nlp.readers import read_report
from nlp.settings import Settings, tools_of
from nlp.text import cut_statements


def stages(path: Path, *, model_folder: Path, formats: Sequence[str], repeat: int) -> dict[str, Seconds]:
    """Stage -> seconds for all items of the report, in the order in which they follow."""
    report = read_report(path)
    items, period = report.items, report.period
    model = load_model(model_folder)
    tools = tools_of(Settings(model=str(model_folder)))
    stick = load_yardstick()
    cues = list(find_text_cues(item.text for item in items))
    questions = [Question(item.task, item.text, period.elapsed, found) for item, found in zip(items, cues, strict=True)]
    windows, owners = _windows(questions, model.tokenizer)
    batches = [
        collate([windows[i] for i in batch], cues=[questions[owners[i]].cues for i in batch]) for batch in batches_by_length(windows, size=8, tokens=_TOKENS)
    ]
    annotated = annotate(items, period=period, model=model)
    result = result_of(report, annotated, tools=tools)
    network = run_session(model.session)

    def run_model() -> None:
        with ThreadPoolExecutor(cores()) as pool:
            list(pool.map(lambda batch: network(*batch), batches[::-1]))

    def figures() -> None:
        for item in items:
            find_indicators(item.task, item.text, elapsed=period.elapsed, yardstick=stick, year=int(period.code[:4]))

    def summaries() -> None:
        for done in annotated:
            summarise(done.item.task, done.item.text, statements=done.statements, problems=done.problems, indicators=done.indicators)

    def write(form: str) -> None:
        with tempfile.TemporaryDirectory(prefix="ducha-benchmark-") as folder:
            write_files(
                Path(folder), report=report, items=result.items, risks=result.risks, formats=frozenset({form}), top=15, units=result.units, proposals=()
            )

    functions: dict[str, Any] = {
        "read": lambda: read_report(path),
        "cues": lambda: list(find_text_cues(item.text for item in items)),
        "tokenise": lambda: _windows(questions, model.tokenizer),
        "model": run_model,
        "model.predict: tokenise, model, spans": lambda: model.predict(questions),
        "figures": figures,
        "summaries": summaries,
        "annotate: all of these, side by side": lambda: annotate(items, period=period, model=model),
        "rank": lambda: rank(annotated, weights=tools.weights),
        "rows, rank, units": lambda: result_of(report, annotated, tools=tools),
        **{f"write {form}": lambda form=form: write(form) for form in formats},
    }
    for function in functions.values():
        function()
    return time_in_turn(functions, repeat=repeat)


def _windows(questions: Sequence[Question], tokenizer: Any) -> tuple[list[Window], list[int]]:
    windows: list[Window] = []
    owners: list[int] = []
    for n, question in enumerate(questions):
        built = build_windows(question.task, question.text, elapsed=question.elapsed, tokenizer=tokenizer, statements=cut_statements(question.text))
        windows += built
        owners += [n] * len(built)
    return windows, owners
