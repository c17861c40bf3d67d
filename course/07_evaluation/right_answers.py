"""Other right ways in unit 07."""

# %% exercise="confusion_counts" right="loop"
def confusion_counts(y, p):
    counts = dict(tp=0, fp=0, fn=0, tn=0)
    for truth, answer in zip(y, p):
        counts[("t" if truth == answer else "f") + ("p" if answer == 1 else "n")] += 1
    return counts

# %% exercise="confusion_counts" right="bincount"
def confusion_counts(y, p):
    tn, fp, fn, tp = np.bincount(2 * np.asarray(y) + np.asarray(p), minlength=4)
    return {"tn": tn, "fp": fp, "fn": fn, "tp": tp}

# %% exercise="confusion_counts" right="products"
def confusion_counts(y, p):
    y, p = np.asarray(y), np.asarray(p)
    return {"tp": y @ p, "fp": (1 - y) @ p, "fn": y @ (1 - p), "tn": (1 - y) @ (1 - p)}

# %% exercise="sensitivity_specificity" right="means_of_parts"
def sensitivity_specificity(y, p):
    ill, well = p[y == 1], p[y == 0]
    return (ill.mean() if len(ill) else np.nan), (1 - well.mean() if len(well) else np.nan)

# %% exercise="sensitivity_specificity" right="numpy_division"
def sensitivity_specificity(y, p):
    with np.errstate(invalid="ignore"):
        return [np.sum((y == k) & (p == k)) / np.float64(np.sum(y == k)) for k in (1, 0)]

# %% exercise="sensitivity_specificity" right="sklearn"
def sensitivity_specificity(y, p):
    from sklearn.metrics import recall_score
    return np.array([recall_score(y, p, pos_label=k, zero_division=np.nan) for k in (1, 0)])

# %% exercise="precision_recall_f1" right="sklearn"
def precision_recall_f1(y, p):
    from sklearn.metrics import precision_recall_fscore_support
    return precision_recall_fscore_support(y, p, average="binary", zero_division=np.nan)[:3]

# %% exercise="precision_recall_f1" right="from_the_counts"
def precision_recall_f1(y, p):
    counts = confusion_counts(y, p)
    tp, wholes = counts["tp"], [counts["tp"] + counts["fp"], counts["tp"] + counts["fn"], 2 * counts["tp"] + counts["fp"] + counts["fn"]]
    return [part / whole if whole > 0 else float("nan") for part, whole in zip([tp, tp, 2 * tp], wholes)]

# %% exercise="precision_recall_f1" right="sums"
def precision_recall_f1(y, p):
    y, p = np.asarray(y, float), np.asarray(p, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.array([y @ p, y @ p, 2 * (y @ p)]) / np.array([p.sum(), y.sum(), y.sum() + p.sum()])

# %% exercise="roc_curve" right="broadcast"
def roc_curve(y, score):
    cuts = np.append(np.inf, np.unique(score)[::-1])
    called = np.asarray(score)[None, :] >= cuts[:, None]
    with np.errstate(invalid="ignore"):
        fpr, tpr = (called[:, y == k].sum(axis=1) / np.float64((y == k).sum()) for k in (0, 1))
    return fpr, tpr, cuts

# %% exercise="roc_curve" right="sort_and_accumulate"
def roc_curve(y, score):
    order = np.argsort(-np.asarray(score), kind="stable")
    hit, sorted_scores = np.asarray(y)[order], np.asarray(score)[order]
    last = np.append(np.flatnonzero(np.diff(sorted_scores)), len(sorted_scores) - 1)
    tp, fp = np.cumsum(hit)[last], np.cumsum(1 - hit)[last]
    rate = lambda count: np.append(0, count) / (count[-1] if count[-1] else np.nan)
    return rate(fp), rate(tp), np.append(np.inf, sorted_scores[last])

# %% exercise="roc_curve" right="plain_python"
def roc_curve(y, score):
    pairs = list(zip(y, score))
    cuts = [float("inf")] + sorted(set(map(float, score)), reverse=True)
    def rates(label):
        own = [value for truth, value in pairs if truth == label]
        return [sum(value >= cut for value in own) / len(own) if own else float("nan") for cut in cuts]
    return rates(0), rates(1), cuts

# %% exercise="auc" right="loop"
def auc(fpr, tpr):
    total = 0.0
    for i in range(1, len(fpr)):
        total += (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2
    return total

# %% exercise="auc" right="numpy_trapezoid"
def auc(fpr, tpr):
    return np.trapezoid(tpr, fpr)

# %% exercise="auc" right="rectangle_and_triangle"
def auc(fpr, tpr):
    widths, steps = np.diff(fpr), np.diff(tpr)
    return widths @ np.asarray(tpr)[:-1] + 0.5 * widths @ steps

# %% exercise="ppv_at_prevalence" right="odds"
def ppv_at_prevalence(sens, spec, prev):
    odds = sens / (1 - spec) * prev / (1 - prev)
    return odds / (1 + odds)

# %% exercise="ppv_at_prevalence" right="people"
def ppv_at_prevalence(sens, spec, prev):
    ill = 10_000 * np.asarray(prev)
    found, alarms = sens * ill, (1 - spec) * (10_000 - ill)
    return found / (found + alarms)

# %% exercise="ppv_at_prevalence" right="one_over"
def ppv_at_prevalence(sens, spec, prev):
    return 1 / (1 + (1 - spec) * (1 - prev) / (sens * prev))

# %% exercise="wilson_interval" right="counts"
def wilson_interval(k, n):
    if n < 1:
        return [0, 1]
    z2 = 1.959964**2
    root = (z2 * (k * (n - k) / n + z2 / 4)) ** 0.5
    return [(k + z2 / 2 - root) / (n + z2), (k + z2 / 2 + root) / (n + z2)]

# %% exercise="wilson_interval" right="quadratic"
def wilson_interval(k, n):
    if n == 0:
        return 0, 1
    z, p = 1.959964, k / n
    ends = np.roots([1 + z**2 / n, -(2 * p + z**2 / n), p**2])
    return tuple(np.sort(ends.real))

# %% exercise="wilson_interval" right="scipy"
def wilson_interval(k, n):
    if n == 0:
        return (0.0, 1.0)
    from scipy.stats import binomtest
    found = binomtest(int(k), int(n)).proportion_ci(confidence_level=0.95, method="wilson")
    return found.low, found.high

# %% exercise="bootstrap_auc" right="own_curve"
def bootstrap_auc(y, score, patients, rng, n=1000):
    names, areas = np.unique(patients), []
    where = {name: np.flatnonzero(patients == name) for name in names}
    while len(areas) < n:
        films = np.concatenate([where[name] for name in rng.choice(names, len(names))])
        fpr, tpr, _ = roc_curve(y[films], score[films])
        area = auc(fpr, tpr)
        if not np.isnan(area):
            areas.append(area)
    return np.percentile(areas, 2.5), np.percentile(areas, 97.5)

# %% exercise="bootstrap_auc" right="weights"
def bootstrap_auc(y, score, patients, rng, n=1000):
    names, index = np.unique(patients, return_inverse=True)
    wins = (np.sign(score[y == 1][:, None] - score[y == 0]) + 1) / 2
    areas = []
    while len(areas) < n:
        weight = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[index]
        a, b = weight[y == 1], weight[y == 0]
        if a.sum() and b.sum():
            areas.append(a @ wins @ b / (a.sum() * b.sum()))
    return np.quantile(areas, [0.025, 0.975])

# %% exercise="bootstrap_auc" right="ranks"
def bootstrap_auc(y, score, patients, rng, n=1000):
    from scipy.stats import rankdata
    names, areas = list(dict.fromkeys(patients.tolist())), []
    while len(areas) < n:
        films = np.concatenate([np.where(patients == names[i])[0] for i in rng.choice(len(names), len(names), replace=True)])
        ill = y[films] == 1
        k = ill.sum()
        if 0 < k < len(films):
            areas.append((rankdata(score[films])[ill].sum() - k * (k + 1) / 2) / (k * (len(films) - k)))
    areas.sort()
    return tuple(np.percentile(areas, (2.5, 97.5)))

# %% exercise="choose_threshold" right="from_the_curve"
def choose_threshold(y, score):
    fpr, tpr, cuts = roc_curve(y, score)
    index = np.round((tpr - fpr)[1:], 9)
    return cuts[1:][np.argmax(index)] if np.isfinite(index).all() else np.nan

# %% exercise="choose_threshold" right="max_with_key"
def choose_threshold(y, score):
    if len(set(y.tolist())) < 2:
        return float("nan")
    index = lambda cut: round(float(np.mean(score[y == 1] >= cut) + np.mean(score[y == 0] < cut)), 9)
    return max(score.tolist(), key=lambda cut: (index(cut), cut))

# %% exercise="choose_threshold" right="sorted_lists"
def choose_threshold(y, score):
    ill, well = [s for t, s in zip(y, score) if t == 1], [s for t, s in zip(y, score) if t == 0]
    if not ill or not well:
        return np.nan
    best = (-9, None)
    for cut in sorted(set(score.tolist())):
        index = sum(s >= cut for s in ill) * len(well) - sum(s >= cut for s in well) * len(ill)
        if index >= best[0]:
            best = (index, cut)
    return best[1]
