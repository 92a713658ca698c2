//! How requests are read and answers written: paths, bodies, parameters, headers, cursors, dates. Nothing here knows a
//! resource.

pub mod access;
pub mod answer;
pub mod body;
pub mod budget;
pub mod call;
pub mod caller;
pub mod cors;
pub mod cursor;
pub mod dates;
pub mod encoding;
pub mod etag;
pub mod front;
pub mod glance;
pub mod json;
pub mod limiter;
pub mod list;
pub mod operator;
pub mod paging;
pub mod path;
pub mod path_id;
pub mod proxies;
pub mod query;
pub mod request_parts;
pub mod schema;
pub mod strangers;
pub mod success;
