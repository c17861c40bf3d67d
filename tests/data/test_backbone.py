"""The backbone that comes with the course: whole, small, what the card says, and made by its command."""

import hashlib

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

from xraydojo import cli, language
from xraydojo.data import backbone as module
from xraydojo.data import cards, phantom
from xraydojo.data.backbone import BackboneError, build_backbone, load_backbone
from xraydojo.data.embedded import FIRST_SEED, PATIENTS


@pytest.fixture(scope="module")
def shipped():
    return load_backbone()


def test_the_file_is_the_one_of_the_checksum_and_at_most_2_megabytes():
    content = module.WEIGHTS.read_bytes()
    assert hashlib.sha256(content).hexdigest() == module.SHA256
    assert len(content) <= 2_000_000


def test_the_card_says_how_it_was_made():
    card = cards.card("backbone")
    assert card.sha256 == module.SHA256
    text = card.description["en"] + card.layout
    assert f"seed {module.FIRST_SEED}" in text and f"version {phantom.VERSION}" in text
    assert f"{module.FILMS} films" in text and f"{module.EPOCHS} epochs" in text
    assert f"{module.WEIGHTS.stat().st_size} bytes" in text


def test_it_has_seen_nobody_of_the_embedded_sets():
    seen = range(module.FIRST_SEED, module.FIRST_SEED + module.FILMS)
    assert not set(seen) & set(range(FIRST_SEED, FIRST_SEED + PATIENTS))


def test_it_is_a_small_residual_network_named_backbone(shipped):
    assert shipped.name == "backbone" and 250_000 < shipped.count_params() < 500_000
    films = np.random.default_rng(0).uniform(size=(2, 64, 48, 1)).astype("float32")
    assert shipped.predict(films, verbose=0).shape == (2, 4, 3, module.FEATURES)


def test_half_precision_is_all_that_the_file_holds():
    with np.load(module.WEIGHTS, allow_pickle=False) as opened:
        assert {opened[name].dtype for name in opened.files} == {np.dtype(np.float16)}


def test_what_it_makes_of_a_film_knows_where_the_heart_is(shipped):
    """Its maps tell the heart's outline by a linear rule learnt on other people of the phantom."""
    films = [phantom.film(seed, (64, 64)) for seed in range(70_000, 70_048)]
    images = np.stack([film.display for film in films])[..., None]
    hearts = np.stack([film.heart for film in films]).reshape(-1, 4, 16, 4, 16).mean(axis=(2, 4)).ravel()

    def error(network):
        maps = network.predict(images, verbose=0).reshape(-1, module.FEATURES)
        design = np.column_stack([maps, np.ones(len(maps))])
        half = len(design) // 2
        weights = np.linalg.solve(
            design[:half].T @ design[:half] + np.eye(design.shape[1]), design[:half].T @ hearts[:half]
        )
        return np.mean((design[half:] @ weights - hearts[half:]) ** 2)

    blank = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        blank.append(error(build_backbone()))
    assert error(shipped) < 0.7 * np.mean(blank)
    assert error(shipped) < 0.2 * hearts.var(), "it explains at least 80 % of the variance"


def test_colour_films_fit_a_backbone_of_three_channels():
    assert build_backbone(3).predict(np.zeros((1, 32, 32, 3)), verbose=0).shape == (1, 2, 2, module.FEATURES)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the command writes with a tiny budget, and what it says."""
    out = tmp_path_factory.mktemp("made") / "new" / "mine.npz"
    done = CliRunner().invoke(
        cli.app,
        ["data", "pretrain", "--out", str(out), "--films", "6", "--epochs", "1"],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    return out, done.output


def test_the_command_writes_such_a_file_and_tells_its_checksum(made, shipped):
    out, said = made
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said
    mine = load_backbone(out)
    assert [w.shape for w in mine.get_weights()] == [w.shape for w in shipped.get_weights()]
    assert [path.name for path in out.parent.iterdir()] == ["mine.npz"]
    fresh = build_backbone().get_weights()
    assert np.abs(mine.get_weights()[2] - fresh[2]).max() > 0, "it has learnt something"


def test_a_folder_with_such_a_file_will_do(made):
    assert load_backbone(made[0].parent).count_params() == build_backbone().count_params()


def damaged(kind, good):
    if kind == "cut short":
        return good.read_bytes()[:-200]
    if kind == "a text":
        return b"<html>Log in</html>"
    return b""


@pytest.mark.parametrize("kind", ["cut short", "a text", "empty"])
@pytest.mark.parametrize("spoken", ["en", "ja"])
def test_a_damaged_file_is_refused_in_one_line_that_names_it(kind, spoken, made, tmp_path):
    path = tmp_path / "bad.npz"
    path.write_bytes(damaged(kind, made[0]))
    language.use(spoken)
    with pytest.raises(BackboneError) as caught:
        load_backbone(path)
    language.use(None)
    assert "bad.npz" in str(caught.value) and "dojo data pretrain" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_an_empty_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(BackboneError, match="not there|ありません"):
            load_backbone(path)


def test_other_weights_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros((3, 3)))
    with pytest.raises(BackboneError, match="other.npz"):
        load_backbone(tmp_path / "other.npz")


def test_weights_that_are_no_numbers_are_refused(made, tmp_path):
    with np.load(made[0]) as opened:
        arrays = {name: opened[name] for name in opened.files}
    arrays["001"] = arrays["001"] * np.float16("nan")
    np.savez(tmp_path / "nan.npz", **arrays)
    with pytest.raises(BackboneError, match="nan.npz"):
        load_backbone(tmp_path / "nan.npz")


def test_a_pickle_is_never_opened(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "pwned"), "w"))

    np.savez(tmp_path / "evil.npz", np.array([Evil()], dtype=object))
    with pytest.raises(BackboneError):
        load_backbone(tmp_path / "evil.npz")
    assert not (tmp_path / "pwned").exists()


def test_the_shipped_file_changed_by_one_bit_is_refused(tmp_path, monkeypatch):
    content = bytearray(module.WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "backbone.npz").write_bytes(content)
    monkeypatch.setattr(module, "WEIGHTS", tmp_path / "backbone.npz")
    with pytest.raises(BackboneError, match="checksum|チェックサム"):
        load_backbone()


def test_an_output_that_is_no_npz_is_refused_before_any_work(tmp_path):
    with pytest.raises(BackboneError, match=".npz"):
        module.pretrain(tmp_path / "weights.h5", films=2, epochs=1)


def test_the_weights_are_in_what_is_installed():
    """The wheel takes the whole package folder, whatever the kind of file."""
    from xraydojo.lesson import REPOSITORY

    assert (REPOSITORY / "src/xraydojo") in module.WEIGHTS.parents
