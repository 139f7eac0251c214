// Fitted; `README.md` beside this file says how. The order is that of `judge::terms`.
#[allow(clippy::approx_constant, reason = "fitted numbers")]
const WEIGHTS: [f64; TERMS] = [0.965, 1.045, -0.252, 1.124, 0.354, 1.976, 1.387, 0.510, -0.408, 1.974, 1.346, 2.519, 2.294, 1.476, 0.318, 1.232];
// In the order of `judge::phrase_terms`.
#[allow(clippy::approx_constant, reason = "fitted numbers")]
const NONE_WEIGHTS: [f64; PHRASE_TERMS] = [2.013, -0.794, 0.180, 1.746, 1.748, 1.242, 1.081, 0.551, -0.297];
// For right, several, none and other, each in the order of `judge::outcome`.
#[allow(clippy::approx_constant, reason = "fitted numbers")]
const OUTCOME_WEIGHTS: [[f64; OUTCOME_TERMS]; 4] = [
    [-0.197, 0.187, 0.388, 0.340, -0.499, -0.751, -0.448, 0.665, -1.165, 0.534, -0.111, 0.842, -0.348, -0.537, -0.631, -0.604, 0.299, 0.544, 0.514, -0.713, -0.646, 0.451, -0.941, 0.174],
    [0.022, -0.055, -0.320, 0.120, -0.671, -1.470, 0.471, -0.069, -0.163, 0.675, 0.037, 0.931, 1.798, -0.553, -0.318, 0.447, -1.510, -0.263, -0.761, -1.348, -1.235, -1.271, 0.083, -0.048],
    [0.212, -0.120, 0.186, 0.354, 1.983, 2.015, -0.059, -0.662, 0.518, -1.544, 1.068, 0.446, -1.029, 0.570, 1.900, 1.254, 0.886, -1.492, -0.409, 2.012, 1.591, 0.905, 1.381, 0.364],
    [-0.037, -0.011, -0.254, -0.814, -0.812, 0.207, 0.036, 0.066, 0.810, 0.335, -0.995, -2.219, -0.421, 0.519, -0.950, -1.097, 0.324, 1.211, 0.657, 0.049, 0.290, -0.085, -0.523, -0.490],
];
/// What `Phrase::sentences` is where it makes no difference.
const SENTENCES: f64 = 2.5;
/// What a wrong guess costs where nobody says otherwise, in questions.
const DEFAULT_CAUTION: f64 = 2.2;
/// What it costs to say that there is none where there is one.
const MISSED: f64 = 1.2;
