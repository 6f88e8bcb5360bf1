package tracking

import (
	"net/url"
	"regexp"
	"strings"
)

// A Carrier is who brings a parcel.
type Carrier struct {
	Code string // "ups", the same in every shop; "" when we do not recognise it
	Name string // as it calls itself, or as the merchant wrote it
}

// carrier is what we know about one. Where it comes from is in
// docs/decisions/0016-carriers.md.
type carrier struct {
	code, name string
	aliases    string // other names that Shopify and merchants use, separated by |
	hosts      string // hosts of its tracking pages
	numbers    *regexp.Regexp
	check      func(string) bool // nil: no check digit is known
	sure       bool              // numbers alone are enough
	link       string            // where {n} is tracked; "" when there is no stable address
}

var carriers = []carrier{
	{code: "ups", name: "UPS", aliases: "united parcel service|ups mail innovations|ups surepost", hosts: "ups.com", numbers: regexp.MustCompile(`^1Z[0-9A-Z]{16}$`), check: upsDigit, sure: true, link: "https://www.ups.com/track?tracknum={n}"},
	{code: "fedex", name: "FedEx", aliases: "federal express|fedex ground|fedex express|fedex sameday|fedex uk", hosts: "fedex.com", numbers: regexp.MustCompile(`^(\d{12}|\d{15})$`), check: fedexDigit, link: "https://www.fedex.com/fedextrack/?trknbr={n}"},
	{code: "usps", name: "USPS", aliases: "united states postal service|us postal service", hosts: "usps.com", numbers: regexp.MustCompile(`^(420\d{5}(\d{4})?)?9[1-5]\d{20}$`), check: uspsDigit, sure: true, link: "https://tools.usps.com/go/TrackConfirmAction?tLabels={n}"},
	{code: "dhl_ecommerce", name: "DHL eCommerce", aliases: "dhl ecommerce asia|dhl global mail|dhl gm|dhl global mail asia|dhl parcel uk|dhl ecommerce uk", hosts: "webtrack.dhlglobalmail.com|webtrack.dhlecs.com|track.dhlparcel.co.uk", numbers: regexp.MustCompile(`^GM\d{16,20}$`), sure: true, link: "https://webtrack.dhlecs.com/orders?trackingNumber={n}"},
	{code: "dhl_paket", name: "DHL Paket", aliases: "dhl germany|dhl deutschland|dhl parcel", hosts: "dhl.de|nolp.dhl.de", numbers: regexp.MustCompile(`^(00340\d{15}|JJD\d{10,18})$`), sure: true, link: "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={n}"},
	{code: "dhl_express", name: "DHL Express", aliases: "dhl|dhl worldwide express", hosts: "dhl.com|mydhl.express.dhl", numbers: regexp.MustCompile(`^(\d{10}|JD\d{16,18})$`), check: dhlDigit, link: "https://www.dhl.com/en/express/tracking.html?AWB={n}"},
	{code: "royal_mail", name: "Royal Mail", hosts: "royalmail.com", numbers: postal("GB"), check: s10Digit, sure: true, link: "https://www.royalmail.com/track-your-item#/tracking-results/{n}"},
	{code: "canada_post", name: "Canada Post", aliases: "postes canada", hosts: "canadapost.ca|canadapost-postescanada.ca", numbers: regexp.MustCompile(`^(\d{16}|[A-Z]{2}\d{9}CA)$`), check: s10OrMod10, link: "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={n}"},
	{code: "australia_post", name: "Australia Post", aliases: "auspost", hosts: "auspost.com.au", numbers: postal("AU"), check: s10Digit, sure: true, link: "https://auspost.com.au/mypost/track/details/{n}"},
	{code: "colissimo", name: "Colissimo", aliases: "la poste colissimo", hosts: "colissimo.fr", numbers: regexp.MustCompile(`^[68][A-Z]\d{11}$`), sure: true, link: "https://www.laposte.fr/outils/suivre-vos-envois?code={n}"},
	{code: "la_poste", name: "La Poste", aliases: "laposte", hosts: "laposte.fr|laposte.net", numbers: postal("FR"), check: s10Digit, sure: true, link: "https://www.laposte.fr/outils/suivre-vos-envois?code={n}"},
	{code: "chronopost", name: "Chronopost", hosts: "chronopost.fr", link: "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={n}"},
	{code: "deutsche_post", name: "Deutsche Post", aliases: "deutsche post (de)|deutsche post (en)", hosts: "deutschepost.de|deutschepost.com", numbers: postal("DE"), check: s10Digit, sure: true, link: "https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode={n}"},
	{code: "gls", name: "GLS", aliases: "gls (us)|general logistics systems|gls germany|gls spain|gls italy", hosts: "gls-group.com|gls-group.eu|gls-pakete.de|gls-us.com|gls-spain.es|gls-italy.com", link: "https://gls-group.com/track/{n}"},
	{code: "dpd", name: "DPD", aliases: "dpd uk|dpd germany|dpd local|dynamic parcel distribution|geopost", hosts: "dpd.com|dpd.co.uk|dpd.de|dpdlocal.co.uk|dpdgroup.com", numbers: regexp.MustCompile(`^0\d{13}[0-9A-Z]?$`), link: "https://www.dpdgroup.com/nl/mydpd/my-parcels/search?lang=en&parcelNumber={n}"},
	{code: "hermes", name: "Hermes", aliases: "hermes germany|myhermes", hosts: "myhermes.de|hermesworld.com", numbers: regexp.MustCompile(`^H\d{19}$`), sure: true, link: "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{n}"},
	{code: "evri", name: "Evri", aliases: "hermes uk", hosts: "evri.com|hermesworld.co.uk", numbers: regexp.MustCompile(`^[HT]\d{2}[A-Z]{2}[0-9A-Z]{11}$`), sure: true, link: "https://www.evri.com/track/parcel/{n}"},
	{code: "correos", name: "Correos", aliases: "correos españa|correos spain|correos express", hosts: "correos.es|correosexpress.com", numbers: postal("ES"), check: s10Digit, sure: true, link: "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={n}"},
	{code: "japan_post", name: "Japan Post", aliases: "japan post (en)|japan post (ja)|日本郵便|ゆうパック", hosts: "post.japanpost.jp|japanpost.jp", numbers: postal("JP"), check: s10Digit, sure: true, link: "https://trackings.post.japanpost.jp/services/srv/search/direct?locale=en&reqCodeNo1={n}"},
	{code: "yamato", name: "Yamato", aliases: "yamato (en)|yamato (ja)|yamato transport|ヤマト運輸|クロネコヤマト|kuroneko", hosts: "kuronekoyamato.co.jp", check: mod7Digit, link: "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id={n}"},
	{code: "sagawa", name: "Sagawa", aliases: "sagawa (en)|sagawa (ja)|佐川急便|sagawa express", hosts: "sagawa-exp.co.jp", check: mod7Digit, link: "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo={n}"},
	{code: "sf_express", name: "SF Express", aliases: "sf|顺丰|順豐|顺丰速运", hosts: "sf-express.com|sf-international.com", numbers: regexp.MustCompile(`^SF\d{12,13}$`), sure: true, link: "https://www.sf-express.com/chn/en/waybill/waybill-detail/{n}"},
	{code: "china_post", name: "China Post", aliases: "china post ems|中国邮政|china ems", hosts: "chinapost.com.cn|ems.com.cn", numbers: postal("CN"), check: s10Digit, sure: true, link: ""},
	{code: "yunexpress", name: "YunExpress", aliases: "yun express", hosts: "yuntrack.com", numbers: regexp.MustCompile(`^YT\d{16}$`), sure: true, link: "https://www.yuntrack.com/parcelTracking?id={n}"},
	{code: "aramex", name: "Aramex", hosts: "aramex.com|aramex.com.au|aramex.co.nz", link: "https://www.aramex.com/us/en/track/results?ShipmentNumber={n}"},
	{code: "iran_post", name: "Iran Post", aliases: "iran post company|پست ایران|شرکت ملی پست|پست", hosts: "post.ir", numbers: regexp.MustCompile(`^(\d{24}|[A-Z]{2}\d{9}IR)$`), sure: true, link: "https://tracking.post.ir/?id={n}"},
	{code: "tipax", name: "Tipax", aliases: "تیپاکس", hosts: "tipaxco.com", link: ""},
	{code: "russian_post", name: "Russian Post", aliases: "почта россии|pochta rossii", hosts: "pochta.ru", numbers: postal("RU"), check: s10Digit, sure: true, link: "https://www.pochta.ru/tracking?barcode={n}"},
	{code: "cdek", name: "CDEK", aliases: "сдэк|sdek", hosts: "cdek.ru", link: "https://www.cdek.ru/ru/tracking/?order_id={n}"},
	{code: "emirates_post", name: "Emirates Post", aliases: "emirates post group|7x", hosts: "emiratespost.ae", numbers: postal("AE"), check: s10Digit, sure: true, link: ""},
	{code: "smsa", name: "SMSA Express", aliases: "smsa", hosts: "smsaexpress.com", link: "https://www.smsaexpress.com/trackingdetails?tracknumbers={n}"},
	{code: "postnl", name: "PostNL", aliases: "postnl domestic|postnl international", hosts: "postnl.nl|postnl.post", numbers: regexp.MustCompile(`^(3S[0-9A-Z]{11,13}|[A-Z]{2}\d{9}NL)$`), sure: true, link: "https://jouw.postnl.nl/track-and-trace/{n}"},
	{code: "austrian_post", name: "Österreichische Post", aliases: "austrian post|post at", hosts: "post.at", numbers: postal("AT"), check: s10Digit, sure: true, link: "https://www.post.at/sv/sendungsdetails?snr={n}"},
	{code: "swiss_post", name: "Swiss Post", aliases: "die schweizerische post|la poste suisse", hosts: "post.ch|swisspost.ch", numbers: regexp.MustCompile(`^(99\d{16}|[A-Z]{2}\d{9}CH)$`), sure: true, link: "https://service.post.ch/ekp-web/ui/entry/search/{n}"},
	{code: "ontrac", name: "OnTrac", hosts: "ontrac.com", numbers: regexp.MustCompile(`^[CD]\d{14}$`), link: "https://www.ontrac.com/tracking/?number={n}"},
	{code: "amazon", name: "Amazon Logistics", aliases: "amazon logistics uk|amazon logistics us|amazon shipping", hosts: "track.amazon.com|track.amazon.co.uk", numbers: regexp.MustCompile(`^TB[ACMR]\d{12}$`), sure: true, link: "https://track.amazon.com/tracking/{n}"},
	{code: "purolator", name: "Purolator", hosts: "purolator.com", link: "https://www.purolator.com/en/shipping/tracker?pins={n}"},
	{code: "inpost", name: "InPost", hosts: "inpost.pl|inpost.co.uk|inpost.it", link: "https://inpost.pl/sledzenie-przesylek?number={n}"},
	{code: "mondial_relay", name: "Mondial Relay", hosts: "mondialrelay.fr|mondialrelay.com", link: ""},
	{code: "4px", name: "4PX", aliases: "4px express", hosts: "4px.com", link: "https://track.4px.com/#/result/0/{n}"},
}

var byCode, byAlias = func() (map[string]*carrier, map[string]*carrier) {
	codes, names := map[string]*carrier{}, map[string]*carrier{}
	for i := range carriers {
		c := &carriers[i]
		codes[c.code], names[strings.ToLower(c.name)] = c, c
		for alias := range strings.SplitSeq(c.aliases, "|") {
			if alias != "" {
				names[alias] = c
			}
		}
	}
	return codes, names
}()

func postal(country string) *regexp.Regexp {
	return regexp.MustCompile(`^[A-Z]{2}\d{9}` + country + `$`)
}

// CarrierNamed gives the carrier of a code.
func CarrierNamed(code string) (Carrier, bool) {
	c := byCode[code]
	if c == nil {
		return Carrier{}, false
	}
	return Carrier{c.code, c.name}, true
}

// Recognise tells who carries a parcel: by the name that Shopify or the merchant
// gave, by the host of the tracking page, or by a number that only one carrier
// gives out and whose check digit fits.
func Recognise(company, number, address string) Carrier {
	name := strings.ToLower(strings.Join(strings.Fields(company), " "))
	if c := byAlias[name]; c != nil {
		if c.code == "dhl_express" && name == "dhl" { // "DHL" alone is said of all of them
			if other := byNumber(number, true); other != nil && strings.HasPrefix(other.code, "dhl") {
				c = other
			} else if other := byHost(address); other != nil && strings.HasPrefix(other.code, "dhl") {
				c = other
			}
		}
		return Carrier{c.code, c.name}
	}
	if c := byHost(address); c != nil {
		return named(c, company)
	}
	if c := byNumber(number, true); c != nil && (name == "" || name == "other") {
		return Carrier{c.code, c.name}
	}
	if name == "other" {
		company = ""
	}
	return Carrier{Name: strings.TrimSpace(company)}
}

// named keeps the merchant's own name when it was only the page that gave the
// carrier away.
func named(c *carrier, company string) Carrier {
	if company = strings.TrimSpace(company); company != "" && !strings.EqualFold(company, "other") {
		return Carrier{c.code, company}
	}
	return Carrier{c.code, c.name}
}

func byHost(address string) *carrier {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Hostname() == "" {
		return nil
	}
	host := strings.ToLower(u.Hostname())
	for i := range carriers {
		for h := range strings.SplitSeq(carriers[i].hosts, "|") {
			if h != "" && (host == h || strings.HasSuffix(host, "."+h)) {
				return &carriers[i]
			}
		}
	}
	return nil
}

func byNumber(number string, sure bool) *carrier {
	number = compact(number)
	if len(number) < 8 {
		return nil
	}
	for i := range carriers {
		c := &carriers[i]
		if c.numbers == nil || sure && !c.sure || !c.numbers.MatchString(number) {
			continue
		}
		if c.check == nil || c.check(number) {
			return c
		}
	}
	return nil
}

// compact drops what people put into numbers to read them.
func compact(number string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' || r == '\u00a0' {
			return -1
		}
		return r
	}, number))
}

const longestURL = 2_000

// Link is where the parcel is tracked: the address that Shopify has, when it is a
// https one that leads to a host by name, or else the carrier's own page.
func Link(c Carrier, number, address string) string {
	if u, err := url.Parse(strings.TrimSpace(address)); err == nil && safe(u) && len(address) <= longestURL {
		return u.String()
	}
	known := byCode[c.Code]
	number = compact(number)
	if known == nil || known.link == "" || number == "" || len(number) > 60 {
		return ""
	}
	return strings.Replace(known.link, "{n}", url.QueryEscape(number), 1)
}

// safe is strict: nothing but https, no name and password, no port, and a host
// that has a name and is no bare address.
func safe(u *url.URL) bool {
	host := u.Hostname()
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.EqualFold(u.Scheme, "https") && u.User == nil && u.Opaque == "" && u.Port() == "" &&
		strings.Contains(host, ".") && !strings.Contains(host, ":") && last != "" && (last[0] < '0' || last[0] > '9')
}
