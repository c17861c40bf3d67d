"""Training that is watched and stopped, in a kernel and in plain Python."""

import signal

import keras
import nbclient
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from xraydojo import language
from xraydojo.training import Progress

X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


class InterruptAfter(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def interruptible():
    """Let an interrupt be one, as in a notebook: the processes of pytest-xdist ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(1)], name="line")
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def test_an_interrupt_ends_the_training_and_keeps_what_was_learned(model, capsys):
    language.use("en")
    before = signal.getsignal(signal.SIGINT)
    history = model.fit(X, Y, epochs=50, verbose=0, callbacks=[Progress(), InterruptAfter(2)])
    assert len(history.history["loss"]) == 4, "the batch after the interrupt is the last"
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert "epoch 4/50" in (said := capsys.readouterr().out) and "what was learned is kept" in said
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_after_the_training_is_an_interrupt_again(model):
    model.fit(X, Y, epochs=1, verbose=0, callbacks=[Progress()])
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_notebook_shows_one_line_and_the_curve_and_nothing_of_what_libraries_write_to_the_terminal(
    tmp_path,
):
    source = """
import os
os.write(2, b"I0000 could not find cuda drivers")
import keras, numpy as np
from xraydojo import language
from xraydojo.training import Progress
language.use("ja")
model = keras.Sequential([keras.layers.Dense(1)], name="line")
model.compile("sgd", "mse")
x = np.ones((8, 2))
_ = model.fit(x, x[:, :1], validation_data=(x, x[:, :1]), epochs=3, verbose=0, callbacks=[Progress()])
"""
    notebook = new_notebook(cells=[new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": tmp_path}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"].startswith("line: エポック 3/3 · ")
    page = output.data["text/html"]
    assert page.count("<polyline") == 2 and "<progress" not in page
