//! The executor: the one loop that loads, decides and appends.
