"""Other correct solutions of unit 06."""

# %% exercise="class_weights" right="counted_in_a_dict"
def class_weights(labels):
    counts = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return {label: len(labels) / len(counts) / n for label, n in counts.items()}

# %% exercise="class_weights" right="counter"
def class_weights(labels):
    from collections import Counter
    counts = Counter(labels.tolist())
    return {k: sum(counts.values()) / (len(counts) * counts[k]) for k in sorted(counts)}

# %% exercise="class_weights" right="mean_of_a_mask"
def class_weights(labels):
    present = set(labels)
    return {k: 1 / (len(present) * np.mean(labels == k)) for k in present}

# %% exercise="class_weights" right="scikit_learn"
def class_weights(labels):
    from sklearn.utils.class_weight import compute_class_weight
    classes = np.unique(labels)
    return dict(zip(classes, compute_class_weight("balanced", classes=classes, y=labels)))

# %% exercise="confusion_matrix" right="masks"
def confusion_matrix(y, p, classes):
    return [[int(np.sum((y == i) & (p == j))) for j in range(classes)] for i in range(classes)]

# %% exercise="confusion_matrix" right="add_at"
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes))
    np.add.at(table, (y, p), 1)
    return table

# %% exercise="confusion_matrix" right="one_number_a_cell"
def confusion_matrix(y, p, classes):
    return np.bincount(classes * y + p, minlength=classes ** 2).reshape(classes, classes)

# %% exercise="confusion_matrix" right="one_hot_product"
def confusion_matrix(y, p, classes):
    return np.eye(classes)[y].T @ np.eye(classes)[p]

# %% exercise="lenet" right="tanh_and_means"
def lenet(input_shape, classes):
    model = keras.Sequential()
    model.add(layers.Input(shape=input_shape))
    model.add(layers.Conv2D(6, (5, 5), activation="tanh"))
    model.add(layers.AveragePooling2D(2))
    model.add(layers.Conv2D(16, (5, 5), activation="tanh"))
    model.add(layers.AveragePooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(120, activation="tanh"))
    model.add(layers.Dense(84, activation="tanh"))
    model.add(layers.Dense(classes, activation="softmax"))
    return model

# %% exercise="lenet" right="functional"
def lenet(input_shape, classes):
    x = films = keras.Input(input_shape)
    for filters in (6, 16):
        x = layers.Conv2D(filters, 5, padding="valid")(x)
        x = layers.MaxPooling2D(2, strides=2)(layers.ReLU()(x))
    x = layers.Flatten()(x)
    for neurons in (120, 84):
        x = layers.Dense(neurons, "relu")(x)
    return keras.Model(inputs=films, outputs=layers.Softmax()(layers.Dense(classes)(x)))

# %% exercise="lenet" right="reshape_and_ops"
def lenet(input_shape, classes):
    films = keras.Input(input_shape)
    x = layers.Conv2D(6, 5)(films)
    x = keras.ops.tanh(layers.MaxPool2D()(x))
    x = layers.Conv2D(16, 5)(x)
    x = keras.ops.tanh(layers.MaxPool2D()(x))
    x = layers.Reshape((-1,))(x)
    x = keras.ops.relu(layers.Dense(120)(x))
    x = keras.ops.relu(layers.Dense(84)(x))
    return keras.Model(films, keras.ops.softmax(layers.Dense(classes)(x)))

# %% exercise="residual_block" right="projection_first_and_normalised"
def residual_block(x, filters, stride):
    shortcut = x
    if x.shape[3] != filters or stride > 1:
        shortcut = layers.Conv2D(filters, kernel_size=1, strides=stride, padding="same", use_bias=False)(x)
        shortcut = layers.BatchNormalization(momentum=0.9)(shortcut)
    y = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(momentum=0.9)(y)
    y = layers.Activation("relu")(y)
    y = layers.Conv2D(filters, 3, 1, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization(momentum=0.9)(y)
    return layers.Activation("relu")(layers.add([shortcut, y]))

# %% exercise="residual_block" right="operators"
def residual_block(x, filters, stride):
    way = layers.BatchNormalization()(layers.Conv2D(filters, 3, stride, "same")(x))
    way = layers.BatchNormalization()(layers.Conv2D(filters, 3, 1, "same")(keras.ops.relu(way)))
    same = stride == 1 and tuple(way.shape) == tuple(x.shape)
    return keras.ops.relu(way + (x if same else layers.Conv2D(filters, 1, stride)(x)))

# %% exercise="residual_block" right="helper_function"
def residual_block(x, filters, stride):
    def conv(x, size, step):
        x = layers.Conv2D(filters, (size, size), strides=(step, step), padding="same")(x)
        return layers.BatchNormalization()(x)

    way = conv(layers.ReLU()(conv(x, 3, stride)), 3, 1)
    if (stride, x.shape[-1]) != (1, filters):
        x = conv(x, 1, stride)
    total = layers.Add()([x, way])
    return layers.ReLU()(total)

# %% exercise="resnet" right="doubling_counter"
def resnet(input_shape, classes, blocks):
    x = films = layers.Input(shape=input_shape)
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    filters, stride = 16, 1
    for count in blocks:
        x = residual_block(x, filters, stride)
        for _ in range(count - 1):
            x = residual_block(x, filters, 1)
        filters, stride = filters * 2, 2
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs=films, outputs=outputs)

# %% exercise="resnet" right="list_of_blocks_and_mean"
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.BatchNormalization(momentum=0.9)(layers.Conv2D(16, (3, 3), padding="same")(films))
    x = keras.ops.relu(x)
    plan = [(16 << stage, 1 + (stage > 0 and k == 0)) for stage, n in enumerate(blocks) for k in range(n)]
    for filters, stride in plan:
        x = residual_block(x, filters, stride)
    x = keras.ops.mean(x, axis=(1, 2))
    return keras.Model(films, keras.ops.softmax(layers.Dense(classes)(x)))

# %% exercise="resnet" right="own_block_inside"
def resnet(input_shape, classes, blocks):
    def unit(x, filters, step):
        way = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 3, step, padding="same")(x)))
        way = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(way))
        if step == 2 or x.shape[-1] != filters:
            x = layers.BatchNormalization()(layers.Conv2D(filters, 1, step)(x))
        return layers.ReLU()(layers.Add()([way, x]))

    films = keras.Input(shape=input_shape)
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same")(films)))
    for stage in range(len(blocks)):
        for number in range(blocks[stage]):
            x = unit(x, 16 * 2 ** stage, 2 if stage and not number else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, "softmax")(x))
