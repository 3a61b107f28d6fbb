//! Pairs of measurements, alternated, and their medians.
