"""Other right answers to the exercises of unit 00."""

# %% exercise="mean_intensity" right="loops"
def mean_intensity(image):
    total, count = 0, 0
    for row in image:
        for value in row:
            total = total + float(value)
            count = count + 1
    return total / count

# %% exercise="mean_intensity" right="numpy_function"
def mean_intensity(image):
    return np.average(np.asarray(image, dtype=float))

# %% exercise="last_row" right="by_length"
def last_row(image):
    return image[len(image) - 1, :]

# %% exercise="last_row" right="as_a_list"
def last_row(image):
    return list(image)[-1].tolist()

# %% exercise="crop" right="loops"
def crop(image, x1, y1, x2, y2):
    rows = []
    for y in range(y1, y2):
        row = []
        for x in range(x1, x2):
            row.append(image[y, x])
        rows.append(row)
    return rows

# %% exercise="crop" right="rows_then_columns"
def crop(image, x1, y1, x2, y2):
    rows = image[y1:y2]
    return rows[:, x1:x2].copy()

# %% exercise="invert" right="on_a_copy"
def invert(image):
    result = image.copy()
    result *= -1
    result += 1
    return result

# %% exercise="invert" right="loops"
def invert(image):
    return [[1 - value for value in row] for row in image]

# %% exercise="mean_per_film" right="loop_and_list"
def mean_per_film(images):
    means = []
    for image in images:
        means.append(float(image.mean()))
    return means

# %% exercise="mean_per_film" right="twice"
def mean_per_film(images):
    return images.mean(axis=2).mean(axis=1)

# %% exercise="mean_per_film" right="flattened"
def mean_per_film(images):
    return images.reshape(len(images), -1).mean(axis=-1)

# %% exercise="count_above" right="loops"
def count_above(image, t):
    count = 0
    for value in image.ravel():
        if value > t:
            count += 1
    return count

# %% exercise="count_above" right="length_of_the_chosen"
def count_above(image, t):
    return len(image[image > t])

# %% exercise="count_above" right="built_in_sum"
def count_above(image, t):
    return sum(sum(image > t))

# %% exercise="to_float" right="single_precision"
def to_float(image):
    return image.astype(np.float32) / 255

# %% exercise="to_float" right="library"
def to_float(image):
    from skimage.util import img_as_float

    return img_as_float(image)
