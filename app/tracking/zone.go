package tracking

import (
	_ "embed" // countries and their zones
	"strings"
	"time"
)

// zones.tsv is from the IANA time zone database (public domain): each country's
// code, its zone when it has one (or several that go the same), and its name.
//
//go:embed zones.tsv
var zonesFile string

type country struct{ zone, name string }

var countries, countriesByName = func() (map[string]country, map[string]string) {
	byCode, byName := map[string]country{}, map[string]string{}
	for line := range strings.Lines(zonesFile) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
			byCode[f[0]] = country{f[1], f[2]}
			byName[strings.ToLower(f[2])] = f[0]
		}
	}
	for name, code := range map[string]string{"united kingdom": "GB", "great britain": "GB", "usa": "US", "united states of america": "US", "south korea": "KR",
		"republic of korea": "KR", "czech republic": "CZ", "türkiye": "TR", "viet nam": "VN", "islamic republic of iran": "IR", "russian federation": "RU",
		"deutschland": "DE", "españa": "ES", "österreich": "AT", "schweiz": "CH"} {
		byName[name] = code
	}
	return byCode, byName
}()

// countryCode is the two-letter code of a code or an English name, or "".
func countryCode(s string) string {
	s = strings.TrimSpace(s)
	if code := strings.ToUpper(s); len(code) == 2 {
		if _, ok := countries[code]; ok {
			return code
		}
		if code == "UK" {
			return "GB"
		}
		return ""
	}
	return countriesByName[strings.ToLower(s)]
}

// countryIn is the country that a time zone lies in, or "".
func countryIn(zone *time.Location) string {
	for code, c := range countries {
		if c.zone == zone.String() {
			return code
		}
	}
	for code, of := range provinces {
		for _, name := range of {
			if name == zone.String() {
				return code
			}
		}
	}
	return ""
}

// provinces gives a zone to each province of a country with several: by code or
// by English name. "" is where most of the country is, when that is nearly all.
var provinces = map[string]map[string]string{
	"US": expand(map[string]string{
		"America/New_York": "CT Connecticut,DE Delaware,DC District of Columbia,GA Georgia,ME Maine,MD Maryland,MA Massachusetts,NH New Hampshire,NJ New Jersey,NY New York,NC North Carolina,OH Ohio,PA Pennsylvania,RI Rhode Island,SC South Carolina,VT Vermont,VA Virginia,WV West Virginia",
		"America/Chicago":  "AL Alabama,AR Arkansas,IL Illinois,IA Iowa,LA Louisiana,MN Minnesota,MS Mississippi,MO Missouri,OK Oklahoma,WI Wisconsin",
		"America/Denver":   "CO Colorado,MT Montana,NM New Mexico,UT Utah,WY Wyoming", "America/Phoenix": "AZ Arizona",
		"America/Los_Angeles": "CA California,WA Washington,NV Nevada", "America/Anchorage": "AK Alaska", "Pacific/Honolulu": "HI Hawaii", "America/Puerto_Rico": "PR Puerto Rico",
	}),
	"CA": expand(map[string]string{"America/Toronto": "QC Quebec,QC Québec", "America/Winnipeg": "MB Manitoba", "America/Regina": "SK Saskatchewan", "America/Edmonton": "AB Alberta,NT Northwest Territories",
		"America/Vancouver": "BC British Columbia", "America/Halifax": "NS Nova Scotia,NB New Brunswick,PE Prince Edward Island", "America/St_Johns": "NL Newfoundland and Labrador,NL Newfoundland", "America/Whitehorse": "YT Yukon"}),
	"AU": expand(map[string]string{"Australia/Sydney": "NSW New South Wales,ACT Australian Capital Territory", "Australia/Melbourne": "VIC Victoria", "Australia/Hobart": "TAS Tasmania", "Australia/Brisbane": "QLD Queensland",
		"Australia/Adelaide": "SA South Australia", "Australia/Darwin": "NT Northern Territory", "Australia/Perth": "WA Western Australia"}),
	"BR": expand(map[string]string{"America/Sao_Paulo": "SP São Paulo,RJ Rio de Janeiro,MG Minas Gerais,PR Paraná,SC Santa Catarina,RS Rio Grande do Sul,GO Goiás,DF Distrito Federal,ES Espírito Santo,BA Bahia,SE Sergipe,AL Alagoas,PE Pernambuco,PB Paraíba,RN Rio Grande do Norte,CE Ceará,PI Piauí,MA Maranhão,TO Tocantins,AP Amapá,PA Pará",
		"America/Manaus": "RO Rondônia,RR Roraima", "America/Cuiaba": "MT Mato Grosso,MS Mato Grosso do Sul", "America/Rio_Branco": "AC Acre"}),
	"MX": expand(map[string]string{"America/Mexico_City": "CDMX Ciudad de México,DF Distrito Federal,MEX México,JAL Jalisco,NL Nuevo León,PUE Puebla,VER Veracruz,GTO Guanajuato,QRO Querétaro,YUC Yucatán",
		"America/Tijuana": "BC Baja California", "America/Hermosillo": "SON Sonora", "America/Mazatlan": "SIN Sinaloa,BCS Baja California Sur", "America/Cancun": "QR Quintana Roo,ROO Quintana Roo"}),
	"RU": expand(map[string]string{"Europe/Moscow": "MOW Moscow,MOS Moscow Province,SPE Saint Petersburg,LEN Leningrad Province", "Europe/Kaliningrad": "KGD Kaliningrad", "Europe/Samara": "SAM Samara",
		"Asia/Yekaterinburg": "SVE Sverdlovsk,CHE Chelyabinsk,PER Perm Krai,TYU Tyumen", "Asia/Omsk": "OMS Omsk", "Asia/Novosibirsk": "NVS Novosibirsk", "Asia/Krasnoyarsk": "KYA Krasnoyarsk Krai", "Asia/Irkutsk": "IRK Irkutsk", "Asia/Vladivostok": "PRI Primorsky Krai"}),
	"ID": expand(map[string]string{"Asia/Jakarta": "JK Jakarta,JB West Java,JT Central Java,JI East Java,BT Banten,YO Yogyakarta", "Asia/Makassar": "BA Bali", "Asia/Jayapura": "PA Papua"}),
	"ES": {"": "Europe/Madrid", "GC": "Atlantic/Canary", "TF": "Atlantic/Canary", "las palmas": "Atlantic/Canary", "santa cruz de tenerife": "Atlantic/Canary", "canarias": "Atlantic/Canary"},
	"PT": {"": "Europe/Lisbon", "PT-20": "Atlantic/Azores", "azores": "Atlantic/Azores", "açores": "Atlantic/Azores", "PT-30": "Atlantic/Madeira", "madeira": "Atlantic/Madeira"},
	"NZ": {"": "Pacific/Auckland", "chatham islands": "Pacific/Chatham"},
	"CL": {"": "America/Santiago", "easter island": "Pacific/Easter"},
}

// expand turns "zone: code name, code name" around.
func expand(zones map[string]string) map[string]string {
	out := map[string]string{}
	for zone, list := range zones {
		for entry := range strings.SplitSeq(list, ",") {
			code, name, _ := strings.Cut(entry, " ")
			out[code], out[strings.ToLower(name)] = zone, zone
		}
	}
	return out
}

// zoneOf names the zone of a place, or "" when its country and province do not
// say. Provinces that lie in two zones are left out: no zone is better than a
// wrong one.
func zoneOf(countryCode, province string) string {
	if zone := countries[countryCode].zone; zone != "" {
		return zone
	}
	known := provinces[countryCode]
	province = strings.TrimSpace(province)
	if zone := known[strings.ToUpper(province)]; zone != "" && province != "" {
		return zone
	}
	if zone := known[strings.ToLower(province)]; zone != "" {
		return zone
	}
	return known[""]
}

// ZoneOf is the zone of a place; ok is false when its country and province do not
// say.
func ZoneOf(countryCode, province string) (zone *time.Location, ok bool) {
	return zoneNamed(zoneOf(countryCode, province))
}

// zoneNamed loads a zone; ok is false when it is not known here.
func zoneNamed(name string) (zone *time.Location, ok bool) {
	if name == "" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}
