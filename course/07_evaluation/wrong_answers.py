"""What learners get wrong in unit 07."""

# %% exercise="confusion_counts" wrong="fp_and_fn_exchanged"
# en: fp and fn have changed places. fp is a false alarm: the truth is 0 and the answer 1.
# ja: fp と fn が入れ替わっています。fp は過剰な拾い上げ、つまり正解が 0 で答えが 1 のものです。
def confusion_counts(y, p):
    return {"tp": np.sum((y == 1) & (p == 1)), "fn": np.sum((y == 0) & (p == 1)), "fp": np.sum((y == 1) & (p == 0)), "tn": np.sum((y == 0) & (p == 0))}

# %% exercise="confusion_counts" wrong="tp_and_tn_together"
# en: tp and tn are both "right", but they are two counts: in tp truth and answer are 1, in tn both are 0.
# ja: tp と tn はどちらも「正しい」答えですが、別々に数えます。tp は両方とも 1、tn は両方とも 0 のものです。
def confusion_counts(y, p):
    right = np.sum(y == p)
    return {"tp": right, "fp": np.sum((y == 0) & (p == 1)), "fn": np.sum((y == 1) & (p == 0)), "tn": right}

# %% exercise="confusion_counts" wrong="shares_instead_of_counts"
# en: These are shares. Wanted are counts: how many films, not which part of them.
# ja: 割合になっています。ここで返すのは枚数です。
def confusion_counts(y, p):
    return {"tp": np.mean((y == 1) & (p == 1)), "fp": np.mean((y == 0) & (p == 1)), "fn": np.mean((y == 1) & (p == 0)), "tn": np.mean((y == 0) & (p == 0))}

# %% exercise="confusion_counts" wrong="positive_is_zero"
# en: Here 0 is taken for "positive". In this course 1 is positive: diseased, or called diseased.
# ja: 0 を「陽性」として数えています。この講座では 1 が陽性（病気あり、または病気ありという答え）です。
def confusion_counts(y, p):
    return {"tp": np.sum((y == 0) & (p == 0)), "fp": np.sum((y == 1) & (p == 0)), "fn": np.sum((y == 0) & (p == 1)), "tn": np.sum((y == 1) & (p == 1))}

# %% exercise="confusion_counts" wrong="one_of_the_two_is_enough"
# en: `|` means "or": a film counts as soon as one of the two holds. Both must hold: `&`.
# ja: `|` は「または」なので、片方だけ当てはまる画像まで数えています。両方が必要なので `&` を使います。
def confusion_counts(y, p):
    return {"tp": np.sum((y == 1) | (p == 1)), "fp": np.sum((y == 0) | (p == 1)), "fn": np.sum((y == 1) | (p == 0)), "tn": np.sum((y == 0) | (p == 0))}

# %% exercise="confusion_counts" wrong="rows_instead_of_cells"
# en: tp + fn is the number of the diseased, tp + fp that of the positive answers. Here such sums stand in the place of single cells.
# ja: 病気のある人の数（tp + fn）や陽性の数（tp + fp）を、そのまま入れていませんか。一つ一つの組み合わせを数えましょう。
def confusion_counts(y, p):
    return {"tp": np.sum(y == 1), "fp": np.sum(p == 1), "fn": np.sum(p == 0), "tn": np.sum(y == 0)}

# %% exercise="confusion_counts" wrong="a_list_not_a_dict"
# en: The numbers are right, but they need their names: {"tp": ..., "fp": ..., "fn": ..., "tn": ...}.
# ja: 個数は合っていますが、名前が付いていません。{"tp": ..., "fp": ..., "fn": ..., "tn": ...} という辞書で返しましょう。
def confusion_counts(y, p):
    return [np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0)), np.sum((y == 0) & (p == 0))]

# %% exercise="sensitivity_specificity" wrong="zero_for_nothing"
# en: Without a single diseased film there is no sensitivity: 0 would say "missed all". Return nan for 0/0.
# ja: 病気のある画像が一枚もなければ、感度は求められません。0 では「すべて見逃した」ことになってしまいます。0/0 は nan にします。
def sensitivity_specificity(y, p):
    tp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn, fp = np.sum((y == 0) & (p == 0)), np.sum((y == 0) & (p == 1))
    return tp / max(tp + fn, 1), tn / max(tn + fp, 1)

# %% exercise="sensitivity_specificity" wrong="one_for_nothing"
# en: Without a single diseased film there is no sensitivity, not a perfect one. Return nan for 0/0.
# ja: 病気のある画像が一枚もないのは、感度が完璧だということではありません。0/0 は nan にします。
def sensitivity_specificity(y, p):
    tp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn, fp = np.sum((y == 0) & (p == 0)), np.sum((y == 0) & (p == 1))
    return tp / (tp + fn) if tp + fn else 1.0, tn / (tn + fp) if tn + fp else 1.0

# %% exercise="sensitivity_specificity" wrong="columns_instead_of_rows"
# en: You divided by the number of positive (and negative) answers. Sensitivity divides by the number of the diseased: tp + fn.
# ja: 陽性（と陰性）の答えの数で割っています。感度は病気のある人の数 tp + fn で割ります。
def sensitivity_specificity(y, p):
    tp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn, fp = np.sum((y == 0) & (p == 0)), np.sum((y == 0) & (p == 1))
    return tp / (tp + fp) if tp + fp else np.nan, tn / (tn + fn) if tn + fn else np.nan

# %% exercise="sensitivity_specificity" wrong="exchanged"
# en: The two have changed places: first the sensitivity, then the specificity.
# ja: 順番が逆です。感度が先、特異度が後です。
def sensitivity_specificity(y, p):
    tp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn, fp = np.sum((y == 0) & (p == 0)), np.sum((y == 0) & (p == 1))
    return tn / (tn + fp) if tn + fp else np.nan, tp / (tp + fn) if tp + fn else np.nan

# %% exercise="sensitivity_specificity" wrong="divided_by_all"
# en: You divided by the number of all films. Each share has its own whole: the diseased for the sensitivity, the healthy for the specificity.
# ja: 全体の枚数で割っています。感度は病気のある人、特異度は病気のない人の数で割ります。
def sensitivity_specificity(y, p):
    return np.mean((y == 1) & (p == 1)), np.mean((y == 0) & (p == 0))

# %% exercise="sensitivity_specificity" wrong="false_positive_rate"
# en: The second number is the false positive rate, fp / (fp + tn). The specificity is what is missing from it to 1.
# ja: 二つめが偽陽性率 fp / (fp + tn) になっています。特異度は、1 からそれを引いたものです。
def sensitivity_specificity(y, p):
    tp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn, fp = np.sum((y == 0) & (p == 0)), np.sum((y == 0) & (p == 1))
    return tp / (tp + fn) if tp + fn else np.nan, fp / (tn + fp) if tn + fp else np.nan

# %% exercise="sensitivity_specificity" wrong="accuracy_twice"
# en: That is the accuracy. It mixes diseased and healthy; look at each of the two groups on its own.
# ja: それは正解率です。病気のある人とない人を混ぜずに、別々に見ましょう。
def sensitivity_specificity(y, p):
    return np.mean(y == p), np.mean(y == p)

# %% exercise="precision_recall_f1" wrong="zero_for_nothing"
# en: If nobody is called positive, precision is 0/0: unknown, not 0. Return nan.
# ja: 陽性が一つもなければ、適合率は 0/0 です。0 ではなく「分からない」ので、nan を返します。
def precision_recall_f1(y, p):
    tp, fp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))
    return tp / max(tp + fp, 1), tp / max(tp + fn, 1), 2 * tp / max(2 * tp + fp + fn, 1)

# %% exercise="precision_recall_f1" wrong="exchanged"
# en: Precision and recall have changed places: precision divides by the positive answers, recall by the diseased.
# ja: 適合率と再現率が入れ替わっています。適合率は陽性という答えの数で、再現率は病気のある人の数で割ります。
def precision_recall_f1(y, p):
    tp, fp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))
    share = lambda a, b: a / b if b else np.nan
    return share(tp, tp + fn), share(tp, tp + fp), share(2 * tp, 2 * tp + fp + fn)

# %% exercise="precision_recall_f1" wrong="plain_mean"
# en: F1 is not the plain mean of the two. Use 2 tp / (2 tp + fp + fn): it stays low when one of them is low.
# ja: F1 は二つの単純な平均ではありません。2 tp / (2 tp + fp + fn) です。片方が低いと低くなります。
def precision_recall_f1(y, p):
    tp, fp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))
    share = lambda a, b: a / b if b else np.nan
    return share(tp, tp + fp), share(tp, tp + fn), (share(tp, tp + fp) + share(tp, tp + fn)) / 2

# %% exercise="precision_recall_f1" wrong="factor_two_forgotten"
# en: In F1 the true positives count twice, above and below: 2 tp / (2 tp + fp + fn). Without it you get another index (Jaccard's).
# ja: F1 では、分子でも分母でも tp を 2 倍します。2 倍しないと、別の指標（Jaccard 係数）になります。
def precision_recall_f1(y, p):
    tp, fp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))
    share = lambda a, b: a / b if b else np.nan
    return share(tp, tp + fp), share(tp, tp + fn), share(tp, tp + fp + fn)

# %% exercise="precision_recall_f1" wrong="f1_from_nan"
# en: Computed from precision and recall, F1 becomes nan when precision is. From the counts it is 0 here: 2 tp / (2 tp + fp + fn).
# ja: 適合率と再現率から計算すると、適合率が nan のとき F1 も nan になります。個数から 2 tp / (2 tp + fp + fn) とすれば、ここでは 0 です。
def precision_recall_f1(y, p):
    tp, fp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))
    a, b = (tp / (tp + fp) if tp + fp else np.nan), (tp / (tp + fn) if tp + fn else np.nan)
    return a, b, (2 * a * b / (a + b) if a + b else np.nan)

# %% exercise="precision_recall_f1" wrong="specificity_for_recall"
# en: The second number is the specificity. Recall is another word for sensitivity: tp / (tp + fn).
# ja: 二つめが特異度になっています。再現率は感度の別名で、tp / (tp + fn) です。
def precision_recall_f1(y, p):
    tp, fp, fn = np.sum((y == 1) & (p == 1)), np.sum((y == 0) & (p == 1)), np.sum((y == 1) & (p == 0))
    tn = np.sum((y == 0) & (p == 0))
    share = lambda a, b: a / b if b else np.nan
    return share(tp, tp + fp), share(tn, tn + fp), share(2 * tp, 2 * tp + fp + fn)

# %% exercise="roc_curve" wrong="greater_than_only"
# en: A film is positive when its score is at least the threshold: >=. With > the films that lie exactly on it are left out.
# ja: スコアがしきい値「以上」なら陽性です（>=）。> では、ちょうどしきい値の画像が漏れます。
def roc_curve(y, score):
    cuts = np.concatenate([[np.inf], np.unique(score)[::-1]])
    n1, n0 = np.sum(y == 1), np.sum(y == 0)
    called = score > cuts[:, None]
    return (called & (y == 0)).sum(1) / (n0 or np.nan), (called & (y == 1)).sum(1) / (n1 or np.nan), cuts

# %% exercise="roc_curve" wrong="one_film_at_a_time"
# en: You take one film after the other. Films with the same score cannot be parted by any threshold: they must go in one step.
# ja: 一枚ずつ進めています。同じスコアの画像は、どんなしきい値でも分けられません。一歩でまとめて進みます。
def roc_curve(y, score):
    order = np.argsort(-score, kind="stable")
    hit = y[order]
    tpr = np.concatenate([[0], np.cumsum(hit)]) / (hit.sum() or np.nan)
    fpr = np.concatenate([[0], np.cumsum(1 - hit)]) / ((1 - hit).sum() or np.nan)
    return fpr, tpr, np.concatenate([[np.inf], score[order]])

# %% exercise="roc_curve" wrong="first_point_forgotten"
# en: The curve begins at (0, 0): put the threshold inf, at which nobody is positive, in front.
# ja: 曲線は (0, 0) から始まります。誰も陽性にならないしきい値 inf を先頭に加えましょう。
def roc_curve(y, score):
    cuts = np.unique(score)[::-1]
    called = score >= cuts[:, None]
    return (called & (y == 0)).sum(1) / (np.sum(y == 0) or np.nan), (called & (y == 1)).sum(1) / (np.sum(y == 1) or np.nan), cuts

# %% exercise="roc_curve" wrong="rising_thresholds"
# en: The thresholds rise. Begin with the highest (inf) and go down, so that the curve runs from (0, 0) to (1, 1).
# ja: しきい値が小さい順になっています。いちばん高い inf から下げていくと、曲線が (0, 0) から (1, 1) へ進みます。
def roc_curve(y, score):
    cuts = np.concatenate([np.unique(score), [np.inf]])
    called = score >= cuts[:, None]
    return (called & (y == 0)).sum(1) / (np.sum(y == 0) or np.nan), (called & (y == 1)).sum(1) / (np.sum(y == 1) or np.nan), cuts

# %% exercise="roc_curve" wrong="axes_exchanged"
# en: First the false positive rate, then the true positive rate. They have changed places.
# ja: 返す順番は、偽陽性率、真陽性率です。入れ替わっています。
def roc_curve(y, score):
    cuts = np.concatenate([[np.inf], np.unique(score)[::-1]])
    called = score >= cuts[:, None]
    return (called & (y == 1)).sum(1) / (np.sum(y == 1) or np.nan), (called & (y == 0)).sum(1) / (np.sum(y == 0) or np.nan), cuts

# %% exercise="roc_curve" wrong="fpr_over_the_positive_answers"
# en: fp / (fp + tp) is the share of false alarms among the positive answers. The false positive rate divides by the healthy: fp + tn.
# ja: fp / (fp + tp) は、陽性という答えの中の間違いの割合です。偽陽性率は、病気のない人の数 fp + tn で割ります。
def roc_curve(y, score):
    cuts = np.concatenate([[np.inf], np.unique(score)[::-1]])
    called = score >= cuts[:, None]
    fp, tp = (called & (y == 0)).sum(1), (called & (y == 1)).sum(1)
    return fp / np.maximum(fp + tp, 1), tp / (np.sum(y == 1) or np.nan), cuts

# %% exercise="roc_curve" wrong="zero_for_an_absent_class"
# en: Without a single healthy film the false positive rate is unknown, not 0: nan everywhere.
# ja: 病気のない画像が一枚もなければ、偽陽性率は 0 ではなく「分からない」ので、すべて nan にします。
def roc_curve(y, score):
    cuts = np.concatenate([[np.inf], np.unique(score)[::-1]])
    called = score >= cuts[:, None]
    return (called & (y == 0)).sum(1) / max(np.sum(y == 0), 1), (called & (y == 1)).sum(1) / max(np.sum(y == 1), 1), cuts

# %% exercise="auc" wrong="left_heights"
# en: You took rectangles with the height of the left end. A slanted piece needs the mean of both heights.
# ja: 左端の高さの長方形で足しています。斜めの部分では、両端の高さの平均を使います。
def auc(fpr, tpr):
    return np.sum(np.diff(fpr) * tpr[:-1])

# %% exercise="auc" wrong="right_heights"
# en: You took rectangles with the height of the right end. A slanted piece needs the mean of both heights.
# ja: 右端の高さの長方形で足しています。斜めの部分では、両端の高さの平均を使います。
def auc(fpr, tpr):
    return np.sum(np.diff(fpr) * tpr[1:])

# %% exercise="auc" wrong="half_forgotten"
# en: The mean of two heights is their sum divided by 2.
# ja: 高さの平均は、和を 2 で割ったものです。
def auc(fpr, tpr):
    return np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]))

# %% exercise="auc" wrong="mean_height"
# en: The mean of all heights is the area only when all points are equally far apart. Multiply each mean height by its width.
# ja: 高さの平均が面積になるのは、点が等間隔に並んでいるときだけです。区間ごとに、幅を掛けましょう。
def auc(fpr, tpr):
    return np.mean((np.asarray(tpr)[1:] + np.asarray(tpr)[:-1]) / 2)

# %% exercise="auc" wrong="area_on_the_other_side"
# en: You integrated along the other axis: that is the area to the left of the curve. Widths come from fpr, heights from tpr.
# ja: 軸が逆で、曲線の左側の面積になっています。幅は fpr から、高さは tpr から求めます。
def auc(fpr, tpr):
    return np.sum(np.diff(tpr) * (fpr[1:] + fpr[:-1]) / 2)

# %% exercise="auc" wrong="last_piece_left_out"
# en: The last piece is missing. n points have n - 1 pieces.
# ja: 最後の区間が抜けています。点が n 個なら、区間は n - 1 個です。
def auc(fpr, tpr):
    total = 0.0
    for i in range(len(fpr) - 2):
        total += (fpr[i + 1] - fpr[i]) * (tpr[i] + tpr[i + 1]) / 2
    return total

# %% exercise="auc" wrong="one_trapezium_over_all"
# en: That is the area under the straight line from the first point to the last. Every piece of the curve counts on its own.
# ja: 最初の点と最後の点を結んだ直線の下の面積になっています。区間ごとに面積を求めて、足し合わせましょう。
def auc(fpr, tpr):
    return (fpr[-1] - fpr[0]) * (tpr[-1] + tpr[0]) / 2

# %% exercise="ppv_at_prevalence" wrong="prevalence_ignored"
# en: This is the value at a prevalence of 50 %. Multiply both parts by the share of the people whom they concern.
# ja: 有病率 50 % のときの値になっています。病気のある人とない人の割合を、それぞれに掛けましょう。
def ppv_at_prevalence(sens, spec, prev):
    return sens / (sens + 1 - spec) + 0 * prev

# %% exercise="ppv_at_prevalence" wrong="specificity_instead_of_alarms"
# en: False alarms come from the healthy who are NOT recognised as such: 1 - spec.
# ja: 偽陽性は、病気がないのに陽性になる割合、つまり 1 - spec から生じます。
def ppv_at_prevalence(sens, spec, prev):
    return sens * prev / (sens * prev + spec * (1 - prev))

# %% exercise="ppv_at_prevalence" wrong="sensitivity"
# en: That is the sensitivity: the answer to another question. The patient asks about the positive answer.
# ja: それは感度で、別の問いへの答えです。知りたいのは、陽性と言われたときに病気である割合です。
def ppv_at_prevalence(sens, spec, prev):
    return sens + 0 * prev

# %% exercise="ppv_at_prevalence" wrong="negative_predictive_value"
# en: That is the negative predictive value: how much a negative answer is worth.
# ja: それは陰性的中率、つまり陰性という答えの重みです。
def ppv_at_prevalence(sens, spec, prev):
    return spec * (1 - prev) / (spec * (1 - prev) + (1 - sens) * prev)

# %% exercise="ppv_at_prevalence" wrong="product_only"
# en: sens * prev is the share of all people who are diseased and found. Divide it by the share of all who are positive.
# ja: sens * prev は、全員の中で「病気があり、陽性になる」人の割合です。これを、陽性になる人全体の割合で割りましょう。
def ppv_at_prevalence(sens, spec, prev):
    return sens * prev

# %% exercise="ppv_at_prevalence" wrong="healthy_not_weighted"
# en: The false alarms must be multiplied by the share of the healthy, 1 - prev.
# ja: 偽陽性のほうにも、病気のない人の割合 1 - prev を掛けましょう。
def ppv_at_prevalence(sens, spec, prev):
    return sens * prev / (sens * prev + (1 - spec))

# %% exercise="wilson_interval" wrong="wald"
# en: That is the simple interval p ± z sqrt(p (1 - p) / n). With few cases or with 0 % it is far too narrow; use Wilson's formula.
# ja: 単純な区間 p ± z sqrt(p (1 - p) / n) になっています。例数が少ないときや 0 % のときには狭すぎます。Wilson の式を使いましょう。
def wilson_interval(k, n):
    if n == 0:
        return 0.0, 1.0
    p = k / n
    half = 1.959964 * np.sqrt(p * (1 - p) / n)
    return p - half, p + half

# %% exercise="wilson_interval" wrong="denominator_forgotten"
# en: The whole fraction is divided by 1 + z² / n. That is missing.
# ja: 全体を 1 + z² / n で割るのを忘れています。
def wilson_interval(k, n):
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, k / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(p + z**2 / (2 * n) - half, 0), p + z**2 / (2 * n) + half

# %% exercise="wilson_interval" wrong="n_not_squared"
# en: Under the root it is z² / (4 n²): n squared.
# ja: 根号の中は z² / (4 n²) です。n を 2 乗しましょう。
def wilson_interval(k, n):
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, k / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)

# %% exercise="wilson_interval" wrong="ninety_per_cent"
# en: 1.645 belongs to 90 %. For 95 % z is 1.959964.
# ja: 1.645 は 90 % 区間の値です。95 % では z = 1.959964 です。
def wilson_interval(k, n):
    if n == 0:
        return 0.0, 1.0
    z, p = 1.644854, k / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)

# %% exercise="wilson_interval" wrong="nothing_known_is_nan"
# en: With n = 0 the share may be anything between 0 and 1, and the interval says just that: (0, 1).
# ja: n = 0 なら、割合は 0 から 1 のどれでもありえます。それを表す区間は (0, 1) です。
def wilson_interval(k, n):
    if n == 0:
        return np.nan, np.nan
    z, p = 1.959964, k / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)

# %% exercise="wilson_interval" wrong="continuity_correction"
# en: This is Wilson's interval with a correction for continuity; we want the plain one.
# ja: 連続性の補正をした区間になっています。ここでは補正のないものを求めます。
def wilson_interval(k, n):
    if n == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest
    found = binomtest(int(k), int(n)).proportion_ci(method="wilsoncc")
    return found.low, found.high

# %% exercise="wilson_interval" wrong="middle_not_shifted"
# en: The middle of the interval is not k / n: z² / (2n) is added to it before the division.
# ja: 区間の中央は k / n ではありません。割る前に z² / (2n) を足します。
def wilson_interval(k, n):
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959964, k / n
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(p - half, 0), min(p + half, 1)

# %% exercise="bootstrap_auc" wrong="films_drawn"
# en: You drew films. Films of one patient resemble each other, so the interval comes out too narrow: draw patients, and take all their films.
# ja: 画像を選び直しています。同じ患者の画像は似ているので、区間が狭くなりすぎます。患者を選び、その画像をすべて使いましょう。
def bootstrap_auc(y, score, patients, rng, n=1000):
    areas = []
    while len(areas) < n:
        i = rng.integers(0, len(y), len(y))
        a, b = score[i][y[i] == 1], score[i][y[i] == 0]
        if len(a) and len(b):
            areas.append(np.mean((np.sign(a[:, None] - b) + 1) / 2))
    return tuple(np.percentile(areas, [2.5, 97.5]))

# %% exercise="bootstrap_auc" wrong="without_replacement"
# en: Drawn without replacement, every sample is the same set of patients, and the interval has no width.
# ja: 重複を許さずに選ぶと、毎回同じ患者の集まりになり、区間の幅がなくなります。
def bootstrap_auc(y, score, patients, rng, n=1000):
    names, areas = np.unique(patients), []
    for _ in range(n):
        i = np.concatenate([np.flatnonzero(patients == name) for name in rng.permutation(names)])
        a, b = score[i][y[i] == 1], score[i][y[i] == 0]
        areas.append(np.mean((np.sign(a[:, None] - b) + 1) / 2))
    return tuple(np.percentile(areas, [2.5, 97.5]))

# %% exercise="bootstrap_auc" wrong="percentiles_of_the_scores"
# en: These are percentiles of the scores. Collect the AUC of each draw in a list, and take the percentiles of that list.
# ja: スコアのパーセンタイルになっています。標本ごとの AUC をリストに集め、そのパーセンタイルを求めましょう。
def bootstrap_auc(y, score, patients, rng, n=1000):
    return tuple(np.percentile(score, [2.5, 97.5]))

# %% exercise="bootstrap_auc" wrong="one_standard_deviation"
# en: Mean plus and minus one standard deviation holds two thirds of the results only. Take the percentiles 2.5 and 97.5.
# ja: 平均 ± 標準偏差の範囲には、結果の 3 分の 2 ほどしか入りません。2.5 と 97.5 パーセンタイルを使いましょう。
def bootstrap_auc(y, score, patients, rng, n=1000):
    names, areas = np.unique(patients), []
    while len(areas) < n:
        i = np.concatenate([np.flatnonzero(patients == name) for name in rng.choice(names, len(names))])
        a, b = score[i][y[i] == 1], score[i][y[i] == 0]
        if len(a) and len(b):
            areas.append(np.mean((np.sign(a[:, None] - b) + 1) / 2))
    return np.mean(areas) - np.std(areas), np.mean(areas) + np.std(areas)

# %% exercise="bootstrap_auc" wrong="mean_and_spread"
# en: Wanted are the two ends of the interval, not the mean and the standard deviation.
# ja: 返すのは平均と標準偏差ではなく、区間の両端です。
def bootstrap_auc(y, score, patients, rng, n=1000):
    names, areas = np.unique(patients), []
    while len(areas) < n:
        i = np.concatenate([np.flatnonzero(patients == name) for name in rng.choice(names, len(names))])
        a, b = score[i][y[i] == 1], score[i][y[i] == 0]
        if len(a) and len(b):
            areas.append(np.mean((np.sign(a[:, None] - b) + 1) / 2))
    return np.mean(areas), np.std(areas)

# %% exercise="bootstrap_auc" wrong="one_class_counted_as_zero"
# en: A draw with one class only has no AUC. Draw again; do not count it as 0.
# ja: 片方のクラスしかない標本では AUC を求められません。0 とせずに、選び直しましょう。
def bootstrap_auc(y, score, patients, rng, n=1000):
    names, areas = np.unique(patients), []
    for _ in range(n):
        i = np.concatenate([np.flatnonzero(patients == name) for name in rng.choice(names, len(names))])
        a, b = score[i][y[i] == 1], score[i][y[i] == 0]
        areas.append(np.mean((np.sign(a[:, None] - b) + 1) / 2) if len(a) and len(b) else 0.0)
    return tuple(np.percentile(areas, [2.5, 97.5]))

# %% exercise="bootstrap_auc" wrong="labels_instead_of_scores"
# en: The AUC is computed from yes or no (score >= 0.5). Give it the scores themselves.
# ja: 「はい・いいえ」（スコア 0.5 以上）から AUC を計算しています。スコアそのものを使いましょう。
def bootstrap_auc(y, score, patients, rng, n=1000):
    hard, names, areas = (score >= 0.5).astype(int), np.unique(patients), []
    while len(areas) < n:
        i = np.concatenate([np.flatnonzero(patients == name) for name in rng.choice(names, len(names))])
        a, b = hard[i][y[i] == 1], hard[i][y[i] == 0]
        if len(a) and len(b):
            areas.append(np.mean((np.sign(a[:, None] - b) + 1) / 2))
    return tuple(np.percentile(areas, [2.5, 97.5]))

# %% exercise="choose_threshold" wrong="largest_index_itself"
# en: That is the Youden index, not the threshold at which it is reached.
# ja: それは Youden 指数の値です。その値をとるしきい値のほうを返しましょう。
def choose_threshold(y, score):
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    return max(np.mean(score[y == 1] >= cut) - np.mean(score[y == 0] >= cut) for cut in np.unique(score))

# %% exercise="choose_threshold" wrong="lowest_of_several"
# en: Several thresholds are equally good, and you took the lowest. Agreed is the highest.
# ja: 同じくらいよいしきい値がいくつかあり、いちばん低いものを返しています。約束は、いちばん高いものです。
def choose_threshold(y, score):
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    cuts = np.unique(score)
    return cuts[np.argmax([round(np.mean(score[y == 1] >= cut) - np.mean(score[y == 0] >= cut), 9) for cut in cuts])]

# %% exercise="choose_threshold" wrong="accuracy"
# en: That is the threshold of the greatest accuracy. With unequal classes it favours the larger one; use sensitivity + specificity - 1.
# ja: 正解率が最大のしきい値になっています。クラスの数が違うと、多いほうに偏ります。感度 + 特異度 - 1 を使いましょう。
def choose_threshold(y, score):
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    cuts = np.unique(score)[::-1]
    return cuts[np.argmax([np.mean((score >= cut) == (y == 1)) for cut in cuts])]

# %% exercise="choose_threshold" wrong="infinity_allowed"
# en: inf is no score that occurs. If a class is absent, the answer is nan.
# ja: inf は、実際に現れたスコアではありません。片方のクラスがないときの答えは nan です。
def choose_threshold(y, score):
    cuts = np.concatenate([[np.inf], np.unique(score)[::-1]])
    tpr = [np.sum((score >= cut) & (y == 1)) / max(np.sum(y == 1), 1) for cut in cuts]
    fpr = [np.sum((score >= cut) & (y == 0)) / max(np.sum(y == 0), 1) for cut in cuts]
    found = cuts[np.argmax(np.round(np.subtract(tpr, fpr), 9))]
    return np.inf if np.all(y == 1) or np.all(y == 0) else found

# %% exercise="choose_threshold" wrong="greater_than_only"
# en: Positive means score >= threshold. You compared with >, and so the threshold is one score too low.
# ja: score >= しきい値 が陽性です。> で比べているので、しきい値が一つ低くなっています。
def choose_threshold(y, score):
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    cuts = np.unique(score)[::-1]
    return cuts[np.argmax([round(np.mean(score[y == 1] > cut) - np.mean(score[y == 0] > cut), 9) for cut in cuts])]

# %% exercise="choose_threshold" wrong="half_way_between"
# en: The candidates are the scores that occur, not the values half-way between them.
# ja: 候補は実際に現れたスコアです。その中間の値ではありません。
def choose_threshold(y, score):
    if np.all(y == 1) or np.all(y == 0):
        return np.nan
    scores = np.unique(score)
    cuts = ((scores[1:] + scores[:-1]) / 2)[::-1]
    return cuts[np.argmax([round(np.mean(score[y == 1] >= cut) - np.mean(score[y == 0] >= cut), 9) for cut in cuts])]

# %% exercise="choose_threshold" wrong="always_one_half"
# en: 0.5 is a habit, not a choice. Look at the films which threshold does best.
# ja: 0.5 は習慣にすぎません。どのしきい値がよいかを、画像で確かめましょう。
def choose_threshold(y, score):
    return 0.5
