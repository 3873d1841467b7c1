"""The whole way from labelled items to a model folder, with a tiny random encoder: train, stop, resume, export, load, refuse."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nlp.annotate.encoder import CALIBRATION, LABELS, MANIFEST, TOKENIZER, WEIGHTS, load_model
from nlp.annotate.predict import Question
from nlp.errors import CorpusError, ModelError
from nlp.labels import STATUSES
from nlp.training.corpus import LabelledItem, read_corpora
from nlp.training.questions import questions_of
from nlp.training.settings import TrainingSettings

torch = pytest.importorskip("torch", reason="torch is not installed: python scripts/test.py --with-training")
transformers = pytest.importorskip("transformers", reason="transformers is not installed: python scripts/test.py --with-training")

NOTES = {"base_name": "tiny", "train": ["a"], "dev": ["b"], "n_train": 24, "n_dev": 8, "epochs": [], "best_epoch": 1, "seconds": 1.0}
CARD, METRICS, HEADS = "README.md", "metrics.json", "heads.safetensors"
SETTINGS = TrainingSettings(epochs=2, patience=0, layers=1, batch_size=8, learning_rate=1e-3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """An encoder of two layers of 32 with random weights and the tokenizer of the real one."""
    folder = tmp_path_factory.mktemp("base")
    shutil.copyfile(root / "models" / "encoder" / "tokenizer.json", folder / "tokenizer.json")
    vocabulary = json.loads((root / "models" / "encoder" / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=512, pad_token_id=1
    )
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def items(root: Path) -> list[LabelledItem]:
    _, found = next(read_corpora(root / "corpora"))
    return found[:24]


def run(items: list[LabelledItem], base: Path, out: Path, settings: TrainingSettings = SETTINGS, **options: Any) -> Any:
    from nlp.training.train import train  # noqa: PLC0415

    return train(items, items[:8], places={items[0].government: "甲市"}, base=base, out=out, settings=settings, **options)


@pytest.fixture(scope="module")
def trained(items: list[LabelledItem], base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("run")
    return folder, run(items, base, folder)


@pytest.fixture(scope="module")
def model(items: list[LabelledItem], base: Path, trained: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from nlp.training import export  # noqa: PLC0415

    out = tmp_path_factory.mktemp("models") / "tiny"
    # A random encoder of 32 is too coarse for int8; that a poor agreement is refused is tested below.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "LEAST_AGREEMENT", 0.0)
        export.export(trained[0], base=base, out=out, settings=SETTINGS, dev=items[:8], check=items, notes=NOTES)
    return out


def test_training_lowers_the_loss_and_reports_every_step(items: list[LabelledItem], base: Path, tmp_path: Path) -> None:
    steps: list[Any] = []
    epochs = run(items, base, tmp_path, on_step=steps.append)
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert epochs[1].loss < epochs[0].loss
    assert len(steps) == 2 * steps[0].steps
    assert steps[0].seconds_left > 0


def test_the_same_seed_gives_the_same_numbers(items: list[LabelledItem], base: Path, trained: tuple[Path, Any], tmp_path: Path) -> None:
    again = run(items, base, tmp_path)
    assert [epoch.loss for epoch in again] == [epoch.loss for epoch in trained[1]]


def test_an_interrupted_run_goes_on_and_ends_like_an_undisturbed_one(items: list[LabelledItem], base: Path, trained: tuple[Path, Any], tmp_path: Path) -> None:
    def stop(step: Any) -> None:
        if step.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(items, base, tmp_path, on_step=stop)
    resumed = run(items, base, tmp_path)
    assert [epoch.loss for epoch in resumed] == [epoch.loss for epoch in trained[1]]
    assert [epoch.score for epoch in resumed] == [epoch.score for epoch in trained[1]]


def test_other_settings_begin_anew(items: list[LabelledItem], base: Path, trained: tuple[Path, Any], tmp_path: Path) -> None:
    shutil.copytree(trained[0], tmp_path / "run")
    epochs = run(items, base, tmp_path / "run", TrainingSettings(epochs=1, patience=0, layers=1, batch_size=8, seed=99))
    assert len(epochs) == 1


def test_nothing_to_train_on_is_refused(base: Path, items: list[LabelledItem], tmp_path: Path) -> None:
    from nlp.training.train import train  # noqa: PLC0415

    with pytest.raises(CorpusError, match="训练 0 项，开发 24 项，两者都不能为空"):
        train([], items, places={}, base=base, out=tmp_path, settings=SETTINGS)


def test_the_folder_answers_and_holds_no_pickle(model: Path) -> None:
    loaded = load_model(model)
    prediction, empty = loaded.predict([Question("建桥", "桥墩完成12个；引桥征地受阻。", 0.25), Question("建桥", "", None)])
    assert len(prediction.statements) == 2
    assert all(len(shares) == len(STATUSES) and abs(sum(shares) - 1) < 1e-4 for _, shares in prediction.statements)
    assert empty.statements == ()
    assert sorted(path.name for path in model.iterdir()) == sorted([CARD, CALIBRATION, HEADS, LABELS, MANIFEST, METRICS, WEIGHTS, TOKENIZER])
    assert json.loads((model / MANIFEST).read_text(encoding="utf-8"))["train"] == ["a"]


def test_another_encoder_may_take_the_place_of_the_base(items: list[LabelledItem], tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415

    from nlp.training import export  # noqa: PLC0415

    characters = sorted({c for item in items for c in item.task + item.text})
    vocabulary = {token: n for n, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    other = tmp_path / "electra"
    other.mkdir()
    tokenizer.save(str(other / "tokenizer.json"))
    config = transformers.ElectraConfig(
        vocab_size=len(vocabulary), embedding_size=16, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    transformers.ElectraModel(config).save_pretrained(str(other))
    run(items, other, tmp_path / "run", TrainingSettings(epochs=1, patience=0, layers=1, batch_size=8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "LEAST_AGREEMENT", 0.0)
        settings = TrainingSettings(epochs=1, layers=1)
        export.export(tmp_path / "run", base=other, out=tmp_path / "model", settings=settings, dev=items[:8], check=items, notes=NOTES)
    (prediction,) = load_model(tmp_path / "model").predict(questions_of(items[:1]))
    assert len(prediction.statements) == len(items[0].statements)


def test_a_folder_that_is_no_encoder_is_refused(tmp_path: Path) -> None:
    from nlp.errors import ResourceError  # noqa: PLC0415
    from nlp.training.network import build_network  # noqa: PLC0415

    with pytest.raises(ResourceError, match="不能作为编码器载入"):
        build_network(tmp_path, layers=1)


def test_the_fused_graph_says_what_the_network_says(base: Path) -> None:
    import numpy as np  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415

    from nlp.training.graph import encoder_graph, to_int8, with_heads  # noqa: PLC0415
    from nlp.training.network import build_network  # noqa: PLC0415
    from nlp.training.train import run_network  # noqa: PLC0415

    torch.manual_seed(2)
    network = build_network(base, layers=2).eval()
    chance = np.random.default_rng(2)
    ids, mask = chance.integers(5, 900, (3, 17)), np.ones((3, 17), dtype=np.int64)
    mask[1, 9:] = 0
    pool = np.zeros((3, 2, 17), dtype=np.float32)
    pool[:, 0, 2:6], pool[:, 1, 6:9] = 0.25, 1 / 3
    feed = (ids, mask, pool, (chance.random((3, 17, 10)) < 0.2).astype(np.float32))
    expected = run_network(network)(*feed)
    float_graph = encoder_graph(network)
    kinds = [node.op_type for node in float_graph.graph.node]
    assert kinds.count("Attention") == 2
    assert kinds.count("LayerNormalization") == 5

    def answers(encoder: Any) -> list[Any]:
        session = onnxruntime.InferenceSession(with_heads(encoder, network.heads).SerializeToString(), providers=["CPUExecutionProvider"])
        return list(session.run(None, dict(zip(("input_ids", "attention_mask", "pool", "cues"), feed, strict=True))))

    is_read = mask.astype(bool)
    for found, atol in ((answers(float_graph), 1e-4), (answers(to_int8(float_graph, feeds=[feed[:2]])), 0.15)):
        assert np.allclose(found[0], expected[0], atol=atol)
        assert np.allclose(found[1][is_read], expected[1][is_read], atol=atol)
        assert np.allclose(found[2], expected[2], atol=atol)


def test_quick_training_goes_on_from_a_model_and_leaves_its_encoder_alone(model: Path, items: list[LabelledItem], tmp_path: Path) -> None:
    from nlp.training.export import save_model  # noqa: PLC0415
    from nlp.training.heads import encoder_in, train_heads  # noqa: PLC0415
    from nlp.training.train import load_tokenizer  # noqa: PLC0415

    encoder, heads = encoder_in(model)
    before = encoder.SerializeToString()
    settings = TrainingSettings(epochs=3, patience=0, batch_size=8, head_learning_rate=1e-2, drop_rules=0.0)
    epochs = train_heads(
        items, items[:8], places={items[0].government: "甲市"}, encoder=encoder, heads=heads, tokenizer=load_tokenizer(model), settings=settings
    )
    assert epochs[-1].loss < epochs[0].loss
    out = tmp_path / "quick"
    save_model(encoder, heads, tokenizer=load_tokenizer(model), out=out, settings=settings, dev=items[:8], notes=NOTES)
    again, _ = encoder_in(out)
    assert again.SerializeToString() == before
    questions = questions_of(items[:8])
    assert load_model(out).predict(questions) != load_model(model).predict(questions)
    assert "only the heads were trained" in (out / CARD).read_text(encoding="utf-8")


def test_rows_new_to_the_encoder_count_several_times_and_are_read_once(items: list[LabelledItem]) -> None:
    from nlp.training.heads import count_fresh  # noqa: PLC0415

    own = [dataclasses.replace(item, government="own") for item in items[:2]]
    known = {item.government for item in items}
    counted = count_fresh([*items, *own], known=known, times=3)
    assert [item.key for item in counted] == [*(item.key for item in items), *(item.key for item in own for _ in range(3))]
    assert count_fresh(own, known=known, times=3) == own


def test_quick_training_can_begin_at_a_base_encoder(base: Path, items: list[LabelledItem]) -> None:
    from nlp.training.heads import encoder_from, train_heads  # noqa: PLC0415
    from nlp.training.samples import build_samples  # noqa: PLC0415
    from nlp.training.train import load_tokenizer  # noqa: PLC0415

    tokenizer, places = load_tokenizer(base), {items[0].government: "甲市"}
    samples = build_samples(items, places=places, tokenizer=tokenizer, settings=SETTINGS, epoch=0)
    encoder, heads = encoder_from(base, layers=1, samples=samples)
    read: list[int] = []
    epochs = train_heads(
        items,
        items[:8],
        places=places,
        encoder=encoder,
        heads=heads,
        tokenizer=tokenizer,
        settings=SETTINGS,
        on_read=lambda done, _: read.append(done),
    )
    assert [epoch.number for epoch in epochs] == [1, 2]
    assert read[-1] == len(samples)


def test_int8_that_does_not_agree_is_refused_and_nothing_is_written(
    items: list[LabelledItem], base: Path, trained: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nlp.training import export  # noqa: PLC0415

    monkeypatch.setattr(export, "LEAST_AGREEMENT", 1.01)
    with pytest.raises(ModelError, match="int8 与 float 在"):
        export.export(trained[0], base=base, out=tmp_path / "bad", settings=SETTINGS, dev=items[:8], check=items[:4], notes=NOTES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (shutil.rmtree, "没有这个模型文件夹"),
        (lambda folder: (folder / WEIGHTS).unlink(), f"缺少文件 {WEIGHTS}"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"x"), f"文件 {WEIGHTS} 与清单不符"),
        (lambda folder: (folder / MANIFEST).write_text("[]", encoding="utf-8"), f"{MANIFEST} 不是一组设置"),
        (lambda folder: (folder / MANIFEST).write_text("{", encoding="utf-8"), f"{MANIFEST} 读不出来"),
    ],
)
def test_a_damaged_folder_is_refused(model: Path, tmp_path: Path, damage: Any, message: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    damage(folder)
    with pytest.raises(ModelError) as error:
        load_model(folder)
    assert message in str(error.value)
    assert str(folder) in str(error.value)


def test_other_labels_are_refused(model: Path, tmp_path: Path) -> None:
    from hashlib import sha256  # noqa: PLC0415

    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    (folder / LABELS).write_text('{"statuses": ["done"], "problem_kinds": []}', encoding="utf-8")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][LABELS] = sha256((folder / LABELS).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match="与程序的标签不同"):
        load_model(folder)


def test_the_best_epoch_is_a_mean_of_weights(items: list[LabelledItem], base: Path, trained: tuple[Path, Any], tmp_path: Path) -> None:
    from safetensors.torch import load_file  # noqa: PLC0415

    from nlp.training.checkpoint import AVERAGE, BEST, LAST  # noqa: PLC0415

    last, average = load_file(str(trained[0] / LAST)), load_file(str(trained[0] / AVERAGE))
    assert any(not torch.equal(last[name], average[name]) for name in last)
    assert load_file(str(trained[0] / BEST)).keys() == average.keys()
    plain = TrainingSettings(epochs=1, patience=0, layers=1, batch_size=8, average=0.0)
    run(items, base, tmp_path, plain)
    assert all(torch.allclose(tensor, load_file(str(tmp_path / AVERAGE))[name]) for name, tensor in load_file(str(tmp_path / LAST)).items())
