// Fitted; `README.md` beside this file says how. The order is that of `judge::terms`.
const WEIGHTS: [f64; TERMS] = [
    0.941, 1.038, -0.258, 1.116, 0.353, 1.976, 1.392, 0.491, -0.421,
    1.999, 1.364, 2.525, 2.299, 1.472, 0.306, 1.239,
];
// In the order of `judge::phrase_terms`.
const NONE_WEIGHTS: [f64; PHRASE_TERMS] = [1.969, -0.787, 0.194, 1.741, 1.303, 1.227, 0.551, -0.308];
// For right, several, none and other, each in the order of `judge::outcome`.
const OUTCOME_WEIGHTS: [[f64; OUTCOME_TERMS]; 4] = [
    [
        -0.189, 0.181, 0.381, 0.355, -0.461, -0.815, -0.522, 0.650, -1.125, 0.494, -0.108, 0.904,
        -0.335, -0.518, -0.640, -0.580, 0.376, 0.547, 0.514, -0.671, 0.228, 0.467, 0.176,
    ],
    [
        0.029, -0.056, -0.320, 0.119, -0.642, -1.403, 0.438, -0.073, -0.180, 0.705, 0.015, 0.918,
        1.825, -0.553, -0.285, 0.470, -1.535, -0.295, -0.771, -1.351, -1.414, -1.267, -0.051,
    ],
    [
        0.191, -0.121, 0.193, 0.342, 1.863, 2.020, 0.059, -0.606, 0.497, -1.510, 1.080, 0.361,
        -1.081, 0.620, 1.843, 1.198, 0.835, -1.452, -0.392, 1.971, 1.186, 0.897, 0.365,
    ],
    [
        -0.031, -0.004, -0.254, -0.817, -0.760, 0.198, 0.026, 0.030, 0.809, 0.311, -0.987, -2.183,
        -0.409, 0.451, -0.917, -1.088, 0.323, 1.199, 0.650, 0.051, -0.000, -0.098, -0.491,
    ],
];
/// What `Phrase::sentences` is where it makes no difference.
const SENTENCES: f64 = 2.5;
/// What a wrong guess costs where nobody says otherwise, in questions.
const DEFAULT_CAUTION: f64 = 2.2;
/// What it costs to say that there is none where there is one.
const MISSED: f64 = 1.2;
