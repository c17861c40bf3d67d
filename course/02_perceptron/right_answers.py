"""Other correct solutions of unit 02."""

# %% exercise="predict" right="loops_and_a_list"
def predict(X, w, b):
    answers = []
    for x in X:
        z = b
        for weight, feature in zip(w, x):
            z += weight * feature
        if z >= 0:
            answers.append(1)
        else:
            answers.append(0)
    return answers

# %% exercise="predict" right="true_and_false"
def predict(X, w, b):
    return np.dot(X, w) >= -b

# %% exercise="predict" right="floats_by_heaviside"
def predict(X, w, b):
    return np.heaviside((X * w).sum(axis=1) + b, 1.0)

# %% exercise="predict" right="bias_as_a_weight"
def predict(X, w, b):
    z = np.column_stack([X, np.ones(len(X))]) @ np.append(w, b)
    return tuple(int(value >= 0) for value in z)

# %% exercise="update" right="with_predict"
def update(w, b, x, t, lr):
    error = t - predict(np.array([x]), w, b)[0]
    return w + lr * error * x, b + lr * error

# %% exercise="update" right="cases"
def update(w, b, x, t, lr):
    z = sum(w * x) + b
    if z >= 0 and t == 0:
        w = w - lr * x
        b = b - lr
    elif z < 0 and t == 1:
        w = w + lr * x
        b = b + lr
    return [w, b]

# %% exercise="update" right="loop_over_the_weights"
def update(w, b, x, t, lr):
    z = b
    for i in range(len(w)):
        z += w[i] * x[i]
    y = 1 if z >= 0 else 0
    new = [w[i] + lr * (t - y) * x[i] for i in range(len(w))]
    return new, b + lr * (t - y)

# %% exercise="update" right="on_a_copy"
def update(w, b, x, t, lr):
    w = w.copy()
    delta = lr * (t - (w.dot(x) + b >= 0))
    w += delta * x
    b += delta
    return w, b

# %% exercise="fit" right="without_the_other_exercises"
def fit(X, t, lr, max_epochs):
    w = [0.0] * len(X[0])
    b = 0
    errors = []
    epoch = 0
    while epoch < max_epochs:
        count = 0
        for i in range(len(X)):
            z = b
            for j in range(len(w)):
                z = z + w[j] * X[i][j]
            y = 1 if z >= 0 else 0
            if y != t[i]:
                count += 1
                for j in range(len(w)):
                    w[j] = w[j] + lr * (t[i] - y) * X[i][j]
                b = b + lr * (t[i] - y)
        errors.append(count)
        epoch += 1
        if count == 0:
            return w, b, errors
    return w, b, errors

# %% exercise="fit" right="bias_as_a_weight"
def fit(X, t, lr, max_epochs):
    A = np.hstack([X, np.ones((len(X), 1))])
    v, errors = np.zeros(A.shape[1]), []
    while len(errors) < max_epochs:
        errors.append(0)
        for a, target in zip(A, t):
            wrong = target - float(v @ a >= 0)
            v += lr * wrong * a
            errors[-1] += abs(wrong)
        if errors[-1] == 0:
            break
    return v[:-1], v[-1], np.array(errors)

# %% exercise="fit" right="mistake_noticed_by_the_bias"
def fit(X, t, lr, max_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for i in range(len(X)):
            new_w, new_b = update(w, b, X[i], t[i], lr)
            if new_b != b:
                mistakes += 1
            w, b = new_w, new_b
        errors.append(mistakes)
        if not mistakes:
            break
    return [w, b, errors]

# %% exercise="xor_two_layers" right="matrices"
def xor_two_layers(X):
    W1, b1 = np.array([[1, -1], [1, -1]]), np.array([-0.5, 1.5])
    hidden = (X @ W1 + b1 >= 0) * 1
    return (hidden @ np.array([1, 1]) - 1.5 >= 0) * 1

# %% exercise="xor_two_layers" right="or_but_not_and"
def xor_two_layers(X):
    either = predict(X, np.array([2, 2]), -1)
    both = predict(X, np.array([2, 2]), -3)
    return predict(np.column_stack([either, both]), np.array([2, -2]), -1)

# %% exercise="xor_two_layers" right="one_without_the_other"
def xor_two_layers(X):
    answers = []
    for x1, x2 in X:
        first_only = x1 - x2 - 0.5 >= 0
        second_only = x2 - x1 - 0.5 >= 0
        answers.append(bool(int(first_only) + int(second_only) - 0.5 >= 0))
    return answers
