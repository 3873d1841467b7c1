"""Training and evaluation on the terminal: progress, figures, and the files that stay."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from nlp.annotate.encoder import CALIBRATION, MANIFEST, load_model
from nlp.errors import CorpusError
from nlp.labels import STATUS_NAMES, STATUSES
from nlp.training.card import write_card
from nlp.training.corpus import Government, LabelledItem
from nlp.training.evaluate import evaluate, likely_mislabels, questions_of, read_items, tfidf_statements
from nlp.training.settings import TrainingSettings

if TYPE_CHECKING:
    from nlp.training.checkpoint import Epoch

Corpora = Sequence[tuple[Government, Sequence[LabelledItem]]]


def of_split(corpora: Corpora, split: str) -> list[LabelledItem]:
    """The items of all governments of one split."""
    return [item for government, items in corpora if government.split == split for item in items]


def run_training(corpora: Corpora, *, out: Path, base: Path, settings: TrainingSettings) -> None:
    """Train, export, measure on dev and write the card; what is unfinished stands in `.NAME-run` beside `out` and is taken up again."""
    from nlp.training.checkpoint import finished  # noqa: PLC0415
    from nlp.training.train import Step, train  # noqa: PLC0415

    console = Console(stderr=True)
    run = out.with_name(f".{out.name}-run")
    train_items, dev = of_split(corpora, "train"), of_split(corpora, "dev")
    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), console=console) as bar:
        task = bar.add_task("训练", total=None, note="")

        def on_step(step: Step) -> None:
            note = f"{step.step}/{step.steps} 损失 {step.loss:.3f} 还需 {step.seconds_left / 60:.0f} 分钟"
            bar.update(task, description=f"第 {step.epoch} 轮", completed=step.step, total=step.steps, note=note)

        def on_epoch(epoch: Epoch) -> None:
            bar.console.print(
                f"第 {epoch.number} 轮：损失 {epoch.loss:.3f}，开发集句子宏平均 F1 {epoch.statement_f1:.3f}，问题语句 F1 {epoch.span_f1:.3f}，"
                f"有风险查全 {epoch.risk_recall:.3f}，{epoch.seconds:.0f} 秒"
            )

        try:
            epochs = train(
                train_items,
                dev,
                places={government.name: government.place for government, _ in corpora},
                base=base,
                out=run,
                settings=settings,
                on_step=on_step,
                on_epoch=on_epoch,
            )
        except KeyboardInterrupt:
            epochs = finished(run)
            if not epochs:
                console.print("已中断，还没有练完一轮，没有模型可写")
                raise
            console.print(f"已中断，用 {len(epochs)} 轮里最好的一轮写出模型")
    figures = write_model(corpora, epochs, run=run, out=out, base=base, settings=settings)
    shutil.rmtree(run, ignore_errors=True)
    print_figures({"模型（开发集）": figures["dev"]})
    Console().print(f"模型已写入 {out}", highlight=False)


def write_model(corpora: Corpora, epochs: Sequence[Epoch], *, run: Path, out: Path, base: Path, settings: TrainingSettings) -> dict[str, Any]:
    """The model folder `out` from what a run left in `run`: weights, manifest, metrics, card; the figures on dev."""
    from nlp.training.export import export  # noqa: PLC0415

    train_items, dev = of_split(corpora, "train"), of_split(corpora, "dev")
    best = max(epochs, key=lambda epoch: epoch.score)
    notes: dict[str, Any] = {
        "base_name": base.name,
        "train": [government.name for government, _ in corpora if government.split == "train"],
        "dev": [government.name for government, _ in corpora if government.split == "dev"],
        "n_train": len(train_items),
        "n_dev": len(dev),
        "epochs": [dataclasses.asdict(epoch) for epoch in epochs],
        "best_epoch": best.number,
        "seconds": sum(epoch.seconds for epoch in epochs),
        "corpora": {f"{g.name}/{path.name}": sha256(path.read_bytes()).hexdigest() for g, _ in corpora for path in sorted(g.folder.glob("*.jsonl"))},
    }
    agreement = export(
        run, base=base, out=out, settings=settings, dev=dev, check=[*train_items, *dev], notes=notes | {"settings": dataclasses.asdict(settings)}
    )
    figures = {"dev": measure(dev, model=out)}
    calibration = json.loads((out / CALIBRATION).read_text(encoding="utf-8"))
    manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    (out / "metrics.json").write_text(json.dumps(figures | {"agreement": agreement}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    (out / "README.md").write_text(
        write_card(out.name, manifest=manifest, figures=figures, calibration=calibration, agreement=agreement), encoding="utf-8", newline="\n"
    )
    return figures


def measure(items: Sequence[LabelledItem], *, model: Path) -> dict[str, Any]:
    """Figures of a model folder on labelled items."""
    loaded = load_model(model)
    readings = read_items(items, predictions=loaded.predict(questions_of(items)), review_below=loaded.review_below)
    return evaluate(items, readings)


def run_evaluation(corpora: Corpora, *, model: Path, split: str, out: Path | None) -> None:
    """Print the figures of model, rules and TF-IDF on one split, and write `metrics.json` where `out` is given."""
    items = of_split(corpora, split)
    if not items:
        raise CorpusError(f"语料里没有属于 {split} 的政府")
    figures: dict[str, Any] = {"模型": measure(items, model=model), "规则": evaluate(items, read_items(items))}
    train_items = of_split(corpora, "train")
    if train_items:
        figures["TF-IDF"] = {"statement": tfidf_statements(train_items, items)}
    print_figures(figures)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "metrics.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def print_figures(figures: dict[str, Any]) -> None:
    """One table: a row a reader, F1 of statements and items, spans, calibration and review."""
    console = Console()
    table = Table(title="衡量结果")
    headers = ("", "句子宏平均", *(STATUS_NAMES[s] for s in STATUSES), "事项（不计算术）", "有风险查全", "问题语句 F1", "句子 ECE", "需复核", "其余准确")
    for header in headers:
        table.add_column(header, justify="left" if not header else "right")
    for name, figure in figures.items():
        statement = figure["statement"]
        row = [name, f"{statement['macro_f1']:.3f}", *(f"{statement['classes'][s]['f1']:.3f}" for s in STATUSES)]
        if "item_by_words" in figure:
            rest = figure["review"]["accuracy_of_the_rest"]
            row += [
                f"{figure['item_by_words']['macro_f1']:.3f}",
                f"{statement['at_risk_recall']:.3f}",
                f"{figure['problems']['overlap']['f1']:.3f}",
                f"{statement['ece']:.3f}",
                f"{figure['review']['flagged']:.1%}",
                "—" if rest is None else f"{rest:.3f}",
            ]
        table.add_row(*row, *[""] * (len(headers) - len(row)))
    console.print(table)


def print_mislabels(corpora: Corpora, *, model: Path) -> None:
    """The statements whose label the model finds least likely, of governments that it was not trained on."""
    known = set(json.loads((model / MANIFEST).read_text(encoding="utf-8")).get("train", []))
    items = [item for government, found in corpora if government.name not in known for item in found]
    console = Console(soft_wrap=True)
    if not items:
        console.print("模型学过全部语料，说不出哪句可能标错")
        return
    console.print(f"最可能标错的句子（{len(items)} 项，模型没有学过）")
    for share, item, span, status, said in likely_mislabels(items, load_model(model).predict(questions_of(items))):
        console.print(f"{share:.3f} {item.key} 标为 {status}，模型认为 {said}：{escape(span.of(item.text))}", highlight=False)
