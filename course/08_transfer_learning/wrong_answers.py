"""What learners get wrong in unit 08."""

# %% exercise="composite_rgb" wrong="in_the_order_given"
# en: You took the phases in the order in which they come. Red is the early one, green the late one, blue the one before the contrast medium.
# ja: 渡された順のまま重ねています。R が早期相、G が後期相、B が造影前です。
def composite_rgb(phases):
    return np.stack(phases, axis=-1).astype(np.float32)

# %% exercise="composite_rgb" wrong="bgr"
# en: This is B, G, R, the order of OpenCV. Here channel 0 is red.
# ja: B、G、R の順（OpenCV の順番）になっています。ここではチャネル 0 が赤です。
def composite_rgb(phases):
    pre, early, late = phases
    return np.stack([pre, late, early], axis=-1).astype(np.float32)

# %% exercise="composite_rgb" wrong="early_and_late_exchanged"
# en: Early and late have changed places: red is the early phase, green the late one.
# ja: 早期相と後期相が入れ替わっています。R が早期相、G が後期相です。
def composite_rgb(phases):
    pre, early, late = phases
    return np.stack([late, early, pre], axis=-1).astype(np.float32)

# %% exercise="composite_rgb" wrong="channels_first"
# en: Your channels come first, (3, H, W). Keras wants them last: (H, W, 3).
# ja: チャネルが先頭の (3, H, W) になっています。Keras ではチャネルを最後に置いて (H, W, 3) とします。
def composite_rgb(phases):
    pre, early, late = phases
    return np.stack([early, late, pre]).astype(np.float32)

# %% exercise="composite_rgb" wrong="each_channel_stretched"
# en: You stretch each phase to 0 to 1 for itself. That destroys what the phases are compared by: which of them is brighter. Leave the values alone.
# ja: 相ごとに 0 から 1 へ引き伸ばしています。それでは、どの相が明るいかという、肝心の違いが失われます。値はそのままにしましょう。
def composite_rgb(phases):
    if len({np.shape(phase) for phase in phases}) > 1:
        raise ValueError("shapes differ")
    pre, early, late = [(p - np.min(p)) / max(np.ptp(p), 1e-9) for p in phases]
    return np.stack([early, late, pre], axis=-1).astype(np.float32)

# %% exercise="composite_rgb" wrong="divided_by_255"
# en: You divide by 255. The values are to stay as they are; scaling is another step.
# ja: 255 で割っています。ここでは値を変えません。値の範囲を合わせるのは別の段階です。
def composite_rgb(phases):
    pre, early, late = phases
    return np.stack([early, late, pre], axis=-1).astype(np.float32) / 255

# %% exercise="composite_rgb" wrong="not_float32"
# en: The order is right, but the numbers are not float32. Add .astype(np.float32).
# ja: 順番は合っていますが、float32 になっていません。.astype(np.float32) を付けましょう。
def composite_rgb(phases):
    pre, early, late = phases
    return np.stack([early, late, pre], axis=-1)

# %% exercise="composite_rgb" wrong="cut_to_the_smallest"
# en: Phases of unlike size do not belong together: something went wrong before. Raise a ValueError instead of cutting them to fit.
# ja: 大きさの違う相は、重ねてはいけません（前の段階に誤りがあります）。切りそろえずに ValueError を発生させてください。
def composite_rgb(phases):
    rows, columns = min(len(p) for p in phases), min(np.shape(p)[1] for p in phases)
    pre, early, late = [p[:rows, :columns] for p in phases]
    return np.stack([early, late, pre], axis=-1).astype(np.float32)

# %% exercise="features" wrong="the_answers"
# en: These are the answers of the whole network. Build a model that ends at the layer of this name.
# ja: ネットワーク全体の答えになっています。指定された名前の層で終わるモデルを作りましょう。
def features(model, layer, images):
    return ops.convert_to_numpy(model(images))

# %% exercise="features" wrong="maps_not_averaged"
# en: From a layer of maps you return the maps, four axes. Take the mean of each map, over rows and columns.
# ja: 地図の層で、4次元の地図をそのまま返しています。行と列について、地図ごとに平均をとりましょう。
def features(model, layer, images):
    return ops.convert_to_numpy(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))

# %% exercise="features" wrong="flattened"
# en: You lay the maps out in a row. One number for each map is wanted, its mean.
# ja: 地図を一列に並べています。必要なのは、地図一枚につき一つの数（平均）です。
def features(model, layer, images):
    values = ops.convert_to_numpy(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))
    return values.reshape(len(values), -1)

# %% exercise="features" wrong="maximum_instead_of_mean"
# en: You take the greatest value of each map. Wanted is the mean.
# ja: 地図ごとの最大値になっています。必要なのは平均です。
def features(model, layer, images):
    values = ops.convert_to_numpy(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))
    return values.max(axis=(1, 2)) if values.ndim == 4 else values

# %% exercise="features" wrong="mean_over_the_channels"
# en: Your mean runs over rows, columns and channels, so that one number a film is left. Rows and columns are the axes 1 and 2.
# ja: 行、列に加えてチャネルまで平均しているので、画像ごとに一つの数しか残りません。行と列は軸 1 と 2 です。
def features(model, layer, images):
    values = ops.convert_to_numpy(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))
    return values.mean(axis=(1, 2, 3)) if values.ndim == 4 else values

# %% exercise="features" wrong="mean_over_the_films"
# en: Axis 0 counts the films. Rows and columns are the axes 1 and 2.
# ja: 軸 0 は画像の番号です。行と列は軸 1 と 2 です。
def features(model, layer, images):
    values = ops.convert_to_numpy(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))
    return values.mean(axis=(0, 1)) if values.ndim == 4 else values

# %% exercise="features" wrong="as_in_training"
# en: You call the network with training=True: BatchNormalization then uses the mean of these very films, and a film's features depend on its neighbours. Leave training=True out.
# ja: training=True で呼び出しています。BatchNormalization がその場の画像の平均を使うので、一緒に渡した画像によって特徴が変わってしまいます。training=True を外しましょう。
def features(model, layer, images):
    values = np.array(keras.Model(model.inputs[0], model.get_layer(layer).output)(images, training=True))
    return values.mean(axis=(1, 2)) if values.ndim == 4 else values

# %% exercise="features" wrong="always_the_last_but_one"
# en: You always take the layer before the last one, whatever its name. Find it by its name: model.get_layer(layer).
# ja: どの名前を指定しても、最後から二番めの層になっています。model.get_layer(layer) で、名前から探しましょう。
def features(model, layer, images):
    values = ops.convert_to_numpy(keras.Model(model.inputs[0], model.layers[-2].output)(images))
    return values.mean(axis=(1, 2)) if values.ndim == 4 else values

# %% exercise="features" wrong="scaled_once_more"
# en: You divide the images by 255. They come ready for this network; each network wants the very range with which it was trained.
# ja: 画像を 255 で割っています。画像は、すでにこのネットワークに合った範囲になっています。値の範囲は、学習のときと同じにしなければなりません。
def features(model, layer, images):
    values = ops.convert_to_numpy(keras.Model(model.inputs[0], model.get_layer(layer).output)(images / 255))
    return values.mean(axis=(1, 2)) if values.ndim == 4 else values

# %% exercise="features" wrong="the_layers_in_a_row"
# en: You pass the film from layer to layer, as in a row. A network may branch; let Keras find the way: keras.Model(model.inputs[0], ...).
# ja: 画像を層から層へ、一列に渡しています。枝分かれのあるネットワークもあるので、道筋は Keras に任せましょう：keras.Model(model.inputs[0], ...)
def features(model, layer, images):
    values = images
    for step in model.layers[1:]:
        values = step([values, values] if isinstance(step, layers.Add) else values)
        if step.name == layer:
            break
    values = np.array(values)
    return values.mean(axis=(1, 2)) if values.ndim == 4 else values

# %% exercise="svm_on_features" wrong="scaler_fitted_on_all"
# en: Mean and standard deviation come from all films, those of the test included: it has leaked into training. fit takes only train.
# ja: 平均と標準偏差を、テスト用も含めた全部の画像から求めています。テストの情報が学習に漏れています。fit に渡すのは train だけです。
def svm_on_features(train, labels, test):
    scaler = StandardScaler().fit(np.concatenate([train, test]))
    machine = SVC(kernel="linear", C=1).fit(scaler.transform(train), labels)
    return machine.decision_function(scaler.transform(test))

# %% exercise="svm_on_features" wrong="test_scaled_by_itself"
# en: The test films are standardised by their own mean and deviation. Use train's for both, or the two scales do not match.
# ja: テスト用の特徴を、テスト用自身の平均と標準偏差で標準化しています。どちらにも train の値を使わないと、目盛りが合いません。
def svm_on_features(train, labels, test):
    machine = SVC(kernel="linear", C=1).fit(StandardScaler().fit_transform(train), labels)
    return machine.decision_function(StandardScaler().fit_transform(test))

# %% exercise="svm_on_features" wrong="test_not_scaled"
# en: The machine has learnt on standardised features, but gets those of the test as they are. Transform them, too.
# ja: 標準化した特徴で学習したのに、テスト用は標準化せずに渡しています。テスト用も変換しましょう。
def svm_on_features(train, labels, test):
    machine = SVC(kernel="linear", C=1).fit(StandardScaler().fit_transform(train), labels)
    return machine.decision_function(test)

# %% exercise="svm_on_features" wrong="not_scaled"
# en: Nothing is standardised: the feature with the largest numbers decides alone.
# ja: 標準化していません。数値の大きい特徴だけで決まってしまいます。
def svm_on_features(train, labels, test):
    return SVC(kernel="linear", C=1).fit(train, labels).decision_function(test)

# %% exercise="svm_on_features" wrong="classes_instead_of_scores"
# en: These are classes, 0 and 1. A score says how far a film lies from the boundary: decision_function.
# ja: 0 と 1 のクラスになっています。スコア（境界からの隔たり）は decision_function で求めます。
def svm_on_features(train, labels, test):
    scaler = StandardScaler().fit(train)
    return SVC(kernel="linear", C=1).fit(scaler.transform(train), labels).predict(scaler.transform(test))

# %% exercise="svm_on_features" wrong="curved_boundary"
# en: SVC() takes a curved kernel (RBF) when you do not say otherwise. Ask for kernel="linear".
# ja: SVC() は、指定しないと曲がった境界（RBF カーネル）を使います。kernel="linear" を指定しましょう。
def svm_on_features(train, labels, test):
    scaler = StandardScaler().fit(train)
    return SVC(C=1).fit(scaler.transform(train), labels).decision_function(scaler.transform(test))

# %% exercise="svm_on_features" wrong="another_c"
# en: C is 1 here. A larger C punishes every mistake on the training films more, and clings to them.
# ja: ここでは C=1 です。C を大きくすると、学習用の画像の誤りに厳しくなり、学習用の画像にこだわりすぎます。
def svm_on_features(train, labels, test):
    scaler = StandardScaler().fit(train)
    return SVC(kernel="linear", C=100).fit(scaler.transform(train), labels).decision_function(scaler.transform(test))

# %% exercise="svm_on_features" wrong="scores_of_the_training_films"
# en: You return the scores of the films that the machine has learnt from. Wanted are those of test.
# ja: 学習に使った画像のスコアを返しています。返すのは test のスコアです。
def svm_on_features(train, labels, test):
    scaler = StandardScaler().fit(train)
    return SVC(kernel="linear", C=1).fit(scaler.transform(train), labels).decision_function(scaler.transform(train))

# %% exercise="svm_on_features" wrong="mean_not_taken_off"
# en: You divide by the standard deviation but do not take off the mean.
# ja: 標準偏差で割っていますが、平均を引いていません。
def svm_on_features(train, labels, test):
    deviation = train.max(axis=0) - train.min(axis=0)
    return SVC(kernel="linear", C=1).fit(train / deviation, labels).decision_function(test / deviation)

# %% exercise="freeze_backbone" wrong="not_compiled_again"
# en: Frozen, but not compiled as asked. Without compiling again (here with Adam(1e-3)) the model goes on with the training step and the rate that it had before, and the backbone learns on.
# ja: 凍結しましたが、指定どおりにコンパイルし直していません（ここでは Adam(1e-3)）。し直さないと、前に作られた学習の手順と学習率がそのまま使われ、backbone も学習を続けます。
def freeze_backbone(model):
    model.get_layer("backbone").trainable = False
    return model

# %% exercise="freeze_backbone" wrong="everything_frozen"
# en: You froze the whole model, the head included: now nothing can learn.
# ja: head も含めて、モデル全体を凍結しています。これでは何も学習できません。
def freeze_backbone(model):
    model.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return model

# %% exercise="freeze_backbone" wrong="head_frozen"
# en: You froze the head. It is the head that should learn; the backbone stays as it is.
# ja: head のほうを凍結しています。学習するのは head で、backbone はそのまま使います。
def freeze_backbone(model):
    model.get_layer("head").trainable = False
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return model

# %% exercise="freeze_backbone" wrong="batch_normalization_left_out"
# en: The BatchNormalization of the backbone is not frozen: its moving statistics follow the new films, and the other layers get other numbers than before.
# ja: backbone の BatchNormalization が凍結されていません。移動統計量が新しい画像に引きずられ、ほかの層に届く値が変わってしまいます。
def freeze_backbone(model):
    for part in model.get_layer("backbone").layers:
        part.trainable = isinstance(part, layers.BatchNormalization)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return model

# %% exercise="freeze_backbone" wrong="training_false_only"
# en: Nothing is frozen: set trainable of the backbone to False before you compile. (training=False in a call is no freezing: the weights learn on, and in fit Keras 3 replaces it by training=True.)
# ja: 凍結されていません。コンパイルの前に、backbone の trainable を False にしましょう（呼び出しに training=False と書いても凍結にはなりません。重みは学習を続けますし、Keras 3 の fit では training=True に置き換えられます）。
def freeze_backbone(model):
    model.get_layer("backbone")(keras.Input(model.input_shape[1:]), training=False)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return model

# %% exercise="freeze_backbone" wrong="only_batch_normalization_frozen"
# en: You froze the BatchNormalization and nothing else. The whole backbone should stay as it is.
# ja: 凍結したのは BatchNormalization だけです。backbone 全体を動かないようにしましょう。
def freeze_backbone(model):
    for part in model.get_layer("backbone").layers:
        part.trainable = not isinstance(part, layers.BatchNormalization)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return model

# %% exercise="freeze_backbone" wrong="only_the_first_layer_frozen"
# en: You froze the first layer of the backbone; those behind it still learn. Set trainable for the backbone as a whole.
# ja: 凍結したのは backbone の最初の層だけで、後ろの層は学習を続けます。backbone 全体の trainable を設定しましょう。
def freeze_backbone(model):
    model.get_layer("backbone").layers[0].trainable = False
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return model

# %% exercise="fine_tune" wrong="all_at_once"
# en: Everything learns from the beginning. The random head then sends large, meaningless gradients into the backbone. Train the head alone first.
# ja: 最初から全部を学習させています。まだ乱数の head から、大きくて意味のない勾配が backbone に流れ込みます。まず head だけを学習させましょう。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    backbone.trainable = True
    for part in backbone.layers:
        if isinstance(part, layers.BatchNormalization):
            part.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model

# %% exercise="fine_tune" wrong="batch_normalization_unfrozen"
# en: At the end the BatchNormalization is thawed as well: a few films overwrite statistics that came from thousands. (backbone.trainable = True thaws all layers inside; so freeze them after it, not before.)
# ja: 最後に BatchNormalization まで凍結が解けています。数千枚から求めた統計量が、数枚の画像で書き換えられてしまいます（backbone.trainable = True は中の層すべてに効くので、BatchNormalization を凍結するのはその後です）。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    backbone.trainable = True
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model

# %% exercise="fine_tune" wrong="never_thawed"
# en: The backbone stays frozen in the second part, too: nothing is fine-tuned.
# ja: 後半でも backbone が凍結されたままで、ファインチューニングになっていません。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    model.get_layer("backbone").trainable = False
    for rate, count in ((head_lr, head_epochs), (lr, epochs)):
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        model.fit(x, y, batch_size=32, epochs=count, verbose=0)
    return model

# %% exercise="fine_tune" wrong="not_compiled_for_the_second_part"
# en: The second part runs without compiling again: at the rate of the head, and with the old decision of what may learn.
# ja: 後半の前にコンパイルし直していません。学習率は head のときのまま、学習する層も前のままです。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    backbone.trainable = True
    for part in backbone.layers:
        if isinstance(part, layers.BatchNormalization):
            part.trainable = False
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model

# %% exercise="fine_tune" wrong="one_rate_for_both"
# en: Both parts run at head_lr. The backbone is good already and wants small steps: lr.
# ja: どちらも head_lr で学習させています。backbone はすでによくできているので、小さな歩幅 lr を使います。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    backbone.trainable = True
    for part in backbone.layers:
        if isinstance(part, layers.BatchNormalization):
            part.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model

# %% exercise="fine_tune" wrong="rates_exchanged"
# en: The two rates have changed places: head_lr, the greater one, belongs to the new head.
# ja: 二つの学習率が入れ替わっています。大きいほうの head_lr は、新しい head のためのものです。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    backbone.trainable = True
    for part in backbone.layers:
        if isinstance(part, layers.BatchNormalization):
            part.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model

# %% exercise="fine_tune" wrong="one_batch_of_all"
# en: You show all films in one batch. Wanted are batches of 32.
# ja: すべての画像を一つのバッチで学習させています。バッチの大きさは 32 です。
def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(head_lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=len(x), epochs=head_epochs, verbose=0)
    backbone.trainable = True
    for part in backbone.layers:
        if isinstance(part, layers.BatchNormalization):
            part.trainable = False
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=len(x), epochs=epochs, verbose=0)
    return model
