//! Tables of made-up surveys.
