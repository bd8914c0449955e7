//! Where requests may go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// Which addresses and schemes requests may use.
///
/// Everything that is not plainly on the public internet is refused unless allowed here:
/// otherwise a connector could reach the operator's own network through the engine.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Loopback and private addresses, and plain http: for a developer's machine.
    pub is_development: bool,
    /// Networks of the operator that requests may go to all the same, plain http included.
    pub allowed_networks: Vec<IpNet>,
    /// Where every connection goes, in plain HTTP, whatever host a request is for: a simulated API
    /// that stands in for all of them while a connector is tested. Nothing else is reached.
    pub redirect_all_to: Option<SocketAddr>,
}

impl Policy {
    /// Why requests may not go to `address`; `None` when they may.
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        let address = address.to_canonical();
        if self.allows_network_of(address) {
            return None;
        }
        let kind = kind_of(address)?;
        let is_local = matches!(kind, LOOPBACK | PRIVATE | CARRIER_GRADE_NAT);
        (!(self.is_development && is_local)).then_some(kind)
    }

    /// Whether plain http may be spoken to `address`.
    pub fn allows_plain_http(&self, address: IpAddr) -> bool {
        self.is_development || self.allows_network_of(address.to_canonical())
    }

    fn allows_network_of(&self, address: IpAddr) -> bool {
        self.allowed_networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

const LOOPBACK: &str = "loopback";
const PRIVATE: &str = "private";
const CARRIER_GRADE_NAT: &str = "carrier-grade NAT";
const LINK_LOCAL: &str = "link-local or cloud metadata";
const RESERVED: &str = "reserved";
const MULTICAST: &str = "multicast";
const UNSPECIFIED: &str = "unspecified";
const TUNNEL: &str = "tunnel";

/// What is special about `address`; `None` for an ordinary public one.
fn kind_of(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    }
}

/// The IANA IPv4 special-purpose registry (RFC 6890 and its updates).
fn kind_of_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0, _, _) => Some(UNSPECIFIED),
        (127, _, _) => Some(LOOPBACK),
        (10, _, _) | (172, 16..=31, _) | (192, 168, _) => Some(PRIVATE),
        (100, 64..=127, _) => Some(CARRIER_GRADE_NAT),
        (169, 254, _) => Some(LINK_LOCAL),
        (192, 0, 0 | 2) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => {
            Some(RESERVED)
        }
        (224..=239, _, _) => Some(MULTICAST),
        (240.., _, _) => Some(RESERVED),
        _ => None,
    }
}

/// The IANA IPv6 special-purpose registry. Addresses that carry an IPv4 address are judged by it,
/// since that is where the packets end up.
fn kind_of_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    let [a, b, c, .., high, low] = segments;
    let middle_is_zero = segments.iter().skip(2).take(4).all(|segment| *segment == 0);
    match (a, b) {
        _ if address.is_unspecified() => Some(UNSPECIFIED),
        _ if address.is_loopback() => Some(LOOPBACK),
        // IPv4-compatible (deprecated) and NAT64 (RFC 6052).
        (0, 0) | (0x64, 0xff9b) if middle_is_zero => kind_of_v4(embedded(high, low)),
        // 6to4 (RFC 3056) has the IPv4 address in front.
        (0x2002, _) => Some(kind_of_v4(embedded(b, c)).unwrap_or(TUNNEL)),
        // Local NAT64, Teredo (RFC 4380) and the other protocol assignments.
        (0x64, 0xff9b) | (0x2001, 0..=0x1ff) => Some(TUNNEL),
        (0x2001, 0xdb8) | (0x3fff, 0..=0xfff) | (0x5f00 | 0x100, _) => Some(RESERVED),
        (0xfc00..=0xfdff, _) => Some(PRIVATE),
        (0xfe80..=0xfeff, _) => Some(LINK_LOCAL),
        (0xff00.., _) => Some(MULTICAST),
        // Only 2000::/3 is given out as global unicast.
        (0x2000..=0x3fff, _) => None,
        _ => Some(RESERVED),
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(policy: &Policy, address: &str) -> bool {
        policy.refusal(address.parse().unwrap()).is_some()
    }

    #[test]
    fn only_public_addresses_are_allowed() {
        let policy = Policy::default();
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2002:a00:1::",
            "2002:7f00:1::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(refused(&policy, address), "{address}");
        }
        for address in [
            "1.1.1.1",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
        ] {
            assert!(!refused(&policy, address), "{address}");
        }
    }

    #[test]
    fn development_opens_the_local_network_but_not_cloud_metadata() {
        let policy = Policy {
            is_development: true,
            ..Policy::default()
        };
        assert!(!refused(&policy, "127.0.0.1") && !refused(&policy, "192.168.1.1"));
        assert!(!refused(&policy, "::1") && !refused(&policy, "::ffff:127.0.0.1"));
        assert!(refused(&policy, "169.254.169.254") && refused(&policy, "0.0.0.0"));
    }

    #[test]
    fn a_network_that_the_operator_allows_is_open() {
        let allowed_networks = vec!["10.0.0.0/8".parse().unwrap()];
        let policy = Policy {
            allowed_networks,
            ..Policy::default()
        };
        assert!(!refused(&policy, "10.9.9.9") && !refused(&policy, "::ffff:10.9.9.9"));
        assert!(refused(&policy, "127.0.0.1"));
        assert!(policy.allows_plain_http("10.9.9.9".parse().unwrap()));
        assert!(!policy.allows_plain_http("1.1.1.1".parse().unwrap()));
    }
}
