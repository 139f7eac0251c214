// Fitted; `README.md` beside this file says how. The order is that of `judge::terms`.
const WEIGHTS: [f64; TERMS] = [
    0.826, 0.923, -0.316, 1.106, 0.945, 1.536, 1.298, 0.378, -0.617,
    2.019, 1.543, 2.283, 2.215, 1.199, 0.212, 0.843,
];
// In the order of `judge::phrase_terms`.
const NONE_WEIGHTS: [f64; PHRASE_TERMS] = [1.903, -0.747, 0.016, 1.917, 1.503, 1.256, 0.356, -0.242];
/// What `Phrase::sentences` is where it makes no difference.
const SENTENCES: f64 = 2.5;
/// What a wrong guess costs where nobody says otherwise, in questions.
const DEFAULT_CAUTION: f64 = 4.0;
/// What it costs to say that there is none where there is one.
const MISSED: f64 = 2.0;
