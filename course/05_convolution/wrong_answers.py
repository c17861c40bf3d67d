"""What learners get wrong in unit 05."""

# %% exercise="output_size" wrong="last_place_forgotten"
# en: Your answer is one too small. (n + 2p - k) / s counts the steps; between three places there are only two steps.
# ja: 一つ足りません。(n + 2p - k) / s は「何歩進めるか」です。二歩進むと、止まる場所はいくつになるでしょうか。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return (n + 2 * p - k) // s

# %% exercise="output_size" wrong="stride_ignored"
# en: Your window always moves by one pixel. Which argument says how far it jumps?
# ja: 窓がいつも1画素ずつ動いています。一回に動く量を表す引数はどれでしょうか。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return n + 2 * p - k + 1

# %% exercise="output_size" wrong="one_added_before_the_division"
# en: The 1 is the window's first place, before any step. Should it be divided by the stride?
# ja: 「+ 1」は、一歩も動く前の最初の場所の分です。それもストライドで割ってよいでしょうか。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return (n + 2 * p - k + 1) // s

# %% exercise="output_size" wrong="rounded_up"
# en: You round up: the last window would hang over the edge. A window that does not fit completely does not count.
# ja: 切り上げています。それでは最後の窓が端からはみ出します。全体が収まらない窓は数えません。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return int(np.ceil((n + 2 * p - k) / s)) + 1

# %% exercise="output_size" wrong="not_rounded"
# en: A number of places is whole. `//` divides and rounds down.
# ja: 場所の数は整数です。`//` を使うと、割って切り捨てられます。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return (n + 2 * p - k) / s + 1

# %% exercise="output_size" wrong="rounded_to_the_nearest"
# en: `round` sometimes rounds up, and then the last window hangs over the edge. Always round down.
# ja: `round` は切り上げることもあり、そのときは最後の窓がはみ出します。いつも切り捨てにしましょう。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return round((n + 2 * p - k) / s) + 1

# %% exercise="output_size" wrong="padding_counted_once"
# en: The zeros stand on both ends of the row. How many pixels are added, then?
# ja: 0 は両端に付けます。全部で何画素増えるでしょうか。
def output_size(n, k, s, p):
    if n + p < k:
        raise ValueError("the window does not fit")
    return (n + p - k) // s + 1

# %% exercise="output_size" wrong="padding_ignored"
# en: Without padding you are right. With it, the window has more room: how many pixels more?
# ja: パディングがなければ正解です。パディングがあると、窓の動ける範囲は何画素広がるでしょうか。
def output_size(n, k, s, p):
    if n < k:
        raise ValueError("the window does not fit")
    return (n - k) // s + 1

# %% exercise="output_size" wrong="size_of_same_padding"
# en: That is what frameworks call "same" padding: they choose the zeros themselves. Here p says how many there are.
# ja: それは、フレームワークが自動で 0 を付ける "same" パディングの場合の大きさです。ここでは、0 の数は p で決まります。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        raise ValueError("the window does not fit")
    return -(-n // s)

# %% exercise="output_size" wrong="exact_fit_refused"
# en: A window exactly as large as the padded image fits, in one place. Which comparison lets it through?
# ja: パディング後の画像とちょうど同じ大きさの窓は、一か所だけ置けます。比較の記号を見直しましょう。
def output_size(n, k, s, p):
    if n + 2 * p <= k:
        raise ValueError("the window does not fit")
    return (n + 2 * p - k) // s + 1

# %% exercise="output_size" wrong="refused_without_the_padding"
# en: The window is larger than the image, but does it fit once the zeros are there?
# ja: 窓は画像より大きいですが、0 を付けた後なら収まるのではないでしょうか。
def output_size(n, k, s, p):
    if n < k:
        raise ValueError("the window does not fit")
    return (n + 2 * p - k) // s + 1

# %% exercise="output_size" wrong="nothing_raised"
# en: All sizes are right. What should happen when the window is larger than the padded image? A size of 0 or less would go wrong later, without a word.
# ja: 大きさは正しく求められています。では、窓がパディング後の画像より大きいときはどうしますか。0 以下の値をそのまま返すと、後で原因の分からない誤りになります。
def output_size(n, k, s, p):
    return (n + 2 * p - k) // s + 1

# %% exercise="output_size" wrong="message_printed"
# en: A printed message does not stop the program: the caller goes on with None. Use `raise ValueError(...)`.
# ja: 表示しただけではプログラムは止まらず、呼び出し側には None が渡ります。`raise ValueError(...)` を使いましょう。
def output_size(n, k, s, p):
    if n + 2 * p < k:
        print("the window does not fit")
    else:
        return (n + 2 * p - k) // s + 1

# %% exercise="conv2d" wrong="kernel_flipped"
# en: Your kernel is turned by 180 degrees. That is the convolution of the mathematicians; frameworks lay the kernel on as it is.
# ja: カーネルを 180° 回してから掛けています。それは数学でいう畳み込みです。フレームワークでは、カーネルをそのままの向きで重ねます。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = padded[i * stride:i * stride + kh, j * stride:j * stride + kw]
            result[i, j] = np.sum(window * kernel[::-1, ::-1])
    return result

# %% exercise="conv2d" wrong="mean_instead_of_sum"
# en: You take the mean of the products. The products are added up; if a mean is wanted, the kernel's values see to it.
# ja: 積の平均をとっています。ここでは積をすべて足します（平均にしたいときは、カーネルの値のほうで調整します）。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.mean(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="clipped_to_0_and_1"
# en: Do not clip. The result is not a picture yet: it may be negative, or larger than 1, and both say something.
# ja: 0 から 1 の範囲に切り詰めないでください。結果はまだ画像ではなく、負の値や 1 より大きい値にも意味があります。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return np.clip(result, 0, 1)

# %% exercise="conv2d" wrong="matrix_product"
# en: `@` is the matrix product, which mixes rows with columns. Here each pixel is multiplied by the weight that lies on it: `*`.
# ja: `@` は行列の積で、行と列が混ざります。ここでは、重なり合う画素と重みを一つずつ掛けます。それは `*` です。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] @ kernel)
    return result

# %% exercise="conv2d" wrong="returned_inside_the_loop"
# en: Only the first row of the result is filled. Where is `return` indented?
# ja: 結果の最初の行しか計算されていません。return の字下げを確かめてください。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
        return result

# %% exercise="conv2d" wrong="height_and_width_swapped_in_the_result"
# en: The result has its rows and columns exchanged. The first axis counts rows: the image's height and the kernel's height belong together.
# ja: 結果の行と列が入れ替わっています。最初の軸は行です。画像の高さとカーネルの高さを組にしましょう。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((columns, rows))
    for i in range(rows):
        for j in range(columns):
            result[j, i] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="height_and_width_of_the_kernel_swapped"
# en: With a square kernel you are right; with 2 rows and 3 columns it breaks. `kernel.shape` is (rows, columns).
# ja: 正方形のカーネルなら正しいのですが、2行3列では止まります。`kernel.shape` は（行の数, 列の数）です。
def conv2d(image, kernel, stride=1, padding=0):
    kw, kh = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="last_row_and_column_missed"
# en: The last row and the last column stay 0. Does your loop go to the end? `range(rows)` already stops one before `rows`.
# ja: 最後の行と列が 0 のままです。繰り返しは最後まで届いていますか。`range(rows)` は、もともと `rows` の一つ手前で終わります。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(max(1, rows - 1)):
        for j in range(max(1, columns - 1)):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="result_in_whole_numbers"
# en: The fractions are lost: an array made like an image of integers holds integers only. `np.zeros((rows, columns))` holds any number.
# ja: 小数が切り捨てられています。整数の画像に合わせて作った配列には、整数しか入りません。`np.zeros((rows, columns))` なら小数も入ります。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns), image.dtype)
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="window_at_i"
# en: The size is right, but the windows lie side by side without a jump. Place i begins at pixel i times the stride.
# ja: 大きさは合っていますが、窓が1画素ずつしか動いていません。i 番目の窓は、i × ストライドの画素から始まります。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i:i + kh, j:j + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="stride_ignored"
# en: The stride has no effect yet: your window visits every place.
# ja: ストライドが使われていません。窓が、すべての場所に止まっています。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows, columns = padded.shape[0] - kh + 1, padded.shape[1] - kw + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i:i + kh, j:j + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="stride_in_rows_only"
# en: Downwards your window jumps, to the right it does not. The stride counts in both directions.
# ja: 下にはストライドの分だけ動いていますが、右には1画素ずつです。ストライドは両方向に使います。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows, columns = (padded.shape[0] - kh) // stride + 1, padded.shape[1] - kw + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j:j + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="padding_ignored"
# en: The padding has no effect yet. `np.pad(image, padding)` puts the zeros around.
# ja: パディングが使われていません。`np.pad(image, padding)` で、周りに 0 を付けられます。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    rows = (image.shape[0] - kh) // stride + 1
    columns = (image.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(image[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="padding_counted_once"
# en: Your result is too small: the zeros stand on all four sides, so each direction grows by twice the padding.
# ja: 結果が小さすぎます。0 は四方に付けるので、縦も横もパディングの2倍だけ大きくなります。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding)
    rows = (image.shape[0] + padding - kh) // stride + 1
    columns = (image.shape[1] + padding - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="conv2d" wrong="padded_with_the_edge"
# en: You continue the edge pixels outwards. That can be a good idea for films, but here (and in the frameworks) the padding is zeros.
# ja: 端の画素の値を外側に延ばしています。画像処理ではよい方法ですが、ここでは（フレームワークでも）0 で埋めます。
def conv2d(image, kernel, stride=1, padding=0):
    kh, kw = kernel.shape
    padded = np.pad(image, padding, mode="edge")
    rows = (padded.shape[0] - kh) // stride + 1
    columns = (padded.shape[1] - kw) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            result[i, j] = np.sum(padded[i * stride:i * stride + kh, j * stride:j * stride + kw] * kernel)
    return result

# %% exercise="max_pool" wrong="mean_of_the_window"
# en: You average the window. Max-pooling keeps the largest value: the strongest answer, wherever in the window it lies.
# ja: 窓の平均をとっています。最大値プーリングで残すのは、窓の中の最大値、つまり最も強い反応です。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride:i * stride + size, j * stride:j * stride + size, :]
            result[:, i, j, :] = window.mean(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="minimum_of_the_window"
# en: You keep the smallest value of each window.
# ja: 各窓の最小値を残しています。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride:i * stride + size, j * stride:j * stride + size, :]
            result[:, i, j, :] = window.min(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="window_at_i"
# en: The windows lie side by side without a jump. Place i begins at pixel i times the stride.
# ja: 窓が1画素ずつしか動いていません。i 番目の窓は、i × ストライドの画素から始まります。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            result[:, i, j, :] = x[:, i:i + size, j:j + size, :].max(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="height_and_width_swapped"
# en: Rows and columns of the result are exchanged. The shape is (N, H, W, C): height first.
# ja: 結果の行と列が入れ替わっています。形は (N, H, W, C) で、高さが先です。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, columns, rows, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride:i * stride + size, j * stride:j * stride + size, :]
            result[:, j, i, :] = window.max(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="jumps_by_the_size"
# en: Your window always jumps by its own size. Size and stride are two arguments, and windows may overlap.
# ja: 窓がいつも自分の大きさの分だけ動いています。大きさとストライドは別の引数で、窓どうしが重なることもあります。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = height // size, width // size
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * size:(i + 1) * size, j * size:(j + 1) * size, :]
            result[:, i, j, :] = window.max(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="window_as_large_as_the_stride"
# en: Your window is as large as the stride. The stride says where it begins, `size` how far it reaches.
# ja: 窓の大きさがストライドと同じになっています。始まる場所を決めるのがストライド、広さを決めるのが `size` です。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride:(i + 1) * stride, j * stride:(j + 1) * stride, :]
            result[:, i, j, :] = window.max(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="rest_at_the_border_kept"
# en: Your last windows hang over the border. Windows that do not fit completely are left out: the size is rounded down.
# ja: 最後の窓が端からはみ出しています。全体が収まらない窓は使いません。大きさの計算は切り捨てです。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = -(-(height - size) // stride) + 1, -(-(width - size) // stride) + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride:i * stride + size, j * stride:j * stride + size, :]
            result[:, i, j, :] = window.max(axis=(1, 2))
    return result

# %% exercise="max_pool" wrong="compared_with_zero"
# en: Where all values of a window are negative you answer 0, which is not among them. With what do you begin the search for the largest?
# ja: 窓の値がすべて負のとき、窓の中にない 0 を答えています。最大値を探し始めるときの値は、何にしましたか。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(size):
        for j in range(size):
            moved = x[:, i:i + rows * stride:stride, j:j + columns * stride:stride, :]
            result = np.maximum(result, moved[:, :rows, :columns])
    return result

# %% exercise="max_pool" wrong="channels_pooled_together"
# en: You take the largest value of all channels. Each channel is a map of its own and keeps its own maximum: which axes belong in `max`?
# ja: すべてのチャネルを通しての最大値になっています。チャネルはそれぞれ別の地図なので、別々に最大値をとります。`max` の axis はどれでしょうか。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride:i * stride + size, j * stride:j * stride + size, :]
            result[:, i, j, :] = window.max(axis=(1, 2, 3))[:, None]
    return result

# %% exercise="max_pool" wrong="films_pooled_together"
# en: You take the largest value of all films and channels. Which axes are rows and columns in (N, H, W, C)?
# ja: すべての画像とチャネルを通しての最大値になっています。(N, H, W, C) のうち、行と列はどの軸でしょうか。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            result[:, i, j, :] = x[:, i * stride:i * stride + size, j * stride:j * stride + size, :].max()
    return result

# %% exercise="max_pool" wrong="first_film_only"
# en: Only the first film is pooled. The first axis of x counts the films.
# ja: 最初の画像しか処理していません。x の最初の軸は、画像の番号です。
def max_pool(x, size, stride):
    films, height, width, channels = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    result = np.zeros((films, rows, columns, channels))
    for i in range(rows):
        for j in range(columns):
            window = x[0, i * stride:i * stride + size, j * stride:j * stride + size, :]
            result[0, i, j, :] = window.max(axis=(0, 1))
    return result

# %% exercise="gaussian_kernel" wrong="not_normalised"
# en: The shape is right, but the values do not add up to 1: this kernel would brighten the film. What must you divide by?
# ja: 形は正しいのですが、合計が 1 になっていません。これでは画像が明るくなってしまいます。何で割ればよいでしょうか。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    return np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))

# %% exercise="gaussian_kernel" wrong="divided_by_the_formula_only"
# en: 1 / (2πσ²) makes the *integral* over the whole plane 1. Our few samples add up to something else: divide by their own sum.
# ja: 1 / (2πσ²) は、平面全体の*積分*を 1 にする係数です。限られた画素で取り出した値の合計は 1 になりません。値の合計そのもので割りましょう。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    return np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2)) / (2 * np.pi * sigma ** 2)

# %% exercise="gaussian_kernel" wrong="two_forgotten"
# en: Too narrow: the exponent has a 2 under the fraction bar, -r² / (2σ²).
# ja: 広がりが狭すぎます。指数の分母には 2 があります。-r² / (2σ²) です。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / sigma ** 2)
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="sigma_not_squared"
# en: Under the fraction bar stands sigma squared.
# ja: 分母の sigma は2乗です。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma))
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="distance_not_squared"
# en: The exponent holds the square of the distance, r² = d_row² + d_column². A square root is not needed.
# ja: 指数に入るのは距離の2乗、r² = (行の差)² + (列の差)² です。平方根は必要ありません。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    kernel = np.exp(-np.sqrt(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="peak_in_the_corner"
# en: Your largest value lies in the upper left corner. The distance counts from the middle pixel, so the positions run from -(size // 2) to size // 2.
# ja: 最大値が左上の隅にあります。距離は真ん中の画素から測ります。位置は -(size // 2) から size // 2 までになります。
def gaussian_kernel(sigma, size):
    d = np.arange(size)
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="half_a_pixel_off"
# en: Your kernel is half a pixel off: it would shift the film. With size 3 the middle pixel is number 1, not 1.5.
# ja: 中心が半画素ずれていて、画像がずれてしまいます。size が 3 なら、真ん中の画素は 1.5 ではなく 1 番です。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size / 2
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="one_row_only"
# en: That is one row, a Gaussian along a line. A kernel has rows and columns: `np.outer` makes a table of two lines.
# ja: 一行だけの（一次元の）ガウス関数になっています。カーネルには行と列が必要です。`np.outer` を使うと、二つの列から表を作れます。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    line = np.exp(-d ** 2 / (2 * sigma ** 2))
    return line / line.sum()

# %% exercise="gaussian_kernel" wrong="each_row_adds_up_to_1"
# en: Each row adds up to 1, so all of them together to more. Divide by the sum of the whole table.
# ja: 行ごとの合計が 1 になっています。表全体の合計で割りましょう。
def gaussian_kernel(sigma, size):
    d = np.arange(size) - size // 2
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum(axis=1, keepdims=True)

# %% exercise="gaussian_kernel" wrong="size_taken_for_the_radius"
# en: Your kernel has 2 * size + 1 rows. `size` is the whole width; the reach to each side is size // 2.
# ja: 大きさが 2 × size + 1 になっています。`size` は全体の幅で、片側の広がりは size // 2 です。
def gaussian_kernel(sigma, size):
    d = np.arange(-size, size + 1)
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="positions_from_minus_1_to_1"
# en: Sigma is in pixels, so the positions must be, too: ..., -2, -1, 0, 1, 2, ... Yours always run from -1 to 1.
# ja: sigma の単位は画素なので、位置も画素で数えます（…、-2、-1、0、1、2、…）。いつも -1 から 1 の範囲になっています。
def gaussian_kernel(sigma, size):
    d = np.linspace(-1, 1, size)
    kernel = np.exp(-(d[:, None] ** 2 + d[None, :] ** 2) / (2 * sigma ** 2))
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="integrated_over_the_pixels"
# en: You integrate the curve over each pixel. A fine method, but here it is sampled: its value at the centre of each pixel.
# ja: 画素の範囲で積分した値になっています。それもよい方法ですが、ここでは画素の中心での値を使います。
def gaussian_kernel(sigma, size):
    from scipy.stats import norm
    d = np.arange(size) - size // 2
    line = norm.cdf(d + 0.5, scale=sigma) - norm.cdf(d - 0.5, scale=sigma)
    kernel = np.outer(line, line)
    return kernel / kernel.sum()

# %% exercise="gaussian_kernel" wrong="mean_filter"
# en: All your values are equal: that is the mean filter. A Gaussian counts the middle most, and the rest the less the farther away.
# ja: すべての値が同じで、これは平均値フィルタです。ガウス関数では、真ん中の重みが最も大きく、離れるほど小さくなります。
def gaussian_kernel(sigma, size):
    return np.ones((size, size)) / size ** 2

# %% exercise="conv2d_layer" wrong="kernel_flipped"
# en: Your kernels are turned by 180 degrees. As in conv2d, they are laid on as they are.
# ja: カーネルを 180° 回しています。conv2d と同じように、そのままの向きで重ねます。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w[::-1, ::-1], 3) + b
    return result

# %% exercise="conv2d_layer" wrong="bias_forgotten"
# en: The sums are right. Each feature map has one more number, which is added everywhere: its bias.
# ja: 積の和は合っています。特徴マップごとに、すべての場所に足す数がもう一つありました。バイアスです。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3)
    return result

# %% exercise="conv2d_layer" wrong="bias_added_for_each_input_channel"
# en: Your bias is added once for each input channel. It belongs to the feature map and is added once, after the channels were summed.
# ja: バイアスを、入力チャネルごとに足しています。バイアスは特徴マップごとに一つなので、チャネルの和をとった後に一度だけ足します。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw, channels, _ = w.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3) + channels * b
    return result

# %% exercise="conv2d_layer" wrong="first_channel_only"
# en: Only the first input channel is used. A kernel reaches through all channels, and its products are added up over them, too.
# ja: 入力の最初のチャネルしか使っていません。カーネルはすべてのチャネルを貫いていて、積はチャネルについても足し合わせます。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, 0]
            result[:, i, j, :] = np.tensordot(window, w[:, :, 0], 2) + b
    return result

# %% exercise="conv2d_layer" wrong="mean_over_the_channels"
# en: You take the mean over the input channels. They are added up.
# ja: 入力チャネルについて平均をとっています。ここでは足し合わせます。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw, channels, _ = w.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3) / channels + b
    return result

# %% exercise="conv2d_layer" wrong="height_and_width_swapped"
# en: Rows and columns of the result are exchanged. The shape is (N, Ho, Wo, Co): height first.
# ja: 結果の行と列が入れ替わっています。形は (N, Ho, Wo, Co) で、高さが先です。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), columns, rows, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, j, i, :] = np.tensordot(window, w, 3) + b
    return result

# %% exercise="conv2d_layer" wrong="channels_first"
# en: Your feature maps stand before rows and columns, as PyTorch has them. Here (and in Keras) the channels come last: (N, Ho, Wo, Co).
# ja: 特徴マップの軸が行と列より前にあります。PyTorch はその順番ですが、ここでは（Keras でも）チャネルが最後の (N, Ho, Wo, Co) です。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), w.shape[3], rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, :, i, j] = np.tensordot(window, w, 3) + b
    return result

# %% exercise="conv2d_layer" wrong="window_at_i"
# en: The windows lie side by side without a jump. Place i begins at pixel i times the stride.
# ja: 窓が1画素ずつしか動いていません。i 番目の窓は、i × ストライドの画素から始まります。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            result[:, i, j, :] = np.tensordot(padded[:, i:i + kh, j:j + kw, :], w, 3) + b
    return result

# %% exercise="conv2d_layer" wrong="padding_on_all_axes"
# en: `np.pad(x, padding)` also puts empty films and empty channels around. Give it one pair for each axis: (0, 0) for films and channels.
# ja: `np.pad(x, padding)` と書くと、画像の軸とチャネルの軸にも 0 が付きます。軸ごとに (前, 後) の組で指定し、画像とチャネルは (0, 0) にしましょう。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw, channels, _ = w.shape
    padded = np.pad(x, padding)
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(padded), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :channels]
            result[:, i, j, :] = np.tensordot(window, w, 3) + b
    return result

# %% exercise="conv2d_layer" wrong="padding_in_rows_only"
# en: The zeros stand above and below, but not left and right.
# ja: 0 が上下にだけ付いていて、左右に付いていません。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (0, 0), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3) + b
    return result

# %% exercise="conv2d_layer" wrong="padding_counted_once"
# en: Your result is too small: the zeros stand on both sides of each direction.
# ja: 結果が小さすぎます。0 は、縦にも横にも両側に付きます。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows = (x.shape[1] + padding - kh) // stride + 1
    columns = (x.shape[2] + padding - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[:, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3) + b
    return result

# %% exercise="conv2d_layer" wrong="first_film_only"
# en: With one film you are right; of two, the second gets the first one's answer. The first axis of x counts the films.
# ja: 画像が1枚なら正しいのですが、2枚目にも1枚目の結果が入っています。x の最初の軸は、画像の番号です。
def conv2d_layer(x, w, b, stride=1, padding=0):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows, columns = (padded.shape[1] - kh) // stride + 1, (padded.shape[2] - kw) // stride + 1
    result = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = padded[0, i * stride:i * stride + kh, j * stride:j * stride + kw, :]
            result[:, i, j, :] = np.tensordot(window, w, 3) + b
    return result

# %% exercise="conv2d_backward" wrong="overwritten_instead_of_added"
# en: Where windows overlap, a pixel gets a share from each of them: `+=`, not `=`. The same holds for the weights, which work at every place.
# ja: 窓が重なる画素は、それぞれの窓から分け前を受け取ります。`=` ではなく `+=` です。どの場所でも使われる重みも同じです。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw = np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] = np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="dx_overwritten"
# en: Where windows overlap, a pixel gets a share from each of them. Your dx keeps the last share only.
# ja: 窓が重なる画素は、それぞれの窓から分け前を受け取ります。dx に最後の分しか残っていません。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] = np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="dw_of_the_last_place_only"
# en: The same weights work at every place, so their gradient is the sum over all places. Yours is that of the last one.
# ja: 同じ重みがすべての場所で使われるので、重みの勾配は全部の場所の和になります。最後の場所の分しか残っていません。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw = np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="kernel_flipped"
# en: You distribute the shares with a flipped kernel. Forwards, weight (i, j) met pixel (top + i, left + j), and the same weight goes back to it.
# ja: 裏返したカーネルで分け前を配っています。順方向では重み (i, j) が画素 (top + i, left + j) に掛かりました。戻すときも同じ重みを使います。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w[::-1, ::-1], (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="db_counts_places"
# en: The bias is added at every place, so its slope is 1 there; it still has to be multiplied by dout before the sum.
# ja: バイアスはすべての場所に足されるので、そこでの傾きは 1 です。それに dout を掛けてから足します。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, np.full(w.shape[3], dout[..., 0].size)

# %% exercise="conv2d_backward" wrong="db_not_summed_over_the_places"
# en: You sum dout over the films only. The bias acts at every place as well: db has one number for each feature map.
# ja: dout を画像についてしか足していません。バイアスはすべての場所で働くので、db は特徴マップごとに一つの数になります。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=0)

# %% exercise="conv2d_backward" wrong="order_of_the_results"
# en: All three are there, but in another order: `return dx, dw, db`.
# ja: 三つとも求められていますが、順番が違います。`return dx, dw, db` です。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dw, dout.sum(axis=(0, 1, 2)), dx

# %% exercise="conv2d_backward" wrong="cropped_by_minus_zero"
# en: With padding 0 your slice is `0:-0`, and that is empty. Cut from `padding` to `padding + height`, which is right for 0, too.
# ja: padding が 0 のとき、スライスが `0:-0` となり、空になります。`padding` から `padding + 高さ` まで切り出せば、0 のときも正しくなります。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    return dpadded[:, padding:-padding, padding:-padding, :], dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="dx_not_cropped"
# en: Your dx still has the padding around it. The zeros were no part of x: cut them off.
# ja: dx にパディングの部分が残っています。周りの 0 は x の一部ではないので、切り落としましょう。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    return dpadded, dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="cropped_at_the_wrong_end"
# en: You cut the padding off at the end only. Pixel 0 of x lies at position `padding` of the padded film.
# ja: パディングを終わりの側だけ切り落としています。x の 0 番の画素は、パディング後の画像では `padding` 番の位置にあります。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    return dpadded[:, :x.shape[1], :x.shape[2], :], dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="window_at_i"
# en: With stride 1 you are right. With a larger one the windows of the forward pass began at i times the stride; the same windows count here.
# ja: ストライドが 1 なら正しい結果です。ストライドが大きいとき、順方向の窓は i × ストライドから始まりました。ここでも同じ窓を使います。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            window = padded[:, i:i + kh, j:j + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0))
            dpadded[:, i:i + kh, j:j + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2))

# %% exercise="conv2d_backward" wrong="mean_over_the_films"
# en: You divide dw and db by the number of films. If the loss is a mean, dout already carries the division.
# ja: dw と db を画像の枚数で割っています。損失が平均なら、その割り算はすでに dout に含まれています。
def conv2d_backward(dout, x, w, stride, padding):
    kh, kw = w.shape[:2]
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            top, left = i * stride, j * stride
            window = padded[:, top:top + kh, left:left + kw, :]
            dw += np.tensordot(window, dout[:, i, j, :], (0, 0)) / len(x)
            dpadded[:, top:top + kh, left:left + kw, :] += np.tensordot(dout[:, i, j, :], w, (1, 3))
    dx = dpadded[:, padding:padding + x.shape[1], padding:padding + x.shape[2], :]
    return dx, dw, dout.sum(axis=(0, 1, 2)) / len(x)

# %% exercise="receptive_field" wrong="starts_at_0"
# en: Before any layer a value sees itself: one pixel. Where must the count begin?
# ja: 層が一つもないとき、値が見ているのは自分自身、つまり1画素です。数え始めはいくつでしょうか。
def receptive_field(layers):
    field, jump = 0, 1
    for size, stride in layers:
        field += (size - 1) * jump
        jump *= stride
    return field

# %% exercise="receptive_field" wrong="nothing_for_no_layer"
# en: Without any layer the answer is 1, not 0 and not an error: a value sees itself.
# ja: 層が一つもないときの答えは、0 ではなく 1 です。値は自分自身を見ています。
def receptive_field(layers):
    if not layers:
        return 0
    field, jump = 1, 1
    for size, stride in layers:
        field += (size - 1) * jump
        jump *= stride
    return field

# %% exercise="receptive_field" wrong="sizes_added_up"
# en: One window of 5 sees 5 pixels, not 6: the first pixel is already counted. How many does a window *add*?
# ja: 大きさ 5 の窓が一つなら、見えるのは 6 ではなく 5 画素です。最初の1画素はもう数えてあります。窓によって*増える*のは何画素でしょうか。
def receptive_field(layers):
    field, jump = 1, 1
    for size, stride in layers:
        field += size * jump
        jump *= stride
    return field

# %% exercise="receptive_field" wrong="first_layer_only"
# en: You return after the first layer. Where is `return` indented?
# ja: 最初の層だけで終わっています。return の字下げを確かめてください。
def receptive_field(layers):
    field = 1
    for size, _ in layers:
        field += size - 1
        return field
    return field

# %% exercise="receptive_field" wrong="sizes_multiplied"
# en: Two windows of 3 do not see 9 pixels: neighbouring windows overlap. Each layer adds to the field.
# ja: 大きさ 3 の窓を二つ重ねても、9 画素は見えません。隣どうしの窓が重なっているからです。受容野は層ごとに足されて広がります。
def receptive_field(layers):
    field = 1
    for size, _ in layers:
        field *= size
    return field

# %% exercise="receptive_field" wrong="largest_window"
# en: The largest window does not decide alone: windows on top of windows see farther.
# ja: 一番大きな窓だけでは決まりません。窓の上に窓を重ねると、もっと遠くまで見えます。
def receptive_field(layers):
    return max([size for size, stride in layers], default=1)

# %% exercise="receptive_field" wrong="strides_ignored"
# en: The strides make a difference: after a stride of 2, neighbours are two pixels of the input apart. Multiply by that distance.
# ja: ストライドが使われていません。ストライドが 2 の層の後では、隣どうしの値が入力の2画素分離れています。その間隔を掛けましょう。
def receptive_field(layers):
    field = 1
    for size, _ in layers:
        field += size - 1
    return field

# %% exercise="receptive_field" wrong="jump_updated_too_early"
# en: A layer's own stride comes into force *behind* it, for the layers that follow. Which of your two lines comes first?
# ja: ある層のストライドが効くのは、その*後ろ*の層からです。二つの行のうち、どちらを先に書くべきでしょうか。
def receptive_field(layers):
    field, jump = 1, 1
    for size, stride in layers:
        jump *= stride
        field += (size - 1) * jump
    return field

# %% exercise="receptive_field" wrong="order_reversed"
# en: This rule works from the output back to the input, but you follow the list from its beginning, which is the input.
# ja: その計算は出力から入力へ戻るときのものです。リストは入力側から並んでいるので、逆の順にたどる必要があります。
def receptive_field(layers):
    field = 1
    for size, stride in layers:
        field = (field - 1) * stride + size
    return field

# %% exercise="receptive_field" wrong="pixels_that_are_read"
# en: You count the pixels that are really read. With a stride larger than the window there are gaps; here the width counts, first to last pixel.
# ja: 実際に読まれる画素の数を数えています。窓よりストライドが大きいとすき間ができますが、ここでは端から端までの幅を答えます。
def receptive_field(layers):
    pixels = {0}
    for size, stride in reversed(layers):
        pixels = {i * stride + d for i in pixels for d in range(size)}
    return len(pixels)

# %% exercise="receptive_field" wrong="last_stride_only"
# en: You remember the stride of the layer before only. Distances multiply: a stride of 2 on top of a stride of 3 makes 6.
# ja: 一つ前の層のストライドしか覚えていません。間隔は掛け算で広がります。ストライド 3 の上に 2 を重ねると 6 です。
def receptive_field(layers):
    field, jump = 1, 1
    for size, stride in layers:
        field += (size - 1) * jump
        jump = stride
    return field

# %% exercise="receptive_field" wrong="strides_added_up"
# en: You add the strides up. Distances multiply: two strides of 2 make 4, two of 3 make 9.
# ja: ストライドを足しています。間隔は掛け算で広がります。2 を二回なら 4、3 を二回なら 9 です。
def receptive_field(layers):
    field, jump = 1, 1
    for size, stride in layers:
        field += (size - 1) * jump
        jump += stride - 1
    return field
