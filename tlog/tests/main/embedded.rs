//! What only a file can meet.
