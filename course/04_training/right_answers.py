"""Other correct solutions of unit 04."""

# %% exercise="split_by_patient" right="loops_and_a_dictionary"
def split_by_patient(ids, fractions, seed):
    patients = sorted(set(ids.tolist()))
    np.random.default_rng(seed).shuffle(patients)
    part_of, done, start = {}, 0.0, 0
    for number, fraction in enumerate(fractions):
        done += fraction
        end = int(done * len(patients) + 0.5)
        for patient in patients[start:end]:
            part_of[patient] = number
        start = end
    parts = [[] for _ in fractions]
    for i, patient in enumerate(ids.tolist()):
        parts[part_of[patient]].append(i)
    return parts

# %% exercise="split_by_patient" right="rank_of_each_patient"
def split_by_patient(ids, fractions, seed):
    names, number = np.unique(ids, return_inverse=True)
    rank = (np.random.default_rng(seed).permutation(len(names)) + 0.5) / len(names)
    part = np.digitize(rank, np.cumsum(fractions)[:-1])[number]
    return tuple(np.where(part == k)[0] for k in range(len(fractions)))

# %% exercise="split_by_patient" right="groups_of_scikit_learn"
def split_by_patient(ids, fractions, seed):
    from sklearn.model_selection import GroupShuffleSplit

    rest, parts, left = np.arange(len(ids)), [], 1.0
    for fraction in fractions[:-1]:
        count = max(1, round(fraction / left * len(np.unique(ids[rest]))))
        cut = GroupShuffleSplit(1, train_size=count, random_state=seed)
        chosen, others = next(cut.split(rest, groups=ids[rest]))
        parts.append(rest[chosen])
        rest, left = rest[others], left - fraction
    return (*parts, rest)

# %% exercise="split_by_patient" right="old_random_and_bounds"
def split_by_patient(ids, fractions, seed):
    import random

    patients = sorted(np.unique(ids))
    random.Random(seed).shuffle(patients)
    bounds = [0]
    for k in range(len(fractions)):
        bounds.append(round(sum(fractions[:k + 1]) * len(patients)))
    bounds[-1] = len(patients)
    return [[i for i in range(len(ids)) if ids[i] in patients[a:b]] for a, b in zip(bounds, bounds[1:])]

# %% exercise="standardize" right="channel_by_channel"
def standardize(train, *others):
    scaled = [np.zeros(data.shape) for data in (train, *others)]
    for c in range(train.shape[-1]):
        mean = train[..., c].sum() / train[..., c].size
        sd = np.sqrt(((train[..., c] - mean) ** 2).sum() / train[..., c].size)
        for old, new in zip((train, *others), scaled):
            new[..., c] = old[..., c] - mean
            if sd > 0:
                new[..., c] /= sd
    return scaled

# %% exercise="standardize" right="flattened_table"
def standardize(train, *others):
    table = train.reshape(-1, train.shape[-1])
    mean, sd = np.mean(table, 0), np.std(table, 0)
    sd[sd == 0] = 1
    return (train - mean) / sd, *[(data - mean) / sd for data in others]

# %% exercise="standardize" right="scaler_of_scikit_learn"
def standardize(train, *others):
    from sklearn.preprocessing import StandardScaler

    features = train.shape[-1]
    scaler = StandardScaler().fit(train.reshape(-1, features))
    return tuple(scaler.transform(data.reshape(-1, features)).reshape(data.shape) for data in (train, *others))

# %% exercise="standardize" right="einsum"
def standardize(train, *others):
    table = train.reshape(-1, train.shape[-1])
    mean = np.einsum("nc->c", table) / len(table)
    sd = np.sqrt(np.einsum("nc,nc->c", table - mean, table - mean) / len(table))
    factor = np.divide(1, sd, out=np.ones_like(sd), where=sd > 1e-12)
    return tuple((data - mean) * factor for data in (train, *others))

# %% exercise="minibatches" right="generator"
def minibatches(n, size, rng):
    order = list(range(n))
    rng.shuffle(order)
    while order:
        yield order[:size]
        order = order[size:]

# %% exercise="minibatches" right="split"
def minibatches(n, size, rng):
    return np.split(rng.permutation(n), np.arange(size, n, size))

# %% exercise="minibatches" right="sorted_lots"
def minibatches(n, size, rng):
    lots = rng.uniform(size=n)
    batches = []
    for place, sample in enumerate(np.argsort(lots)):
        if place % size == 0:
            batches.append([])
        batches[-1].append(int(sample))
    return batches

# %% exercise="minibatches" right="dealt_like_cards"
def minibatches(n, size, rng):
    order = rng.choice(n, n, replace=False)
    count = (n + size - 1) // size
    return tuple(order[k * size:min(n, (k + 1) * size)] for k in range(count))

# %% exercise="early_stopping" right="distance_to_the_best"
def early_stopping(val_losses, patience):
    best = 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < val_losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best
    return best

# %% exercise="early_stopping" right="records_and_gaps"
def early_stopping(val_losses, patience):
    clean = np.where(np.isnan(val_losses), np.inf, val_losses)
    before = np.concatenate([[np.inf], np.minimum.accumulate(clean)[:-1]])
    records = np.flatnonzero(clean < before)
    late = np.flatnonzero(np.diff(records) > patience)
    return records[late[0]] if len(late) else records[-1]

# %% exercise="early_stopping" right="window_after_each_epoch"
def early_stopping(val_losses, patience):
    losses = [float(loss) for loss in val_losses]
    epoch = 0
    while True:
        coming = [e for e in range(epoch + 1, min(epoch + 1 + patience, len(losses))) if losses[e] < losses[epoch]]
        if not coming:
            return epoch
        epoch = coming[0]

# %% exercise="early_stopping" right="as_keras_counts"
def early_stopping(val_losses, patience):
    lowest, wait, kept = float("inf"), 0, 0
    for epoch, loss in enumerate(val_losses):
        wait += 1
        if np.less(loss, lowest):
            lowest, kept, wait = loss, epoch, 0
            continue
        if wait >= patience and epoch > 0:
            break
    return np.int64(kept)

# %% exercise="augment" right="one_affine_transform"
def augment(batch, rng, max_shift, max_angle):
    out = np.empty(batch.shape, np.float32)
    centre = (np.array(batch.shape[1:3]) - 1) / 2
    for i in range(len(batch)):
        a = np.deg2rad(rng.uniform(-max_angle, max_angle))
        move = rng.integers(-max_shift, max_shift, 2, endpoint=True)
        turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        for c in range(batch.shape[3]):
            out[i, :, :, c] = ndimage.affine_transform(batch[i, :, :, c], turn, centre - turn @ (centre + move), order=1, mode="nearest")
    return out

# %% exercise="augment" right="bilinear_by_hand"
def augment(batch, rng, max_shift, max_angle):
    n, h, w, _ = batch.shape
    a = np.deg2rad(rng.uniform(-max_angle, max_angle, (n, 1, 1)))
    dy, dx = rng.integers(-max_shift, max_shift + 1, (2, n, 1, 1))
    y, x = np.mgrid[0:h, 0:w] - np.array([(h - 1) / 2, (w - 1) / 2]).reshape(2, 1, 1)
    y, x = y - dy, x - dx
    sy = np.clip(np.cos(a) * y - np.sin(a) * x + (h - 1) / 2, 0, h - 1)
    sx = np.clip(np.sin(a) * y + np.cos(a) * x + (w - 1) / 2, 0, w - 1)
    top, left = np.minimum(np.floor(sy), h - 2).astype(int), np.minimum(np.floor(sx), w - 2).astype(int)
    fy, fx, k = (sy - top)[..., None], (sx - left)[..., None], np.arange(n).reshape(n, 1, 1)
    upper = batch[k, top, left] * (1 - fx) + batch[k, top, left + 1] * fx
    lower = batch[k, top + 1, left] * (1 - fx) + batch[k, top + 1, left + 1] * fx
    return (upper * (1 - fy) + lower * fy).astype("float32")

# %% exercise="augment" right="shift_by_padding_then_turn"
def augment(batch, rng, max_shift, max_angle):
    padded = np.pad(batch, ((0, 0), (max_shift,) * 2, (max_shift,) * 2, (0, 0)), mode="edge")
    result = []
    for film in padded:
        top, left = rng.integers(0, 2 * max_shift + 1, 2)
        cut = film[top:top + batch.shape[1], left:left + batch.shape[2]]
        angle = max_angle * (2 * rng.random() - 1)
        result.append(np.float32(ndimage.rotate(cut, angle, axes=(0, 1), reshape=False, order=1, mode="nearest")))
    return result

# %% exercise="augment" right="turn_of_scikit_image"
def augment(batch, rng, max_shift, max_angle):
    from skimage.transform import rotate

    films = []
    for film in batch:
        film = rotate(film, rng.uniform(-max_angle, max_angle), order=1, mode="edge")
        dy, dx = (int(rng.integers(-max_shift, max_shift + 1)) for _ in range(2))
        rows_ = np.clip(np.arange(film.shape[0]) - dy, 0, film.shape[0] - 1)
        columns_ = np.clip(np.arange(film.shape[1]) - dx, 0, film.shape[1] - 1)
        films.append(film[rows_][:, columns_])
    return np.stack(films).astype(np.float32)
