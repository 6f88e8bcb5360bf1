package mail

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Verdict is the colour of a finding.
type Verdict string

// The verdicts, from best to worst. Unknown means that the DNS did not answer.
const (
	Good    Verdict = "good"
	Fair    Verdict = "fair"
	Unknown Verdict = "unknown"
	Bad     Verdict = "bad"
)

// Finding is what was found of one of the three records, in plain words, and the
// record to add where one would help.
type Finding struct {
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	Host    string  `json:"host"`   // where a record belongs
	Record  string  `json:"record"` // what to put there; empty: nothing
	Found   string  `json:"found"`  // what stands there now
}

// DomainReport tells whether the world believes mails from a domain.
type DomainReport struct {
	Domain  string  `json:"domain"`
	Verdict Verdict `json:"verdict"`
	SPF     Finding `json:"spf"`
	DKIM    Finding `json:"dkim"`
	DMARC   Finding `json:"dmarc"`
}

// TXT answers questions for text records; net.Resolver does.
type TXT interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// DomainQuestion names the sender, the mail server that is used, and the selector
// of the DKIM key if somebody knows it.
type DomainQuestion struct {
	From     Address
	Host     string
	Selector string
}

// ResolverAt asks one DNS server, host:port; with an empty address the system's.
func ResolverAt(address string) *net.Resolver {
	if address == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
	}}
}

const domainTime = 20 * time.Second

// CheckDomain asks the DNS and explains the answers.
func CheckDomain(ctx context.Context, dns TXT, q DomainQuestion) DomainReport {
	ctx, cancel := context.WithTimeout(ctx, domainTime)
	defer cancel()
	domain := strings.ToLower(strings.TrimSuffix(q.From.Domain(), "."))
	c := domainCheck{ctx: ctx, dns: dns, domain: domain, provider: providerOf(q.Host)}
	r := DomainReport{Domain: domain, SPF: c.spf(), DKIM: c.dkim(q.Selector)}
	r.DMARC = c.dmarc(r.SPF.Verdict, r.DKIM.Verdict)
	r.Verdict = Good
	for _, f := range []Finding{r.SPF, r.DKIM, r.DMARC} {
		if worse(f.Verdict, r.Verdict) {
			r.Verdict = f.Verdict
		}
	}
	return r
}

var ranks = map[Verdict]int{Good: 0, Fair: 1, Unknown: 2, Bad: 3}

func worse(a, b Verdict) bool { return ranks[a] > ranks[b] }

// provider is what a well-known mail service asks its customers to put into SPF,
// and the names it gives its keys.
type provider struct {
	name, include string
	selectors     []string
}

// providers are found by the end of the mail server's name.
var providers = map[string]provider{
	"postmarkapp.com":     {"Postmark", "spf.mtasv.net", []string{"pm"}},
	"sendgrid.net":        {"SendGrid", "sendgrid.net", []string{"s1", "s2"}},
	"amazonaws.com":       {"Amazon SES", "amazonses.com", nil},
	"mailgun.org":         {"Mailgun", "mailgun.org", []string{"mx", "pic", "k1", "email"}},
	"gmail.com":           {"Google", "_spf.google.com", []string{"google"}},
	"google.com":          {"Google", "_spf.google.com", []string{"google"}},
	"office365.com":       {"Microsoft 365", "spf.protection.outlook.com", []string{"selector1", "selector2"}},
	"brevo.com":           {"Brevo", "spf.brevo.com", []string{"brevo1", "brevo2", "mail"}},
	"mailjet.com":         {"Mailjet", "spf.mailjet.com", []string{"mailjet"}},
	"zoho.com":            {"Zoho", "zohomail.com", []string{"zoho", "zmail"}},
	"zoho.eu":             {"Zoho", "zohomail.eu", []string{"zoho", "zmail"}},
	"fastmail.com":        {"Fastmail", "spf.messagingengine.com", []string{"fm1", "fm2", "fm3"}},
	"protonmail.ch":       {"Proton", "_spf.protonmail.ch", []string{"protonmail", "protonmail2"}},
	"sparkpostmail.com":   {"SparkPost", "sparkpostmail.com", []string{"scph0123"}},
	"mandrillapp.com":     {"Mandrill", "spf.mandrillapp.com", []string{"mandrill", "mte1", "mte2"}},
	"infomaniak.com":      {"Infomaniak", "spf.infomaniak.ch", nil},
	"ionos.com":           {"IONOS", "_spf-us.ionos.com", []string{"s1-ionos", "s2-ionos"}},
	"ionos.de":            {"IONOS", "_spf.perfora.net", []string{"s1-ionos", "s2-ionos"}},
	"migadu.com":          {"Migadu", "spf.migadu.com", []string{"key1", "key2", "key3"}},
	"messagingengine.com": {"Fastmail", "spf.messagingengine.com", []string{"fm1", "fm2", "fm3"}},
}

// commonSelectors are tried when nobody names one.
var commonSelectors = strings.Fields("default dkim mail email k1 k2 s1 s2 google selector1 selector2 key1 smtp mx pm")

func providerOf(host string) provider {
	for labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), "."); len(labels) > 1; labels = labels[1:] {
		if p, ok := providers[strings.Join(labels, ".")]; ok {
			return p
		}
	}
	return provider{}
}

type domainCheck struct {
	ctx      context.Context
	dns      TXT
	domain   string
	provider provider
	gone     string // a name that SPF includes and that has no SPF record
}

// texts returns the text records of a name; none is no error.
func (c *domainCheck) texts(name string) ([]string, error) {
	found, err := c.dns.LookupTXT(c.ctx, name+".")
	var answer *net.DNSError
	if errors.As(err, &answer) && answer.IsNotFound {
		return nil, nil
	}
	return found, err
}

// starting keeps the records that begin with a version, as SPF and DMARC do.
func starting(records []string, version string) (out []string) {
	for _, r := range records {
		if lower := strings.ToLower(strings.TrimSpace(r)); lower == version || strings.HasPrefix(lower, version+" ") || strings.HasPrefix(lower, version+";") {
			out = append(out, strings.TrimSpace(r))
		}
	}
	return out
}

const unanswered = "The DNS did not answer just now. The check is repeated by itself; nothing is known to be wrong."

func (c *domainCheck) spf() Finding {
	f := Finding{Host: c.domain}
	wanted := "v=spf1 ~all"
	if c.provider.include != "" {
		wanted = "v=spf1 include:" + c.provider.include + " ~all"
	}
	all, err := c.texts(c.domain)
	if err != nil {
		f.Verdict, f.Detail = Unknown, unanswered
		return f
	}
	records := starting(all, "v=spf1")
	f.Found = strings.Join(records, "\n")
	switch {
	case len(records) == 0 && c.provider.include == "":
		f.Verdict, f.Detail = Bad, "The domain does not say which servers may send its mail. Ask your mail provider for the include that belongs in this record."
		f.Record = "v=spf1 include:… ~all"
	case len(records) == 0:
		f.Verdict, f.Detail, f.Record = Bad, "The domain does not say which servers may send its mail. Add this TXT record.", wanted
	case len(records) > 1:
		f.Verdict, f.Detail, f.Record = Bad, "There are several SPF records, so receivers ignore all of them. Merge them into one.", merged(records)
	default:
		c.judgeSPF(&f, strings.Fields(records[0]))
	}
	return f
}

// merged joins several SPF records into one.
func merged(records []string) string {
	terms, seen := []string{"v=spf1"}, map[string]bool{}
	for _, r := range records {
		for _, term := range strings.Fields(r)[1:] {
			if lower := strings.ToLower(term); !seen[lower] && !strings.HasSuffix(lower, "all") {
				seen[lower] = true
				terms = append(terms, term)
			}
		}
	}
	return strings.Join(append(terms, "~all"), " ")
}

func (c *domainCheck) judgeSPF(f *Finding, terms []string) {
	last := strings.ToLower(terms[len(terms)-1])
	lookups, included, err := c.walkSPF(terms, 0, map[string]bool{c.domain: true})
	switch {
	case err != nil:
		f.Verdict, f.Detail = Unknown, unanswered
	case c.gone != "":
		f.Verdict, f.Detail = Bad, "The record includes "+c.gone+", which has no SPF record, so receivers treat the whole record as broken. Remove it, or ask that service what belongs there."
		f.Record = strings.Join(slices.DeleteFunc(slices.Clone(terms), func(term string) bool { return strings.HasSuffix(strings.ToLower(term), ":"+c.gone) }), " ")
	case last == "+all" || last == "all":
		f.Verdict, f.Detail = Bad, "The record lets everybody in the world send as this domain. End it with ~all."
		f.Record = strings.Join(append(terms[:len(terms)-1:len(terms)-1], "~all"), " ")
	case lookups > 10:
		f.Verdict, f.Detail = Bad, fmt.Sprintf("The record makes receivers ask the DNS %d times; after 10 they give up and treat it as broken. Remove services that no longer send for you.", lookups)
	case c.provider.include != "" && !included:
		f.Verdict, f.Detail = Bad, c.provider.name+", which sends your mail, is not in the record. Add it."
		f.Record = strings.Join(append([]string{terms[0], "include:" + c.provider.include}, terms[1:]...), " ")
	case c.provider.include == "":
		f.Verdict, f.Detail = Fair, "There is a record. Whether your mail server is in it cannot be told from outside; your mail provider says what must be in it."
	default:
		f.Verdict, f.Detail = Good, c.provider.name+" may send for this domain."
	}
}

// walkSPF counts the lookups that a receiver would make and tells whether the
// provider is among what is included, as deep as that may be.
func (c *domainCheck) walkSPF(terms []string, depth int, seen map[string]bool) (lookups int, included bool, err error) {
	for _, term := range terms {
		term = strings.TrimLeft(strings.ToLower(term), "+-~?")
		target := ""
		if name, ok := strings.CutPrefix(term, "include:"); ok {
			target = name
		} else if name, ok := strings.CutPrefix(term, "redirect="); ok {
			target = name
		}
		mechanism, _, _ := strings.Cut(strings.SplitN(term, "/", 2)[0], ":")
		switch {
		case target != "":
			lookups++
		case mechanism == "a" || mechanism == "mx" || mechanism == "ptr" || mechanism == "exists":
			lookups++
			continue
		default:
			continue
		}
		included = included || target == c.provider.include
		if depth >= 10 || lookups > 20 || seen[target] || strings.Contains(target, "%") {
			continue
		}
		seen[target] = true
		records, err := c.texts(target)
		if err != nil {
			return lookups, included, err
		}
		inner := starting(records, "v=spf1")
		if len(inner) == 0 && c.gone == "" {
			c.gone = target
		}
		if len(inner) == 1 {
			n, found, err := c.walkSPF(strings.Fields(inner[0]), depth+1, seen)
			if err != nil {
				return lookups, included, err
			}
			lookups, included = lookups+n, included || found
		}
	}
	return lookups, included, nil
}

func (c *domainCheck) dkim(selector string) Finding {
	selectors := append(append([]string(nil), c.provider.selectors...), commonSelectors...)
	if selector != "" {
		selectors = []string{selector}
	}
	f := Finding{Host: selectors[0] + "._domainkey." + c.domain}
	unsure := false
	var withdrawn *Finding // one of several names may be left over from an old provider
	for _, s := range selectors {
		name := s + "._domainkey." + c.domain
		records, err := c.texts(name)
		if err != nil {
			unsure = true
			if c.ctx.Err() != nil {
				break
			}
			continue
		}
		for _, r := range records {
			if tags := tagsOf(r); tags["p"] != "" || strings.HasPrefix(strings.ToLower(r), "v=dkim1") {
				found := Finding{Host: name, Found: r}
				judgeKey(&found, tags)
				if tags["p"] != "" {
					return found
				}
				withdrawn = &found
			}
		}
	}
	switch {
	case withdrawn != nil && !unsure:
		return *withdrawn
	case unsure:
		f.Verdict, f.Detail = Unknown, unanswered
	case selector != "":
		f.Verdict, f.Detail = Bad, "There is no key under this selector. Your mail provider shows the record to add, as TXT or CNAME; it differs for each customer."
	default:
		f.Host = "…._domainkey." + c.domain
		f.Verdict, f.Detail = Fair, "No key was found under the usual names. If your mail provider signs with another selector, enter it; if it does not sign yet, switch that on there and add the record it shows."
	}
	return f
}

// tagsOf reads "a=b; c=d".
func tagsOf(record string) map[string]string {
	tags := map[string]string{}
	for part := range strings.SplitSeq(record, ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			tags[strings.ToLower(strings.TrimSpace(name))] = strings.Join(strings.Fields(value), "")
		}
	}
	return tags
}

func judgeKey(f *Finding, tags map[string]string) {
	key, err := base64.StdEncoding.DecodeString(tags["p"])
	switch {
	case tags["p"] == "":
		f.Verdict, f.Detail = Bad, "The key under this name was withdrawn: its record is empty. Ask your mail provider for the new one."
	case err != nil:
		f.Verdict, f.Detail = Bad, "The key cannot be read. It was probably cut off when it was copied; copy it once more, whole."
	case tags["k"] != "ed25519" && len(key) < 140: // 1024 bits are 162 bytes of DER
		f.Verdict, f.Detail = Bad, "The key is shorter than 1,024 bits, and receivers do not believe it. Have your mail provider make a longer one."
	case tags["k"] != "ed25519" && len(key) < 270: // 2048 bits are 294
		f.Verdict, f.Detail = Fair, "Mails can be signed. The key has 1,024 bits; 2,048 are better."
	case strings.Contains(tags["t"], "y"):
		f.Verdict, f.Detail = Fair, "The key is marked as a test (t=y), so receivers may ignore it. Remove the mark when everything works."
	default:
		f.Verdict, f.Detail = Good, "Mails from this domain can be signed."
	}
}

var policyPattern = regexp.MustCompile(`^(none|quarantine|reject)$`)

// dmarc considers what the other two are good for: a strict policy without
// either makes receivers throw the mails away.
func (c *domainCheck) dmarc(spf, dkim Verdict) Finding {
	f := Finding{Host: "_dmarc." + c.domain}
	records, err := c.texts("_dmarc." + c.domain)
	parent := false
	if err == nil && len(starting(records, "v=dmarc1")) == 0 {
		if org, orgErr := publicsuffix.EffectiveTLDPlusOne(c.domain); orgErr == nil && org != c.domain {
			parent = true
			f.Host = "_dmarc." + org
			records, err = c.texts("_dmarc." + org)
		}
	}
	if err != nil {
		f.Verdict, f.Detail = Unknown, unanswered
		return f
	}
	records = starting(records, "v=dmarc1")
	f.Found = strings.Join(records, "\n")
	if len(records) == 0 {
		f.Verdict, f.Detail = Bad, "The domain has no DMARC record. Gmail and Yahoo ask for one from everybody who sends in number. Add this TXT record; it blocks nothing."
		f.Record = "v=DMARC1; p=none"
		return f
	}
	tags := tagsOf(records[0])
	policy := strings.ToLower(tags["p"])
	if parent && tags["sp"] != "" {
		policy = strings.ToLower(tags["sp"])
	}
	strict := (strings.EqualFold(tags["adkim"], "s") || strings.EqualFold(tags["aspf"], "s"))
	switch {
	case len(records) > 1 || !policyPattern.MatchString(policy):
		f.Verdict, f.Detail, f.Record = Bad, "The record cannot be read, or there are several, so receivers ignore it. Keep exactly one.", "v=DMARC1; p=none"
	case policy != "none" && spf == Bad && dkim == Bad:
		f.Verdict, f.Detail = Bad, "The domain tells receivers to "+map[string]string{"reject": "reject", "quarantine": "put into spam"}[policy]+" what neither SPF nor DKIM confirms, and neither confirms your mails. Mend one of them before you send."
	case strict:
		f.Verdict, f.Detail = Fair, "The domain wants an exact match (adkim or aspf is s): what signs and sends must be "+c.domain+" itself, no domain below or above it. Send a test and look for dmarc=pass in its head."
	case policy == "none":
		f.Verdict, f.Detail = Good, "The domain has a policy that only watches. Once every mail passes, p=quarantine protects your name from imitators."
	default:
		f.Verdict, f.Detail = Good, "Imitators of this domain are kept out (p="+policy+"). Your mails pass because they come from, or are signed as, the same domain."
	}
	return f
}
