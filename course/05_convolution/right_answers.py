"""Other correct solutions of unit 05."""

# %% exercise="output_size" right="counted_with_range"
def output_size(n, k, s, p):
    places = len(range(-p, n + p - k + 1, s))
    if places == 0:
        raise ValueError("the window does not fit")
    return places

# %% exercise="output_size" right="walked"
def output_size(n, k, s, p):
    if k > n + 2 * p:
        raise ValueError(k)
    places, start = 0, 0
    while start + k <= n + 2 * p:
        places += 1
        start += s
    return places

# %% exercise="output_size" right="floor_of_floats"
def output_size(n, k, s, p):
    size = np.floor((n + 2 * p - k) / s) + 1
    if size < 1:
        raise ValueError(f"{k} does not fit into {n} + 2 * {p}")
    return size

# %% exercise="output_size" right="stride_added_before_the_division"
def output_size(n, k, s, p):
    class TooLarge(ValueError):
        pass

    room = n + p + p - k
    if room < 0:
        raise TooLarge
    return divmod(room + s, s)[0]

# %% exercise="conv2d" right="four_loops_and_lists"
def conv2d(image, kernel, stride=1, padding=0):
    height, width = len(image), len(image[0])
    result = []
    for top in range(-padding, height + padding - len(kernel) + 1, stride):
        row = []
        for left in range(-padding, width + padding - len(kernel[0]) + 1, stride):
            total = 0.0
            for i in range(len(kernel)):
                for j in range(len(kernel[0])):
                    if 0 <= top + i < height and 0 <= left + j < width:
                        total += image[top + i][left + j] * kernel[i][j]
            row.append(total)
        result.append(row)
    return result

# %% exercise="conv2d" right="windows_and_einsum"
def conv2d(image, kernel, stride=1, padding=0):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, padding), kernel.shape)
    return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel)

# %% exercise="conv2d" right="shifted_films_added_up"
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    height, width = image.shape
    padded = np.zeros((height + 2 * padding, width + 2 * padding))
    padded[padding:padding + height, padding:padding + width] = image
    rows, columns = padded.shape[0] - kh + 1, padded.shape[1] - kw + 1
    every = np.zeros((rows, columns))
    for i in range(kh):
        for j in range(kw):
            every += kernel[i, j] * padded[i:i + rows, j:j + columns]
    return every[::stride, ::stride]

# %% exercise="conv2d" right="flipped_twice_by_scipy"
def conv2d(image, kernel, stride=1, padding=0):
    from scipy.signal import convolve2d
    return convolve2d(np.pad(image, padding), kernel[::-1, ::-1], mode="valid")[::stride, ::stride]

# %% exercise="max_pool" right="four_loops"
def max_pool(x, size, stride):
    N, H, W, C = x.shape
    Ho, Wo = (H - size) // stride + 1, (W - size) // stride + 1
    out = np.full((N, Ho, Wo, C), -np.inf)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    for value in x[n, i * stride:i * stride + size, j * stride:j * stride + size, c].ravel():
                        out[n, i, j, c] = max(out[n, i, j, c], value)
    return out

# %% exercise="max_pool" right="windows"
def max_pool(x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return windows[:, ::stride, ::stride].max(axis=(4, 5))

# %% exercise="max_pool" right="shifted_films_compared"
def max_pool(x, size, stride):
    rows, columns = x.shape[1] - size + 1, x.shape[2] - size + 1
    best = x[:, :rows, :columns].copy()
    for i in range(size):
        for j in range(size):
            best = np.maximum(best, x[:, i:i + rows, j:j + columns])
    return best[:, ::stride, ::stride]

# %% exercise="max_pool" right="rows_first_then_columns_as_a_list"
def max_pool(x, size, stride):
    rows = [x[:, i:i + size].max(axis=1) for i in range(0, x.shape[1] - size + 1, stride)]
    rows = np.stack(rows, axis=1)
    columns = [rows[:, :, j:j + size].max(axis=2) for j in range(0, x.shape[2] - size + 1, stride)]
    return np.stack(columns, axis=2).tolist()

# %% exercise="gaussian_kernel" right="two_loops"
def gaussian_kernel(sigma, size):
    kernel = [[0.0] * size for _ in range(size)]
    total = 0.0
    for i in range(size):
        for j in range(size):
            r2 = (i - size // 2) ** 2 + (j - size // 2) ** 2
            kernel[i][j] = np.exp(-r2 / (2 * sigma ** 2))
            total += kernel[i][j]
    return [[value / total for value in row] for row in kernel]

# %% exercise="gaussian_kernel" right="outer_product_of_a_line"
def gaussian_kernel(sigma, size):
    line = np.exp(-0.5 * (np.linspace(-(size - 1) / 2, (size - 1) / 2, size) / sigma) ** 2)
    line /= line.sum()
    return np.outer(line, line)

# %% exercise="gaussian_kernel" right="meshgrid_and_density"
def gaussian_kernel(sigma, size):
    y, x = np.mgrid[-(size // 2):size // 2 + 1, -(size // 2):size // 2 + 1]
    density = np.exp(-np.hypot(x, y) ** 2 / 2 / sigma / sigma) / (2 * np.pi * sigma ** 2)
    return density / np.sum(density)

# %% exercise="gaussian_kernel" right="in_single_precision"
def gaussian_kernel(sigma, size):
    from scipy.stats import norm
    d = np.arange(size) - (size - 1) / 2
    line = norm.pdf(d, scale=sigma).astype(np.float32)
    return np.einsum("i,j->ij", line, line) / line.sum() ** 2

# %% exercise="conv2d_layer" right="sums_of_conv2d"
def conv2d_layer(x, w, b, stride=1, padding=0):
    films = []
    for film in x:
        maps = []
        for o in range(w.shape[3]):
            total = sum(np.asarray(conv2d(film[:, :, c], w[:, :, c, o], stride, padding)) for c in range(w.shape[2]))
            maps.append(total + b[o])
        films.append(np.stack(maps, axis=-1))
    return films

# %% exercise="conv2d_layer" right="windows_and_einsum"
def conv2d_layer(x, w, b, stride=1, padding=0):
    p = (padding, padding)
    padded = np.pad(x, [(0, 0), p, p, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nyxcij,ijco->nyxo", windows, w) + b

# %% exercise="conv2d_layer" right="one_matrix_product"
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw, channels, features = w.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    tops = range(0, padded.shape[1] - kh + 1, stride)
    lefts = range(0, padded.shape[2] - kw + 1, stride)
    rows = [padded[:, i:i + kh, j:j + kw].reshape(len(x), -1) for i in tops for j in lefts]
    table = np.stack(rows, axis=1) @ w.reshape(-1, features) + b
    return table.reshape(len(x), len(tops), len(lefts), features)

# %% exercise="conv2d_layer" right="a_product_for_each_kernel_pixel"
def conv2d_layer(x, w, b, stride=1, padding=0):
    n, height, width, _ = x.shape
    rows = (height + 2 * padding - w.shape[0]) // stride + 1
    columns = (width + 2 * padding - w.shape[1]) // stride + 1
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    out = np.zeros((n, rows, columns, w.shape[3])) + b
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            out += padded[:, i::stride, j::stride][:, :rows, :columns] @ w[i, j]
    return out

# %% exercise="conv2d_backward" right="loops_over_everything"
def conv2d_backward(dout, x, w, stride, padding):
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[3])
    for n, i, j, o in np.ndindex(dout.shape):
        g = dout[n, i, j, o]
        db[o] += g
        for a in range(w.shape[0]):
            for c in range(w.shape[1]):
                row, column = i * stride + a - padding, j * stride + c - padding
                if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                    dw[a, c, :, o] += g * x[n, row, column]
                    dx[n, row, column] += g * w[a, c, :, o]
    return [dx, dw, db]

# %% exercise="conv2d_backward" right="windows_and_einsum"
def conv2d_backward(dout, x, w, stride, padding):
    p = (padding, padding)
    padded = np.pad(x, [(0, 0), p, p, (0, 0)]).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    dw = np.einsum("nyxcij,nyxo->ijco", windows, dout)
    back = np.zeros_like(padded)
    views = np.lib.stride_tricks.sliding_window_view(back, w.shape[:2], axis=(1, 2), writeable=True)[:, ::stride, ::stride]
    for i, j in np.ndindex(w.shape[:2]):
        views[..., i, j] += np.einsum("nyxo,co->nyxc", dout, w[i, j])
    return back[:, padding:back.shape[1] - padding, padding:back.shape[2] - padding], dw, np.einsum("nyxo->o", dout)

# %% exercise="conv2d_backward" right="spread_out_and_convolved"
def conv2d_backward(dout, x, w, stride, padding):
    from scipy.signal import convolve2d, correlate2d
    N, H, W, C = x.shape
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    spread = np.zeros((N, padded.shape[1] - kh + 1, padded.shape[2] - kw + 1, dout.shape[3]))
    spread[:, ::stride, ::stride] = dout
    dx, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for n, c, o in np.ndindex(N, C, dout.shape[3]):
        dx[n, :, :, c] += convolve2d(spread[n, :, :, o], w[:, :, c, o])
        dw[:, :, c, o] += correlate2d(padded[n, :, :, c], spread[n, :, :, o], mode="valid")
    return dx[:, padding:padding + H, padding:padding + W], dw, np.sum(dout, (0, 1, 2))

# %% exercise="receptive_field" right="from_the_output_back"
def receptive_field(layers):
    field = 1
    for k, s in layers[::-1]:
        field = s * (field - 1) + k
    return field

# %% exercise="receptive_field" right="recursion"
def receptive_field(layers):
    if len(layers) == 0:
        return 1
    (k, s), *rest = layers
    return k + s * (receptive_field(rest) - 1)

# %% exercise="receptive_field" right="sum_of_products"
def receptive_field(layers):
    sizes = np.array([k for k, _ in layers])
    jumps = np.cumprod([1] + [s for _, s in layers])[:-1]
    return 1.0 + np.sum((sizes - 1) * jumps)

# %% exercise="receptive_field" right="first_and_last_pixel_followed"
def receptive_field(layers):
    first = last = 0
    for k, s in reversed(layers):
        first, last = first * s, last * s + k - 1
    return last - first + 1
