package outbound

import "net/netip"

// reserved are the networks that no public server lives in: IANA's registries of
// special-purpose addresses, and the ranges that carry an IPv4 address inside,
// which would be a way around.
var reserved = networks(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // shared (CGNAT), where some clouds keep their metadata
	"127.0.0.0/8",      // this machine
	"169.254.0.0/16",   // link; metadata of clouds
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; metadata of Oracle's cloud
	"192.0.2.0/24",     // documentation
	"192.31.196.0/24",  // AS112
	"192.52.193.0/24",  // AMT
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"192.175.48.0/24",  // AS112
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, and broadcast
	"168.63.129.16/32", // Azure's host, a public address that is none
)

// global is where public IPv6 addresses are; the rest is not assigned.
var global = netip.MustParsePrefix("2000::/3")

var reserved6 = networks(
	"2001::/23",     // protocol assignments, Teredo among them
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4
	"2620:4f:8000::/48",
	"3fff::/20", // documentation
)

func networks(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public tells whether an address is one that a public server can have.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	ranges := reserved
	if a.Is6() {
		if !global.Contains(a) {
			return false
		}
		ranges = reserved6
	}
	for _, n := range ranges {
		if n.Contains(a) {
			return false
		}
	}
	return true
}
