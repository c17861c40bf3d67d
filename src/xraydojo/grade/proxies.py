"""What a test holds in place of an object that stays in the learner's process."""

from xraydojo.grade.wire import Handle

_LONGEST_NAME = 60


class Elsewhere:
    """An object of the learner's process: it has the name of its type, shows what it says of itself, and equals nothing but itself.

    Parameters
    ----------
    learner : object
        The conversation with the learner's process.
    handle : Handle
        What stands for the object there.
    """

    def __init__(self, learner, handle: Handle):
        self._learner, self.handle = learner, handle

    def __repr__(self):
        said = self.handle.facts.get("said")
        return said if isinstance(said, str) else f"<{type(self).__name__}>"

    # a copy of what stands for an object stands for the same object
    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise TypeError("an object of the learner's process cannot be pickled")


class Function(Elsewhere):
    """A function or another callable: calling it calls the learner's."""

    def __init__(self, learner, handle: Handle):
        super().__init__(learner, handle)
        self.__name__ = _name(handle)
        self.arguments_after = ((), {})

    def __call__(self, *arguments, **keywords):
        """Call the learner's function on copies; ``arguments_after`` then holds them as it left them."""
        self.arguments_after = (arguments, keywords)
        value, self.arguments_after = self._learner.call(self, arguments, keywords)
        return value


class Iterable(Elsewhere):
    """Something with parts that come one by one."""

    def __iter__(self):
        return self._learner.ask_soon("iterate", self)


class Iterator(Elsewhere):
    """A generator or another iterator: each value is computed when it is asked for."""

    def __iter__(self):
        return self

    def __next__(self):
        match self._learner.ask_soon("next", self):
            case [value]:
                return value
        raise StopIteration


class Symbolic(Elsewhere):
    """A symbolic tensor of Keras; what one asks of it is its shape, and the model that leads to it."""

    @property
    def shape(self) -> tuple:
        """The shape, with None for the batch."""
        return self.handle.facts.get("shape")

    @property
    def dtype(self) -> str:
        """The type's name."""
        return self.handle.facts.get("dtype")

    def model_from(self, inputs, outputs):
        """Return the model from a test's inputs to these outputs; it lives where the tensors do."""
        return self._learner.ask_soon("model", inputs, outputs)


class Keras(Elsewhere):
    """A model, a layer or a training history of Keras: what a test may ask of it is asked of the learner's."""

    ATTRIBUTES = frozenset(
        "history input_shape layers name non_trainable_weights output_shape trainable trainable_weights weights".split()
    )
    METHODS = frozenset(
        "compile count_params evaluate fit get_layer get_weights predict set_weights train_on_batch".split()
    )

    def __getattr__(self, name: str):
        if name in self.ATTRIBUTES:
            return self._learner.ask_soon("attribute", self, name)
        if name in self.METHODS:
            return lambda *arguments, **keywords: self._ask(name, arguments, keywords)
        raise AttributeError(f"a test cannot ask for .{name} of a {type(self).__name__} of the learner's")

    def __call__(self, *arguments, **keywords):
        """Apply it."""
        return self._ask("__call__", arguments, keywords)

    def _ask(self, name: str, arguments: tuple, keywords: dict):
        return self._learner.ask_soon("method", self, name, list(arguments), keywords)


_KINDS = {
    "keras": Keras,
    "symbolic": Symbolic,
    "function": Function,
    "iterable": Iterable,
    "iterator": Iterator,
}


def proxy(learner, handle: Handle) -> Elsewhere:
    """Return what stands for a handle of the learner's process, by its kind."""
    base = _KINDS.get(handle.kind, Elsewhere)
    # its type is shown to the learner, as that of their own object would be
    return type(_name(handle), (base,), {})(learner, handle)


def _name(handle: Handle) -> str:
    name = handle.facts.get("name")
    return name[:_LONGEST_NAME] if isinstance(name, str) and name.isidentifier() else "object"
