"""A network that can do without half of itself loses that half and says the same; what was cut trains, stops, goes on, is shipped and teaches as such."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from nlp.errors import ResourceError
from nlp.training.corpus import LabelledItem
from tests.training.test_train import NOTES, SETTINGS, base, items, model, run, trained  # noqa: F401

torch = pytest.importorskip("torch", reason="torch is not installed: python scripts/test.py --with-training")
pytest.importorskip("transformers", reason="transformers is not installed: python scripts/test.py --with-training")

NARROW = dataclasses.replace(SETTINGS, width=0.6)
# A head of the tiny encoder has 16 inputs, half of those on which the time of a head was measured.
HEAD = 118 / 2
WHOLE = 2 * HEAD + 64


@pytest.fixture
def batch(items: list[LabelledItem], base: Path) -> Any:  # noqa: F811
    from nlp.training.samples import build_samples, inputs_of  # noqa: PLC0415
    from nlp.training.train import load_tokenizer  # noqa: PLC0415

    samples = build_samples(items, places={items[0].government: "甲市"}, tokenizer=load_tokenizer(base), settings=SETTINGS, epoch=0)[:8]
    return tuple(torch.from_numpy(array) for array in inputs_of(samples))


def cut_to(width: float) -> Any:
    return dataclasses.replace(SETTINGS, width=width)


def lively(base: Path, *, layers: int = 2) -> Any:  # noqa: F811
    """A network whose layers change the states so much that it shows; biases and norms are not those of the start."""
    from nlp.training.network import build_network  # noqa: PLC0415

    torch.manual_seed(11)
    network = build_network(base, layers=layers).eval()
    for name, parameter in network.encoder.named_parameters():
        if "embeddings" not in name:
            parameter.data = parameter * 12 if parameter.ndim > 1 else parameter + 0.3 * torch.randn_like(parameter)
    return network


def lay_idle(network: Any, *, neurons: slice, inputs: slice) -> None:
    """Let what these neurons, and these inputs behind the attention, give reach nobody."""
    for layer in network.encoder.encoder.layer:
        layer.output.dense.weight.data[:, neurons] = 0
        layer.attention.output.dense.weight.data[:, inputs] = 0


def furthest(one: Any, other: Any) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


@torch.no_grad()
def test_what_does_nothing_goes_and_the_network_says_the_same(base: Path, batch: Any) -> None:  # noqa: F811
    from nlp.training.narrow import narrow  # noqa: PLC0415
    from nlp.training.shape import attention_heads_of, neurons_of  # noqa: PLC0415

    network = lively(base)
    lay_idle(network, neurons=slice(32, None), inputs=slice(0, 16))
    before = network(*batch)
    living = [layer.attention.self.value.weight[16:].clone() for layer in network.encoder.encoder.layer]
    steps: list[tuple[int, int]] = []
    narrow(network, [batch], tried=[batch], settings=cut_to((HEAD + 41) / WHOLE), on_part=lambda done, total: steps.append((done, total)))
    assert attention_heads_of(network) == [1, 1]
    assert sum(neurons_of(network)) == 80
    assert steps == [(n, 12) for n in range(1, 13)]
    for layer, value in zip(network.encoder.encoder.layer, living, strict=True):
        assert torch.equal(layer.attention.self.value.weight, value)
    assert furthest(before, network(*batch)) < 0.02
    # The measure shows a loss where there is one.
    other = lively(base)
    lay_idle(other, neurons=slice(0, 32), inputs=slice(16, None))
    assert furthest(before, other(*batch)) > 0.2


def test_so_much_of_the_time_is_left_and_it_can_be_trained(base: Path, batch: Any) -> None:  # noqa: F811
    from nlp.training.narrow import narrow  # noqa: PLC0415
    from nlp.training.shape import attention_heads_of, neurons_of  # noqa: PLC0415

    network = lively(base)
    narrow(network, [batch], tried=[batch], settings=cut_to(0.7))
    left = HEAD * sum(attention_heads_of(network)) + sum(neurons_of(network))
    assert 0.7 * 2 * WHOLE - HEAD < left <= 0.7 * 2 * WHOLE
    network(*batch)[0].sum().backward()
    with pytest.raises(ResourceError, match=r"width = 0\.01，至少要留 0\.37"):
        narrow(lively(base), [batch], tried=[batch], settings=cut_to(0.01))


@torch.no_grad()
def test_padding_changes_nothing(base: Path, batch: Any) -> None:  # noqa: F811
    from nlp.training.narrow import narrow  # noqa: PLC0415

    one, other = lively(base), lively(base)
    ids, mask, pool, cues = batch
    more = torch.nn.functional.pad
    narrow(one, [batch], tried=[batch], settings=cut_to(0.7))
    narrow(other, [(more(ids, (0, 20), value=1), more(mask, (0, 20)), more(pool, (0, 20)), more(cues, (0, 0, 0, 20)))], tried=[batch], settings=cut_to(0.7))
    for name, tensor in one.state_dict().items():
        assert torch.allclose(tensor, other.state_dict()[name], atol=0.01), name


@torch.no_grad()
def test_a_cut_network_comes_nearer_by_being_readjusted(base: Path, batch: Any) -> None:  # noqa: F811
    from nlp.training.readjust import readjust  # noqa: PLC0415
    from nlp.training.shape import load_with_shape  # noqa: PLC0415

    exact, network = lively(base), lively(base)
    weights = network.state_dict()
    for layer in ("encoder.encoder.layer.0.", "encoder.encoder.layer.1."):
        for name in ("intermediate.dense.weight", "intermediate.dense.bias"):
            weights[layer + name] = weights[layer + name][:48]
        weights[layer + "output.dense.weight"] = weights[layer + "output.dense.weight"][:, :48]
    load_with_shape(network, weights)
    ids, mask, _, _ = batch
    inside = mask > 0

    def apart() -> float:
        return float((network.states(ids, mask) - exact.states(ids, mask))[inside].square().mean())

    before = apart()
    readjust(network, [batch], exact=exact)
    assert apart() < 0.7 * before


def test_layers_of_unlike_widths_are_fused_and_exact(base: Path, batch: Any) -> None:  # noqa: F811
    import onnxruntime  # noqa: PLC0415

    from nlp.training.graph import encoder_graph  # noqa: PLC0415
    from nlp.training.shape import attention_heads_of, load_with_shape, neurons_of  # noqa: PLC0415

    network = lively(base)
    weights = network.state_dict()
    stem = "encoder.encoder.layer.0."
    for part in ("query", "key", "value"):
        for kind in ("weight", "bias"):
            weights[f"{stem}attention.self.{part}.{kind}"] = weights[f"{stem}attention.self.{part}.{kind}"][:16]
    weights[f"{stem}attention.output.dense.weight"] = weights[f"{stem}attention.output.dense.weight"][:, 16:]
    weights[f"{stem}intermediate.dense.weight"], weights[f"{stem}intermediate.dense.bias"] = (
        weights[f"{stem}intermediate.dense.{k}"][:40] for k in ("weight", "bias")
    )
    weights[f"{stem}output.dense.weight"] = weights[f"{stem}output.dense.weight"][:, :40]
    load_with_shape(network, weights)
    assert (attention_heads_of(network), neurons_of(network)) == ([1, 2], [40, 64])
    ids, mask, _, _ = batch
    with torch.no_grad():
        expected = network.states(ids, mask)
    graph = encoder_graph(network)
    assert [next(a.i for a in node.attribute if a.name == "num_heads") for node in graph.graph.node if node.op_type == "Attention"] == [1, 2]
    # Not by `session_of`, which takes GELU by tanh.
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
    assert float((torch.from_numpy(found) - expected)[mask > 0].abs().max()) < 1e-4


def test_a_narrow_pupil_learns_goes_on_is_shipped_and_teaches(base: Path, model: Path, items: list[LabelledItem], tmp_path: Path) -> None:  # noqa: F811
    from safetensors.torch import load_file  # noqa: PLC0415

    from nlp.training import export  # noqa: PLC0415
    from nlp.training.checkpoint import BEST, finished  # noqa: PLC0415
    from nlp.training.float_weights import float_weights  # noqa: PLC0415
    from nlp.training.network import build_network  # noqa: PLC0415
    from nlp.training.shape import attention_heads_of, load_with_shape, neurons_of  # noqa: PLC0415
    from nlp.training.teacher import begin_as, load_teacher  # noqa: PLC0415

    teacher, told = load_teacher(model), []

    def stop(step: Any) -> None:
        if step.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(items, base, tmp_path / "run", NARROW, teacher=teacher, on_step=stop, on_part=lambda *step: told.append(step))
    assert told == [(n, 6) for n in range(1, 7)]
    assert finished(tmp_path / "run", SETTINGS, teacher=teacher.id) == []
    epochs = run(items, base, tmp_path / "run", NARROW, teacher=teacher, on_part=lambda *_: pytest.fail("it was cut already"))
    assert [epoch.number for epoch in epochs] == [0, 1, 2]
    undisturbed = run(items, base, tmp_path / "whole", NARROW, teacher=teacher)
    assert [epoch.loss for epoch in epochs] == [epoch.loss for epoch in undisturbed]
    out = tmp_path / "narrow"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "LEAST_AGREEMENT", 0.0)
        export.export(tmp_path / "run", base=base, out=out, settings=NARROW, dev=items[:8], check=items, notes=NOTES)
    exact, found = load_file(str(tmp_path / "run" / BEST)), float_weights(out)
    for name, tensor in exact.items():
        assert float((found[name] - tensor).norm()) <= 0.03 * float(tensor.norm()) + 1e-6, name
    network = build_network(base, layers=1)
    load_with_shape(network, found)
    assert HEAD * attention_heads_of(network)[0] + neurons_of(network)[0] <= 0.6 * WHOLE
    card = (out / "README.md").read_text(encoding="utf-8")
    assert f"Attention heads {attention_heads_of(network)[0]}; hidden neurons {neurons_of(network)[0]}" in card
    pupil = build_network(base, layers=1)
    begin_as(pupil, load_teacher(out))
    assert neurons_of(pupil) == neurons_of(network)


def test_a_network_that_is_only_cut(base: Path, model: Path, items: list[LabelledItem], tmp_path: Path) -> None:  # noqa: F811
    from nlp.training.teacher import load_teacher  # noqa: PLC0415

    epochs = run(items, base, tmp_path, dataclasses.replace(NARROW, epochs=0), teacher=load_teacher(model))
    assert [(epoch.number, epoch.loss) for epoch in epochs] == [(0, 0.0)]


@pytest.mark.parametrize(("fields", "said"), [({"width": 0.0}, "width = 0.0"), ({"dropout": 1.0}, "dropout = 1"), ({"epochs": 0}, "epochs = 0")])
def test_settings_that_cut_nothing_or_everything_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ResourceError, match=said):
        dataclasses.replace(SETTINGS, **fields)
