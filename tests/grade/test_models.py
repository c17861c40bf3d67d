"""A model stays in the learner's process; a test asks it for shapes, weights and behaviour."""

import nbformat
import pytest

from xraydojo.build import solution_notebook
from xraydojo.grade import grade
from xraydojo.lesson import read_unit

LESSON = '''"""The header is for linters."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # Models
# %% [markdown] lang="ja"
# # モデル

# %% role="setup"
import keras
import numpy as np
from xraydojo.check import check

# %% exercise="small"
def small(input_shape, classes):
    ### BEGIN SOLUTION
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Conv2D(3, 3, activation="relu", padding="same"),
        keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(classes, activation="softmax")])
    ### END SOLUTION

# %% test="small" points=1
with check("small") as t:
    model = t.call(small, (8, 9, 1), 4).value
    t.that(model.count_params() == 3 * 10 + 4 * 4, "46 parameters")
    t.that((model.input_shape, model.output_shape) == ((None, 8, 9, 1), (None, 4)), "shapes")
    t.that([w.shape for w in model.weights] == [(3, 3, 1, 3), (3,), (3, 4), (4,)], "weights")
    t.that([type(layer).__name__ for layer in model.layers][::2] == ["Conv2D", "Dense"], "layers")
    x = np.random.default_rng(0).normal(size=(5, 8, 9, 1)).astype("float32")
    t.that(np.allclose(model.predict(x, verbose=0).sum(axis=1), 1, atol=1e-5), "probabilities")
    model.set_weights([0 * w for w in model.get_weights()])
    t.that(np.allclose(model(x), 0.25), "no weights, no opinion")
    model.compile("adam", "sparse_categorical_crossentropy")
    losses = model.fit(x, np.array([2, 2, 2, 2, 2]), epochs=3, verbose=0).history["loss"]
    t.that(losses[2] < losses[0], "learns")

# %% exercise="block"
def block(x, filters):
    ### BEGIN SOLUTION
    skip = keras.layers.Conv2D(filters, 3, padding="same")(x)
    return skip, keras.layers.MaxPooling2D()(skip)
    ### END SOLUTION

# %% test="block" points=1
with check("block") as t:
    x = keras.Input((8, 6, 2))
    skip, down = t.call(block, x, 5).value
    t.that((tuple(skip.shape), tuple(down.shape)) == ((None, 8, 6, 5), (None, 4, 3, 5)), "shapes")
    both = t.model(x, [skip, down])
    first, second = both.predict(np.ones((1, 8, 6, 2)), verbose=0)
    t.that(second.max() == first.max(), "pooled")

# %% exercise="head_of"
def head_of(model, images):
    ### BEGIN SOLUTION
    return keras.Model(model.inputs, model.get_layer("mean").output)(images)
    ### END SOLUTION

# %% test="head_of" points=1
with check("head_of") as t:
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D(name="mean"),
                              keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    x = np.arange(32.0).reshape(2, 4, 4, 1)
    t.call(head_of, model, x).equals([[7.5], [23.5]], rtol=1e-4)

# %% exercise="loss"
def loss(y, p):
    ### BEGIN SOLUTION
    return keras.ops.mean((y - p) ** 2)
    ### END SOLUTION

# %% test="loss" points=1
with check("loss") as t:
    t.call(loss, keras.ops.array([1.0, 2.0]), np.array([1.0, 0.0], "float32")).equals(2)
'''
NAMES = ("small", "block", "head_of", "loss")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return a unit whose exercises make and use Keras models."""
    folder = tmp_path_factory.mktemp("course") / "06_models"
    folder.mkdir()
    wrong = '# %% exercise="{0}" wrong="nothing"\n# en: Nothing.\n# ja: 何もない。\ndef {0}(*a):\n    return None\n'
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    (folder / "wrong_answers.py").write_text("".join(wrong.format(name) for name in NAMES), encoding="utf-8")
    (folder / "right_answers.py").write_text('"""None."""\n', encoding="utf-8")
    return read_unit(folder)


@pytest.fixture
def graded(models, tmp_path):
    """Return a function that grades the solution with some answers replaced: status and message of each test."""

    def made(**answers):
        notebook = solution_notebook(models, "en")
        for cell in notebook.cells:
            cell.source = answers.get(cell.id, cell.source)
        nbformat.write(notebook, tmp_path / "work.ipynb")
        report = grade(models, tmp_path / "work.ipynb")
        return {test.exercise: (test.status, test.message) for test in report.tests}

    return made


def test_models_tensors_and_layers_are_tested_where_they_live(graded):
    assert graded() == {name: ("passed", "") for name in NAMES}


def test_a_wrong_model_is_wrong(graded):
    wide = "def small(s, c):\n    return keras.Sequential([keras.Input(s), keras.layers.Flatten(), keras.layers.Dense(c)])"
    got = graded(small=wide)
    assert got["small"] == ("failed", "46 parameters")
    assert {got[name][0] for name in ("block", "loss")} == {"passed"}


def test_what_pretends_to_be_a_model_is_an_object(graded):
    fake = "class Sequential:\n    def count_params(self): return 46\n    def __getattr__(self, name): return self\ndef small(s, c):\n    return Sequential()"
    status, message = graded(small=fake)["small"]
    assert status == "failed" and "could not be used here" in message
