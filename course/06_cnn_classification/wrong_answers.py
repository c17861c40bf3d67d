"""What learners get wrong in unit 06."""

# %% exercise="class_weights" wrong="inverted"
# en: Your weights follow the crowd: the class with the most films gets the most. The rare one should weigh more for each of its films.
# ja: 枚数の多いクラスほど重みが大きくなっています。枚数の少ないクラスの一枚一枚を、重く数えたいのでした。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): len(classes) * n / len(labels) for k, n in zip(classes, counts)}

# %% exercise="class_weights" wrong="shares"
# en: These are the shares of the classes, n_k / N. The weight goes the other way: few films, large weight.
# ja: これはクラスの割合 n_k / N です。重みは逆で、枚数が少ないほど大きくします。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): n / len(labels) for k, n in zip(classes, counts)}

# %% exercise="class_weights" wrong="number_of_classes_forgotten"
# en: The balance between the classes is right, but all weights are too large by the same factor. How many classes are there?
# ja: クラスどうしの比は合っていますが、どの重みも同じ倍率だけ大きすぎます。クラスはいくつありますか。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): len(labels) / n for k, n in zip(classes, counts)}

# %% exercise="class_weights" wrong="absent_classes_counted"
# en: You count the classes up to the largest label. A class without any film is no class here: count those that occur.
# ja: 最大の番号までをすべてクラスに数えています。一枚もないクラスは数えません。現れるクラスだけを数えましょう。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): len(labels) / ((max(labels) + 1) * n) for k, n in zip(classes, counts)}

# %% exercise="class_weights" wrong="against_the_largest_class"
# en: You give the largest class the weight 1. That is another convention; here the weights of all films add up to N, with N / (K n_k).
# ja: いちばん多いクラスの重みを 1 にしています。そういう流儀もありますが、ここでは N / (K n_k) とし、全画像の重みの合計が N になるようにします。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): max(counts) / n for k, n in zip(classes, counts)}

# %% exercise="class_weights" wrong="numbered_by_place"
# en: The weights are right, but you number them 0, 1, 2, ... When a class is missing they land on the wrong one: use the labels themselves as keys.
# ja: 重みは合っていますが、0、1、2、… と番号を振り直しています。抜けているクラスがあると、別のクラスの重みになってしまいます。ラベルそのものをキーにしましょう。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {k: len(labels) / (len(classes) * n) for k, n in enumerate(counts)}

# %% exercise="class_weights" wrong="list_instead_of_dict"
# en: Keras wants a dict that says which weight belongs to which class: {class: weight}.
# ja: Keras には、どのクラスの重みかが分かる辞書 {クラス: 重み} を渡します。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return [len(labels) / (len(classes) * n) for n in counts]

# %% exercise="class_weights" wrong="rounded_down"
# en: `//` throws away what is behind the point. Divide by `/`.
# ja: `//` は小数点以下を切り捨ててしまいます。`/` で割りましょう。
def class_weights(labels):
    classes, counts = np.unique(labels, return_counts=True)
    return {int(k): len(labels) // (len(classes) * n) for k, n in zip(classes, counts)}

# %% exercise="confusion_matrix" wrong="transposed"
# en: Your rows are the answers. Rows should be the truth: look at table[0, 2], films of class 0 that were called 2.
# ja: 行が答えになっています。行は正解です。table[0, 2] は、正解が 0 で、答えが 2 だった画像の数です。
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes), int)
    for truth, answer in zip(y, p):
        table[answer, truth] += 1
    return table

# %% exercise="confusion_matrix" wrong="counts_each_cell_once"
# en: `table[y, p] += 1` with whole arrays adds 1 only once for a cell, however often it occurs. Go through the films one by one, or use np.add.at.
# ja: 配列をまとめて `table[y, p] += 1` とすると、同じ場所が何度出てきても 1 しか足されません。一枚ずつ数えるか、np.add.at を使いましょう。
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes), int)
    table[y, p] += 1
    return table

# %% exercise="confusion_matrix" wrong="shares_of_the_rows"
# en: You divide each row by its sum. Asked for are the counts; shares hide how few films there may be.
# ja: 行の合計で割っています。求めるのは個数です。割合にすると、枚数の少なさが見えなくなります。
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes))
    for truth, answer in zip(y, p):
        table[truth, answer] += 1
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)

# %% exercise="confusion_matrix" wrong="only_classes_that_occur"
# en: A class that does not occur has lost its row. The table is always `classes` by `classes`.
# ja: 現れないクラスの行と列がなくなっています。表の大きさは、いつも `classes` × `classes` です。
def confusion_matrix(y, p, classes):
    seen = sorted({*map(int, y), *map(int, p)})
    return np.array([[int(np.sum((y == i) & (p == j))) for j in seen] for i in seen])

# %% exercise="confusion_matrix" wrong="mistakes_only"
# en: The diagonal is empty: you count the mistakes only. The films answered rightly belong in the table, too.
# ja: 対角線が空です。間違いだけを数えています。正しく答えた画像も表に入れましょう。
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes), int)
    for truth, answer in zip(y, p):
        if truth != answer:
            table[truth, answer] += 1
    return table

# %% exercise="confusion_matrix" wrong="right_answers_only"
# en: You count the diagonal only. What a film was mistaken for is the very thing this table tells.
# ja: 対角線しか数えていません。何と間違えたのかを示すのが、この表の役目です。
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes), int)
    for truth, answer in zip(y, p):
        if truth == answer:
            table[truth, truth] += 1
    return table

# %% exercise="confusion_matrix" wrong="last_class_missing"
# en: `range(classes - 1)` stops before the last class. range already leaves out its end.
# ja: `range(classes - 1)` では最後のクラスが抜けます。range は、もともと終わりの数を含みません。
def confusion_matrix(y, p, classes):
    table = np.zeros((classes, classes), int)
    for i in range(classes - 1):
        for j in range(classes - 1):
            table[i, j] = np.sum((y == i) & (p == j))
    return table

# %% exercise="lenet" wrong="softmax_missing"
# en: Without softmax the last layer gives any numbers. Which activation makes probabilities of them?
# ja: softmax がないと、最後の層の出力は確率になりません。確率にする活性化関数は何でしたか。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes),
    ])

# %% exercise="lenet" wrong="sigmoid_at_the_end"
# en: With sigmoid each class answers for itself, and the sum is not 1. One film has one direction: softmax.
# ja: sigmoid では各クラスが別々に答え、合計が 1 になりません。一枚の画像の向きは一つですから、softmax を使います。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="sigmoid"),
    ])

# %% exercise="lenet" wrong="padding_same"
# en: Your maps keep their size in the convolution. LeNet adds no zeros around: padding="valid", which is the default.
# ja: 畳み込みで特徴マップの大きさが変わっていません。LeNet は周りに 0 を付けません。padding="valid"（何も書かないときの動作）です。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="activations_forgotten"
# en: Without ReLU or tanh several layers are no more than one (unit 02). Every layer but the last one needs one.
# ja: ReLU か tanh がないと、層を重ねても一層と変わりません（単元02）。最後以外のどの層にも必要です。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120),
        layers.Dense(84),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="second_pooling_missing"
# en: There is a pooling behind each of the two convolutions. Count the numbers behind Flatten.
# ja: プーリングは、二つの畳み込みの後に一つずつあります。Flatten の後の数を数えてみましょう。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="kernels_of_3"
# en: LeNet's kernels are 5 x 5, not 3 x 3.
# ja: LeNet のカーネルは 3 × 3 ではなく、5 × 5 です。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="six_kernels_twice"
# en: The second convolution has 16 kernels, not 6 again.
# ja: 二つめの畳み込みのカーネルは 6 個ではなく、16 個です。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="eighty_four_missing"
# en: Between 120 and the classes there is one more layer, of 84 neurons.
# ja: 120 個の層と出力の間に、84 個のニューロンの層がもう一つあります。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="average_instead_of_flatten"
# en: You take the mean of each map: then 16 numbers are left, and where something was is lost. LeNet lays out all values in a row: Flatten.
# ja: 特徴マップごとの平均をとっているので、16 個の数しか残らず、どこにあったかが失われます。LeNet は値をすべて一列に並べます（Flatten）。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.GlobalAveragePooling2D(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])

# %% exercise="lenet" wrong="classes_fixed"
# en: You always answer with ten classes, as for digits. Use the argument `classes`.
# ja: 手書き数字のときのように、いつも 10 クラスで答えています。引数 `classes` を使いましょう。
def lenet(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])

# %% exercise="residual_block" wrong="no_projection"
# en: When the shape changes, the two roads do not fit together and cannot be added. A convolution of 1 x 1 makes the short cut fit.
# ja: 形が変わると二つの道の形が合わず、足せません。近道に 1 × 1 の畳み込みを置いて、形を合わせましょう。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="projection_always"
# en: Where the shape stays, the short cut is left alone: x itself is added. That is the point of it.
# ja: 形が変わらないときは、近道に何も置かず、x をそのまま足します。それが近道のよいところです。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="projection_for_stride_only"
# en: The number of channels may change while the stride is 1. Then the shapes do not fit, either.
# ja: ストライドが 1 でも、チャネル数が変わることがあります。そのときも形が合いません。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="projection_for_channels_only"
# en: With a stride of 2 the maps become smaller, even if the channels stay. Then the short cut needs its 1 x 1 convolution, too.
# ja: ストライドが 2 なら、チャネル数が同じでも特徴マップは小さくなります。そのときも近道に 1 × 1 の畳み込みが必要です。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="activation_before_the_addition"
# en: You use the last ReLU before adding. Add first: the way may then correct the input downwards, too.
# ja: 最後の ReLU を、足し算の前に使っています。先に足しましょう。そうすれば、入力を小さくする向きにも直せます。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.Add()([layers.ReLU()(way), x])

# %% exercise="residual_block" wrong="last_activation_missing"
# en: The ReLU behind the addition is missing.
# ja: 足し算の後の ReLU がありません。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.Add()([way, x])

# %% exercise="residual_block" wrong="no_shortcut"
# en: You never add x: this is a plain stack of two convolutions.
# ja: x を足していません。これでは、畳み込みを二つ重ねただけです。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    return layers.ReLU()(way)

# %% exercise="residual_block" wrong="concatenated"
# en: You put the channels side by side (Concatenate), as a U-Net does. A residual block adds.
# ja: チャネルを並べてつないでいます（Concatenate）。それは U-Net のやり方です。残差ブロックでは足します。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Concatenate()([way, x]))

# %% exercise="residual_block" wrong="normalised_after_the_activation"
# en: The order is convolution, BatchNormalization, ReLU. You normalise after the ReLU.
# ja: 順番は、畳み込み、BatchNormalization、ReLU です。ReLU の後で正規化しています。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.ReLU()(way)
    way = layers.BatchNormalization()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="normalisation_forgotten"
# en: There is a BatchNormalization behind each of the two convolutions. Yours has none.
# ja: 二つの畳み込みの後に、BatchNormalization が一つずつ必要です。一つもありません。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="stride_in_both"
# en: You stride in both convolutions, so the way shrinks twice and the short cut once. Only the first one strides.
# ja: 二つの畳み込みの両方でストライドを使っているので、近道より小さくなります。使うのは最初の畳み込みだけです。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="padding_valid"
# en: Without padding="same" each convolution cuts off the border, and the short cut does not fit any more.
# ja: padding="same" がないと、畳み込みのたびに縁が削られ、近道と形が合わなくなります。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride)(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3)(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="residual_block" wrong="projection_of_3"
# en: The short cut's convolution is 1 x 1: it only mixes channels and looks at no neighbours.
# ja: 近道の畳み込みは 1 × 1 です。チャネルを混ぜるだけで、隣の画素は見ません。
def residual_block(x, filters, stride):
    way = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    way = layers.BatchNormalization()(way)
    way = layers.ReLU()(way)
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization()(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    return layers.ReLU()(layers.Add()([way, x]))

# %% exercise="resnet" wrong="stride_never_2"
# en: No block of yours takes steps of 2, so all stages work at full size. The first block of each stage but the first halves the maps.
# ja: ストライド 2 のブロックがないので、どの段も元の大きさのまま計算しています。二段め以降は、最初のブロックで特徴マップを半分にします。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="stride_in_the_first_stage_too"
# en: Your first stage halves the maps already. It keeps the size; the halving begins with the second stage.
# ja: 一段めで、もう特徴マップが半分になっています。一段めは大きさを保ち、二段めから半分にします。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if number == 0 else 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="filters_never_doubled"
# en: All your stages have 16 filters. Stage i has 16 * 2 ** i: half the rows and columns, twice the channels.
# ja: どの段もフィルターが 16 個です。段 i では 16 * 2 ** i 個にします。縦横が半分になったら、チャネルは2倍です。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="filters_added"
# en: 16, 32, 48, ... is not doubling: the number is 16 * 2 ** i.
# ja: 16、32、48、… では2倍になっていません。16 * 2 ** i 個です。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16 * (stage + 2), stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="flatten_instead_of_mean"
# en: You flatten the maps. ResNet takes the mean of each map (GlobalAveragePooling2D), and needs one number a map.
# ja: 特徴マップを一列に並べています。ResNet は特徴マップごとに平均をとり（GlobalAveragePooling2D）、一枚を一つの数にします。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.Flatten()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="softmax_missing"
# en: Without softmax the last layer gives any numbers. Make probabilities of them.
# ja: softmax がないと、最後の層の出力は確率になりません。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes)(x))

# %% exercise="resnet" wrong="first_convolution_missing"
# en: The film goes into the first block as it is. In front there is a convolution of 16 kernels with BatchNormalization and ReLU.
# ja: 画像をそのまま最初のブロックに入れています。その前に、16 個のカーネルの畳み込みと BatchNormalization、ReLU があります。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = films
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="first_normalisation_missing"
# en: Behind the very first convolution there is a BatchNormalization as well.
# ja: いちばん最初の畳み込みの後にも、BatchNormalization を置きます。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(x)
    for stage, count in enumerate(blocks):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))

# %% exercise="resnet" wrong="one_stage_only"
# en: You build the first stage and stop. `blocks` has one number for each stage: go through all of them.
# ja: 一段めだけで終わっています。`blocks` には段ごとの数が並んでいます。最後の段まで繰り返しましょう。
def resnet(input_shape, classes, blocks):
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(blocks[:1]):
        for number in range(count):
            stride = 2 if stage > 0 and number == 0 else 1
            x = library.residual_block(x, 16 * 2 ** stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))
