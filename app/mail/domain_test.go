package mail

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is what a DNS server knows: the text records of each name. A name with
// the record "(silent)" gets no answer, one with "(broken)" a failure.
type zone map[string][]string

// serve answers on a free port until the test ends.
func (z zone) serve(t *testing.T) string {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := z.answer(buffer[:n]); answer != nil {
				socket.WriteTo(answer, from)
			}
		}
	}()
	return socket.LocalAddr().String()
}

func (z zone) answer(raw []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(raw) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	records := z[strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")]
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: true, RecursionAvailable: true}
	m.Additionals = nil
	switch {
	case len(records) == 1 && records[0] == "(silent)":
		return nil
	case len(records) == 1 && records[0] == "(broken)":
		m.RCode = dnsmessage.RCodeServerFailure
	case len(records) == 0:
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, r := range records {
		body := &dnsmessage.TXTResource{}
		for ; len(r) > 255; r = r[255:] {
			body.TXT = append(body.TXT, r[:255])
		}
		body.TXT = append(body.TXT, r)
		if m.RCode == dnsmessage.RCodeSuccess {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeTXT, Class: dnsmessage.ClassINET, TTL: 60}, Body: body})
		}
	}
	out, _ := m.Pack()
	return out
}

// key is a DKIM record with a key of so many bytes of DER.
func key(size int) string {
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(make([]byte, size))
}

func TestTheSendersDomainIsJudged(t *testing.T) {
	const (
		postmark = "v=spf1 include:spf.mtasv.net ~all"
		watch    = "v=DMARC1; p=none"
	)
	long := zone{}
	for i := range 11 {
		long[fmt.Sprintf("s%d.example", i)] = []string{"v=spf1 ip4:192.0.2.1"}
	}
	includes := ""
	for i := range 11 {
		includes += fmt.Sprintf(" include:s%d.example", i)
	}
	for _, c := range []struct {
		name             string
		zone             zone
		host, selector   string
		spf, dkim, dmarc Verdict
		all              Verdict
		says, record     string // part of some detail, and of some record to add
	}{
		{"everything right", zone{"shop.example": {"google-site-verification=x", postmark}, "pm._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {watch}},
			"smtp.postmarkapp.com", "", Good, Good, Good, Good, "Postmark may send", ""},
		{"nothing there", zone{}, "smtp.postmarkapp.com", "", Bad, Fair, Bad, Bad, "does not say which servers", "v=spf1 include:spf.mtasv.net ~all"},
		{"nothing there, and nobody knows the provider", zone{}, "mail.shop.example", "", Bad, Fair, Bad, Bad, "Ask your mail provider", "v=DMARC1; p=none"},
		{"two SPF records", zone{"shop.example": {postmark, "v=spf1 mx -all"}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Fair, Good, Bad,
			"several SPF records", "v=spf1 include:spf.mtasv.net mx ~all"},
		{"the provider is not in it", zone{"shop.example": {"v=spf1 mx -all"}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Fair, Good, Bad,
			"Postmark, which sends your mail, is not in the record", "v=spf1 include:spf.mtasv.net mx -all"},
		{"the provider is in what is included", zone{"shop.example": {"v=spf1 include:all.example -all"}, "all.example": {"v=spf1 include:spf.mtasv.net -all"}, "_dmarc.shop.example": {watch}},
			"smtp.postmarkapp.com", "", Good, Fair, Good, Fair, "", ""},
		{"the whole world may send", zone{"shop.example": {"v=spf1 include:spf.mtasv.net +all"}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Fair, Good, Bad,
			"everybody in the world", "include:spf.mtasv.net ~all"},
		{"too many lookups", merge(long, zone{"shop.example": {"v=spf1" + includes + " ~all"}, "_dmarc.shop.example": {watch}}), "mail.shop.example", "", Bad, Fair, Good, Bad, "11 times", ""},
		{"an include that is gone", zone{"shop.example": {"v=spf1 include:spf.mtasv.net include:gone.example ~all"}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Fair, Good, Bad,
			"gone.example", "v=spf1 include:spf.mtasv.net ~all"},
		{"a key under the selector that was named", zone{"x1._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {watch}}, "mail.shop.example", "x1", Bad, Good, Good, Bad, "can be signed", ""},
		{"no key under the selector that was named", zone{"pm._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "x1", Bad, Bad, Good, Bad, "no key under this selector", ""},
		{"a key that was withdrawn", zone{"pm._domainkey.shop.example": {"v=DKIM1; p="}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Bad, Good, Bad, "withdrawn", ""},
		{"a key that was withdrawn beside a good one", zone{"pm._domainkey.shop.example": {"v=DKIM1; p="}, "k1._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {watch}},
			"smtp.postmarkapp.com", "", Bad, Good, Good, Bad, "", ""},
		{"a short key", zone{"pm._domainkey.shop.example": {key(94)}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Bad, Good, Bad, "shorter than 1,024 bits", ""},
		{"an old key", zone{"pm._domainkey.shop.example": {key(162)}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Fair, Good, Bad, "2,048 are better", ""},
		{"a key that was cut off", zone{"pm._domainkey.shop.example": {"v=DKIM1; p=abc"}, "_dmarc.shop.example": {watch}}, "smtp.postmarkapp.com", "", Bad, Bad, Good, Bad, "cut off", ""},
		{"quarantine with a key", zone{"shop.example": {postmark}, "pm._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {"v=DMARC1; p=quarantine; rua=mailto:d@shop.example"}},
			"smtp.postmarkapp.com", "", Good, Good, Good, Good, "p=quarantine", ""},
		{"quarantine with nothing behind it", zone{"shop.example": {"v=spf1 -all"}, "_dmarc.shop.example": {"v=DMARC1; p=quarantine"}},
			"smtp.postmarkapp.com", "x1", Bad, Bad, Bad, Bad, "put into spam", ""},
		{"an exact match is wanted", zone{"shop.example": {postmark}, "pm._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {"v=DMARC1; p=reject; adkim=s"}},
			"smtp.postmarkapp.com", "", Good, Good, Fair, Fair, "exact match", ""},
		{"a policy that cannot be read", zone{"shop.example": {postmark}, "pm._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {"v=DMARC1; p=maybe"}},
			"smtp.postmarkapp.com", "", Good, Good, Bad, Bad, "cannot be read", "v=DMARC1; p=none"},
		{"two policies", zone{"shop.example": {postmark}, "pm._domainkey.shop.example": {key(294)}, "_dmarc.shop.example": {watch, "v=DMARC1; p=reject"}},
			"smtp.postmarkapp.com", "", Good, Good, Bad, Bad, "exactly one", ""},
		{"the DNS is out of order", zone{"shop.example": {"(broken)"}, "pm._domainkey.shop.example": {"(broken)"}, "_dmarc.shop.example": {"(broken)"}},
			"smtp.postmarkapp.com", "pm", Unknown, Unknown, Unknown, Unknown, "did not answer", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			known := merge(zone{"spf.mtasv.net": {"v=spf1 ip4:192.0.2.0/24 ~all"}}, c.zone)
			r := CheckDomain(context.Background(), ResolverAt(known.serve(t)), DomainQuestion{From: Address{Email: "orders@shop.example"}, Host: c.host, Selector: c.selector})
			if r.SPF.Verdict != c.spf || r.DKIM.Verdict != c.dkim || r.DMARC.Verdict != c.dmarc || r.Verdict != c.all || r.Domain != "shop.example" {
				t.Errorf("%+v", r)
			}
			if says := r.SPF.Detail + r.DKIM.Detail + r.DMARC.Detail; !strings.Contains(says, c.says) {
				t.Errorf("it says %q", says)
			}
			if records := r.SPF.Record + "\n" + r.DKIM.Record + "\n" + r.DMARC.Record; !strings.Contains(records, c.record) {
				t.Errorf("to add: %q", records)
			}
		})
	}
}

// What the organisation says holds for the domains below it, unless these say
// something themselves.
func TestDMARCOfTheOrganisation(t *testing.T) {
	for policy, want := range map[string]Verdict{"v=DMARC1; p=reject; sp=none": Good, "v=DMARC1; p=none; sp=reject": Bad, "v=DMARC1; p=none": Good} {
		z := zone{"_dmarc.shop.co.uk": {policy}}
		r := CheckDomain(context.Background(), ResolverAt(z.serve(t)), DomainQuestion{From: Address{Email: "orders@mail.shop.co.uk"}, Host: "smtp.postmarkapp.com", Selector: "x1"})
		if r.DMARC.Verdict != want || r.DMARC.Host != "_dmarc.shop.co.uk" || r.DMARC.Found != policy {
			t.Errorf("%s: %+v", policy, r.DMARC)
		}
	}
}

// A DNS that says nothing is not taken for one that says no, and ends in time.
func TestASilentDNSProvesNothing(t *testing.T) {
	z := zone{"shop.example": {"(silent)"}, "x1._domainkey.shop.example": {"(silent)"}, "_dmarc.shop.example": {"(silent)"}}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	r := CheckDomain(ctx, ResolverAt(z.serve(t)), DomainQuestion{From: Address{Email: "orders@shop.example"}, Host: "smtp.postmarkapp.com", Selector: "x1"})
	if r.SPF.Verdict != Unknown || r.DKIM.Verdict != Unknown || r.DMARC.Verdict != Unknown || r.Verdict != Unknown {
		t.Errorf("%+v", r)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

func merge(zones ...zone) zone {
	all := zone{}
	for _, z := range zones {
		for name, records := range z {
			all[name] = records
		}
	}
	return all
}
