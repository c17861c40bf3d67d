"""What learners get wrong in unit 04."""

# %% exercise="split_by_patient" wrong="split_by_film"
# en: You draw films. A patient with several films then lands in more than one part, and the test asks what the network already knows. Draw patients, and let their films follow.
# ja: 画像を単位にくじを引いています。これでは、複数の画像がある患者が二つのグループにまたがり、テストで「見たことのある患者」が出題されます。患者を単位に引き、画像はその患者についていかせましょう。
def split_by_patient(ids, fractions, seed):
    order = np.random.default_rng(seed).permutation(len(ids))
    ends = np.round(np.cumsum(fractions) * len(ids)).astype(int)
    return tuple(np.split(order, ends[:-1]))

# %% exercise="split_by_patient" wrong="patients_returned"
# en: You return the patients' ids. Wanted are the places of their films in `ids`, counted from 0, so that `images[part]` picks the films.
# ja: 患者の ID を返しています。必要なのは、その患者の画像が `ids` の何番目にあるか（0 から数えた番号）です。`images[part]` で画像を取り出せるようにします。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    return tuple(np.split(patients, ends[:-1]))

# %% exercise="split_by_patient" wrong="places_among_the_patients"
# en: Your numbers count patients (places in np.unique(ids)), not films. One more step: which films belong to these patients? np.isin helps.
# ja: 番号が、画像ではなく患者（np.unique(ids) の中の位置）を数えたものになっています。もう一歩です。その患者の画像はどれでしょうか。np.isin が役に立ちます。
def split_by_patient(ids, fractions, seed):
    count = len(np.unique(ids))
    order = np.random.default_rng(seed).permutation(count)
    ends = np.round(np.cumsum(fractions) * count).astype(int)
    return tuple(np.split(order, ends[:-1]))

# %% exercise="split_by_patient" wrong="masks_returned"
# en: You return True and False for every film. np.flatnonzero turns such a mask into the numbers of the films.
# ja: 画像ごとの True と False を返しています。np.flatnonzero を使うと、True の位置の番号に変わります。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    return tuple(np.isin(ids, group) for group in np.split(patients, ends[:-1]))

# %% exercise="split_by_patient" wrong="not_shuffled"
# en: The patients stand in the order of their ids, and so the first hospital, or the first year, becomes the training set. Draw lots: shuffle the patients first.
# ja: 患者が ID の順に並んだままです。これでは、最初の病院や最初の年の患者ばかりが学習用になりかねません。先に患者を並べ替えて、くじ引きにしましょう。
def split_by_patient(ids, fractions, seed):
    patients = np.unique(ids)
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    return tuple(np.flatnonzero(np.isin(ids, group)) for group in np.split(patients, ends[:-1]))

# %% exercise="split_by_patient" wrong="seed_ignored"
# en: Your split is always the same one. Which argument have you not used?
# ja: いつも同じ分け方になります。使っていない引数はありませんか。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(0).permutation(np.unique(ids))
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    return tuple(np.flatnonzero(np.isin(ids, group)) for group in np.split(patients, ends[:-1]))

# %% exercise="split_by_patient" wrong="remainders_pile_up"
# en: int() always rounds down, and what is cut off from every part piles up in the last one. Round instead, and round where a part ends, not how long it is.
# ja: int() は必ず切り捨てるので、各グループの端数がすべて最後のグループにたまります。四捨五入にしましょう。それも、グループの長さではなく、区切りの位置を四捨五入します。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    lengths = [int(fraction * len(patients)) for fraction in fractions]
    ends = np.cumsum(lengths)
    return tuple(np.flatnonzero(np.isin(ids, group)) for group in np.split(patients, ends[:-1]))

# %% exercise="split_by_patient" wrong="patients_lost_by_rounding"
# en: Some films are in no part: with every part rounded down, a few patients are left over at the end. The last part must take all who remain.
# ja: どのグループにも入っていない画像があります。全部のグループを切り捨てで数えると、最後に患者が余ります。最後のグループには、残り全員を入れましょう。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    parts, start = [], 0
    for fraction in fractions:
        count = int(fraction * len(patients))
        parts.append(np.flatnonzero(np.isin(ids, patients[start:start + count])))
        start += count
    return tuple(parts)

# %% exercise="split_by_patient" wrong="films_counted"
# en: You fill a part until it has enough films. Here the fractions are of the patients, so that one patient with many films does not decide the sizes.
# ja: 画像の枚数が足りるまで患者を入れています。ここでの割合は患者数の割合です。そうすれば、画像の多い一人の患者で人数が決まってしまうことがありません。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    ends = np.cumsum(fractions) * len(ids)
    parts, seen = [[] for _ in fractions], 0
    for patient in patients:
        films = [i for i in range(len(ids)) if ids[i] == patient]
        number = min(int(np.searchsorted(ends, seen, side="right")), len(parts) - 1)
        parts[number] += films
        seen += len(films)
    return tuple(np.array(part, dtype=int) for part in parts)

# %% exercise="split_by_patient" wrong="one_film_per_patient"
# en: Every patient now has one film only, and the others are gone. return_index tells just the first place of each id.
# ja: 患者一人につき画像が 1 枚だけになり、残りが消えています。return_index が教えてくれるのは、それぞれの ID が最初に現れる場所だけです。
def split_by_patient(ids, fractions, seed):
    _, firsts = np.unique(ids, return_index=True)
    order = np.random.default_rng(seed).permutation(firsts)
    ends = np.round(np.cumsum(fractions) * len(firsts)).astype(int)
    return tuple(np.split(order, ends[:-1]))

# %% exercise="split_by_patient" wrong="equal_parts"
# en: All your parts are alike. How large each should be stands in `fractions`.
# ja: どのグループも同じ大きさです。それぞれの大きさは `fractions` に書かれています。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.unique(ids))
    return tuple(np.flatnonzero(np.isin(ids, group)) for group in np.array_split(patients, len(fractions)))

# %% exercise="split_by_patient" wrong="ids_taken_for_numbers"
# en: You count from 0 to the largest id, but ids have gaps, and some are names. np.unique(ids) tells which patients there are.
# ja: 0 から最大の ID まで数えていますが、ID には欠番があり、文字のこともあります。どの患者がいるかは np.unique(ids) で分かります。
def split_by_patient(ids, fractions, seed):
    patients = np.random.default_rng(seed).permutation(np.max(ids) + 1)
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    return tuple(np.flatnonzero(np.isin(ids, group)) for group in np.split(patients, ends[:-1]))

# %% exercise="standardize" wrong="each_by_its_own_statistics"
# en: Each set is scaled by its own mean and SD, so one and the same film gets other numbers in another set. Take those of train for all.
# ja: データごとに、それ自身の平均と標準偏差を使っています。これでは、同じ画像でも、入っている組によって違う値になります。どれにも train の平均と標準偏差を使いましょう。
def standardize(train, *others):
    scaled = []
    for data in (train, *others):
        axes = tuple(range(data.ndim - 1))
        sd = data.std(axis=axes)
        scaled.append((data - data.mean(axis=axes)) / np.where(sd == 0, 1, sd))
    return tuple(scaled)

# %% exercise="standardize" wrong="statistics_of_all_data"
# en: You take mean and SD over everything, test data included: a small leak, since the test may not influence anything before it is held. Only train may.
# ja: テスト用も含めた全データで平均と標準偏差を求めています。これも小さな情報漏れです。試験の前に、試験問題を見てはいけません。使ってよいのは train だけです。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    everything = np.concatenate([train, *others])
    mean, sd = everything.mean(axis=axes), everything.std(axis=axes)
    sd = np.where(sd == 0, 1, sd)
    return tuple((data - mean) / sd for data in (train, *others))

# %% exercise="standardize" wrong="constant_feature_divides_by_zero"
# en: A feature that never varies in train has SD 0, and 0/0 is nan. Put a 1 in the place of such an SD: np.where.
# ja: train の中で一定の特徴は標準偏差が 0 で、0/0 は nan になります。そのような標準偏差は 1 に置き換えましょう（np.where）。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    with np.errstate(all="ignore"):
        return tuple((data - mean) / sd for data in (train, *others))

# %% exercise="standardize" wrong="small_number_added_to_the_sd"
# en: A tiny number added to the SD avoids nan, but where the SD is 0 another film's value is now divided by almost nothing and explodes. Use 1 there.
# ja: 標準偏差に小さな数を足すと nan は避けられますが、標準偏差が 0 のところでは、ほかの画像の値がほぼ 0 で割られて巨大になります。そこでは 1 を使いましょう。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    return tuple((data - mean) / (sd + 1e-8) for data in (train, *others))

# %% exercise="standardize" wrong="one_mean_for_all_features"
# en: You use one mean and one SD for the whole table. Each feature (the last axis) needs its own: mean(axis=...).
# ja: 全体で一つの平均と標準偏差を使っています。特徴（最後の軸）ごとに求めてください：mean(axis=...)。
def standardize(train, *others):
    mean, sd = train.mean(), train.std()
    return tuple((data - mean) / sd for data in (train, *others))

# %% exercise="standardize" wrong="first_axis_only"
# en: Right for tables of shape (N, C). For images (N, H, W, C) you take a mean for each pixel; here it is over all axes but the last.
# ja: 形 (N, C) の表では合っています。画像 (N, H, W, C) では、画素ごとの平均になってしまいます。ここでは、最後の軸を除くすべての軸で平均します。
def standardize(train, *others):
    mean, sd = train.mean(axis=0), train.std(axis=0)
    sd = np.where(sd == 0, 1, sd)
    return tuple((data - mean) / sd for data in (train, *others))

# %% exercise="standardize" wrong="mean_of_each_sample"
# en: You average along the last axis, over the features of a sample. Average over the samples instead, and keep the last axis.
# ja: 最後の軸、つまり一つのサンプルの特徴どうしで平均しています。サンプルについて平均し、最後の軸は残しましょう。
def standardize(train, *others):
    return tuple(
        (data - data.mean(axis=-1, keepdims=True)) / data.std(axis=-1, keepdims=True) for data in (train, *others)
    )

# %% exercise="standardize" wrong="divided_by_the_variance"
# en: The mean is right. You divide by the variance; its root, the standard deviation, has the unit of the data.
# ja: 平均は合っています。割っているのが分散です。データと同じ単位をもつのは、その平方根の標準偏差です。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, variance = train.mean(axis=axes), train.var(axis=axes)
    variance = np.where(variance == 0, 1, variance)
    return tuple((data - mean) / variance for data in (train, *others))

# %% exercise="standardize" wrong="divided_by_n_minus_1"
# en: Your SD divides by n - 1 (ddof=1). Here, as in NumPy's default and in scikit-learn, it is n.
# ja: 標準偏差を n - 1 で割って求めています（ddof=1）。ここでは、NumPy の既定値や scikit-learn と同じく n で割ります。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes, ddof=1)
    sd = np.where(sd == 0, 1, sd)
    return tuple((data - mean) / sd for data in (train, *others))

# %% exercise="standardize" wrong="only_centred"
# en: The means are 0 now. The spreads still differ: divide by the standard deviation, too.
# ja: 平均は 0 になりました。ばらつきはまだ特徴ごとに違います。標準偏差で割りましょう。
def standardize(train, *others):
    mean = train.mean(axis=tuple(range(train.ndim - 1)))
    return tuple(data - mean for data in (train, *others))

# %% exercise="standardize" wrong="scaled_to_zero_and_one"
# en: That is another scaling, from minimum to maximum; a single outlier decides it. Use mean and standard deviation.
# ja: それは最小値と最大値による別の方法（正規化）で、外れ値一つに左右されます。平均と標準偏差を使いましょう。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    low, high = train.min(axis=axes), train.max(axis=axes)
    width = np.where(high == low, 1, high - low)
    return tuple((data - low) / width for data in (train, *others))

# %% exercise="standardize" wrong="others_forgotten"
# en: The others are handed back as they came. They need the same shift and the same division as train.
# ja: others が元のまま返されています。train と同じ平均を引き、同じ標準偏差で割ってください。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    sd = np.where(sd == 0, 1, sd)
    return ((train - mean) / sd, *others)

# %% exercise="standardize" wrong="others_in_a_list"
# en: The numbers are right, but the others sit in a list of their own. Return one tuple, flat: (train, first, second, ...).
# ja: 値は合っていますが、others が別のリストに入っています。(train, 一つめ, 二つめ, …) のように、一つの組にして返してください。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    sd = np.where(sd == 0, 1, sd)
    return (train - mean) / sd, [(data - mean) / sd for data in others]

# %% exercise="standardize" wrong="no_tuple_for_train_alone"
# en: With train alone a tuple of one is wanted, too, so that callers need not ask how many came: `(scaled,)`, with the comma.
# ja: train だけのときも、要素が一つの組で返してください。呼び出す側が場合分けをせずに済みます。`(scaled,)` のように、コンマが必要です。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    sd = np.where(sd == 0, 1, sd)
    scaled = tuple((data - mean) / sd for data in (train, *others))
    return scaled if others else scaled[0]

# %% exercise="standardize" wrong="written_into_the_data"
# en: The numbers are right, but `-=` and `/=` write into the caller's arrays: the films themselves are lost. `data - mean` makes a new array.
# ja: 値は合っていますが、`-=` や `/=` は呼び出し側の配列を書き換え、元の画像が失われます。`data - mean` なら新しい配列になります。
def standardize(train, *others):
    axes = tuple(range(train.ndim - 1))
    mean, sd = train.mean(axis=axes), train.std(axis=axes)
    sd = np.where(sd == 0, 1, sd)
    for data in (train, *others):
        data -= mean
        data /= sd
    return (train, *others)

# %% exercise="minibatches" wrong="last_dropped"
# en: The short batch at the end is missing, so that some samples are never learnt from. Keep it, short as it is.
# ja: 最後の短いミニバッチがなく、学習に使われないサンプルが出ています。短いままで残してください。
def minibatches(n, size, rng):
    order = rng.permutation(n)
    return [order[start:start + size] for start in range(0, n - size + 1, size)]

# %% exercise="minibatches" wrong="drawn_with_replacement"
# en: You draw each batch anew from all samples: some come twice in an epoch, others never. Shuffle once, then cut.
# ja: ミニバッチごとに全サンプルから引き直しています。これでは、1 エポックに二回出るものと、一度も出ないものができます。一度だけ並べ替えて、切り分けましょう。
def minibatches(n, size, rng):
    return [rng.integers(0, n, min(size, n - start)) for start in range(0, n, size)]

# %% exercise="minibatches" wrong="each_batch_drawn_from_all"
# en: Within a batch nothing is repeated, but the next batch draws from all samples again. Shuffle once, then cut.
# ja: 一つのミニバッチの中に重複はありませんが、次のミニバッチがまた全サンプルから引いています。一度だけ並べ替えて、切り分けましょう。
def minibatches(n, size, rng):
    return [rng.choice(n, min(size, n - start), replace=False) for start in range(0, n, size)]

# %% exercise="minibatches" wrong="not_shuffled"
# en: The samples come in their old order in every epoch. If the films are sorted by class, a batch then knows one class only. Use rng.permutation.
# ja: どのエポックも元の順のままです。画像がクラス順に並んでいると、一つのミニバッチに一つのクラスしか入りません。rng.permutation を使いましょう。
def minibatches(n, size, rng):
    return [np.arange(start, min(start + size, n)) for start in range(0, n, size)]

# %% exercise="minibatches" wrong="batches_shuffled_not_samples"
# en: You shuffle the batches, but the same neighbours always sit together. Shuffle the samples, then cut.
# ja: ミニバッチの順番は変わりますが、いつも同じサンプルが組になっています。サンプルを並べ替えてから切りましょう。
def minibatches(n, size, rng):
    batches = [np.arange(start, min(start + size, n)) for start in range(0, n, size)]
    starts = rng.permutation(n // size)
    return [batches[i] for i in starts] + batches[n // size:]

# %% exercise="minibatches" wrong="own_generator"
# en: You make a generator of your own, always from the same seed, so that every epoch has the same order. Draw from the rng that you are given.
# ja: 関数の中で、いつも同じシードの乱数を作り直しています。これでは、どのエポックも同じ順になります。引数の rng から引きましょう。
def minibatches(n, size, rng):
    order = np.random.default_rng(0).permutation(n)
    return [order[start:start + size] for start in range(0, n, size)]

# %% exercise="minibatches" wrong="empty_batch_at_the_end"
# en: Where n is a multiple of size, an empty batch comes last. The starts are 0, size, 2·size, ... as long as they are below n: range(0, n, size).
# ja: n が size の倍数のとき、最後に空のミニバッチができます。始まりの位置は 0、size、2·size、…（n 未満）、つまり range(0, n, size) です。
def minibatches(n, size, rng):
    order = rng.permutation(n)
    return [order[size * k:size * (k + 1)] for k in range(n // size + 1)]

# %% exercise="minibatches" wrong="last_filled_up"
# en: You fill up the last batch with samples from the beginning, which then count twice in this epoch. Leave it short.
# ja: 最後のミニバッチを先頭のサンプルで埋めています。そのサンプルは 1 エポックに二回数えられます。短いままにしましょう。
def minibatches(n, size, rng):
    order = rng.permutation(n)
    filled = np.resize(order, -(-n // size) * size)
    return list(filled.reshape(-1, size))

# %% exercise="minibatches" wrong="evened_out"
# en: np.array_split makes batches of nearly the same size. Wanted are full batches of `size`, and one short rest.
# ja: np.array_split は、ほぼ同じ大きさに分けます。ここでは、ちょうど size 個のミニバッチと、最後の残りに分けてください。
def minibatches(n, size, rng):
    return np.array_split(rng.permutation(n), -(-n // size))

# %% exercise="minibatches" wrong="step_of_one"
# en: Your batches overlap: each starts one sample after the last. The step from one start to the next is `size`.
# ja: ミニバッチが重なっています。始まりが一つずつしか進んでいません。次の始まりまでの幅は size です。
def minibatches(n, size, rng):
    order = rng.permutation(n)
    return [order[start:start + size] for start in range(n)]

# %% exercise="minibatches" wrong="first_batch_only"
# en: One batch comes back, not all. Does `return` stand inside your loop?
# ja: 一つめのミニバッチしか返っていません。return が for 文の中に入っていませんか。
def minibatches(n, size, rng):
    order = rng.permutation(n)
    for start in range(0, n, size):
        return [order[start:start + size]]

# %% exercise="minibatches" wrong="size_taken_for_count"
# en: You make `size` batches. `size` is how many samples are in one batch, not how many batches there are.
# ja: ミニバッチを size 個作っています。size は、ミニバッチの個数ではなく、一つのミニバッチに入るサンプルの数です。
def minibatches(n, size, rng):
    return np.array_split(rng.permutation(n), size)

# %% exercise="early_stopping" wrong="lowest_of_all"
# en: You look at the whole curve. When training stops, the later losses do not exist: nobody has computed them.
# ja: 曲線全体を見ています。学習を打ち切った後の損失は計算されていないので、使うことができません。
def early_stopping(val_losses, patience):
    return int(np.nanargmin(val_losses))

# %% exercise="early_stopping" wrong="last_epoch"
# en: That is the epoch at which training stopped, after the patience ran out. Kept are the weights of the best epoch, some epochs earlier.
# ja: それは、待ち切れずに学習を打ち切ったエポックです。重みを残すのは、それより前の、最良のエポックです。
def early_stopping(val_losses, patience):
    best_loss, waited = np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best_loss, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return epoch

# %% exercise="early_stopping" wrong="patience_from_the_start"
# en: You count the patience from the first epoch. It counts from the last improvement, and starts again with each new best.
# ja: 待つ回数を学習の最初から数えています。最後に改善したエポックから数え、改善するたびに数え直します。
def early_stopping(val_losses, patience):
    seen = val_losses[:patience + 1]
    return int(np.nanargmin(seen))

# %% exercise="early_stopping" wrong="waiting_never_reset"
# en: You add up all epochs without improvement. A new best forgives the earlier ones: back to 0.
# ja: 改善しなかったエポックを、最初から通算しています。改善したら、それまでの分は帳消しにして 0 に戻しましょう。
def early_stopping(val_losses, patience):
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best, best_loss = epoch, loss
        else:
            waited += 1
        if waited == patience:
            break
    return best

# %% exercise="early_stopping" wrong="ties_count_as_better"
# en: A loss that is only as low as the best is no improvement: < instead of <=.
# ja: これまでの最小と同じ値では、改善したことになりません。<= ではなく < を使いましょう。
def early_stopping(val_losses, patience):
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss <= best_loss:
            best, best_loss, waited = epoch, loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best

# %% exercise="early_stopping" wrong="one_epoch_too_many"
# en: You wait one epoch longer than the patience. With patience 2, training stops after the second epoch without improvement.
# ja: 待つ回数が一回多くなっています。patience が 2 なら、改善しないエポックが二回続いたところで終わります。
def early_stopping(val_losses, patience):
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best, best_loss, waited = epoch, loss, 0
        else:
            waited += 1
        if waited > patience:
            break
    return best

# %% exercise="early_stopping" wrong="patience_ignored"
# en: You stop at the first epoch without improvement. The curve jumps up and down: that is what `patience` is for.
# ja: 一度改善しなかっただけで打ち切っています。損失の曲線は細かく上下するものです。そのために patience があります。
def early_stopping(val_losses, patience):
    best, best_loss = 0, np.inf
    for epoch, loss in enumerate(val_losses):
        if not loss < best_loss:
            break
        best, best_loss = epoch, loss
    return best

# %% exercise="early_stopping" wrong="compared_with_the_epoch_before"
# en: You compare with the epoch before. After a jump up, a small step down is no improvement yet: compare with the best so far.
# ja: 一つ前のエポックと比べています。大きく上がった後に少し下がっても、改善とはいえません。これまでの最小の損失と比べましょう。
def early_stopping(val_losses, patience):
    best, waited = 0, 0
    for epoch in range(1, len(val_losses)):
        if val_losses[epoch] < val_losses[epoch - 1]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best

# %% exercise="early_stopping" wrong="counted_from_one"
# en: Right epoch, but counted from 1. As everywhere in Python, the first one is 0.
# ja: エポックは合っていますが、1 から数えています。Python では、最初が 0 です。
def early_stopping(val_losses, patience):
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best, best_loss, waited = epoch, loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best + 1

# %% exercise="early_stopping" wrong="loss_returned"
# en: That is the lowest loss. Asked for is the epoch in which it was reached.
# ja: それは最小の損失です。返すのは、それが出たエポックの番号です。
def early_stopping(val_losses, patience):
    best_loss, waited = np.inf, 0
    for loss in val_losses:
        if loss < best_loss:
            best_loss, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best_loss

# %% exercise="early_stopping" wrong="nan_counts_as_better"
# en: A NaN is taken for an improvement. Every comparison with NaN is False, so `not loss >= best` lets it pass; ask `loss < best`.
# ja: NaN を改善とみなしています。NaN との比較はいつも False なので、`not loss >= best` では通ってしまいます。`loss < best` で調べましょう。
def early_stopping(val_losses, patience):
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if loss >= best_loss:
            waited += 1
        else:
            best, best_loss, waited = epoch, loss, 0
        if waited == patience:
            break
    return best

# %% exercise="early_stopping" wrong="nan_ignored_in_the_waiting"
# en: Epochs with NaN are skipped in your count. A NaN is no improvement, so such an epoch costs patience like any other.
# ja: NaN のエポックを数えずに飛ばしています。NaN は改善ではないので、ほかのエポックと同じように待った回数に入れます。
def early_stopping(val_losses, patience):
    best, best_loss, waited = 0, np.inf, 0
    for epoch, loss in enumerate(val_losses):
        if np.isnan(loss):
            continue
        if loss < best_loss:
            best, best_loss, waited = epoch, loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best

# %% exercise="augment" wrong="one_draw_for_the_batch"
# en: All films of the batch move alike. Draw inside the loop, for each film anew.
# ja: すべての画像が同じように動いています。くじは for 文の中で、画像ごとに引き直しましょう。
def augment(batch, rng, max_shift, max_angle):
    angle = rng.uniform(-max_angle, max_angle)
    dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
    films = []
    for film in batch:
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="flipped_left_and_right"
# en: Some films come back mirrored: the heart on the wrong side, the marker in mirror writing. Only shifts and small turns are asked for.
# ja: 左右反転した画像が混じっています。心臓が反対側になり、マーカーも鏡文字になってしまいます。ここで行うのは、平行移動と小さな回転だけです。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        film = ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest")
        films.append(film[:, ::-1] if rng.uniform() < 0.5 else film)
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="wrapped_around"
# en: np.roll brings in on one side what left on the other: lung apices below the diaphragm. Let the edge go on instead: ndimage.shift with mode="nearest".
# ja: np.roll では、はみ出した部分が反対側から現れます（横隔膜の下に肺尖が出てきます）。ndimage.shift の mode="nearest" で、端の値を続けましょう。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(np.roll(film, (dy, dx), axis=(0, 1)))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="black_borders"
# en: The gaps are black, and a network may learn the frame instead of the chest. mode="nearest" lets the edge go on.
# ja: 隙間が黒くなっています。ネットワークが胸部ではなく黒い枠を覚えてしまうかもしれません。mode="nearest" を付けると、端の値が続きます。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1)
        films.append(ndimage.shift(film, (dy, dx, 0), order=1))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="upper_end_left_out"
# en: rng.integers(low, high) never gives high itself. Write max_shift + 1, or endpoint=True; with max_shift = 0 it even stops.
# ja: rng.integers(low, high) では、high 自身は出ません。max_shift + 1 と書くか、endpoint=True を付けましょう。max_shift = 0 だと、エラーにもなります。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="down_and_right_only"
# en: Your films only move down and to the right, and turn one way only. The draws go from minus the maximum to plus the maximum.
# ja: 下と右にしか動かず、一方向にしか回っていません。くじは、マイナスの最大からプラスの最大までの間で引きましょう。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(0, max_angle)
        dy, dx = rng.integers(0, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="one_draw_for_both_directions"
# en: Rows and columns move by the same amount, so that films travel along one diagonal only. Draw dy and dx separately.
# ja: 行と列が同じ量だけ動くので、斜めの一方向にしか移動しません。dy と dx を別々に引きましょう。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        d = rng.integers(-max_shift, max_shift + 1)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (d, d, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="fractions_of_a_pixel"
# en: A shift by 0.4 pixels blurs the film a little. Draw whole numbers: rng.integers.
# ja: 0.4 画素のような移動では、画像が少しぼけます。rng.integers で整数を引きましょう。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.uniform(-max_shift, max_shift, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="never_turned"
# en: The shifts are right, but nothing turns. What is max_angle for?
# ja: 平行移動は合っていますが、回転していません。max_angle は何のための引数でしょうか。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="never_shifted"
# en: The films turn, but they do not shift. What is max_shift for?
# ja: 回転はしていますが、平行移動していません。max_shift は何のための引数でしょうか。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        films.append(ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="cubic_splines"
# en: Without order=1, SciPy interpolates by cubic splines, which overshoot at edges (below 0, above 1). Ask for linear: order=1.
# ja: order=1 を付けないと、SciPy は 3 次スプラインで補間し、境目で 0 より小さい値や 1 より大きい値が出ます。線形補間 order=1 を指定しましょう。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="nearest_pixel"
# en: order=0 takes the nearest pixel, which makes edges ragged. Linear interpolation is order=1. (mode="nearest" is another matter: it is about the outside.)
# ja: order=0 は最も近い画素の値を取るので、境目がギザギザになります。線形補間は order=1 です（mode="nearest" は画像の外側の扱いで、別の話です）。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=0, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=0, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="film_grows"
# en: Without reshape=False the turned film gets a larger canvas, and the shapes no longer fit.
# ja: reshape=False を付けないと、回転した画像が収まるように枠が大きくなり、形が揃いません。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="degrees_taken_for_radians"
# en: np.cos and np.sin take radians, but max_angle is in degrees: np.deg2rad.
# ja: np.cos と np.sin の角度の単位はラジアンですが、max_angle は度です。np.deg2rad で直しましょう。
def augment(batch, rng, max_shift, max_angle):
    films, centre = [], np.array([(batch.shape[1] - 1) / 2, (batch.shape[2] - 1) / 2, 0])
    for film in batch:
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        film = ndimage.affine_transform(film, turn, centre - turn @ centre, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="turned_about_the_corner"
# en: Your films turn about their upper left corner. The turn should be about the centre, ((H - 1) / 2, (W - 1) / 2).
# ja: 画像の左上の隅を中心に回転しています。回転の中心は、画像の中心 ((H - 1) / 2, (W - 1) / 2) です。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch:
        angle = np.deg2rad(rng.uniform(-max_angle, max_angle))
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        film = ndimage.affine_transform(film, turn, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="half_a_pixel_off_centre"
# en: Your centre is at (H / 2, W / 2). Pixels are counted from 0, so the middle of 9 rows is row 4, not 4.5: (H - 1) / 2.
# ja: 回転の中心が (H / 2, W / 2) になっています。画素は 0 から数えるので、9 行の真ん中は 4.5 ではなく 4 行目、つまり (H - 1) / 2 です。
def augment(batch, rng, max_shift, max_angle):
    films, centre = [], np.array([batch.shape[1] / 2, batch.shape[2] / 2, 0])
    for film in batch:
        angle = np.deg2rad(rng.uniform(-max_angle, max_angle))
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        film = ndimage.affine_transform(film, turn, centre - turn @ centre, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films, dtype=np.float32)

# %% exercise="augment" wrong="whole_batch_turned"
# en: You turn the batch as one block: its first two axes are the films and the rows, so that films are mixed into each other. Take film by film.
# ja: ミニバッチを一つの塊として回転しています。最初の二つの軸は「画像の番号」と「行」なので、画像どうしが混ざってしまいます。一枚ずつ取り出しましょう。
def augment(batch, rng, max_shift, max_angle):
    angle = rng.uniform(-max_angle, max_angle)
    dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
    turned = ndimage.rotate(batch, angle, reshape=False, order=1, mode="nearest")
    return ndimage.shift(turned, (0, dy, dx, 0), order=1, mode="nearest").astype(np.float32)

# %% exercise="augment" wrong="double_precision"
# en: The films are right, but in float64, twice the memory and not what the networks of the later units take. Return float32: .astype(np.float32).
# ja: 画像は合っていますが、float64 になっています。メモリーが 2 倍必要で、後の単元のネットワークが受け取る型とも違います。.astype(np.float32) で float32 にしましょう。
def augment(batch, rng, max_shift, max_angle):
    films = []
    for film in batch.astype(np.float64):
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(film, angle, reshape=False, order=1, mode="nearest")
        films.append(ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest"))
    return np.array(films)

# %% exercise="augment" wrong="written_into_the_batch"
# en: You write into the caller's batch. In the next epoch the films would be turned once more, and drift away. Collect the new films in a list.
# ja: 呼び出し側の batch を書き換えています。次のエポックでは、動いた画像がさらに動き、だんだんずれていきます。新しい画像はリストに集めましょう。
def augment(batch, rng, max_shift, max_angle):
    for i in range(len(batch)):
        angle = rng.uniform(-max_angle, max_angle)
        dy, dx = rng.integers(-max_shift, max_shift + 1, size=2)
        film = ndimage.rotate(batch[i], angle, reshape=False, order=1, mode="nearest")
        batch[i] = ndimage.shift(film, (dy, dx, 0), order=1, mode="nearest")
    return batch
