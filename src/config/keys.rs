//! Everything that can be set.

/// One thing that can be set.
pub struct Key {
    /// As in the TOML file. The flag has dashes, the variable is `CARTLOG_` and upper case.
    pub name: &'static str,
    pub default: Option<&'static str>,
    /// It may hold a password: shown without, and also read from the file that `CARTLOG_…_FILE` names.
    pub secret: bool,
}

const fn plain(name: &'static str, default: Option<&'static str>) -> Key {
    Key { name, default, secret: false }
}

const fn secret(name: &'static str) -> Key {
    Key { name, default: None, secret: true }
}

/// Everything that can be set, in the order in which it is shown.
pub const KEYS: [Key; 39] = [
    plain("listen", Some("127.0.0.1:8080")),
    plain("data", Some("./data")),
    plain("role", Some("api,views,stream")),
    plain("rate_limit", Some("1000")),
    plain("anonymous_rate_limit", Some("50")),
    plain("wrong_tries", Some("10")),
    plain("sign_up", Some("open")),
    plain("trust_proxy", None),
    plain("cors_origins", None),
    plain("memory", Some("256")),
    plain("body_memory", Some("64")),
    plain("durability", Some("full")),
    plain("disk_reserve", Some("67108864")),
    plain("public_url", None),
    secret("smtp_url"),
    plain("smtp_timeout_ms", Some("10000")),
    plain("mail_from", Some("cartlog@localhost")),
    secret("log_url"),
    secret("views_url"),
    secret("vault_url"),
    secret("windows_url"),
    plain("kafka_brokers", None),
    plain("kafka_security_protocol", Some("PLAINTEXT")),
    plain("kafka_ssl_ca", None),
    plain("kafka_ssl_certificate", None),
    plain("kafka_ssl_key", None),
    plain("kafka_sasl_mechanism", None),
    plain("kafka_sasl_username", None),
    secret("kafka_sasl_password"),
    plain("namespace", Some("cartlog")),
    plain("node", None),
    plain("max_connections", Some("10000")),
    plain("drain", Some("0s")),
    plain("view_wait", Some("2s")),
    plain("cached_streams", Some("32768")),
    plain("queue_length", Some("1024")),
    plain("snapshot_every", Some("1000")),
    plain("log", Some("info")),
    plain("log_format", Some("text")),
];
