"""Unit 07's functions by scikit-learn and SciPy."""

import numpy as np
from scipy.stats import norm
from sklearn import metrics


def confusion_counts(y, p):
    """Return how many of each kind of answer there are: a dict of tp, fp, fn, tn.

    Parameters
    ----------
    y, p : array_like of 0 and 1, shape (N,)
        Truth and answer.
    """
    tn, fp, fn, tp = metrics.confusion_matrix(y, p, labels=[0, 1]).ravel()
    return {"tp": int(tp), "fp": int(fp), "fn": int(fn), "tn": int(tn)}


def sensitivity_specificity(y, p):
    """Return the share of the diseased that are found and of the healthy that are left alone; nan where there are none."""
    return tuple(float(metrics.recall_score(y, p, pos_label=label, zero_division=np.nan)) for label in (1, 0))


def precision_recall_f1(y, p):
    """Return precision, recall and F1; 0/0 is nan."""
    return tuple(
        float(score(y, p, zero_division=np.nan))
        for score in (metrics.precision_score, metrics.recall_score, metrics.f1_score)
    )


def roc_curve(y, score):
    """Return false positive rate, true positive rate and thresholds, from inf down over every distinct score.

    Parameters
    ----------
    y : array_like of 0 and 1, shape (N,)
        Truth.
    score : array_like, shape (N,)
        The higher, the more like 1.
    """
    y, score = np.asarray(y), np.asarray(score, float)
    thresholds = np.concatenate([[np.inf], np.unique(score)[::-1]])
    called = score[:, None] >= thresholds
    with np.errstate(invalid="ignore"):
        tpr, fpr = (called[y == label].sum(axis=0) / np.float64(np.sum(y == label)) for label in (1, 0))
    return fpr, tpr, thresholds


def auc(fpr, tpr):
    """Return the area under the curve, by trapezia."""
    return float(metrics.auc(fpr, tpr))


def ppv_at_prevalence(sens, spec, prev):
    """Return the share of the diseased among those called positive (Bayes)."""
    sens, spec, prev = (np.asarray(value, float) for value in (sens, spec, prev))
    with np.errstate(invalid="ignore"):
        return (sens * prev / (sens * prev + (1 - spec) * (1 - prev)))[()]


def wilson_interval(k, n):
    """Return the 95 % interval of a share of k in n (E. B. Wilson, JASA 22, 209-212, 1927)."""
    if n == 0:
        return 0.0, 1.0
    z, share = norm.ppf(0.975), k / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(max(middle - half, 0)), float(min(middle + half, 1))


def bootstrap_auc(y, score, patients, rng, n=1000):
    """Return the 2.5th and 97.5th percentile of the AUC over samples of patients drawn with replacement."""
    y, score, patients = np.asarray(y), np.asarray(score), np.asarray(patients)
    films = [np.flatnonzero(patients == patient) for patient in np.unique(patients)]
    areas = []
    while len(areas) < n:
        drawn = np.concatenate([films[i] for i in rng.integers(0, len(films), len(films))])
        if len(np.unique(y[drawn])) == 2:
            areas.append(metrics.roc_auc_score(y[drawn], score[drawn]))
    return tuple(float(value) for value in np.percentile(areas, [2.5, 97.5]))


def choose_threshold(y, score):
    """Return the score with the greatest Youden index, the highest of several; nan where a class is absent."""
    fpr, tpr, thresholds = roc_curve(y, score)
    if np.isnan(fpr).any() or np.isnan(tpr).any():
        return float("nan")
    return float(thresholds[1:][np.argmax(np.round((tpr - fpr)[1:], 9))])  # equal but for rounding is equal
