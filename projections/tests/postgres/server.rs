//! Of several nodes that believe to lead, one writes.
