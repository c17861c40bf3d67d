"""Other right answers to the exercises of unit 01."""

# %% exercise="histogram" right="library"
def histogram(image, bins):
    return np.histogram(image, bins)

# %% exercise="histogram" right="pixel_by_pixel"
def histogram(image, bins):
    values = [float(v) for v in np.ravel(image)]
    low, high = min(values), max(values)
    edges = [low + (high - low) * i / bins for i in range(bins + 1)]
    counts = [0] * bins
    for value in values:
        i = 0
        while i < bins - 1 and value >= edges[i + 1]:
            i += 1
        counts[i] += 1
    return counts, edges

# %% exercise="histogram" right="sorted_and_searched"
def histogram(image, bins):
    edges = np.linspace(image.min(), image.max(), bins + 1)
    index = np.minimum(np.searchsorted(edges, image.ravel(), side="right") - 1, bins - 1)
    return np.bincount(index, minlength=bins), edges

# %% exercise="window" right="three_cases"
def window(pixels, center, width):
    if width < 1:
        raise ValueError("too narrow")
    low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    x = np.array(pixels, dtype="float64")
    y = np.zeros(x.shape)
    y[x > high] = 1
    inside = (x > low) & (x <= high)
    if width > 1:
        y[inside] = (x[inside] - (center - 0.5)) / (width - 1) + 0.5
    return y

# %% exercise="window" right="loop_over_lists"
def window(pixels, center, width):
    if width < 1:
        raise ValueError("too narrow")
    low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    out = []
    for x in np.ravel(pixels).tolist():
        out.append(0 if x <= low else 1 if x > high else (x - (center - 0.5)) / (width - 1) + 0.5)
    return np.reshape(out, np.shape(pixels)).tolist()

# %% exercise="window" right="single_precision"
def window(pixels, center, width):
    if not width >= 1:
        raise ValueError("too narrow")
    x = np.asarray(pixels).astype(np.float32)
    if width == 1:
        return np.where(x <= center - 0.5, np.float32(0), np.float32(1))
    low = center - 0.5 - (width - 1) / 2
    return np.minimum(np.maximum((x - np.float32(low)) / np.float32(width - 1), np.float32(0)), np.float32(1))

# %% exercise="pixel_size_mm" right="if_by_if"
def pixel_size_mm(dataset):
    if "PixelSpacing" in dataset and dataset.PixelSpacing[0] > 0 and dataset.PixelSpacing[1] > 0:
        return [dataset.PixelSpacing[0], dataset.PixelSpacing[1]]
    if "ImagerPixelSpacing" in dataset and dataset.ImagerPixelSpacing[0] > 0 and dataset.ImagerPixelSpacing[1] > 0:
        return [dataset.ImagerPixelSpacing[0], dataset.ImagerPixelSpacing[1]]
    if "NominalScannedPixelSpacing" in dataset:
        spacing = dataset.NominalScannedPixelSpacing
        if spacing[0] > 0 and spacing[1] > 0:
            return [spacing[0], spacing[1]]
    return None

# %% exercise="pixel_size_mm" right="as_an_array"
def pixel_size_mm(dataset):
    for name in ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"]:
        size = np.array(dataset.get(name, [0, 0]), dtype=float)
        if (size > 0).all():
            return size

# %% exercise="to_display" right="all_at_once"
def to_display(dataset):
    values = apply_modality_lut(dataset.pixel_array, dataset).astype(float)
    if dataset.get("VOILUTSequence"):
        table = dataset.VOILUTSequence[0]
        begin, bits = table.LUTDescriptor[1], table.LUTDescriptor[2]
        entries = np.asarray(table.LUTData)
        shown = entries[np.clip(values.astype(int) - begin, 0, len(entries) - 1)] / (2**bits - 1)
    elif dataset.get("WindowWidth") is not None:
        c, w = first(dataset.WindowCenter), first(dataset.WindowWidth)
        kind = dataset.get("VOILUTFunction", "LINEAR")
        if kind == "SIGMOID":
            shown = 1 / (1 + np.exp(-4 * (values - c) / w))
        elif kind == "LINEAR_EXACT":
            shown = np.clip((values - c) / w + 0.5, 0, 1)
        else:
            shown = np.clip((values - (c - 0.5)) / (w - 1) + 0.5, 0, 1)
    elif np.ptp(values) == 0:
        shown = values * 0
    else:
        shown = np.interp(values, (values.min(), values.max()), (0, 1))
    return {"MONOCHROME1": 1 - shown, "MONOCHROME2": shown}[dataset.PhotometricInterpretation]

# %% exercise="to_display" right="library"
def to_display(dataset):
    from xraydojo.library.images import to_display as by_library

    return by_library(dataset)
