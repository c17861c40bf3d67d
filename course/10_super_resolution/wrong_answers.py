"""What learners get wrong in unit 10."""

# %% exercise="degrade" wrong="no_antialiasing"
# en: You resize without antialiasing, so fine detail comes back as moiré. Set antialias=True.
# ja: アンチエイリアスなしで縮小しています。細かい構造がモアレになって現れます。antialias=True としましょう。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return ops.image.resize(hr[:, :rows * scale, :columns * scale], (rows, columns), interpolation="bicubic")

# %% exercise="degrade" wrong="pixels_picked"
# en: You pick every second or third pixel. What lies between is lost, and grid lines make moiré. Resize with antialiasing.
# ja: 画素を飛び飛びに拾っています。間の画素が捨てられ、グリッドの線はモアレになります。アンチエイリアスをかけて縮小しましょう。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return hr[:, :rows * scale:scale, :columns * scale:scale]

# %% exercise="degrade" wrong="plain_means"
# en: You take the plain mean of each block of pixels. Asked for is the cubic kernel (interpolation="bicubic"), which is wider than a block.
# ja: ブロックごとの単純な平均になっています。ここで使うのは、ブロックより広い範囲に重みを付ける3次のカーネル（interpolation="bicubic"）です。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    cropped = hr[:, :rows * scale, :columns * scale]
    return cropped.reshape(len(hr), rows, scale, columns, scale, -1).mean(axis=(2, 4))

# %% exercise="degrade" wrong="not_cropped"
# en: You resize the whole film without cutting it first. Then the scale is not a whole number, and every pixel slips a little.
# ja: 切り落とさずに、画像全体を縮小しています。倍率が整数にならず、画素の位置が少しずつずれてしまいます。
def degrade(hr, scale):
    return ops.image.resize(hr, (hr.shape[1] // scale, hr.shape[2] // scale), interpolation="bicubic", antialias=True)

# %% exercise="degrade" wrong="cropped_at_the_top_left"
# en: You cut at the top and at the left. Cut the rows at the bottom and the columns at the right.
# ja: 上と左を切り落としています。切り落とすのは、下の行と右の列です。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return ops.image.resize(hr[:, hr.shape[1] - rows * scale:, hr.shape[2] - columns * scale:], (rows, columns), interpolation="bicubic", antialias=True)

# %% exercise="degrade" wrong="bilinear"
# en: That is the linear kernel, Keras's default. Ask for interpolation="bicubic".
# ja: 1次（バイリニア）のカーネルになっています。Keras の既定値です。interpolation="bicubic" と書きましょう。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return ops.image.resize(hr[:, :rows * scale, :columns * scale], (rows, columns), antialias=True)

# %% exercise="degrade" wrong="clipped"
# en: You clip to the range from 0 to 1. Beside an edge the cubic kernel goes below 0, and that belongs to the result.
# ja: 0 から 1 の範囲に切り詰めています。3次のカーネルは縁の隣で 0 を下回りますが、それも結果のうちです。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return ops.clip(ops.image.resize(hr[:, :rows * scale, :columns * scale], (rows, columns), interpolation="bicubic", antialias=True), 0, 1)

# %% exercise="degrade" wrong="rows_and_columns_exchanged"
# en: The size is (rows, columns): rows first.
# ja: 大きさは（行、列）の順です。行が先です。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return ops.image.resize(hr[:, :rows * scale, :columns * scale], (columns, rows), interpolation="bicubic", antialias=True)

# %% exercise="degrade" wrong="enlarged_again"
# en: You enlarge the film again. Return the small one.
# ja: もう一度拡大してしまっています。小さい画像を返しましょう。
def degrade(hr, scale):
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    small = ops.image.resize(hr[:, :rows * scale, :columns * scale], (rows, columns), interpolation="bicubic", antialias=True)
    return ops.image.resize(small, (rows * scale, columns * scale), interpolation="bicubic", antialias=True)

# %% exercise="psnr" wrong="natural_logarithm"
# en: `np.log` is the natural logarithm. Decibels need log10.
# ja: `np.log` は自然対数です。デシベルには log10 を使います。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 10 * np.log(data_range**2 / mse)

# %% exercise="psnr" wrong="twenty_instead_of_ten"
# en: 20 log10 belongs to amplitudes (range over root mean square error). For squares, as here, it is 10 log10.
# ja: 20 log10 は振幅の比（幅 ÷ 誤差の二乗平均平方根）に使います。ここでは二乗どうしの比なので、10 log10 です。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 20 * np.log10(data_range**2 / mse)

# %% exercise="psnr" wrong="range_forgotten"
# en: You always divide 1 by the error. The range of the pixel values belongs there, squared.
# ja: いつも 1 を誤差で割っています。画素値の幅の二乗を使いましょう。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 10 * np.log10(1 / mse)

# %% exercise="psnr" wrong="range_not_squared"
# en: The error is squared, so the range must be squared, too.
# ja: 誤差を二乗しているので、幅も二乗します。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 10 * np.log10(data_range / mse)

# %% exercise="psnr" wrong="range_of_this_film"
# en: You take the range that happens to occur in this film. Use data_range, or two films could not be compared.
# ja: その画像にたまたま現れた値の幅を使っています。それではほかの画像と比べられません。data_range を使いましょう。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    with np.errstate(divide="ignore"):
        return np.inf if mse == 0 else 10 * np.log10(np.ptp(np.asarray(a, float)) ** 2 / mse)

# %% exercise="psnr" wrong="subtracted_as_uint8"
# en: You subtract 8-bit numbers: 10 - 20 becomes 246. Make them float first.
# ja: 8ビットのまま引き算をしています。10 - 20 が 246 になってしまいます。先に float に直しましょう。
def psnr(a, b, data_range):
    mse = np.mean((a - b).astype(float) ** 2)
    return np.inf if mse == 0 else 10 * np.log10(data_range**2 / mse)

# %% exercise="psnr" wrong="mean_of_psnrs"
# en: You take the PSNR of each film (or row) and then the mean. Take the mean of the squared error over everything first, then one PSNR.
# ja: 画像（または行）ごとに PSNR を求めてから平均しています。先に全体で二乗誤差を平均し、PSNR は一度だけ計算します。
def psnr(a, b, data_range):
    a, b = (np.asarray(x, float).reshape(len(x), -1) for x in (a, b))
    mse = np.mean((a - b) ** 2, axis=1)
    return np.inf if np.all(mse == 0) else np.mean(10 * np.log10(data_range**2 / mse))

# %% exercise="psnr" wrong="absolute_error"
# en: That is the mean absolute difference. Square the differences before taking the mean.
# ja: 差の絶対値の平均になっています。平均する前に、差を二乗しましょう。
def psnr(a, b, data_range):
    mae = np.mean(np.abs(np.asarray(a, float) - np.asarray(b, float)))
    return np.inf if mae == 0 else 10 * np.log10(data_range**2 / mae)

# %% exercise="psnr" wrong="upside_down"
# en: The fraction is upside down: the range stands above, the error below. A better film has more decibels.
# ja: 分数の上下が逆です。幅が上、誤差が下です。よい画像ほど、デシベルの値は大きくなります。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 10 * np.log10(mse / data_range**2)

# %% exercise="psnr" wrong="root_with_ten"
# en: You took the root of the mean squared error, but squared the range only. Either both squared, or neither and 20 log10.
# ja: 誤差の平方根をとっているのに、幅は二乗のままです。両方とも二乗にするか、両方とも二乗せずに 20 log10 とするかです。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return np.inf if mse == 0 else 10 * np.log10(data_range**2 / np.sqrt(mse))

# %% exercise="psnr" wrong="zero_for_equal"
# en: For equal films you return 0, the worst figure of all. No error at all means infinity: np.inf.
# ja: 等しい画像に 0 を返しています。それでは最も悪い値です。誤差がまったくなければ、無限大 np.inf です。
def psnr(a, b, data_range):
    mse = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return 0.0 if mse == 0 else 10 * np.log10(data_range**2 / mse)

# %% exercise="srcnn" wrong="relu_at_the_end"
# en: There is a ReLU behind your last layer. It cuts off negative values, and their gradient with them. Leave the last layer linear.
# ja: 最後の層の後にも ReLU があります。負の値が切り捨てられ、勾配も 0 になってしまいます。最後の層には活性化関数を付けません。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 1, padding="same", activation="relu"),
        layers.Conv2D(channels, 5, padding="same", activation="relu"),
    ])

# %% exercise="srcnn" wrong="sigmoid_at_the_end"
# en: There is a sigmoid behind your last layer. The answer is a film, not a probability: leave the last layer linear.
# ja: 最後の層の後にシグモイドがあります。答えは確率ではなく画像なので、活性化関数を付けません。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 1, padding="same", activation="relu"),
        layers.Conv2D(channels, 5, padding="same", activation="sigmoid"),
    ])

# %% exercise="srcnn" wrong="padding_valid"
# en: Without padding="same" each convolution cuts off the border, and the answer no longer lies on the original.
# ja: padding="same" がないと、畳み込みのたびに縁が削られ、答えが元の画像と重ならなくなります。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, activation="relu"),
        layers.Conv2D(32, 1, activation="relu"),
        layers.Conv2D(channels, 5),
    ])

# %% exercise="srcnn" wrong="kernels_in_another_order"
# en: The kernels are 9, then 1, then 5. Look at the table again.
# ja: カーネルは 9、1、5 の順です。表をもう一度見てみましょう。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.Conv2D(channels, 1, padding="same"),
    ])

# %% exercise="srcnn" wrong="numbers_exchanged"
# en: 64 kernels come first, then 32.
# ja: 最初が 64 個、次が 32 個です。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(32, 9, padding="same", activation="relu"),
        layers.Conv2D(64, 1, padding="same", activation="relu"),
        layers.Conv2D(channels, 5, padding="same"),
    ])

# %% exercise="srcnn" wrong="activations_forgotten"
# en: Without ReLU between them three convolutions do no more than a single one. Give the first two activation="relu".
# ja: 間に ReLU がないと、畳み込みを三つ重ねても一つ分の働きしかしません。最初の二つに activation="relu" を付けましょう。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same"),
        layers.Conv2D(32, 1, padding="same"),
        layers.Conv2D(channels, 5, padding="same"),
    ])

# %% exercise="srcnn" wrong="second_activation_forgotten"
# en: The second layer, of 1 x 1, has no ReLU. Every layer but the last has one.
# ja: 二つめの 1 × 1 の層に ReLU がありません。最後以外のどの層にも必要です。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 1, padding="same"),
        layers.Conv2D(channels, 5, padding="same"),
    ])

# %% exercise="srcnn" wrong="one_channel_always"
# en: The answer has always one channel. It needs as many as the film: use `channels` in the last layer, too.
# ja: 出力がいつも 1 チャネルです。入力と同じ数にするために、最後の層でも `channels` を使いましょう。
def srcnn(channels=1):
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 1, padding="same", activation="relu"),
        layers.Conv2D(1, 5, padding="same"),
    ])

# %% exercise="residual_target" wrong="the_other_way_round"
# en: The sign is turned round: enlarged - original. Ask what must be *added* to the enlarged film.
# ja: 符号が逆で、拡大した画像から元の画像を引いています。拡大した画像に何を*足せば*よいか、考えてみましょう。
def residual_target(hr, lr_up):
    return lr_up - hr

# %% exercise="residual_target" wrong="absolute"
# en: The absolute value forgets whether a pixel must become brighter or darker. Keep the sign.
# ja: 絶対値をとると、明るくするのか暗くするのかが分からなくなります。符号を残しましょう。
def residual_target(hr, lr_up):
    return np.abs(hr - lr_up)

# %% exercise="residual_target" wrong="negative_cut_off"
# en: Negative values are cut off. The residual may be negative: there the film must become darker.
# ja: 負の値を切り捨てています。残差は負にもなります。そこは暗くする必要がある画素です。
def residual_target(hr, lr_up):
    return np.maximum(hr - lr_up, 0)

# %% exercise="residual_target" wrong="original_itself"
# en: That is the original. The residual is only what is missing in the enlarged film.
# ja: それは元の画像そのものです。残差は、拡大した画像に足りない分だけです。
def residual_target(hr, lr_up):
    return np.array(hr)

# %% exercise="residual_target" wrong="squared"
# en: You squared the difference, as for an error. Wanted is the difference itself.
# ja: 誤差を測るときのように二乗しています。ここでは差そのものを返します。
def residual_target(hr, lr_up):
    return (hr - lr_up) ** 2

# %% exercise="residual_target" wrong="ratio"
# en: You divide. The network *adds* its answer to the film, so take the difference.
# ja: 割り算になっています。ネットワークは答えを画像に*足す*ので、差を求めます。
def residual_target(hr, lr_up):
    return hr / lr_up

# %% exercise="residual_target" wrong="mean_difference"
# en: One number for the whole film is not enough: each pixel has a residual of its own.
# ja: 画像全体で一つの数では足りません。残差は画素ごとにあります。
def residual_target(hr, lr_up):
    return np.mean(hr - lr_up)

# %% exercise="vdsr" wrong="no_skip"
# en: You return the residual alone. Add the input, so that the model gives films back.
# ja: 残差だけを返しています。入力を足して、画像が出てくるようにしましょう。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.Conv2D(1, 3, padding="same")(x))

# %% exercise="vdsr" wrong="relu_before_the_addition"
# en: A ReLU behind the last convolution lets the residual make pixels brighter only. It must be able to darken them, too.
# ja: 最後の畳み込みの後に ReLU があると、残差は画素を明るくすることしかできません。暗くもできるようにしましょう。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.Add()([film, layers.Conv2D(1, 3, padding="same", activation="relu")(x)]))

# %% exercise="vdsr" wrong="relu_behind_the_addition"
# en: A ReLU behind the addition changes the film: bicubic films have values below 0, and they are cut off. Leave it out.
# ja: 足し算の後に ReLU があるので、バイキュービック補間で 0 を下回った値が切り捨てられ、画像が変わってしまいます。置かないでください。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.ReLU()(layers.Add()([film, layers.Conv2D(1, 3, padding="same")(x)])))

# %% exercise="vdsr" wrong="subtracted"
# en: You subtract the residual. Residual = original - enlarged, so it must be added.
# ja: 残差を引いています。残差は「元の画像 - 拡大した画像」なので、足します。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.Subtract()([film, layers.Conv2D(1, 3, padding="same")(x)]))

# %% exercise="vdsr" wrong="one_layer_too_many"
# en: depth counts all convolutions, the last one included: depth - 1 of 64 kernels, and one of a single kernel.
# ja: depth は、最後の層も含めた畳み込みの数です。64 個のカーネルの層が depth - 1 個、最後に 1 個の層が一つです。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.Add()([film, layers.Conv2D(1, 3, padding="same")(x)]))

# %% exercise="vdsr" wrong="depth_ignored"
# en: Your network always has 20 layers. Use the argument `depth`.
# ja: いつも 20 層になっています。引数 `depth` を使いましょう。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(19):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.Add()([film, layers.Conv2D(1, 3, padding="same")(x)]))

# %% exercise="vdsr" wrong="activations_forgotten"
# en: Without ReLU all your convolutions do no more than a single one. Every layer but the last needs it.
# ja: ReLU がないと、畳み込みをいくつ重ねても一つ分の働きしかしません。最後以外のどの層にも必要です。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same")(x)
    return keras.Model(film, layers.Add()([film, layers.Conv2D(1, 3, padding="same")(x)]))

# %% exercise="vdsr" wrong="film_into_every_layer"
# en: Each layer of yours starts from the film again, so they stand side by side, and only the last one counts. Feed each with what the one before made: x.
# ja: どの層にも元の画像を入れているので、層が積み重ならず、最後の層しか効いていません。前の層の出力 x を入れましょう。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(film)
    return keras.Model(film, layers.Add()([film, layers.Conv2D(1, 3, padding="same")(x)]))

# %% exercise="vdsr" wrong="skip_around_the_last_layer_only"
# en: You add what the layer before the last one made. Add the film itself, the input of the whole network.
# ja: 最後の一つ前の層の出力を足しています。足すのは、ネットワーク全体の入力である画像です。
def vdsr(depth=20):
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return keras.Model(film, layers.Add()([x, layers.Conv2D(1, 3, padding="same")(x)]))

# %% exercise="clip_gradients" wrong="clipped_at_theta"
# en: You clip at theta itself. The limit is theta / lr, so that it grows as the learning rate falls.
# ja: theta そのもので切っています。上限は theta / lr です。学習率が下がると、上限は広がります。
def clip_gradients(grads, theta, lr):
    return [None if g is None else np.clip(g, -theta, theta) for g in grads]

# %% exercise="clip_gradients" wrong="multiplied_by_the_rate"
# en: Your limit is theta * lr: it becomes narrower as the learning rate falls. Divide.
# ja: 上限が theta * lr になっています。学習率が下がると狭くなってしまいます。割り算にしましょう。
def clip_gradients(grads, theta, lr):
    return [None if g is None else np.clip(g, -theta * lr, theta * lr) for g in grads]

# %% exercise="clip_gradients" wrong="upper_limit_only"
# en: Great negative gradients pass through. There is a limit on both sides.
# ja: 負の大きな勾配がそのまま通っています。上限は両側にあります。
def clip_gradients(grads, theta, lr):
    return [None if g is None else np.minimum(g, theta / lr) for g in grads]

# %% exercise="clip_gradients" wrong="scaled_by_the_norm"
# en: You shrink the whole array until its length fits. Here every number is clipped on its own; small ones stay as they are.
# ja: 配列全体を縮めて、長さを収めています。ここでは数を一つずつ切ります。小さい数はそのまま残します。
def clip_gradients(grads, theta, lr):
    limit = theta / lr
    return [None if g is None else g * min(1, limit / np.linalg.norm(g)) for g in grads]

# %% exercise="clip_gradients" wrong="too_large_becomes_zero"
# en: What is too large becomes 0, so that weight does not move at all. Cut it off at the limit instead.
# ja: 大きすぎる勾配を 0 にしているので、その重みはまったく動きません。上限の値にしましょう。
def clip_gradients(grads, theta, lr):
    return [None if g is None else np.where(np.abs(g) > theta / lr, 0, g) for g in grads]

# %% exercise="clip_gradients" wrong="none_dropped"
# en: You drop the None, so the gradients behind it slip to the wrong weights. Keep it in its place.
# ja: None を取り除いたので、それより後の勾配が、別の重みのものになってしまいます。その場所に残しましょう。
def clip_gradients(grads, theta, lr):
    return [np.clip(g, -theta / lr, theta / lr) for g in grads if g is not None]

# %% exercise="clip_gradients" wrong="none_becomes_zero"
# en: None has become 0. "No gradient" and "a gradient of 0" are not the same: keep None.
# ja: None が 0 になっています。「勾配がない」と「勾配が 0」は違います。None のまま残しましょう。
def clip_gradients(grads, theta, lr):
    return [0 if g is None else np.clip(g, -theta / lr, theta / lr) for g in grads]

# %% exercise="clip_gradients" wrong="step_instead_of_gradient"
# en: You return the step, learning rate times gradient. The optimiser multiplies by the learning rate later: return the gradient.
# ja: 学習率を掛けた一歩の大きさを返しています。学習率は後で掛けるので、勾配のまま返しましょう。
def clip_gradients(grads, theta, lr):
    return [None if g is None else np.clip(lr * g, -theta, theta) for g in grads]

# %% exercise="clip_gradients" wrong="in_place"
# en: You write into the caller's arrays. Return new ones.
# ja: 呼び出し側の配列に書き込んでいます。新しい配列を返しましょう。
def clip_gradients(grads, theta, lr):
    for g in grads:
        if g is not None:
            np.clip(g, -theta / lr, theta / lr, out=g)
    return grads

# %% exercise="perceptual_loss" wrong="pixels_compared"
# en: You compare the pixels. Send both films through the extractor, and compare what it answers.
# ja: 画素を比べています。両方の画像を extractor に通し、その答えを比べましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.mean(ops.square(y - p))

# %% exercise="perceptual_loss" wrong="features_of_the_difference"
# en: You take the features of the difference. Take the difference of the features: each film goes through the extractor on its own.
# ja: 差の特徴を求めています。求めるのは特徴の差です。画像を一枚ずつ extractor に通しましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.mean(ops.square(extractor(y - p)))

# %% exercise="perceptual_loss" wrong="summed"
# en: You add everything up, so a larger film has a larger loss. Take the mean.
# ja: すべてを足しているので、画像が大きいほど損失も大きくなります。平均をとりましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.sum(ops.square(extractor(y) - extractor(p)))

# %% exercise="perceptual_loss" wrong="absolute"
# en: You take the absolute difference. Square it.
# ja: 差の絶対値をとっています。二乗しましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.mean(ops.abs(extractor(y) - extractor(p)))

# %% exercise="perceptual_loss" wrong="alpha_forgotten"
# en: The weight alpha has no effect. Multiply by it.
# ja: 重み alpha が効いていません。掛けましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return ops.mean(ops.square(extractor(y) - extractor(p)))

# %% exercise="perceptual_loss" wrong="alpha_squared"
# en: You put alpha inside the square, so it counts twice. Multiply the mean by it.
# ja: alpha まで二乗しています。平均をとった後で掛けましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return ops.mean(ops.square(alpha * (extractor(y) - extractor(p))))

# %% exercise="perceptual_loss" wrong="root"
# en: You take the square root at the end. The loss is the mean of the squares itself.
# ja: 最後に平方根をとっています。損失は二乗の平均そのものです。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.sqrt(ops.mean(ops.square(extractor(y) - extractor(p))))

# %% exercise="perceptual_loss" wrong="one_number_a_film"
# en: You return a number for each place. Take the mean over all axes.
# ja: 場所ごとの数が返っています。すべての軸で平均して、一つの数にしましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * ops.mean(ops.square(extractor(y) - extractor(p)), axis=-1)

# %% exercise="perceptual_loss" wrong="numpy"
# en: The value is right, but NumPy has no gradient, and inside a model there are no numbers yet. Use `ops` from Keras.
# ja: 値は合っていますが、NumPy では勾配が求められません。モデルの中では、まだ数も入っていません。Keras の `ops` を使いましょう。
def perceptual_loss(extractor, y, p, alpha=1):
    return alpha * np.mean((np.asarray(extractor(y)) - np.asarray(extractor(p))) ** 2)
