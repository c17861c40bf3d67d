"""Training that can be watched and stopped."""

import signal
import threading
import time
from html import escape

import keras
from IPython import get_ipython
from IPython.display import display

from xraydojo.figures import BLUE, RED
from xraydojo.language import L

_BETWEEN_SECONDS = 0.5
_WIDTH, _HEIGHT = 420, 90


class Progress(keras.callbacks.Callback):
    """Show epoch, losses and time left while `keras.Model.fit` runs, with the curve of the loss.

    The notebook's ■ (an interrupt) ends the training after the current batch; what was learned stays, and the cells below go on.

    Examples
    --------
    >>> model.fit(x, y, epochs=10, verbose=0, callbacks=[Progress()])
    """

    def on_train_begin(self, logs=None):
        self._losses, self._validation, self._values = [], [], ""
        self._shown, self._stopped, self._started = 0.0, False, time.monotonic()
        self._display = (
            display(self._page(), raw=True, display_id=True) if get_ipython() is not None else None
        )
        self._heeded = None
        if threading.current_thread() is threading.main_thread():
            self._heeded = signal.signal(signal.SIGINT, self._stop)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self._losses.append(float(logs["loss"]))
        if "val_loss" in logs:
            self._validation.append(float(logs["val_loss"]))
        self._values = ", ".join(
            f"{_word(name)} {value:.3f}" for name, value in logs.items() if name != "learning_rate"
        )
        if time.monotonic() > self._shown + _BETWEEN_SECONDS:
            self._show()

    def on_train_batch_end(self, batch, logs=None):
        if self._stopped:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self._heeded is not None:
            signal.signal(signal.SIGINT, self._heeded)
        self._show(ended=True)

    def _stop(self, *_):
        self._stopped = True

    def _show(self, ended: bool = False) -> None:
        self._shown = time.monotonic()
        if self._display is None:
            print(self._line(ended))
        else:
            self._display.update(self._page(ended), raw=True)

    def _line(self, ended: bool) -> str:
        epochs, seconds = len(self._losses), time.monotonic() - self._started
        parts = [f"{self.model.name}: {L('epoch', 'エポック')} {epochs}/{self.params['epochs']}"]
        parts += [self._values] if self._values else []
        if self._stopped:
            parts.append(L("stopped; what was learned is kept", "中断しました。学習したところまでは残ります"))
        elif ended:
            parts.append(L(f"{seconds:.0f} s", f"{seconds:.0f} 秒"))
        elif epochs:
            left = seconds / epochs * (self.params["epochs"] - epochs)
            parts.append(L(f"{left:.0f} s left, ■ ends it early", f"あと約 {left:.0f} 秒（■ で中断）"))
        return " · ".join(parts)

    def _page(self, ended: bool = False) -> dict:
        line, epochs = self._line(ended), self.params["epochs"]
        bar = "" if ended else f'<progress value="{len(self._losses)}" max="{epochs}"></progress> '
        return {"text/html": f"<div>{bar}{escape(line)}</div>{self._curves()}", "text/plain": line}

    def _curves(self) -> str:
        """Return the losses as a small picture: training solid, validation dashed."""
        known = [
            loss for loss in self._losses + self._validation if loss == loss and abs(loss) != float("inf")
        ]
        if len(self._losses) < 2 or not known:
            return ""
        low, high = min(known), max(known)

        def points(losses):
            for i, loss in enumerate(losses):
                if loss in known:
                    x = 4 + (_WIDTH - 8) * i / max(1, self.params["epochs"] - 1)
                    yield f"{x:.1f},{4 + (_HEIGHT - 8) * (high - loss) / ((high - low) or 1):.1f}"

        words = L(
            "Loss against epoch: training solid, validation dashed",
            "エポックごとの損失：学習用は実線、検証用は破線",
        )
        lines = "".join(
            f'<polyline points="{" ".join(points(losses))}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>'
            for losses, color, dashes in (
                (self._losses, BLUE, ""),
                (self._validation, RED, ' stroke-dasharray="6 3"'),
            )
        )
        return f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{words}"><title>{words}</title>{lines}</svg>'


def _word(name: str) -> str:
    """Return what Keras calls a value in the reader's words."""
    known = {
        "loss": L("loss", "損失"),
        "accuracy": L("accuracy", "正解率"),
        "val_loss": L("validation loss", "検証損失"),
        "val_accuracy": L("validation accuracy", "検証正解率"),
    }
    return known.get(name, name)
