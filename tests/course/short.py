"""Notebooks whose networks are trained for a moment only: the whole course must fit the budget of the suite."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

EPOCHS, BATCHES = 2, 4
CUT = f"""
import keras as _keras

class _Few(_keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch + 1 >= {BATCHES}

def _short(fit):
    names = set()

    def shorter(model, *films, epochs=1, callbacks=(), **more):
        # what shows its progress is a demo's; an exercise's test may need all its batches
        if any(type(each).__name__ == "Progress" for each in callbacks):
            callbacks = [*callbacks, _Few()]
        # one network of a name shows that it can be compiled, which takes longer than a few batches
        model.run_eagerly = model.name.partition("_")[0] in names
        names.add(model.name.partition("_")[0])
        return fit(model, *films, epochs=min(epochs, {EPOCHS}), callbacks=callbacks, **more)
    return shorter

_keras.Model.fit = _short(_keras.Model.fit)
"""


def shortened(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook; where it trains a network, with a first cell that cuts `keras.Model.fit` to a few batches."""
    if any("xraydojo.training" in cell.source for cell in notebook.cells):
        notebook.cells.insert(0, new_code_cell(CUT))
    return notebook
