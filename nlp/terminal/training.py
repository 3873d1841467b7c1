"""Training and evaluation on the terminal: progress, figures, and the files that stay."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from nlp.annotate.encoder import MANIFEST, WEIGHTS, load_model
from nlp.errors import CorpusError
from nlp.terminal.figures import print_figures
from nlp.training.corpus import Government, LabelledItem
from nlp.training.evaluate import evaluate, likely_mislabels, measure, read_items, tfidf_figures
from nlp.training.page import write_page
from nlp.training.questions import questions_of
from nlp.training.settings import TrainingSettings

if TYPE_CHECKING:
    from nlp.training.checkpoint import Epoch
    from nlp.training.job import Journal
    from nlp.training.train import Step

Corpora = Sequence[tuple[Government, Sequence[LabelledItem]]]


def of_split(corpora: Corpora, split: str) -> list[LabelledItem]:
    """The items of all governments of one split."""
    return [item for government, items in corpora if government.split == split for item in items]


def run_training(corpora: Corpora, *, out: Path, base: Path, settings: TrainingSettings, teacher: Path | None = None, journal: Journal | None = None) -> None:
    """Train, export, measure on dev and write the card; what is unfinished stands in `.NAME-run` beside `out` and is taken up again.

    Parameters
    ----------
    teacher : the folder of a model that the new one begins as, cut to the width of the settings, and, where epochs are asked for, learns to agree with.
    journal : where the progress is written as well, for a process that watches this one.
    """
    from nlp.training.checkpoint import finished  # noqa: PLC0415
    from nlp.training.export import export  # noqa: PLC0415
    from nlp.training.teacher import load_teacher  # noqa: PLC0415
    from nlp.training.train import train  # noqa: PLC0415

    teaching = load_teacher(teacher) if teacher else None
    run = out.with_name(f".{out.name}-run")
    train_items, dev = of_split(corpora, "train"), of_split(corpora, "dev")
    with _progress(journal) as show:
        show.begin(settings)
        try:
            epochs = train(
                train_items,
                dev,
                places=_places(corpora),
                base=base,
                out=run,
                settings=settings,
                teacher=teaching,
                on_part=show.narrow,
                on_step=show.step,
                on_epoch=show.epoch,
            )
        except KeyboardInterrupt:
            epochs = finished(run, settings, teacher=teaching.id if teaching else None)
            if not epochs:
                show.say("已中断，还没有练完一轮，没有模型可写")
                raise
            show.say(f"已中断，用 {len(epochs)} 轮里最好的一轮写出模型")
        show.write("正在导出，并逐句与训练时的模型核对……")
        notes = _notes(corpora, epochs, base=base) | ({"teacher": teaching.id, "inherited": _inherited(teaching.folder)["inherited"]} if teaching else {})
        figures = export(run, base=base, out=out, settings=settings, dev=dev, check=[*train_items, *dev], notes=notes)
    shutil.rmtree(run, ignore_errors=True)
    print_figures({"模型（开发集）": figures["dev"]})
    Console().print(f"模型已写入 {out}", highlight=False)


def run_quick(corpora: Corpora, *, out: Path, base: Path, settings: TrainingSettings, journal: Journal | None = None) -> None:
    """Train the heads alone, on the encoder of the model folder `base`, or on a base encoder that has learned nothing yet."""
    from nlp.training.export import save_model  # noqa: PLC0415
    from nlp.training.heads import count_fresh, encoder_from, encoder_in, train_heads  # noqa: PLC0415
    from nlp.training.samples import build_samples  # noqa: PLC0415
    from nlp.training.train import load_tokenizer  # noqa: PLC0415

    train_items, dev = of_split(corpora, "train"), of_split(corpora, "dev")
    tokenizer, places = load_tokenizer(base), _places(corpora)
    inherited = _inherited(base)
    if inherited:
        load_model(base)
        encoder, heads = encoder_in(base)
        train_items = count_fresh(train_items, known=inherited["inherited"]["train"], times=settings.fresh)
    else:
        samples = build_samples(train_items, places=places, tokenizer=tokenizer, settings=settings, epoch=0)
        encoder, heads = encoder_from(base, layers=settings.layers, samples=samples)
    with _progress(journal) as show:
        show.begin(settings)
        epochs = train_heads(
            train_items,
            dev,
            places=places,
            encoder=encoder,
            heads=heads,
            tokenizer=tokenizer,
            settings=settings,
            on_read=show.read,
            on_step=show.step,
            on_epoch=show.epoch,
        )
        show.write("正在写出……")
        figures = save_model(encoder, heads, tokenizer=tokenizer, out=out, settings=settings, dev=dev, notes=_notes(corpora, epochs, base=base) | inherited)
    print_figures({"模型（开发集）": figures["dev"]})
    Console().print(f"模型已写入 {out}", highlight=False)


def run_mean(corpora: Corpora, *, members: Sequence[Path], out: Path, base: Path) -> None:
    """Write the model whose weights are the mean of those of `members`; calibrated on dev, its whole numbers held against float on all rows."""
    from safetensors.torch import save_file  # noqa: PLC0415

    from nlp.training.checkpoint import BEST  # noqa: PLC0415
    from nlp.training.export import export  # noqa: PLC0415
    from nlp.training.mean import mean_weights, notes_of  # noqa: PLC0415

    dev = of_split(corpora, "dev")
    if not dev:
        raise CorpusError("语料里没有属于 dev 的政府，温度和阈值无从确定", remedy="请加上 dev 政府的文件夹")
    weights, notes = mean_weights(members), notes_of(members)
    first = notes["mean_of"][0]["settings"]
    settings = dataclasses.replace(TrainingSettings(), **{name: first[name] for name in ("layers", "seed", "rules")})
    Console(stderr=True).print(f"{len(members)} 个模型的权重已平均，正在导出，并逐句与未取整的网络核对……", highlight=False)
    with tempfile.TemporaryDirectory(prefix="ducha-mean-") as name:
        save_file({key: table.contiguous() for key, table in weights.items()}, str(Path(name) / BEST))
        # Calibrated on these rows too, whatever the members were stopped on.
        held = {government.name for government, _ in corpora if government.split == "dev"}
        notes |= {"date": datetime.now().date().isoformat(), "dev": sorted(held.union(notes["dev"])), "n_dev": len(dev)}
        figures = export(Path(name), base=base, out=out, settings=settings, dev=dev, check=[*of_split(corpora, "train"), *dev], notes=notes)
    print_figures({"模型（开发集）": figures["dev"]})
    Console().print(f"模型已写入 {out}", highlight=False)


class _Show:
    """The bar of a training run: its texts in one place."""

    def __init__(self, bar: Progress, journal: Journal | None) -> None:
        self._bar, self._journal = bar, journal
        self._task = bar.add_task("训练", total=None, note="")

    def begin(self, settings: TrainingSettings) -> None:
        """The corpora are read."""
        if self._journal:
            self._journal.begin(epochs=settings.epochs)

    def write(self, line: str) -> None:
        """The model is being written."""
        self.say(line)
        if self._journal:
            self._journal.write()

    def say(self, line: str) -> None:
        """A line above the bar."""
        self._bar.console.print(line)

    def read(self, done: int, total: int) -> None:
        """How many rows the encoder has read."""
        self._bar.update(self._task, description="读取语料", completed=done, total=total, note=f"{done}/{total}")
        if self._journal:
            self._journal.read(done, total)

    def narrow(self, done: int, total: int) -> None:
        """How far the network has been made narrower."""
        self._bar.update(self._task, description="剪枝", completed=done, total=total, note=f"{done}/{total}")

    def step(self, step: Step) -> None:
        """Step, loss and time left."""
        note = f"{step.step}/{step.steps} 损失 {step.loss:.3f} 还需 {max(1, round(step.seconds_left / 60))} 分钟"
        self._bar.update(self._task, description=f"第 {step.epoch} 轮", completed=step.step, total=step.steps, note=note)
        if self._journal:
            self._journal.step(step)

    def epoch(self, epoch: Epoch) -> None:
        """What an epoch came to."""
        name = f"第 {epoch.number} 轮：损失 {epoch.loss:.3f}" if epoch.number else "剪枝后"
        self.say(
            f"{name}，开发集语句宏平均 F1 {epoch.statement_f1:.3f}，问题语句 F1 {epoch.span_f1:.3f}，有风险查全 {epoch.risk_recall:.3f}，{epoch.seconds:.0f} 秒"
        )
        if self._journal:
            self._journal.epoch(epoch)


@contextmanager
def _progress(journal: Journal | None) -> Iterator[_Show]:
    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), console=Console(stderr=True)) as bar:
        yield _Show(bar, journal)


def _places(corpora: Corpora) -> dict[str, str]:
    return {government.name: government.place for government, _ in corpora}


def _notes(corpora: Corpora, epochs: Sequence[Epoch], *, base: Path) -> dict[str, Any]:
    """What a model's manifest keeps of the run that made it."""
    names = {split: [government.name for government, _ in corpora if government.split == split] for split in ("train", "dev")}
    return {
        "date": datetime.now().date().isoformat(),
        "base_name": base.name,
        **names,
        "n_train": len(of_split(corpora, "train")),
        "n_dev": len(of_split(corpora, "dev")),
        "epochs": [dataclasses.asdict(epoch) for epoch in epochs],
        "best_epoch": max(epochs, key=lambda epoch: epoch.score).number,
        "seconds": sum(epoch.seconds for epoch in epochs),
        "corpora": {f"{g.name}/{path.name}": sha256(path.read_bytes()).hexdigest() for g, _ in corpora for path in sorted(g.folder.glob("*.jsonl"))},
    }


def _inherited(base: Path) -> dict[str, Any]:
    """What the model that a training went on from had learned from, itself or before: whoever holds out rows must know."""
    if not (base / WEIGHTS).is_file():
        return {}
    manifest = json.loads((base / MANIFEST).read_text(encoding="utf-8"))
    parts = (manifest.get("inherited", {}), manifest)
    train = sorted({name for part in parts for name in part.get("train", [])})
    return {
        "base": {WEIGHTS: manifest["files"][WEIGHTS]},
        "inherited": {
            "train": train,
            "corpora": {key: contents for part in parts for key, contents in part.get("corpora", {}).items() if key.split("/")[0] in part.get("train", [])},
        },
    }


def run_evaluation(corpora: Corpora, *, model: Path, split: str, out: Path | None) -> None:
    """Print the figures of model, rules and TF-IDF on one split, and write `metrics.json` and `metrics.html` where `out` is given."""
    items = of_split(corpora, split)
    if not items:
        raise CorpusError(f"语料里没有属于 {split} 的政府")
    loaded = load_model(model)
    figures: dict[str, Any] = {"模型": measure(items, model=loaded), "规则": evaluate(items, read_items(items))}
    train_items = of_split(corpora, "train")
    if not find_spec("sklearn"):
        Console(stderr=True).print("没有安装 scikit-learn（附加项 train），不列 TF-IDF 基线")
    elif train_items:
        figures["TF-IDF"] = tfidf_figures(train_items, items)
    print_figures(figures)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "metrics.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
        page = write_page(figures, title=f"{loaded.id}，{split}：{len(items)} 项")
        (out / "metrics.html").write_text(page, encoding="utf-8", newline="\n")
        Console().print(f"已写入 {out / 'metrics.json'}、{out / 'metrics.html'}", highlight=False)


def print_mislabels(corpora: Corpora, *, model: Path) -> None:
    """The statements whose label the model finds least likely, of governments that it was not trained on."""
    known = set(json.loads((model / MANIFEST).read_text(encoding="utf-8")).get("train", []))
    items = [item for government, found in corpora if government.name not in known for item in found]
    console = Console(soft_wrap=True)
    if not items:
        console.print("模型学过全部语料，说不出哪句可能标错")
        return
    console.print(f"最可能标错的语句（{len(items)} 项，模型没有学过）")
    for share, item, span, status, said in likely_mislabels(items, load_model(model).predict(questions_of(items))):
        console.print(f"{share:.3f} {item.key} 标为 {status}，模型认为 {said}：{escape(span.of(item.text))}", highlight=False)
