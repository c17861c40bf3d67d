"""Other right ways in unit 10."""

# %% exercise="degrade" right="pillow"
def degrade(hr, scale):
    from PIL import Image
    films, height, width, channels = hr.shape
    height, width = height - height % scale, width - width % scale
    out = np.zeros((films, height // scale, width // scale, channels))
    for n in range(films):
        for c in range(channels):
            plane = Image.fromarray(hr[n, :height, :width, c].astype("float32"))
            out[n, ..., c] = np.asarray(plane.resize((width // scale, height // scale), Image.Resampling.BICUBIC))
    return out

# %% exercise="degrade" right="kernel_by_einsum"
def degrade(hr, scale):
    def weights(n):
        d = np.abs((np.arange(n * scale) + 0.5) / scale - (np.arange(n)[:, None] + 0.5))
        k = np.where(d < 1, 1 - 2.5 * d**2 + 1.5 * d**3, np.where(d < 2, 2 - 4 * d + 2.5 * d**2 - 0.5 * d**3, 0))
        return k / k.sum(axis=1, keepdims=True)
    h, w = hr.shape[1] // scale, hr.shape[2] // scale
    return np.einsum("ir,nrcd,jc->nijd", weights(h), hr[:, :h * scale, :w * scale], weights(w))

# %% exercise="degrade" right="layer_film_by_film"
def degrade(hr, scale):
    h, w = (n - n % scale for n in hr.shape[1:3])
    small = layers.Resizing(h // scale, w // scale, interpolation="bicubic", antialias=True)
    return [ops.convert_to_numpy(small(film[:h, :w])) for film in hr]

# %% exercise="psnr" right="root_mean_square"
def psnr(a, b, data_range):
    error = np.linalg.norm(np.ravel(a).astype(float) - np.ravel(b).astype(float)) / np.sqrt(np.size(a))
    with np.errstate(divide="ignore"):
        return 20 * np.log10(data_range / error)

# %% exercise="psnr" right="scikit_image"
def psnr(a, b, data_range):
    from skimage.metrics import peak_signal_noise_ratio
    if np.array_equal(a, b):
        return float("inf")
    return peak_signal_noise_ratio(np.asarray(a, float), np.asarray(b, float), data_range=data_range)

# %% exercise="psnr" right="loop"
def psnr(a, b, data_range):
    import math
    total = sum((float(x) - float(y)) ** 2 for x, y in zip(np.ravel(a), np.ravel(b)))
    if total == 0:
        return math.inf
    return 10 * (2 * math.log10(data_range) - math.log10(total / np.size(a)))

# %% exercise="srcnn" right="functional"
def srcnn(channels=1):
    film = keras.Input((None, None, channels))
    x = ops.relu(layers.Conv2D(64, 9, padding="same")(film))
    x = layers.ReLU()(layers.Conv2D(32, (1, 1))(x))
    return keras.Model(film, layers.Conv2D(channels, (5, 5), padding="same", activation="linear")(x))

# %% exercise="srcnn" right="added_one_by_one"
def srcnn(channels=1):
    model = keras.Sequential()
    model.add(keras.Input(shape=(None, None, channels)))
    for filters, size, bend in ((64, 9, "relu"), (32, 1, "relu"), (channels, 5, None)):
        model.add(layers.Conv2D(filters, size, padding="same", activation=bend))
    return model

# %% exercise="srcnn" right="padded_by_hand"
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.ZeroPadding2D(4),
        layers.Conv2D(64, 9, activation="relu", kernel_initializer="he_normal"),
        layers.Conv2D(32, 1, activation="relu", kernel_initializer="he_normal"),
        layers.ZeroPadding2D(2),
        layers.Conv2D(channels, 5),
    ])

# %% exercise="residual_target" right="numpy_subtract"
def residual_target(hr, lr_up):
    return np.subtract(hr, lr_up)

# %% exercise="residual_target" right="negated"
def residual_target(hr, lr_up):
    return -(np.asarray(lr_up) - np.asarray(hr))

# %% exercise="residual_target" right="loop"
def residual_target(hr, lr_up):
    missing = np.zeros(np.shape(hr))
    for place in np.ndindex(missing.shape):
        missing[place] = hr[place] - lr_up[place]
    return missing.tolist()

# %% exercise="vdsr" right="plus_sign"
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = layers.Conv2D(64, 3, padding="same", activation="relu", kernel_initializer="he_normal")(film)
    for _ in range(depth - 2):
        x = layers.Conv2D(64, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    return keras.Model(film, film + layers.Conv2D(1, 3, padding="same")(x))

# %% exercise="vdsr" right="sequence_inside"
def vdsr(depth=20):
    stack = [layers.Conv2D(64, 3, padding="same", activation="relu") for _ in range(depth - 1)]
    film = keras.Input((None, None, 1))
    residual = keras.Sequential([*stack, layers.Conv2D(1, 3, padding="same", kernel_initializer="zeros")])(film)
    return keras.Model(film, layers.add([residual, film]))

# %% exercise="vdsr" right="relu_apart"
def vdsr(depth=20):
    film = x = keras.layers.Input(shape=(None, None, 1))
    for layer in range(depth):
        x = layers.Conv2D(64 if layer < depth - 1 else 1, (3, 3), padding="same")(x)
        if layer < depth - 1:
            x = layers.Activation("relu")(x)
    return keras.Model(inputs=film, outputs=ops.add(film, x))

# %% exercise="clip_gradients" right="minimum_and_maximum"
def clip_gradients(grads, theta, lr):
    out = []
    for g in grads:
        out.append(g if g is None else np.maximum(np.minimum(g, theta / lr), -theta / lr))
    return out

# %% exercise="clip_gradients" right="keras_ops"
def clip_gradients(grads, theta, lr):
    return [None if g is None else ops.clip(g, -theta / lr, theta / lr) for g in grads]

# %% exercise="clip_gradients" right="step_clipped_and_divided"
def clip_gradients(grads, theta, lr):
    return [g if g is None else np.where(np.abs(lr * g) > theta, np.sign(g) * theta / lr, g) for g in grads]

# %% exercise="perceptual_loss" right="steps"
def perceptual_loss(extractor, y, p, alpha=1):
    difference = ops.reshape(extractor(y) - extractor(p), (-1,))
    return ops.mean(difference * difference) * alpha

# %% exercise="perceptual_loss" right="sum_over_size"
def perceptual_loss(extractor, y, p, alpha=1):
    wanted, got = extractor(y), extractor(p)
    per_place = ops.mean((wanted - got) ** 2, axis=-1)
    return alpha * ops.mean(per_place)

# %% exercise="perceptual_loss" right="keras_loss"
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.mean(keras.losses.mean_squared_error(extractor(y), extractor(p)))
