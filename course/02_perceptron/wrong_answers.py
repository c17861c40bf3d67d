"""What learners get wrong in unit 02."""

# %% exercise="predict" wrong="greater_than_zero_only"
# en: Look at a sample with z exactly 0, such as (1, 1) with w = (2, 1), b = -3. Which side does our agreement put it on?
# ja: z がちょうど 0 になるサンプル（w = (2, 1)、b = -3 のときの (1, 1) など）を見てみましょう。約束では、どちらの答えになりますか。
def predict(X, w, b):
    return (X @ w + b > 0).astype(int)

# %% exercise="predict" wrong="bias_forgotten"
# en: One of your three arguments is never used. Without it the line must go through the origin.
# ja: 引数のうち、一度も使われていないものがあります。それがないと、境界線はいつも原点を通ることになります。
def predict(X, w, b):
    return (X @ w >= 0).astype(int)

# %% exercise="predict" wrong="bias_subtracted"
# en: In some books a threshold is taken away; here the bias is added: z = w·x + b.
# ja: 「しきい値を引く」と書く本もありますが、ここではバイアスを足します。z = w·x + b です。
def predict(X, w, b):
    return (X @ w - b >= 0).astype(int)

# %% exercise="predict" wrong="sum_returned"
# en: You have weighed and added. The last step is missing: compare the sum with zero and answer 0 or 1.
# ja: 重みを掛けて足すところまではできています。最後に 0 と比べて、0 か 1 で答えましょう。
def predict(X, w, b):
    return X @ w + b

# %% exercise="predict" wrong="plus_and_minus_one"
# en: Some books let the neuron answer +1 and -1. Ours says 1 and 0.
# ja: 答えを +1 と -1 にする本もありますが、ここでは 1 と 0 で答えます。
def predict(X, w, b):
    return np.where(X @ w + b >= 0, 1, -1)

# %% exercise="predict" wrong="first_sample_only"
# en: You answer for one sample, but X holds N of them, one per row, and N answers are wanted. If you use a loop, where does its return stand?
# ja: 一つのサンプルにしか答えていません。X には N 個のサンプルが一行に一つずつ入っていて、答えも N 個必要です。for 文を使ったなら、return の位置（字下げ）を確かめてください。
def predict(X, w, b):
    for x in X:
        if x @ w + b >= 0:
            return 1
        else:
            return 0

# %% exercise="predict" wrong="weights_forgotten"
# en: All features count the same in your sum. Which argument says how much each of them matters?
# ja: どの特徴も同じ重さで足されています。特徴ごとの大切さを表す引数はどれでしょうか。
def predict(X, w, b):
    return (X.sum(axis=1) + b >= 0).astype(int)

# %% exercise="predict" wrong="weights_before_samples"
# en: X has shape (N, D) and w has shape (D,). In `A @ B` the last axis of A meets the first of B: which order fits?
# ja: X の形は (N, D)、w の形は (D,) です。`A @ B` では A の最後の軸と B の最初の軸の長さが合う必要があります。どちらの順番なら合うでしょうか。
def predict(X, w, b):
    return (w @ X + b >= 0).astype(int)

# %% exercise="predict" wrong="zero_and_one_swapped"
# en: Your zeros and ones are exchanged. Which answer belongs to z >= 0?
# ja: 0 と 1 が逆になっています。z >= 0 のときの答えはどちらでしょうか。
def predict(X, w, b):
    return np.where(X @ w + b >= 0, 0, 1)

# %% exercise="update" wrong="bias_never_updated"
# en: The bias stays where it was, so the line can turn but hardly ever finds its place. The rule has two halves.
# ja: バイアス b が更新されていません。これでは境界線の向きは変わっても、位置がうまく決まりません。学習則の式は二つありました。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + lr * (t - y) * x, b

# %% exercise="update" wrong="sign_flipped"
# en: After your step z has moved the wrong way, and the mistake is worse than before. Target minus answer, or answer minus target?
# ja: 更新すると z が反対の方向に動き、間違いがひどくなっています。「目標値 - 答え」でしたか、「答え - 目標値」でしたか。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + lr * (y - t) * x, b + lr * (y - t)

# %% exercise="update" wrong="greater_than_zero_only"
# en: Right except where z is exactly 0. What does the neuron answer there?
# ja: z がちょうど 0 のときだけ違います。そのとき、ニューロンは何と答える約束でしたか。
def update(w, b, x, t, lr):
    y = int(w @ x + b > 0)
    return w + lr * (t - y) * x, b + lr * (t - y)

# %% exercise="update" wrong="rule_for_plus_and_minus_one"
# en: w + lr·t·x is the rule of books whose targets are +1 and -1. With a target of 0 it changes nothing. Ours has (t - y) in it.
# ja: w + lr·t·x は、目標値を +1 と -1 にする本の規則です。目標値が 0 だと何も変わりません。ここでは (t - y) を使います。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    if y != t:
        return w + lr * t * x, b + lr * t
    return w, b

# %% exercise="update" wrong="sum_instead_of_answer"
# en: You take t - z. The perceptron compares the target with its answer y, which is 0 or 1, not with the sum z.
# ja: t - z を使っています。パーセプトロンが目標値と比べるのは、和 z ではなく、0 か 1 の答え y です。
def update(w, b, x, t, lr):
    z = w @ x + b
    return w + lr * (t - z) * x, b + lr * (t - z)

# %% exercise="update" wrong="learning_rate_forgotten"
# en: The step has the right direction but not the right length. Which argument says how far to go?
# ja: 向きは合っていますが、動く量が違います。動く量を決める引数はどれでしょうか。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + (t - y) * x, b + (t - y)

# %% exercise="update" wrong="learning_rate_forgotten_for_bias"
# en: The weights are right. Does the learning rate count for the bias, too?
# ja: 重みは正しく更新されています。学習率は、バイアスにも掛けるのでしたか。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + lr * (t - y) * x, b + (t - y)

# %% exercise="update" wrong="sample_forgotten"
# en: You change all weights by the same amount. A feature that was 0 had no part in the mistake: what must stand beside lr·(t - y)?
# ja: どの重みも同じ量だけ変えています。値が 0 だった特徴は、間違いに関わっていません。lr·(t - y) に何を掛けるのでしょうか。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + lr * (t - y), b + lr * (t - y)

# %% exercise="update" wrong="changes_right_answers_too"
# en: You move although the answer was already right. What is t - y then?
# ja: 正解しているのに、重みを変えています。正解のとき、t - y はいくつになりますか。
def update(w, b, x, t, lr):
    sign = 1 if t == 1 else -1
    return w + lr * sign * x, b + lr * sign

# %% exercise="update" wrong="bias_forgotten_in_the_answer"
# en: To know whether the neuron is wrong you need its answer, and the bias takes part in that, too.
# ja: 間違えたかどうかを知るには、ニューロンの答えが必要です。その答えの計算には、バイアスも入ります。
def update(w, b, x, t, lr):
    y = int(w @ x >= 0)
    return w + lr * (t - y) * x, b + lr * (t - y)

# %% exercise="update" wrong="written_into_the_old_weights"
# en: The numbers are right, but `w += ...` writes into the caller's array. `w = w + ...` makes a new one.
# ja: 値は合っていますが、`w += ...` は呼び出し側の配列を書き換えてしまいます。`w = w + ...` なら新しい配列になります。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    w += lr * (t - y) * x
    b += lr * (t - y)
    return w, b

# %% exercise="update" wrong="bias_not_returned"
# en: Two things have changed, the weights and the bias. Return both: `return w, b`.
# ja: 変わるのは重みとバイアスの二つです。`return w, b` のように、両方を返してください。
def update(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + lr * (t - y) * x

# %% exercise="fit" wrong="bias_never_updated"
# en: The bias is 0 from beginning to end, so the line is tied to the origin, and AND cannot be learnt at all.
# ja: バイアスが最初から最後まで 0 のままです。これでは境界線がいつも原点を通り、AND は決して覚えられません。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="sign_flipped"
# en: Every correction makes things worse. Target minus answer, or answer minus target?
# ja: 直すたびに悪くなっています。「目標値 - 答え」でしたか、「答え - 目標値」でしたか。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w - lr * (target - y) * x
            b = b - lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="greater_than_zero_only"
# en: At the start all weights are 0, so z is exactly 0. What does the neuron answer then? It changes the whole path.
# ja: 最初は重みがすべて 0 なので、z はちょうど 0 です。そのときの答えは何でしょうか。ここが違うと、その後の道筋がすべて変わります。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b > 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="stops_after_one_right_sample"
# en: You stop as soon as one sample is right. Stop only after an epoch in which all were.
# ja: 一つ正解しただけで終わっています。終わるのは、すべてのサンプルに正解したエポックの後です。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            if y == target:
                errors.append(mistakes)
                return w, b, errors
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += 1
        errors.append(mistakes)
    return w, b, errors

# %% exercise="fit" wrong="final_zero_missing"
# en: Almost: the last, clean epoch belongs in the list, too. Append before you break.
# ja: あと一歩です。最後の、間違いのないエポックの 0 もリストに入れます。break の前に append しましょう。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        if mistakes == 0:
            break
        errors.append(mistakes)
    return w, b, errors

# %% exercise="fit" wrong="goes_on_after_a_clean_epoch"
# en: After an epoch without a mistake nothing can change any more. Leave the loop there.
# ja: 間違いのないエポックの後は、もう何も変わりません。そこで繰り返しを抜けましょう。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
    return w, b, errors

# %% exercise="fit" wrong="counted_after_the_epoch"
# en: You count with the weights from the end of the epoch. Count each sample with the weights of its moment, before its update.
# ja: エポックの終わりの重みで数えています。サンプルごとに、そのときの（更新する前の）重みで数えてください。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
        errors.append(int(np.sum((X @ w + b >= 0).astype(int) != t)))
        if errors[-1] == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="updated_once_per_epoch"
# en: You collect the mistakes and correct them together at the end of the epoch. Here each sample is corrected at once, and the next one sees the new weights.
# ja: 間違いをためておき、エポックの終わりにまとめて直しています。ここではサンプルごとにすぐ直し、次のサンプルは新しい重みで答えます。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = t - (X @ w + b >= 0).astype(int)
        w, b = w + lr * wrong @ X, b + lr * wrong.sum()
        errors.append(int(np.abs(wrong).sum()))
        if errors[-1] == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="one_epoch_only"
# en: You go through the samples once. One pass is rarely enough: repeat it, up to max_epochs times. Check where `return` is indented.
# ja: サンプルを一周しただけで終わっています。一周ではなかなか覚えられません。max_epochs 回まで繰り返しましょう。return の字下げも確かめてください。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        return w, b, errors

# %% exercise="fit" wrong="count_never_reset"
# en: Your list only grows: the mistakes of earlier epochs are counted again. Where must the counter go back to 0?
# ja: リストの数が増える一方です。前のエポックの間違いまで数えています。数をいつ 0 に戻せばよいでしょうか。
def fit(X, t, lr, max_epochs):
    w, b, errors, mistakes = np.zeros(X.shape[1]), 0.0, [], 0
    for _ in range(max_epochs):
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="signed_mistakes_cancel"
# en: You add up t - y, so that a +1 and a -1 cancel. A mistake is a mistake in both directions: count y != t.
# ja: t - y をそのまま足しているので、+1 と -1 が打ち消し合っています。どちら向きの間違いも一回です。y != t となる回数を数えましょう。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        total = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            total += int(target - y)
        errors.append(total)
        if total == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="starts_from_ones"
# en: Everything starts at 0 here, so that all of us walk the same path. Yours starts elsewhere.
# ja: 皆が同じ道筋をたどれるように、重みもバイアスも 0 から始めます。別の値から始まっているようです。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.ones(X.shape[1]), 1.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="forgets_between_epochs"
# en: Each epoch begins with empty weights, so that nothing learnt is kept. Which lines belong before the outer loop?
# ja: エポックのたびに重みが 0 に戻り、学んだことが消えています。外側の for の前に置くべき行はどれでしょうか。
def fit(X, t, lr, max_epochs):
    errors = []
    for _ in range(max_epochs):
        w, b, mistakes = np.zeros(X.shape[1]), 0.0, 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="learning_rate_forgotten"
# en: With lr = 1 all is well, with lr = 0.5 it is not. Which argument have you not used?
# ja: lr = 1 なら合っていますが、lr = 0.5 だと違います。使っていない引数はありませんか。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + (target - y) * x
            b = b + (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="fit" wrong="epochs_not_limited"
# en: Your loop goes on after max_epochs. On XOR it would never end.
# ja: max_epochs を超えても続けています。XOR を学ばせたら、いつまでも終わりません。
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(1000):
        mistakes = 0
        for x, target in zip(X, t):
            y = int(w @ x + b >= 0)
            w = w + lr * (target - y) * x
            b = b + lr * (target - y)
            mistakes += int(y != target)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors

# %% exercise="xor_two_layers" wrong="needs_more_epochs"
# en: You have trained one neuron for a very long time. It still has one line only, and no line separates XOR: you need a second layer, not more epochs.
# ja: 一つのニューロンを長い間学習させていますが、境界線は一本のままです。XOR を分ける直線はありません。必要なのはエポックではなく、二つめの層です。
def xor_two_layers(X):
    w, b = np.zeros(2), 0.0
    for _ in range(1000):
        for x, target in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)):
            y = int(w @ np.array(x) + b >= 0)
            w, b = w + (target - y) * np.array(x), b + (target - y)
    return predict(X, w, b)

# %% exercise="xor_two_layers" wrong="rows_in_the_usual_order"
# en: You have written down the answers of the table from above. The rows of X may come in any order and number: compute from X.
# ja: 表の答えをそのまま書いていませんか。X の行は順番も数も自由です。X から計算してください。
def xor_two_layers(X):
    return np.array([0, 1, 1, 0])

# %% exercise="xor_two_layers" wrong="or_only"
# en: For (1, 1) you answer 1: that is OR. The second hidden neuron has to object there.
# ja: (1, 1) に 1 と答えています。それは OR です。ここで反対するのが、隠れ層の二つめのニューロンの役目です。
def xor_two_layers(X):
    return predict(X, np.array([1, 1]), -0.5)

# %% exercise="xor_two_layers" wrong="nand_only"
# en: For (0, 0) you answer 1: that is NAND. Both hidden neurons must say yes.
# ja: (0, 0) に 1 と答えています。それは NAND です。隠れ層の二つのニューロンが、どちらも「はい」と言う必要があります。
def xor_two_layers(X):
    return predict(X, np.array([-1, -1]), 1.5)

# %% exercise="xor_two_layers" wrong="or_at_the_output"
# en: You always answer 1. The third neuron should ask for both hidden answers (AND), not for one of them (OR).
# ja: いつも 1 と答えています。三つめのニューロンは、隠れ層の「どちらか」（OR）ではなく「どちらも」（AND）を求めます。
def xor_two_layers(X):
    hidden = np.stack([predict(X, np.array([1, 1]), -0.5), predict(X, np.array([-1, -1]), 1.5)], axis=1)
    return predict(hidden, np.array([1, 1]), -0.5)

# %% exercise="xor_two_layers" wrong="and_instead_of_nand"
# en: You answer 1 for (1, 1) alone: your second hidden neuron says "both", but "not both" is wanted. Turn its signs round.
# ja: (1, 1) のときだけ 1 と答えています。隠れ層の二つめは「両方」ではなく「両方ではない」と答える必要があります。符号を逆にしてみましょう。
def xor_two_layers(X):
    hidden = np.stack([predict(X, np.array([1, 1]), -0.5), predict(X, np.array([1, 1]), -1.5)], axis=1)
    return predict(hidden, np.array([1, 1]), -1.5)

# %% exercise="xor_two_layers" wrong="no_threshold_between_the_layers"
# en: Your hidden layer hands on the sums, not the answers 0 and 1. A sum of sums is one line again.
# ja: 隠れ層が、0 か 1 の答えではなく、和をそのまま渡しています。和の和は一つの和ですから、また一本の直線に戻ってしまいます。
def xor_two_layers(X):
    hidden = np.stack([X @ np.array([1, 1]) - 0.5, X @ np.array([-1, -1]) + 1.5], axis=1)
    return predict(hidden, np.array([1, 1]), -1.5)

# %% exercise="xor_two_layers" wrong="hidden_layer_returned"
# en: You return the two hidden answers. The third neuron still has to make one answer of them.
# ja: 隠れ層の二つの答えを返しています。それを一つの答えにまとめる、三つめのニューロンが残っています。
def xor_two_layers(X):
    return np.stack([predict(X, np.array([1, 1]), -0.5), predict(X, np.array([-1, -1]), 1.5)], axis=1)

# %% exercise="xor_two_layers" wrong="equal_instead_of_different"
# en: Exactly the wrong way round: you answer 1 when the two are equal. That is XNOR.
# ja: ちょうど逆になっています。二つが等しいときに 1 と答えるのは XNOR です。
def xor_two_layers(X):
    hidden = np.stack([predict(X, np.array([1, 1]), -0.5), predict(X, np.array([-1, -1]), 1.5)], axis=1)
    return predict(hidden, np.array([-1, -1]), 1.5)

# %% exercise="xor_two_layers" wrong="hidden_answers_stacked_in_rows"
# en: Your hidden answers stand one under the other, shape (2, N). `predict` wants a row per sample: np.stack([h1, h2], axis=1).
# ja: 隠れ層の答えが縦に並び、形が (2, N) になっています。`predict` は一行に一サンプルを求めます。np.stack([h1, h2], axis=1) としましょう。
def xor_two_layers(X):
    hidden = np.stack([predict(X, np.array([1, 1]), -0.5), predict(X, np.array([-1, -1]), 1.5)])
    return predict(hidden, np.array([1, 1]), -1.5)
