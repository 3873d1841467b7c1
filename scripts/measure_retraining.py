"""What the corrected quarters of one office bring: `python scripts/measure_retraining.py [--own corpora/own/yunchuan] [--fresh 5] [--out DIR]`.

The heads are trained twice on the encoder of the shipped model, as `ducha train --quick` does: on the training governments alone, and with all quarters
but the last of one office more. Both are measured on that office's last quarter, beside the shipped model. The office must be one that the shipped
encoder has not learned from. The heads are stopped and calibrated on the governments of dev.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from nlp.annotate.encoder import MANIFEST, load_model
from nlp.batch import SHIPPED_MODEL
from nlp.training.corpus import Government, LabelledItem, read_corpora
from nlp.training.evaluate import measure
from nlp.training.export import save_model
from nlp.training.heads import count_fresh, encoder_in, train_heads
from nlp.training.settings import QUICK, load_settings
from nlp.training.train import load_tokenizer

ROOT = Path(__file__).resolve().parent.parent
Corpora = Sequence[tuple[Government, Sequence[LabelledItem]]]


def retrain(train: Sequence[LabelledItem], dev: Sequence[LabelledItem], *, corpora: Corpora, fresh: int, out: Path) -> float:
    """Train heads as `--quick` does and write the model folder; seconds taken."""
    started = time.perf_counter()
    settings = load_settings(None, **{**QUICK, "fresh": fresh})
    known = json.loads((SHIPPED_MODEL / MANIFEST).read_text(encoding="utf-8"))["train"]
    encoder, heads = encoder_in(SHIPPED_MODEL)
    tokenizer = load_tokenizer(SHIPPED_MODEL)
    places = {government.name: government.place for government, _ in corpora}
    counted = count_fresh(train, known=known, times=fresh)
    epochs = train_heads(counted, dev, places=places, encoder=encoder, heads=heads, tokenizer=tokenizer, settings=settings)
    notes = {
        "base_name": SHIPPED_MODEL.name,
        "train": sorted({item.government for item in train}),
        "dev": sorted({item.government for item in dev}),
        "corpora": quarters(corpora, train),
        "n_train": len(train),
        "n_dev": len(dev),
        "epochs": [dataclasses.asdict(epoch) for epoch in epochs],
        "best_epoch": max(epochs, key=lambda epoch: epoch.score).number,
        "seconds": sum(epoch.seconds for epoch in epochs),
    }
    save_model(encoder, heads, tokenizer=tokenizer, out=out, settings=settings, dev=dev, notes=notes)
    return time.perf_counter() - started


def quarters(corpora: Corpora, items: Sequence[LabelledItem]) -> dict[str, str]:
    """`government/file` -> SHA-256 of the quarters that the items come from, as a manifest names them."""
    used = {(item.government, item.period) for item in items}
    return {
        f"{government.name}/{path.name}": sha256(path.read_bytes()).hexdigest()
        for government, _ in corpora
        for path in sorted(government.folder.glob("*.jsonl"))
        if (government.name, government.period(path.stem)) in used
    }


def figures(folder: Path, items: Sequence[LabelledItem]) -> dict[str, float]:
    """Macro-F1 of items (words and figures together; words alone), of statements, recall of at_risk statements, F1 of problem spans; all in [0, 1]."""
    found: dict[str, Any] = measure(items, model=load_model(folder))
    return {
        "item_macro_f1": found["pace"]["item_macro_f1"],
        "item_by_words_macro_f1": found["item_by_words"]["macro_f1"],
        "statement_macro_f1": found["statement"]["macro_f1"],
        "at_risk_recall": found["statement"]["at_risk_recall"],
        "span_f1": found["problems"]["overlap"]["f1"],
    }


def main() -> None:
    """Train twice, measure three models on the last quarter, print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=Path, default=ROOT / "corpora" / "own" / "yunchuan", help="the folder of one office: all quarters but the last are added")
    parser.add_argument("--fresh", type=int, default=QUICK["fresh"], help="how many times a row counts that the shipped model has not learned from")
    parser.add_argument("--out", type=Path, help="where the two models stay; without it they are thrown away")
    arguments = parser.parse_args()
    corpora = list(read_corpora(ROOT / "corpora"))
    ((office, own),) = read_corpora(arguments.own)
    periods = list(dict.fromkeys(item.period for item in own))
    if len(periods) < 2 or any(government.name == office.name for government, _ in corpora):
        parser.error(f"{arguments.own}: two quarters at least are asked, of an office that is not among the corpora")
    first, last = [item for item in own if item.period != periods[-1]], [item for item in own if item.period == periods[-1]]
    base = [item for government, items in corpora if government.split == "train" for item in items]
    dev = [item for government, items in corpora if government.split == "dev" for item in items]
    corpora.append((office, own))
    result: dict[str, Any] = {"office": office.name, "rows_added": len(first), "rows_measured": len(last), "shipped": figures(SHIPPED_MODEL, last)}
    with tempfile.TemporaryDirectory() as name:
        out = arguments.out or Path(name)
        for key, train in (("without", base), ("with", [*base, *first])):
            seconds = retrain(train, dev, corpora=corpora, fresh=arguments.fresh, out=out / key)
            result[key] = {"n_train": len(train), "seconds": round(seconds), **figures(out / key, last)}
            print(json.dumps({key: result[key]}, ensure_ascii=False), flush=True)
    result["gain"] = {key: round(result["with"][key] - result["without"][key], 4) for key in result["shipped"]}
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
