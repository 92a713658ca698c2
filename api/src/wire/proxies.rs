//! Where a request comes from, through proxies that may say so.

use commands::guard::Client;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who is at the other end of the connection; the server puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The client: the rightmost hop that is no trusted proxy. What stands left of it anybody can have written.
pub fn client(peer: Option<Peer>, headers: &HeaderMap, trusted: &[IpNet]) -> Client {
    let Some(Peer(peer)) = peer else { return Client::UNKNOWN };
    let mut hop = peer.to_canonical();
    let is_trusted = |hop: IpAddr| trusted.iter().any(|network| network.contains(&hop));
    if !is_trusted(hop) {
        return hop.into();
    }
    let lines = headers.get_all(FORWARDED_FOR).into_iter().rev().map(|line| line.to_str().unwrap_or_default());
    for named in lines.flat_map(|line| line.rsplit(',')) {
        // Behind what is no address nobody knows; who said so is trusted, and answers for it.
        let Some(named) = address(named.trim()) else { break };
        hop = named;
        if !is_trusted(hop) {
            break;
        }
    }
    hop.into()
}

/// An address, as some proxies write it with a port.
fn address(text: &str) -> Option<IpAddr> {
    let alone = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse();
    let address = alone().or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn from(peer: &str, lines: &[&'static str], trusted: &[&str]) -> Option<Client> {
        let headers = lines.iter().map(|line| (FORWARDED_FOR, HeaderValue::from_static(line))).collect();
        let trusted: Vec<IpNet> = trusted.iter().filter_map(|network| network.parse().ok()).collect();
        Some(client(Some(Peer(peer.parse().ok()?)), &headers, &trusted))
    }

    fn is(address: &str) -> Option<Client> {
        address.parse().map(|address: IpAddr| address.into()).ok()
    }

    #[test]
    fn the_rightmost_hop_that_is_not_trusted_counts() {
        let proxies = ["10.0.0.0/8", "2001:db8::/64"];
        let of = |peer, lines: &[&'static str]| from(peer, lines, &proxies);
        // Who is no proxy may say what he wants.
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), is("192.0.2.1"));
        assert_eq!(of("10.0.0.1", &["198.51.100.7"]), is("198.51.100.7"));
        assert_eq!(of("10.0.0.1", &["203.0.113.9, 198.51.100.7"]), is("198.51.100.7"));
        assert_eq!(of("10.0.0.1", &["203.0.113.9", "198.51.100.7,10.0.0.2"]), is("198.51.100.7"));
        assert_eq!(of("2001:db8::1", &["198.51.100.7:4711 , 10.0.0.2"]), is("198.51.100.7"));
        assert_eq!(of("::ffff:10.0.0.1", &["[2001:db8:9::7]:80"]), is("2001:db8:9::8"));
        // Trusted through and through, or nothing that could be trusted.
        assert_eq!(of("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), is("10.0.0.3"));
        assert_eq!(of("10.0.0.1", &[]), is("10.0.0.1"));
        assert_eq!(of("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"]), is("10.0.0.2"));
        assert_eq!(of("10.0.0.1", &[""]), is("10.0.0.1"));
        assert_eq!(from("10.0.0.1", &["198.51.100.7"], &[]), is("10.0.0.1"));
    }
}
