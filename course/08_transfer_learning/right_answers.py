"""Other correct solutions of unit 08."""

# %% exercise="composite_rgb" right="channel_by_channel"
def composite_rgb(phases):
    shapes = {np.shape(phase) for phase in phases}
    if len(shapes) != 1:
        raise ValueError(f"the phases have different shapes: {shapes}")
    colour = np.zeros((*shapes.pop(), 3), dtype="float32")
    for channel, phase in enumerate((1, 2, 0)):
        colour[:, :, channel] = phases[phase]
    return colour

# %% exercise="composite_rgb" right="dstack"
def composite_rgb(phases):
    return np.dstack([phases[1], phases[2], phases[0]]).astype("float32")

# %% exercise="composite_rgb" right="transposed"
def composite_rgb(phases):
    return np.roll(np.array([np.float32(phase) for phase in phases]), -1, axis=0).transpose(1, 2, 0)

# %% exercise="composite_rgb" right="a_tensor"
def composite_rgb(phases):
    pre, early, late = (keras.ops.cast(phase, "float32") for phase in phases)
    if not pre.shape == early.shape == late.shape:
        raise ValueError("shapes")
    return keras.ops.stack([early, late, pre], axis=2)

# %% exercise="features" right="by_predict"
def features(model, layer, images):
    values = keras.Model(model.inputs[0], model.get_layer(layer).output).predict(images, verbose=0)
    while values.ndim > 2:
        values = values.mean(axis=1)
    return values

# %% exercise="features" right="pooled_by_a_layer"
def features(model, layer, images):
    output = model.get_layer(layer).output
    if len(output.shape) == 4:
        output = layers.GlobalAveragePooling2D()(output)
    return keras.Model(model.inputs[0], output).predict(images, verbose=0)

# %% exercise="features" right="a_list_film_by_film"
def features(model, layer, images):
    (found,) = [each for each in model.layers if each.name == layer]
    part = keras.Model(inputs=model.inputs, outputs=found.output)
    rows = []
    for image in images:
        value = np.squeeze(part.predict_on_batch(image[None]), axis=0)
        rows.append([float(np.mean(value[..., k])) for k in range(value.shape[-1])])
    return rows

# %% exercise="svm_on_features" right="a_pipeline"
def svm_on_features(train, labels, test):
    from sklearn.pipeline import make_pipeline

    return make_pipeline(StandardScaler(), SVC(kernel="linear")).fit(train, labels).decision_function(test)

# %% exercise="svm_on_features" right="by_numpy_and_a_gram_matrix"
def svm_on_features(train, labels, test):
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    a, b = (train - mean) / deviation, (test - mean) / deviation
    return SVC(kernel="precomputed", C=1).fit(a @ a.T, labels).decision_function(b @ a.T)

# %% exercise="svm_on_features" right="weights_times_features"
def svm_on_features(train, labels, test):
    scaler = StandardScaler()
    machine = SVC(C=1.0, kernel="linear")
    machine.fit(scaler.fit_transform(train), labels)
    return [float(machine.coef_[0] @ row + machine.intercept_[0]) for row in scaler.transform(test)]

# %% exercise="freeze_backbone" right="layer_by_layer"
def freeze_backbone(model):
    for part in model.get_layer("backbone").layers:
        part.trainable = False
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss=keras.losses.SparseCategoricalCrossentropy())
    return model

# %% exercise="freeze_backbone" right="all_but_the_head"
def freeze_backbone(model):
    for part in model.layers:
        part.trainable = part.name == "head"
    model.compile("adam", "sparse_categorical_crossentropy")
    return model

# %% exercise="freeze_backbone" right="a_model_around_the_same_layers"
def freeze_backbone(model):
    body = model.get_layer("backbone")
    body.trainable = False
    inputs = keras.Input(model.input_shape[1:])
    frozen = keras.Model(inputs, model.get_layer("head")(body(inputs)))
    frozen.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return frozen

# %% exercise="fine_tune" right="with_freeze_backbone"
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    model = freeze_backbone(model)
    model.optimizer.learning_rate = head_lr
    model.fit(x, y, epochs=head_epochs, verbose=0)
    model.get_layer("backbone").trainable = True
    for part in model.get_layer("backbone").layers:
        part.trainable = not isinstance(part, layers.BatchNormalization)
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=epochs, verbose=0)
    return model

# %% exercise="fine_tune" right="a_loop_over_the_parts"
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    for rate, count, thawed in [(head_lr, head_epochs, False), (lr, epochs, True)]:
        backbone.trainable = thawed
        for part in backbone.layers:
            part.trainable = thawed and "Normalization" not in type(part).__name__
        model.compile(optimizer=keras.optimizers.Adam(rate), loss=keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
        model.fit(x, y, epochs=count, batch_size=32, verbose=0)
    return model

# %% exercise="fine_tune" right="by_hand_batch_by_batch"
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    def train(rate, count):
        model.compile(keras.optimizers.Adam(rate), keras.losses.sparse_categorical_crossentropy)
        for _ in range(count):
            order = np.random.permutation(len(x))
            for start in range(0, len(x), 32):
                chosen = order[start:start + 32]
                model.train_on_batch(x[chosen], y[chosen])

    body = model.get_layer("backbone")
    body.trainable = False
    train(head_lr, head_epochs)
    body.trainable = True
    for part in [p for p in body.layers if isinstance(p, keras.layers.BatchNormalization)]:
        part.trainable = False
    train(lr, epochs)
    return model
