"""What learners get wrong in unit 03."""

# %% exercise="sigmoid" wrong="minus_forgotten"
# en: Your curve falls where it should rise: a large z must give an answer near 1. Which sign does z have in the exponent?
# ja: 上がるはずの曲線が下がっています。z が大きいとき、答えは 1 に近くなるはずです。指数の z の符号を確かめましょう。
def sigmoid(z):
    return 1 / (1 + np.exp(z))

# %% exercise="sigmoid" wrong="infinity_by_infinity"
# en: e^z / (1 + e^z) is the same in mathematics, but for z = 1000 it is infinity divided by infinity. Divide both by e^z: which form is left?
# ja: e^z / (1 + e^z) は数学では同じ式ですが、z = 1000 では無限大÷無限大になってしまいます。分子と分母を e^z で割ると、どんな式になりますか。
def sigmoid(z):
    return np.exp(z) / (1 + np.exp(z))

# %% exercise="sigmoid" wrong="parentheses_forgotten"
# en: That is 1 + e^-z, the denominator alone. 1 is to be divided by all of it: `1 / 1 + ...` divides only the first 1, so put the denominator in parentheses.
# ja: 1 + e^-z、つまり分母だけになっています。1 をその全体で割ります。`1 / 1 + ...` と書くと最初の 1 しか割らないので、分母全体をかっこで囲みましょう。
def sigmoid(z):
    return 1 / 1 + np.exp(-z)

# %% exercise="sigmoid" wrong="minus_in_the_denominator"
# en: In the denominator the exponential is added to 1, not taken off. At z = 0 yours divides by zero.
# ja: 分母では、1 に指数関数の値を足します。引いてしまうと、z = 0 のとき 0 で割ることになります。
def sigmoid(z):
    return 1 / (1 - np.exp(-z))

# %% exercise="sigmoid" wrong="hyperbolic_tangent"
# en: tanh has the right shape but goes from -1 to 1. The sigmoid goes from 0 to 1.
# ja: tanh は形は似ていますが、-1 から 1 までの値をとります。シグモイドは 0 から 1 までです。
def sigmoid(z):
    return np.tanh(z)

# %% exercise="sigmoid" wrong="its_slope"
# en: You return the slope of the sigmoid, which is a hill. Asked for is the curve itself.
# ja: 返しているのはシグモイドの傾き（山の形）です。求めるのは、曲線そのものの値です。
def sigmoid(z):
    a = 1 / (1 + np.exp(-z))
    return a * (1 - a)

# %% exercise="sigmoid" wrong="still_a_step"
# en: That is still the perceptron's step. The sigmoid passes smoothly through all values between 0 and 1.
# ja: それはまだパーセプトロンの階段です。シグモイドは、0 と 1 の間の値を滑らかに通ります。
def sigmoid(z):
    return np.where(np.asarray(z) >= 0, 1.0, 0.0)

# %% exercise="sigmoid" wrong="one_number_only"
# en: `math.exp` takes a single number. `np.exp` takes a whole array.
# ja: `math.exp` に渡せるのは一つの数だけです。`np.exp` なら配列全体を計算できます。
def sigmoid(z):
    import math

    return 1 / (1 + math.exp(-z))

# %% exercise="sigmoid" wrong="power_of_two"
# en: The base is e = 2.718..., which is `np.exp`, not 2.
# ja: 底は 2 ではなく e = 2.718... です。`np.exp` を使います。
def sigmoid(z):
    return 1 / (1 + 2.0 ** (-np.clip(z, -900, 900)))

# %% exercise="softmax" wrong="no_maximum_taken_off"
# en: Right for small scores, but e^1000 overflows, and infinity divided by infinity is NaN. Take each row's maximum off first.
# ja: 点数が小さければ合っていますが、e^1000 はオーバーフローし、無限大÷無限大は NaN になります。先に各行の最大値を引きましょう。
def softmax(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)

# %% exercise="softmax" wrong="maximum_of_the_whole_matrix"
# en: You take off the maximum of the whole array. Where one row has a score of 1000, all exponentials of the others become 0. Each row needs its own maximum.
# ja: 配列全体の最大値を引いています。1000 点のある行が一つあると、ほかの行の指数関数の値がすべて 0 になってしまいます。最大値は行ごとに求めましょう。
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)

# %% exercise="softmax" wrong="column_by_column"
# en: Your columns add up to 1. A sample is a row: which axis runs along a row?
# ja: 列ごとに足して 1 になっています。一つのサンプルは一行です。行に沿って足すには、axis をいくつにすればよいでしょうか。
def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)

# %% exercise="softmax" wrong="whole_matrix_adds_up_to_one"
# en: All your numbers together add up to 1. Each row should: give `sum` an axis.
# ja: 配列全体を足して 1 になっています。行ごとに 1 になるように、`sum` に axis を指定しましょう。
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum()

# %% exercise="softmax" wrong="axis_lost"
# en: The sum of each row has the shape (N,), and (N, K) / (N,) does not fit. `keepdims=True` keeps it as (N, 1).
# ja: 行ごとの和の形が (N,) になり、(N, K) / (N,) の計算が合いません。`keepdims=True` を付けると (N, 1) のまま残ります。
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)

# %% exercise="softmax" wrong="no_exponential"
# en: Scores can be negative or 0, so dividing by their sum makes no probabilities. What makes every score positive first?
# ja: 点数は負や 0 のこともあるので、合計で割っただけでは確率になりません。先に、どの点数も正の数にする関数は何でしたか。
def softmax(z):
    return z / z.sum(axis=1, keepdims=True)

# %% exercise="softmax" wrong="sigmoid_of_each_score"
# en: You take each score by itself. The probabilities of a row compete: together they must be 1.
# ja: 点数を一つずつ別々に変えています。確率は行の中で分け合うもので、足すと 1 にならなければなりません。
def softmax(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))

# %% exercise="softmax" wrong="hard_maximum"
# en: You give the winner 1 and all others 0. That says who wins, but not how sure the network is.
# ja: 勝者に 1、ほかに 0 を付けています。これでは、誰が勝ったかは分かっても、どのくらい自信があるかが分かりません。
def softmax(z):
    return (z == z.max(axis=1, keepdims=True)).astype(float)

# %% exercise="softmax" wrong="maximum_taken_off_above_only"
# en: You take the maximum off in the numerator but not in the denominator. Compute the exponentials once, and use them in both places.
# ja: 最大値を分子では引いていますが、分母では引いていません。指数関数の値を一度だけ計算し、両方に使いましょう。
def softmax(z):
    return np.exp(z - z.max(axis=1, keepdims=True)) / np.exp(z).sum(axis=1, keepdims=True)

# %% exercise="softmax" wrong="not_divided"
# en: You have the exponentials. The last step is missing: divide each row by its sum.
# ja: 指数関数の計算まではできています。最後に、各行をその合計で割りましょう。
def softmax(z):
    return np.exp(z - z.max(axis=1, keepdims=True))

# %% exercise="softmax" wrong="written_into_the_scores"
# en: The numbers are right, but `z -= ...` writes into the caller's array. `z = z - ...` makes a new one.
# ja: 値は合っていますが、`z -= ...` は呼び出し側の配列を書き換えてしまいます。`z = z - ...` なら新しい配列になります。
def softmax(z):
    z -= z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)

# %% exercise="cross_entropy" wrong="sum_instead_of_mean"
# en: You add up over the samples. Divide by their number, so that the loss does not depend on how many there are.
# ja: サンプルの合計になっています。損失がサンプルの数によらないように、個数で割って平均にします。
def cross_entropy(p, y):
    return -np.sum(np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)))

# %% exercise="cross_entropy" wrong="divided_by_the_classes_too"
# en: You take the mean over all N x K places of the one-hot table. The mean is over the N samples only.
# ja: one-hot の表の N×K 個すべてで平均しています。平均をとるのは N 個のサンプルについてだけです。
def cross_entropy(p, y):
    return -np.mean(np.eye(p.shape[1])[y] * np.log(np.maximum(p, 1e-12)))

# %% exercise="cross_entropy" wrong="all_classes"
# en: You take the logarithm of all probabilities, and never look at y. Only that of the right class counts.
# ja: すべてのクラスの確率の対数を平均していて、y を使っていません。数えるのは、正しいクラスの確率だけです。
def cross_entropy(p, y):
    return -np.mean(np.log(np.maximum(p, 1e-12)))

# %% exercise="cross_entropy" wrong="every_row_with_every_label"
# en: `p[:, y]` takes the columns y of **every** row, an (N, N) table. Each row needs its own column only: `np.arange(len(y))` in place of the colon.
# ja: `p[:, y]` は**すべての**行から y の列を取るので、(N, N) の表になります。行ごとに自分の列だけが必要です。コロンの代わりに `np.arange(len(y))` を使いましょう。
def cross_entropy(p, y):
    return -np.mean(np.log(np.maximum(p[:, y], 1e-12)))

# %% exercise="cross_entropy" wrong="sign_forgotten"
# en: The logarithm of a probability is negative or 0. A loss is 0 or more: which sign is missing?
# ja: 確率の対数は 0 か負の数です。損失は 0 以上になるはずです。忘れている符号はありませんか。
def cross_entropy(p, y):
    return np.mean(np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)))

# %% exercise="cross_entropy" wrong="logarithm_to_the_base_two"
# en: You take the logarithm to the base 2. ln is `np.log`.
# ja: 2 を底とする対数になっています。自然対数 ln は `np.log` です。
def cross_entropy(p, y):
    return -np.mean(np.log2(np.maximum(p[np.arange(len(y)), y], 1e-12)))

# %% exercise="cross_entropy" wrong="logarithm_to_the_base_ten"
# en: You take the logarithm to the base 10. ln is `np.log`.
# ja: 10 を底とする対数（常用対数）になっています。自然対数 ln は `np.log` です。
def cross_entropy(p, y):
    return -np.mean(np.log10(np.maximum(p[np.arange(len(y)), y], 1e-12)))

# %% exercise="cross_entropy" wrong="zero_not_caught"
# en: A probability of exactly 0 gives infinity. Let nothing below 10^-12 get into the logarithm.
# ja: 確率がちょうど 0 だと、結果が無限大になります。10^-12 より小さい値が対数に入らないようにしましょう。
def cross_entropy(p, y):
    return -np.mean(np.log(p[np.arange(len(y)), y]))

# %% exercise="cross_entropy" wrong="zero_left_out"
# en: You leave out the samples whose right class has probability 0. These are the worst mistakes: count them, with 10^-12.
# ja: 正しいクラスの確率が 0 のサンプルを除いています。それこそ最悪の間違いですから、10^-12 として数えましょう。
def cross_entropy(p, y):
    chosen = p[np.arange(len(y)), y]
    return -np.mean(np.log(chosen[chosen > 0]))

# %% exercise="cross_entropy" wrong="another_smallest_probability"
# en: Right but for the smallest probability: here it is 10^-12. (Keras uses 10^-7.)
# ja: ほぼ合っていますが、確率の下限が違います。ここでは 10^-12 です（Keras では 10^-7 です）。
def cross_entropy(p, y):
    return -np.mean(np.log(np.maximum(p[np.arange(len(y)), y], 1e-7)))

# %% exercise="cross_entropy" wrong="winner_instead_of_the_right_class"
# en: You take the greatest probability of each row, so the network can be sure and wrong for nothing. Which class does y name?
# ja: 各行で最大の確率を使っています。これでは、自信をもって間違えても損失が増えません。y が示すクラスの確率を使いましょう。
def cross_entropy(p, y):
    return -np.mean(np.log(np.maximum(p.max(axis=1), 1e-12)))

# %% exercise="cross_entropy" wrong="no_logarithm"
# en: 1 - p is a measure of error, too, but not this one. Where is the logarithm?
# ja: 1 - p も間違いの大きさを表しますが、ここで求めるものとは違います。対数はどこにありますか。
def cross_entropy(p, y):
    return np.mean(1 - p[np.arange(len(y)), y])

# %% exercise="cross_entropy" wrong="one_loss_for_each_sample"
# en: You return a loss for each sample. Asked for is one number, their mean.
# ja: サンプルごとの損失を返しています。求めるのは、その平均の一つの数です。
def cross_entropy(p, y):
    return -np.log(np.maximum(p[np.arange(len(y)), y], 1e-12))

# %% exercise="forward" wrong="no_sigmoid"
# en: Your hidden layer hands on z1 itself. Without the sigmoid in between, two layers are no more than one (unit 02).
# ja: 隠れ層が z1 をそのまま渡しています。間にシグモイドがないと、二層にしても一層と変わりません（単元02）。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = z1
    p = softmax(a1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="sigmoid_computed_but_not_used"
# en: You compute a1, but the second layer gets z1. Which of the two does a hidden neuron hand on?
# ja: a1 を計算しているのに、二層めには z1 を渡しています。隠れ層のニューロンが渡すのはどちらでしょうか。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    p = softmax(z1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="scores_returned"
# en: The second layer's sums are scores. What turns each row of scores into probabilities?
# ja: 二層めの和は、まだ点数です。行ごとに点数を確率に変える関数は何でしたか。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    p = a1 @ params["W2"] + params["b2"]
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="sigmoid_at_the_output"
# en: The hidden layer has the sigmoid. The output has another function, for which the classes of a row share 1.
# ja: シグモイドを使うのは隠れ層です。出力では、一行の合計が 1 になる別の関数を使います。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    p = sigmoid(a1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="softmax_in_the_hidden_layer"
# en: In the hidden layer each neuron answers for itself, by the sigmoid. Softmax belongs to the output only.
# ja: 隠れ層では、各ニューロンがシグモイドで別々に答えます。ソフトマックスを使うのは出力だけです。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = softmax(z1)
    p = softmax(a1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="biases_forgotten"
# en: There are four parameters, and you use two. What is added after each product?
# ja: パラメータは四つありますが、二つしか使っていません。それぞれの積に何を足すのでしたか。
def forward(params, X):
    z1 = X @ params["W1"]
    a1 = sigmoid(z1)
    p = softmax(a1 @ params["W2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="second_bias_forgotten"
# en: The hidden layer is right. Does the second one have a bias, too?
# ja: 隠れ層は合っています。二層めにもバイアスがありませんか。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    p = softmax(a1 @ params["W2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="weights_before_samples"
# en: W1 has the shape (D, H) and X has (N, D). In `A @ B` the last axis of A meets the first of B: which order fits?
# ja: W1 の形は (D, H)、X の形は (N, D) です。`A @ B` では、A の最後の軸と B の最初の軸の長さが合わなければなりません。どちらの順なら合いますか。
def forward(params, X):
    z1 = params["W1"] @ X + params["b1"]
    a1 = sigmoid(z1)
    p = softmax(params["W2"] @ a1 + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="cache_not_returned"
# en: Return two things, `return p, cache`: on the way back we shall need what was computed on the way.
# ja: 返すものは二つです。`return p, cache` としましょう。途中で計算した値は、帰り道で必要になります。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    return softmax(a1 @ params["W2"] + params["b2"])

# %% exercise="forward" wrong="activation_stored_as_the_sum"
# en: Your cache holds the activations under "z1". There the sums before the sigmoid belong.
# ja: cache の "z1" に、シグモイドを通した後の値が入っています。ここには、通す前の和を入れます。
def forward(params, X):
    z1 = sigmoid(X @ params["W1"] + params["b1"])
    a1 = z1
    p = softmax(a1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}

# %% exercise="forward" wrong="probabilities_not_kept"
# en: The way back begins at p, so p belongs in the cache, too.
# ja: 帰り道は p から始まるので、p も cache に入れておきます。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    p = softmax(a1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1}

# %% exercise="forward" wrong="first_layer_only"
# en: You stop after the hidden layer. Its answers go through W2, b2 and softmax.
# ja: 隠れ層で止まっています。隠れ層の答えは、さらに W2、b2、ソフトマックスを通ります。
def forward(params, X):
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    return a1, {"X": X, "z1": z1, "a1": a1, "p": a1}

# %% exercise="numerical_gradient" wrong="one_side_only"
# en: You compare with the height at x itself. The central difference looks at both sides, x + h and x - h.
# ja: x そのものの高さと比べています。中心差分では、x + h と x - h の両側を見ます。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x)) / h
    return gradient

# %% exercise="numerical_gradient" wrong="divided_by_h_only"
# en: Your slopes are twice too large. From x - h to x + h, how far is it?
# ja: 傾きが2倍になっています。x - h から x + h までの距離はいくらですか。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / h
    return gradient

# %% exercise="numerical_gradient" wrong="divided_by_two_then_times_h"
# en: Python works from left to right: `/ 2 * h` divides by 2 and then multiplies by h. Put the 2 * h in parentheses.
# ja: 計算は左から順に進むので、`/ 2 * h` は 2 で割ってから h を掛けることになります。2 * h をかっこで囲みましょう。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / 2 * h
    return gradient

# %% exercise="numerical_gradient" wrong="not_cast"
# en: The array keeps its type: among integers a step of 0.5 is cut off, in float32 a small one is rounded away. Change x to float64 first.
# ja: 配列の型が元のままです。整数では 0.5 の一歩が切り捨てられ、float32 では小さな一歩が丸めで消えます。先に float64 に変えましょう。
def numerical_gradient(f, x, h):
    x = x.copy()
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + h
        ahead = f(x)
        x[index] = kept - h
        behind = f(x)
        x[index] = kept
        gradient[index] = (ahead - behind) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="computed_in_float32"
# en: In float32 the two heights are the same number when h is small, and you measure 0. Compute in float64.
# ja: float32 では、h が小さいと二つの高さが同じ数になり、正しく測れません。float64 で計算しましょう。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float32)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="all_elements_moved_together"
# en: You move all elements at once and get one number. One element moves, the others stay: it needs a loop.
# ja: すべての要素を同時に動かしているので、数が一つしか出てきません。一つだけ動かし、ほかは元のままにします。繰り返しが必要です。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    return (f(x + h) - f(x - h)) / (2 * h)

# %% exercise="numerical_gradient" wrong="whole_rows_moved"
# en: `range(len(x))` counts rows only, so in a table you move a whole row at once. `np.ndindex(x.shape)` visits every element.
# ja: `range(len(x))` は行しか数えないので、表の場合は一行をまるごと動かしています。`np.ndindex(x.shape)` なら、全要素を回れます。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="not_put_back"
# en: After an element has been measured it stays at x - h, and all that follow are measured at the wrong place. Put it back first.
# ja: 測り終えた要素が x - h のままなので、次の要素を違う場所で測っています。次へ進む前に元の値に戻しましょう。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] += h
        ahead = f(x)
        x[index] -= 2 * h
        behind = f(x)
        gradient[index] = (ahead - behind) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="steps_pile_up"
# en: `step` is made once, before the loop, so earlier elements keep their h. Make it anew for each element.
# ja: `step` を繰り返しの前に一度しか作っていないので、前の要素の h が残っています。要素ごとに作り直しましょう。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient, step = np.zeros_like(x), np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="sign_flipped"
# en: All signs are turned round. Ahead minus behind, or behind minus ahead?
# ja: 符号がすべて逆です。「前 − 後ろ」でしたか、「後ろ − 前」でしたか。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x - step) - f(x + step)) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="step_of_its_own"
# en: You take a step of your own choice. The third argument says how large it should be.
# ja: 一歩の大きさを自分で決めてしまっています。大きさは三つめの引数で渡されます。
def numerical_gradient(f, x, h):
    x, h = np.array(x, dtype=np.float64), 1e-5
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" wrong="one_long_row"
# en: Your slopes stand in one long row. They should have the shape of x: fill `np.zeros_like(x)` at the same index.
# ja: 傾きが一列に並んでいます。x と同じ形にする必要があります。`np.zeros_like(x)` の同じ位置に入れていきましょう。
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    slopes = []
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        slopes.append((f(x + step) - f(x - step)) / (2 * h))
    return np.array(slopes)

# %% exercise="backward" wrong="mean_forgotten"
# en: All your gradients are N times too large: the loss is a mean over the samples, so 1/N belongs to the gradient, too.
# ja: どの勾配も N 倍になっています。損失はサンプルの平均なので、勾配にも 1/N が付きます。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = p - np.eye(p.shape[1])[y]
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="divided_by_all_elements"
# en: You divide by N x K. The loss is a mean over the N samples only.
# ja: N×K で割っています。損失は N 個のサンプルについての平均です。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / p.size
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="weights_transposed"
# en: The gradient of a weight has the shape of that weight; yours have rows and columns exchanged. Inputs transposed, times delta.
# ja: 重みの勾配は、重みと同じ形になります。行と列が入れ替わっています。転置するのは入力のほうで、それに delta を掛けます。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": delta1.T @ X, "b1": delta1.sum(axis=0), "W2": delta2.T @ a1, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="biases_not_summed"
# en: The bias gradients still have a row for each sample. All samples share one bias: add up over them.
# ja: バイアスの勾配に、サンプルごとの行が残っています。バイアスは全サンプルで共通なので、足し合わせます。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1, "W2": a1.T @ delta2, "b2": delta2}

# %% exercise="backward" wrong="mean_taken_twice_for_biases"
# en: 1/N is already in delta. For the biases you take the mean once more; a sum is enough.
# ja: 1/N は delta にもう入っています。バイアスで、もう一度平均しています。和だけで十分です。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.mean(axis=0), "W2": a1.T @ delta2, "b2": delta2.mean(axis=0)}

# %% exercise="backward" wrong="slope_taken_at_the_activation"
# en: a1 has been through the sigmoid already; you send it through once more. With a1 at hand, the slope is a1 (1 - a1).
# ja: a1 はすでにシグモイドを通した値なのに、もう一度通しています。a1 があれば、傾きは a1 (1 - a1) です。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    s = sigmoid(a1)
    delta1 = delta2 @ params["W2"].T * s * (1 - s)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="slope_formula_with_the_sum"
# en: You write z1 (1 - z1). The formula is sigma (1 - sigma): which entry of the cache is sigma(z1)?
# ja: z1 (1 - z1) としています。正しくは σ (1 - σ) です。σ(z1) は cache のどれでしょうか。
def backward(params, cache, y):
    X, z1, a1, p = cache["X"], cache["z1"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * z1 * (1 - z1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="slope_of_the_sigmoid_forgotten"
# en: The second layer is right. On the way to the first you pass the sigmoid: its slope is missing.
# ja: 二層めは合っています。一層めへ戻る途中でシグモイドを通りますが、その傾きを掛けていません。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="half_of_the_slope"
# en: You multiply by a1 only. The sigmoid's slope is a1 times (1 - a1).
# ja: a1 だけを掛けています。シグモイドの傾きは a1 と (1 - a1) の積です。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="sign_flipped"
# en: Everything has the wrong sign: these arrows point downhill. A gradient points uphill: answer minus truth.
# ja: すべての符号が逆で、下り坂を指しています。勾配が指すのは上り坂で、「答え − 正解」から始まります。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (np.eye(p.shape[1])[y] - p) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="label_taken_off_as_a_number"
# en: You take the number of the class off all the probabilities of its row. It has to become a one-hot row first.
# ja: クラスの番号を、その行のすべての確率から引いています。先に番号を one-hot 表現に変えましょう。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - y[:, None]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="table_of_all_samples_against_all"
# en: A shape (N,) minus a shape (N, 1) makes a table (N, N): NumPy pairs every sample with every other. Take off one-hot rows from p, (N, K) minus (N, K).
# ja: (N,) から (N, 1) を引くと、全サンプルの組み合わせの (N, N) の表になってしまいます。p から one-hot 表現を、(N, K) 引く (N, K) で引きましょう。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p[np.arange(len(y)), y] - np.ones((len(y), 1))) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="right_class_only"
# en: Only the right class gets blame in your version. Answer minus truth concerns every class: p itself stays at the wrong ones.
# ja: 正しいクラスにしか責任が割り当てられていません。「答え − 正解」はすべてのクラスについて計算し、ほかのクラスには p が残ります。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    one_hot = np.eye(p.shape[1])[y]
    delta2 = (p - 1) * one_hot / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="slope_of_softmax_once_more"
# en: (p - onehot) / N already has the softmax in it. You multiply by p (1 - p) once more.
# ja: (p - onehot) / N には、ソフトマックスの傾きがすでに含まれています。p (1 - p) をもう一度掛けています。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) * p * (1 - p) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="second_layer_fed_with_the_sums"
# en: The first layer is right. Through W2 passed a1, not z1: that is the input of the second layer.
# ja: 一層めは合っています。W2 を通ったのは z1 ではなく a1 です。それが二層めの入力です。
def backward(params, cache, y):
    X, z1, a1, p = cache["X"], cache["z1"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": z1.T @ delta2, "b2": delta2.sum(axis=0)}

# %% exercise="backward" wrong="biases_left_out"
# en: The weights are right. Biases learn, too: the dictionary needs "b1" and "b2".
# ja: 重みの勾配は合っています。バイアスも学習するので、辞書には "b1" と "b2" も必要です。
def backward(params, cache, y):
    X, a1, p = cache["X"], cache["a1"], cache["p"]
    delta2 = (p - np.eye(p.shape[1])[y]) / len(y)
    delta1 = delta2 @ params["W2"].T * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "W2": a1.T @ delta2}

# %% exercise="sgd_step" wrong="uphill"
# en: The gradient points uphill, and you follow it. Which sign leads down?
# ja: 勾配は上り坂の向きを指していて、そのまま登っています。下るには、どちらの符号でしょうか。
def sgd_step(params, grads, lr):
    return {name: params[name] + lr * grads[name] for name in params}

# %% exercise="sgd_step" wrong="learning_rate_forgotten"
# en: Right direction, wrong length. Which argument says how far to go?
# ja: 向きは合っていますが、一歩の大きさが違います。大きさを決める引数はどれでしょうか。
def sgd_step(params, grads, lr):
    return {name: params[name] - grads[name] for name in params}

# %% exercise="sgd_step" wrong="only_the_step"
# en: You return the step alone. It has to be taken from where the parameters are now.
# ja: 動く量だけを返しています。今のパラメータから、その分だけ動かしましょう。
def sgd_step(params, grads, lr):
    return {name: -lr * grads[name] for name in params}

# %% exercise="sgd_step" wrong="written_into_the_old_arrays"
# en: The numbers are right, but the caller's dictionary or arrays have changed. Even in a copy made by `dict(params)` the arrays are the **same**, and `-=` writes into them: `new[name] = params[name] - ...`.
# ja: 値は合っていますが、呼び出し側の辞書や配列まで変わっています。`dict(params)` で写しても中の配列は**同じもの**なので、`-=` は元の配列を書き換えます。`new[name] = params[name] - ...` としましょう。
def sgd_step(params, grads, lr):
    for name in params:
        params[name] -= lr * grads[name]
    return params

# %% exercise="sgd_step" wrong="names_written_out"
# en: You have written the names out. The dictionaries may have any keys: visit them with `for name in params`.
# ja: 名前を一つずつ書いています。キーは何でもよいので、`for name in params` で順に回りましょう。
def sgd_step(params, grads, lr):
    return {name: params[name] - lr * grads[name] for name in ("W1", "b1")}

# %% exercise="sgd_step" wrong="four_names_written_out"
# en: You expect W1, b1, W2 and b2. The dictionaries may have any keys: visit them with `for name in params`.
# ja: W1、b1、W2、b2 の四つがあるものとして書いています。キーは何でもよいので、`for name in params` で順に回りましょう。
def sgd_step(params, grads, lr):
    return {
        "W1": params["W1"] - lr * grads["W1"],
        "b1": params["b1"] - lr * grads["b1"],
        "W2": params["W2"] - lr * grads["W2"],
        "b2": params["b2"] - lr * grads["b2"],
    }

# %% exercise="sgd_step" wrong="biases_left_alone"
# en: You move the weights only. Every entry takes a step.
# ja: 重みしか動かしていません。どの要素も一歩動かします。
def sgd_step(params, grads, lr):
    return {name: params[name] - lr * grads[name] if name.startswith("W") else params[name] for name in params}

# %% exercise="sgd_step" wrong="returned_inside_the_loop"
# en: Your `return` stands inside the loop, so only the first entry is done. Check its indentation.
# ja: `return` が繰り返しの中にあるので、最初の要素だけで終わっています。字下げを確かめましょう。
def sgd_step(params, grads, lr):
    new = {}
    for name in params:
        new[name] = params[name] - lr * grads[name]
        return new

# %% exercise="sgd_step" wrong="shrunk_by_the_gradient"
# en: You multiply the parameters by (1 - lr·gradient). The step is taken off; it does not depend on the parameter's own value.
# ja: パラメータに (1 - lr·勾配) を掛けています。一歩は引き算で、パラメータ自身の値にはよりません。
def sgd_step(params, grads, lr):
    return {name: params[name] * (1 - lr * grads[name]) for name in params}
