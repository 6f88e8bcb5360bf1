// Package outbound guards connections to addresses that somebody outside chose:
// a merchant's mail server, the address that is to be told of an event.
//
// # Words
//
// A guard resolves a name once, looks at every address that comes back, and
// dials the address it looked at. An exempt network is one that the operator
// named (OUTBOUND_ALLOW), because their mail server lives there.
//
// # Guarantees
//
// No connection is opened to this machine, a private or shared network, a link,
// the metadata of a cloud, or any range that is not a public unicast address,
// however the address is spelled: decimal, octal, hexadecimal, mapped into IPv6,
// translated (NAT64, 6to4, Teredo). A name with one forbidden address is refused
// whole: public names do not point inside by accident. The name is not asked
// again between looking and dialling, so that an answer that changes meanwhile
// (rebinding) reaches nothing. Only ports of the trade are dialled. HTTP clients
// speak https, follow no redirect, read a bounded answer and use no proxy.
//
// # Failure
//
// Errors are problems with a sentence for the merchant. They never repeat what
// the other side said, nor which address a name points to: a guard must not be a
// way to look around in a network.
package outbound
