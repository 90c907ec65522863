//! Random histories: nothing panics, the same history gives the same state, and what was seen as of a size stays.
