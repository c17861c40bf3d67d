"""Other correct solutions of unit 03."""

# %% exercise="sigmoid" right="plain_formula"
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

# %% exercise="sigmoid" right="by_the_hyperbolic_tangent"
def sigmoid(z):
    return 0.5 * (1 + np.tanh(np.asarray(z) / 2))

# %% exercise="sigmoid" right="two_branches"
def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1 / (1 + e), e / (1 + e))

# %% exercise="sigmoid" right="element_by_element"
def sigmoid(z):
    import math

    z = np.asarray(z)
    out = np.zeros(z.shape)
    for index in np.ndindex(z.shape):
        value = float(z[index])
        if value < -700:
            out[index] = 0.0
        else:
            out[index] = 1.0 / (1.0 + math.exp(-value))
    return out

# %% exercise="sigmoid" right="lists_in_lists"
def sigmoid(z):
    if np.ndim(z) == 0:
        return float(np.exp(-np.logaddexp(0, -z)))
    return [sigmoid(part) for part in z]

# %% exercise="softmax" right="row_by_row"
def softmax(z):
    rows = []
    for row in z:
        e = np.exp(row - max(row))
        rows.append(e / sum(e))
    return rows

# %% exercise="softmax" right="transposed"
def softmax(z):
    e = np.exp(z.T - z.max(axis=1))
    return (e / e.sum(axis=0)).T

# %% exercise="softmax" right="by_logarithms"
def softmax(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))

# %% exercise="softmax" right="differences_of_the_scores"
def softmax(z):
    # 1 / sum of exp(z_j - z_k): what overflows belongs to a probability of 0
    return 1 / np.exp(z[:, None, :] - z[:, :, None]).sum(axis=2)

# %% exercise="cross_entropy" right="loop"
def cross_entropy(p, y):
    total = 0.0
    for row, label in zip(p, y):
        total += -np.log(max(row[label], 1e-12))
    return total / len(y)

# %% exercise="cross_entropy" right="one_hot"
def cross_entropy(p, y):
    one_hot = np.eye(p.shape[1])[y]
    return -(one_hot * np.log(np.clip(p, 1e-12, 1))).sum() / p.shape[0]

# %% exercise="cross_entropy" right="take_along_axis_and_einsum"
def cross_entropy(p, y):
    logs = -np.log(np.where(p < 1e-12, 1e-12, p))
    return np.einsum("n->", np.take_along_axis(logs, y[:, np.newaxis], axis=1)[:, 0]) / y.size

# %% exercise="cross_entropy" right="diagonal_of_the_chosen_columns"
def cross_entropy(p, y):
    import math

    return float(np.mean([-math.log(value) if value > 1e-12 else 12 * math.log(10) for value in np.diag(p[:, y])]))

# %% exercise="forward" right="einsum_and_everything_inside"
def forward(params, X):
    z1 = np.einsum("nd,dh->nh", X, params["W1"]) + params["b1"]
    a1 = 1 / (1 + np.exp(-z1))
    z2 = np.einsum("nh,hk->nk", a1, params["W2"]) + params["b2"]
    e = np.exp(z2 - z2.max(axis=1)[:, None])
    p = e / e.sum(axis=1)[:, None]
    return p, dict(X=X, z1=z1, a1=a1, p=p)

# %% exercise="forward" right="sample_by_sample"
def forward(params, X):
    cache = {"X": [], "z1": [], "a1": [], "p": []}
    for x in X:
        z1 = params["b1"] + sum(x[d] * params["W1"][d] for d in range(len(x)))
        a1 = sigmoid(z1)
        z2 = params["b2"] + sum(a1[h] * params["W2"][h] for h in range(len(a1)))
        cache["X"].append(x)
        cache["z1"].append(z1)
        cache["a1"].append(a1)
        cache["p"].append(softmax(z2[None])[0])
    return cache["p"], cache

# %% exercise="forward" right="bias_as_a_weight"
def forward(params, X):
    def layer(inputs, W, b):
        return np.hstack([inputs, np.ones((len(inputs), 1))]) @ np.vstack([W, b])

    cache = {"p": None, "a1": None, "z1": layer(X, params["W1"], params["b1"]), "X": X.copy()}
    cache["a1"] = sigmoid(cache["z1"])
    cache["p"] = softmax(layer(cache["a1"], params["W2"], params["b2"]))
    return [cache["p"], cache]

# %% exercise="numerical_gradient" right="element_moved_and_put_back"
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        kept = x[index]
        x[index] = kept + h
        ahead = f(x)
        x[index] = kept - h
        behind = f(x)
        x[index] = kept
        gradient[index] = (ahead - behind) / (2 * h)
    return gradient

# %% exercise="numerical_gradient" right="rows_of_the_identity"
def numerical_gradient(f, x, h):
    x = np.asarray(x, float)
    slopes = [
        (f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))) / (2 * h) for e in np.eye(x.size)
    ]
    return np.reshape(slopes, x.shape)

# %% exercise="numerical_gradient" right="flat_iterator"
def numerical_gradient(f, x, h):
    x = np.asarray(x).astype("float64")
    out = np.zeros(x.shape)
    for i in range(x.size):
        heights = []
        for sign in (1, -1):
            moved = x.copy()
            moved.flat[i] += sign * h
            heights.append(f(moved))
        out.flat[i] = (heights[0] - heights[1]) / h / 2
    return out.tolist()

# %% exercise="backward" right="einsum"
def backward(params, cache, y):
    one_hot = np.eye(cache["p"].shape[1])[y]
    delta2 = (cache["p"] - one_hot) / len(y)
    delta1 = np.einsum("nk,hk,nh->nh", delta2, params["W2"], cache["a1"] - cache["a1"] ** 2)
    return {
        "W1": np.einsum("nd,nh->dh", cache["X"], delta1),
        "b1": np.einsum("nh->h", delta1),
        "W2": np.einsum("nh,nk->hk", cache["a1"], delta2),
        "b2": np.einsum("nk->k", delta2),
    }

# %% exercise="backward" right="sample_by_sample_with_outer_products"
def backward(params, cache, y):
    grads = {name: np.zeros(np.shape(value)) for name, value in params.items()}
    for x, a1, p, label in zip(cache["X"], cache["a1"], cache["p"], y):
        delta2 = p.copy()
        delta2[label] -= 1
        delta1 = params["W2"] @ delta2 * a1 * (1 - a1)
        grads["W1"] += np.outer(x, delta1)
        grads["b1"] += delta1
        grads["W2"] += np.outer(a1, delta2)
        grads["b2"] += delta2
    return {name: total / len(y) for name, total in grads.items()}

# %% exercise="backward" right="sigmoid_of_z_and_the_mean_last"
def backward(params, cache, y):
    n = cache["p"].shape[0]
    error = np.array(cache["p"])
    error[np.arange(n), y] -= 1
    hidden = (params["W2"] @ error.T).T * sigmoid(cache["z1"]) * sigmoid(-cache["z1"])
    grads = {}
    grads["b2"] = error.mean(axis=0)
    grads["W2"] = (error.T @ cache["a1"]).T / n
    grads["b1"] = hidden.mean(axis=0)
    grads["W1"] = np.dot(hidden.T, cache["X"]).T / n
    return grads

# %% exercise="backward" right="biases_as_weights_of_a_constant"
def backward(params, cache, y):
    ones = np.ones((len(y), 1))
    delta2 = (cache["p"] - (np.arange(cache["p"].shape[1]) == np.reshape(y, (-1, 1)))) / len(y)
    second = np.hstack([cache["a1"], ones]).T @ delta2
    delta1 = cache["a1"] * (1 - cache["a1"]) * np.inner(delta2, params["W2"])
    first = np.hstack([cache["X"], ones]).T @ delta1
    return dict(W1=first[:-1], b1=first[-1], W2=second[:-1], b2=second[-1])

# %% exercise="sgd_step" right="loop"
def sgd_step(params, grads, lr):
    new = {}
    for name in params:
        new[name] = params[name] - lr * grads[name]
    return new

# %% exercise="sgd_step" right="on_deep_copies"
def sgd_step(params, grads, lr):
    import copy

    new = copy.deepcopy(params)
    for name, slope in grads.items():
        new[name] -= lr * slope
    return new

# %% exercise="sgd_step" right="names_and_values_apart"
def sgd_step(params, grads, lr):
    names = sorted(params)
    return dict(zip(names, [np.add(params[n], np.negative(lr) * np.asarray(grads[n])) for n in names]))

# %% exercise="sgd_step" right="element_by_element"
def sgd_step(params, grads, lr):
    return {
        name: np.reshape([v - lr * g for v, g in zip(np.ravel(value), np.ravel(grads[name]))], np.shape(value))
        for name, value in params.items()
    }
