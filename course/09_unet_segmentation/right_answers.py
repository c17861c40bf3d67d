"""Other correct solutions of unit 09."""

# %% exercise="dice" right="vectorised"
def dice(y, p):
    y, p = np.reshape(y, (len(y), -1)), np.reshape(p, (len(p), -1))
    common, together = np.einsum("nk,nk->n", y, p), y.sum(axis=1) + p.sum(axis=1)
    return np.where(together == 0, 1, 2 * common / np.maximum(together, 1)).mean()

# %% exercise="dice" right="masks_and_a_tiny_number"
def dice(y, p):
    y, p = np.array(y) == 1, np.array(p) == 1
    axes = tuple(range(1, y.ndim))
    return float(np.mean((2 * np.sum(y & p, axis=axes) + 1e-7) / (np.sum(y, axis=axes) + np.sum(p, axis=axes) + 1e-7)))

# %% exercise="dice" right="pixel_by_pixel"
def dice(y, p):
    total = 0
    for a, b in zip(y, p):
        common = a_only = b_only = 0
        for truth, answer in zip(a.flatten().tolist(), b.flatten().tolist()):
            common += truth == 1 and answer == 1
            a_only += truth == 1 and answer == 0
            b_only += truth == 0 and answer == 1
        total += 2 * common / (2 * common + a_only + b_only) if common + a_only + b_only else 1
    return total / len(y)

# %% exercise="dice" right="scikit_learn"
def dice(y, p):
    from sklearn.metrics import f1_score
    return np.mean([f1_score(a.ravel(), b.ravel(), zero_division=1) for a, b in zip(y, p)])

# %% exercise="iou" right="from_each_dice"
def iou(y, p):
    each = np.array([dice(y[k:k + 1], p[k:k + 1]) for k in range(len(y))])
    return np.mean(each / (2 - each))

# %% exercise="iou" right="minimum_and_maximum"
def iou(y, p):
    axes = tuple(range(1, np.ndim(y)))
    common, union = np.minimum(y, p).sum(axes), np.maximum(y, p).sum(axes)
    return np.mean([c / u if u else 1 for c, u in zip(common, union)])

# %% exercise="iou" right="logical"
def iou(y, p):
    total = 0.0
    for k in range(len(y)):
        union = np.logical_or(y[k], p[k]).sum()
        if union == 0:
            total += 1
        else:
            total += np.logical_and(y[k], p[k]).sum() / union
    return total / len(y)

# %% exercise="iou" right="sets_of_places"
def iou(y, p):
    each = []
    for a, b in zip(y, p):
        a, b = (set(map(tuple, np.argwhere(m))) for m in (a, b))
        each.append(len(a & b) / len(a | b) if a | b else 1)
    return sum(each) / len(each)

# %% exercise="soft_dice_loss" right="flattened"
def soft_dice_loss(y, p):
    y = ops.reshape(y, (-1, y.shape[1] * y.shape[2]))
    p = ops.reshape(p, (-1, p.shape[1] * p.shape[2]))
    both = ops.sum(y * p, axis=1)
    return ops.mean(1.0 - (2.0 * both + 1e-6) / (ops.sum(y, axis=1) + ops.sum(p, axis=1) + 1e-6))

# %% exercise="soft_dice_loss" right="einsum_and_sum_of_both"
def soft_dice_loss(y, p):
    both = ops.einsum("nijc,nijc->n", y, p)
    return 1 - ops.mean((both + 0.5e-6) / (ops.sum(y + p, axis=(1, 2, 3)) / 2 + 0.5e-6))

# %% exercise="soft_dice_loss" right="from_misses_and_false_alarms"
def soft_dice_loss(y, p):
    missed = ops.sum(y * (1 - p), axis=[1, 2, 3])
    false = ops.sum((1 - y) * p, axis=[1, 2, 3])
    right = ops.sum(ops.multiply(y, p), axis=[1, 2, 3])
    return ops.mean(1 - ops.divide(2 * right + 1e-6, 2 * right + missed + false + 1e-6), axis=0)

# %% exercise="augment_pair" right="one_matrix"
def augment_pair(image, mask, rng):
    a = np.radians(rng.uniform(-5, 5))
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    middle = (np.array(mask.shape) - 1) / 2
    offset = middle - turn @ (middle + rng.uniform(-0.05, 0.05, 2) * mask.shape)
    film = [ndimage.affine_transform(image[..., k], turn, offset, order=1, mode="nearest") for k in range(image.shape[2])]
    return np.stack(film, axis=2), ndimage.affine_transform(mask, turn, offset, order=0, mode="constant", cval=0)

# %% exercise="augment_pair" right="shifted_first_in_whole_pixels"
def augment_pair(image, mask, rng):
    most = np.array(mask.shape) // 21
    down, right = rng.integers(-most, most + 1)
    degrees = rng.integers(-49, 50) / 10
    image = ndimage.shift(image, [down, right, 0], order=1, mode="nearest")
    image = ndimage.rotate(image, degrees, axes=(1, 0), reshape=False, order=1, mode="nearest")
    mask = ndimage.shift(mask, [down, right], order=0)
    mask = ndimage.rotate(mask, degrees, reshape=False, order=0)
    return [image, mask]

# %% exercise="augment_pair" right="a_function_for_both"
def augment_pair(image, mask, rng):
    angle = np.clip(rng.normal(0, 2.5), -5, 5)
    shift = [rng.random() * 0.1 * side - 0.05 * side for side in mask.shape]

    def moved(array, order, mode):
        turned = ndimage.rotate(array, angle, reshape=False, order=order, mode=mode)
        return ndimage.shift(turned, shift + [0] * (array.ndim - 2), order=order, mode=mode)

    return moved(image.astype(float), 1, "nearest"), moved(mask.astype(int), 0, "constant")

# %% exercise="augment_pair" right="map_coordinates"
def augment_pair(image, mask, rng):
    rows, columns = mask.shape
    a = rng.uniform(-1, 1) * 5 * np.pi / 180
    dy, dx = rng.uniform(-0.05, 0.05) * rows, rng.uniform(-0.05, 0.05) * columns
    i, j = np.mgrid[:rows, :columns].astype(float)
    i, j = i - dy - (rows - 1) / 2, j - dx - (columns - 1) / 2
    places = [np.cos(a) * i - np.sin(a) * j + (rows - 1) / 2, np.sin(a) * i + np.cos(a) * j + (columns - 1) / 2]
    film = np.empty(image.shape)
    for k in range(image.shape[-1]):
        film[..., k] = ndimage.map_coordinates(image[..., k], places, order=1, mode="nearest")
    return film, ndimage.map_coordinates(mask, places, order=0, mode="constant")

# %% exercise="encoder_block" right="loop_and_separate_relu"
def encoder_block(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, (3, 3), padding="same", kernel_initializer="he_normal")(x)
        x = layers.ReLU()(x)
    return x, layers.MaxPool2D(pool_size=(2, 2))(x)

# %% exercise="encoder_block" right="sequential"
def encoder_block(x, filters):
    convolve = keras.Sequential([layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)])
    skip = convolve(x)
    down = layers.MaxPooling2D(2, strides=2)(skip)
    return [skip, down]

# %% exercise="encoder_block" right="ops"
def encoder_block(x, filters):
    skip = ops.relu(layers.Conv2D(filters, 3, 1, "same")(x))
    skip = ops.relu(layers.Conv2D(filters, 3, 1, "same")(skip))
    return skip, ops.max_pool(skip, 2, 2)

# %% exercise="decoder_block" right="repeat_by_ops"
def decoder_block(x, skip, filters):
    x = ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)
    x = ops.concatenate([x, skip], axis=-1)
    for _ in range(2):
        x = ops.relu(layers.Conv2D(filters, 3, padding="same")(x))
    return x

# %% exercise="decoder_block" right="nearest_named"
def decoder_block(x, skip, filters):
    up = layers.UpSampling2D(size=(2, 2), interpolation="nearest")(x)
    together = layers.concatenate([up, skip], axis=3)
    first = layers.Activation("relu")(layers.Conv2D(filters, (3, 3), padding="same")(together))
    return layers.Activation("relu")(layers.Conv2D(filters, (3, 3), padding="same")(first))

# %% exercise="decoder_block" right="resized"
def decoder_block(x, skip, filters):
    x = ops.image.resize(x, (skip.shape[1], skip.shape[2]), interpolation="nearest")
    x = layers.Concatenate(axis=-1)([x, skip])
    x = layers.Conv2D(filters, 3, padding="same", activation=keras.activations.relu)(x)
    x = layers.Conv2D(filters, 3, padding="same", activation=keras.activations.relu)(x)
    return x

# %% exercise="unet" right="recursive"
def unet(input_shape, filters, depth, classes=1):
    rows, columns, _ = input_shape
    if rows % 2 ** depth or columns % 2 ** depth:
        raise ValueError("both sides must be multiples of 2 ** depth")

    def level(x, i):
        if i == depth:
            x = layers.Conv2D(filters * 2 ** i, 3, padding="same", activation="relu")(x)
            return layers.Conv2D(filters * 2 ** i, 3, padding="same", activation="relu")(x)
        skip, down = encoder_block(x, filters * 2 ** i)
        return decoder_block(level(down, i + 1), skip, filters * 2 ** i)

    films = keras.Input(shape=input_shape)
    x = layers.Conv2D(classes, 1)(level(films, 0))
    return keras.Model(films, ops.sigmoid(x) if classes == 1 else ops.softmax(x, axis=-1))

# %% exercise="unet" right="stack_of_skips"
def unet(input_shape, filters, depth, classes=1):
    if any(side % 2 ** depth for side in input_shape[:2]):
        raise ValueError(f"{input_shape} does not fit")
    inputs = layers.Input(input_shape)
    x, stack, width = inputs, [], filters
    while len(stack) < depth:
        skip, x = encoder_block(x, width)
        stack.append(skip)
        width *= 2
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    while stack:
        width //= 2
        x = decoder_block(x, stack.pop(), width)
    if classes == 1:
        outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
    else:
        outputs = layers.Softmax()(layers.Conv2D(classes, (1, 1), padding="same")(x))
    return keras.Model(inputs=inputs, outputs=outputs)

# %% exercise="unet" right="bottom_by_an_encoder_block_without_its_pooling"
def unet(input_shape, filters, depth, classes=1):
    for side in input_shape[:-1]:
        if side / 2 ** depth != side // 2 ** depth:
            raise ValueError(f"cannot halve {side} so often")
    widths = [filters * 2 ** i for i in range(depth + 1)]
    films = keras.Input(input_shape)
    skips, x = [], films
    for width in widths[:-1]:
        skip, x = encoder_block(x, width)
        skips.insert(0, skip)
    for _ in "ab":
        x = layers.ReLU()(layers.Conv2D(widths[-1], 3, padding="same")(x))
    for skip, width in zip(skips, widths[-2::-1]):
        x = decoder_block(x, skip, width)
    return keras.Model(films, layers.Conv2D(classes, 1, activation=["softmax", "sigmoid"][classes == 1])(x))

# %% exercise="keep_largest" right="scikit_image"
def keep_largest(mask, n):
    from skimage.measure import label, regionprops
    parts = label(mask, connectivity=2)
    result = np.zeros_like(mask)
    for region in sorted(regionprops(parts), key=lambda region: region.area, reverse=True)[:n]:
        result[parts == region.label] = True
    return result

# %% exercise="keep_largest" right="flood_fill"
def keep_largest(mask, n):
    left = {(int(i), int(j)) for i, j in np.argwhere(mask)}
    parts = []
    while left:
        waiting, part = [left.pop()], []
        while waiting:
            i, j = waiting.pop()
            part.append((i, j))
            near = {(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & left
            left -= near
            waiting += near
        parts.append(part)
    result = [[False] * mask.shape[1] for _ in range(mask.shape[0])]
    for part in sorted(parts, key=len)[::-1][:n]:
        for i, j in part:
            result[i][j] = True
    return result

# %% exercise="keep_largest" right="largest_again_and_again"
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = ndimage.sum_labels(np.ones(mask.shape), parts, np.arange(1, count + 1))
    kept = np.zeros(mask.shape, int)
    for _ in range(min(n, count)):
        winner = int(np.argmax(sizes))
        kept += parts == winner + 1
        sizes[winner] = -1
    return kept > 0

# %% exercise="keep_largest" right="rank_of_each_part"
def keep_largest(mask, n):
    parts, count = ndimage.label(mask, structure=[[1, 1, 1]] * 3)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = -1
    rank = np.argsort(np.argsort(-sizes))
    return (rank < n)[parts] & mask

# %% exercise="cardiothoracic_ratio" right="loops_over_columns"
def cardiothoracic_ratio(lungs, heart):
    first = last = None
    for j in range(heart.shape[1]):
        if heart[:, j].any():
            first = j if first is None else first
            last = j
    spans = []
    for row in lungs:
        inside = [j for j, lung in enumerate(row) if lung]
        if inside:
            spans.append(max(inside) - min(inside) + 1)
    if first is None or not spans:
        return float("nan")
    return (last - first + 1) / max(spans)

# %% exercise="cardiothoracic_ratio" right="vectorised"
def cardiothoracic_ratio(lungs, heart):
    columns = np.arange(lungs.shape[1])
    right = np.where(lungs, columns, -np.inf).max(axis=1)
    left = np.where(lungs, columns, np.inf).min(axis=1)
    thorax = np.max(right - left) + 1
    if not heart.any() or not np.isfinite(thorax):
        return np.nan
    return (np.ptp(np.nonzero(heart)[1]) + 1) / thorax

# %% exercise="cardiothoracic_ratio" right="argmax_from_both_sides"
def cardiothoracic_ratio(lungs, heart):
    if lungs.sum() == 0 or heart.sum() == 0:
        return np.array(np.nan)
    width = lungs.shape[1]
    shadow = heart.max(axis=0)
    heart_width = width - np.argmax(shadow) - np.argmax(shadow[::-1])
    rows = lungs[lungs.any(axis=1)]
    thorax = width - np.argmax(rows, axis=1) - np.argmax(rows[:, ::-1], axis=1)
    return heart_width / thorax.max()
