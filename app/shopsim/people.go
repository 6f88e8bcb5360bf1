package shopsim

// defaultAddresses is a plausible address in each country the demo ships to.
var defaultAddresses = map[string]Address{
	"US": {FirstName: "Olivia", LastName: "Hart", Address1: "218 Bedford Avenue", Address2: "Apt 4C", City: "Brooklyn", Province: "New York", ProvCode: "NY", Zip: "11249", CountryCode: "US", Phone: "+12125550142"},
	"DE": {FirstName: "Jonas", LastName: "Weber", Address1: "Oranienstraße 42", City: "Berlin", Zip: "10969", CountryCode: "DE"},
	"FR": {FirstName: "Camille", LastName: "Moreau", Address1: "18 rue des Martyrs", City: "Paris", Zip: "75009", CountryCode: "FR"},
	"ES": {FirstName: "Lucía", LastName: "Fernández", Address1: "Calle de Fuencarral 77", City: "Madrid", Province: "Madrid", ProvCode: "M", Zip: "28004", CountryCode: "ES"},
	"JP": {FirstName: "美咲", LastName: "佐藤", Address1: "神宮前4-12-10", City: "渋谷区", Province: "Tokyo", ProvCode: "JP-13", Zip: "150-0001", CountryCode: "JP"},
	"AE": {FirstName: "ليلى", LastName: "المنصوري", Address1: "شارع الشيخ زايد، برج 12", City: "دبي", Province: "Dubai", ProvCode: "DU", CountryCode: "AE"},
	"SA": {FirstName: "عبد الله", LastName: "القحطاني", Address1: "طريق الملك فهد 210", City: "الرياض", Zip: "12212", CountryCode: "SA"},
	"IR": {FirstName: "سارا", LastName: "احمدی", Address1: "خیابان ولیعصر، پلاک ۱۲۸، واحد ۵", City: "تهران", Zip: "1966744511", CountryCode: "IR"},
	"RU": {FirstName: "Анна", LastName: "Соколова", Address1: "ул. Большая Никитская, д. 19", City: "Москва", Province: "Moscow", ProvCode: "MOW", Zip: "125009", CountryCode: "RU"},
	"KZ": {FirstName: "Айгерим", LastName: "Нурланова", Address1: "пр. Абая 52", City: "Алматы", Zip: "050008", CountryCode: "KZ"},
	"GB": {FirstName: "Amelia", LastName: "Clarke", Address1: "7 Redchurch Street", City: "London", Province: "England", ProvCode: "ENG", Zip: "E2 7DJ", CountryCode: "GB"},
	"CA": {FirstName: "Noah", LastName: "Tremblay", Address1: "5250 boul. Saint-Laurent", City: "Montréal", Province: "Quebec", ProvCode: "QC", Zip: "H2T 1S4", CountryCode: "CA"},
	"AT": {FirstName: "Lena", LastName: "Gruber", Address1: "Neubaugasse 31", City: "Wien", Zip: "1070", CountryCode: "AT"},
	"MX": {FirstName: "Diego", LastName: "Ramírez", Address1: "Av. Álvaro Obregón 110", City: "Ciudad de México", Province: "Ciudad de México", ProvCode: "DF", Zip: "06700", CountryCode: "MX"},
}

var countryNames = map[string]string{
	"US": "United States", "DE": "Germany", "FR": "France", "ES": "Spain", "JP": "Japan", "AE": "United Arab Emirates",
	"SA": "Saudi Arabia", "IR": "Iran", "RU": "Russia", "KZ": "Kazakhstan", "GB": "United Kingdom", "CA": "Canada", "AT": "Austria", "MX": "Mexico",
	"AU": "Australia", "BR": "Brazil", "CH": "Switzerland", "IT": "Italy", "NL": "Netherlands", "SE": "Sweden", "EG": "Egypt", "QA": "Qatar", "KW": "Kuwait",
}

type person struct {
	first, last, email, locale, country string
	marketing                           bool
}

// people are the customers of the demo store. Addresses end in example.com or
// example.org, which belong to nobody.
var people = []person{
	{"Olivia", "Hart", "olivia.hart@example.com", "en", "US", true},
	{"Marcus", "Bennett", "marcus.bennett@example.com", "en", "US", false},
	{"Amelia", "Clarke", "amelia.clarke@example.com", "en", "GB", true},
	{"Noah", "Tremblay", "noah.tremblay@example.com", "fr", "CA", false},
	{"Priya", "Raman", "priya.raman@example.com", "en", "US", true},
	{"ليلى", "المنصوري", "layla.almansoori@example.com", "ar", "AE", true},
	{"عبد الله", "القحطاني", "abdullah.alqahtani@example.com", "ar", "SA", false},
	{"نور", "حداد", "nour.haddad@example.com", "ar", "AE", false},
	{"سارا", "احمدی", "sara.ahmadi@example.com", "fa", "IR", true},
	{"رضا", "کریمی", "reza.karimi@example.com", "fa", "IR", false},
	{"نیلوفر", "رستمی", "niloufar.rostami@example.com", "fa", "US", false},
	{"美咲", "佐藤", "misaki.sato@example.com", "ja", "JP", true},
	{"健太", "高橋", "kenta.takahashi@example.com", "ja", "JP", false},
	{"由美", "中村", "yumi.nakamura@example.com", "ja", "JP", false},
	{"Анна", "Соколова", "anna.sokolova@example.com", "ru", "RU", true},
	{"Дмитрий", "Волков", "dmitry.volkov@example.com", "ru", "RU", false},
	{"Айгерим", "Нурланова", "aigerim.nurlanova@example.com", "ru", "KZ", false},
	{"Jonas", "Weber", "jonas.weber@example.com", "de", "DE", true},
	{"Lena", "Gruber", "lena.gruber@example.com", "de", "AT", false},
	{"Friederike", "Schönfeld", "friederike.schoenfeld@example.com", "de", "DE", true},
	{"Camille", "Moreau", "camille.moreau@example.com", "fr", "FR", true},
	{"Théo", "Lefèvre", "theo.lefevre@example.com", "fr", "FR", false},
	{"Lucía", "Fernández", "lucia.fernandez@example.com", "es", "ES", true},
	{"Diego", "Ramírez", "diego.ramirez@example.com", "es", "MX", false},
	{"Íñigo", "Azpiazu", "inigo.azpiazu@example.com", "es", "ES", false},
}

type item struct {
	handle, title, kind, vendor, text, alt string
	tags                                   []string
	price                                  int64
	grams                                  int64
	options                                []Option
	extra                                  []int64 // added to the price by the value of the first option
	gift                                   bool
	related                                []string
}

// catalogue is what Lumen & Loom sells.
var catalogue = []item{
	{handle: "arc-table-lamp", title: "Arc Table Lamp", kind: "Lighting", vendor: "Lumen & Loom", price: 14800, grams: 2100,
		text:    "A single bent line of powder-coated steel with a hand-blown opal globe. Dims with a touch, from reading light to candle.",
		alt:     "Table lamp with an arched stem and a round opal glass shade",
		options: []Option{{Name: "Finish", Values: []string{"Brass", "Graphite", "Chalk"}}}, tags: []string{"lighting", "bestseller"}, related: []string{"ridge-vase", "linen-throw", "halo-pendant"}},
	{handle: "halo-pendant", title: "Halo Pendant", kind: "Lighting", vendor: "Lumen & Loom", price: 22900, grams: 1800,
		text:    "A ring of warm, glare-free light for the table you linger at. Hangs from a woven cord you can shorten without tools.",
		alt:     "Ring-shaped pendant lamp hanging from a cord",
		options: []Option{{Name: "Size", Values: []string{"Small", "Large"}}, {Name: "Colour", Values: []string{"Brass", "Black"}}}, extra: []int64{0, 7000}, tags: []string{"lighting"}, related: []string{"arc-table-lamp", "oak-tray"}},
	{handle: "linen-throw", title: "Washed Linen Throw", kind: "Textiles", vendor: "Lumen & Loom", price: 8900, grams: 750,
		text:    "Belgian flax, washed until it is soft, woven in a small mill in Kortrijk. Warm in October, cool in June.",
		alt:     "Folded linen throw with fringed edges",
		options: []Option{{Name: "Colour", Values: []string{"Oat", "Moss", "Clay", "Ink"}}}, tags: []string{"textiles", "bestseller"}, related: []string{"wool-cushion", "arc-table-lamp"}},
	{handle: "wool-cushion", title: "Bouclé Wool Cushion", kind: "Textiles", vendor: "Lumen & Loom", price: 6400, grams: 620,
		text:    "Undyed bouclé from Portuguese wool with a hidden zip. Comes with its feather filling.",
		alt:     "Square cushion in looped cream wool",
		options: []Option{{Name: "Size", Values: []string{"45 × 45 cm", "60 × 40 cm"}}, {Name: "Colour", Values: []string{"Cream", "Rust"}}}, extra: []int64{0, 800}, tags: []string{"textiles"}, related: []string{"linen-throw"}},
	{handle: "ridge-vase", title: "Ridge Vase", kind: "Ceramics", vendor: "Atelier Ono", price: 5600, grams: 1350,
		text:    "Thrown and ridged by hand, glazed inside only, so the clay keeps its warmth on the outside.",
		alt:     "Tall ceramic vase with horizontal ridges",
		options: []Option{{Name: "Glaze", Values: []string{"Bone", "Celadon", "Tenmoku"}}}, tags: []string{"ceramics", "bestseller"}, related: []string{"ono-bowl-set", "oak-tray"}},
	{handle: "ono-bowl-set", title: "Ono Bowls, Set of Four", kind: "Ceramics", vendor: "Atelier Ono", price: 7200, grams: 1900,
		text:    "Four nesting bowls for soup, rice or salad. Safe in the dishwasher, better by hand.",
		alt:     "Stack of four stoneware bowls",
		options: []Option{{Name: "Glaze", Values: []string{"Bone", "Celadon"}}}, tags: []string{"ceramics", "table"}, related: []string{"ridge-vase", "linen-napkins"}},
	{handle: "oak-tray", title: "Oak Serving Tray", kind: "Table", vendor: "Lumen & Loom", price: 4800, grams: 980,
		text:    "Solid European oak, oiled, with two handles cut out of the same board. Leans nicely against a wall between guests.",
		alt:     "Oval oak tray with cut-out handles",
		options: []Option{{Name: "Size", Values: []string{"Small", "Large"}}}, extra: []int64{0, 1600}, tags: []string{"table", "wood"}, related: []string{"ono-bowl-set", "linen-napkins"}},
	{handle: "linen-napkins", title: "Linen Napkins, Set of Four", kind: "Table", vendor: "Lumen & Loom", price: 3600, grams: 260,
		text:    "Stonewashed linen that needs no iron. The more dinners, the softer.",
		alt:     "Four folded linen napkins",
		options: []Option{{Name: "Colour", Values: []string{"Oat", "Moss", "Clay"}}}, tags: []string{"table", "textiles"}, related: []string{"oak-tray"}},
	{handle: "beeswax-candles", title: "Beeswax Tapers, Pair", kind: "Scent & Light", vendor: "Honey Lane", price: 2200, grams: 240,
		text: "Pure beeswax, dipped thirty times. Burns for ten hours and smells faintly of summer.",
		alt:  "Two tall beeswax candles", tags: []string{"candles"}, related: []string{"brass-holder", "cedar-candle"}},
	{handle: "brass-holder", title: "Brass Candle Holder", kind: "Scent & Light", vendor: "Lumen & Loom", price: 3400, grams: 540,
		text: "Turned from a solid rod and left unlacquered: it will age with your house.",
		alt:  "Low brass candle holder", tags: []string{"candles", "metal"}, related: []string{"beeswax-candles"}},
	{handle: "cedar-candle", title: "Cedar & Fig Candle", kind: "Scent & Light", vendor: "Honey Lane", price: 3900, grams: 520,
		text:    "Coconut wax in a reusable stoneware cup. Cedar first, green fig after.",
		alt:     "Scented candle in a stoneware cup",
		options: []Option{{Name: "Size", Values: []string{"180 g", "400 g"}}}, extra: []int64{0, 2300}, tags: []string{"candles", "bestseller"}, related: []string{"beeswax-candles", "ridge-vase"}},
	{handle: "loom-rug", title: "Loom Rug", kind: "Textiles", vendor: "Lumen & Loom", price: 32000, grams: 5200,
		text:    "Hand-woven in Jaipur from undyed and madder-dyed wool. Each one differs a little; that is the point.",
		alt:     "Woven wool rug with a stripe pattern",
		options: []Option{{Name: "Size", Values: []string{"120 × 180 cm", "170 × 240 cm"}}, {Name: "Colour", Values: []string{"Natural", "Madder"}}}, extra: []int64{0, 26000}, tags: []string{"textiles", "rugs"}, related: []string{"linen-throw", "wool-cushion"}},
	{handle: "reading-stool", title: "Reading Stool", kind: "Furniture", vendor: "Lumen & Loom", price: 18500, grams: 4300,
		text:    "Ash, three legs, a saddle seat. Side table by day, seat by evening.",
		alt:     "Three-legged ash wood stool",
		options: []Option{{Name: "Wood", Values: []string{"Natural ash", "Black ash"}}}, tags: []string{"furniture", "wood"}, related: []string{"arc-table-lamp", "oak-tray"}},
	{handle: "care-oil", title: "Wood Care Oil", kind: "Care", vendor: "Lumen & Loom", price: 1650, grams: 310,
		text: "Linseed and carnauba for oak and ash. One bottle lasts about two years.",
		alt:  "Small amber bottle of wood oil", tags: []string{"care"}, related: []string{"oak-tray", "reading-stool"}},
	{handle: "gift-card", title: "Lumen & Loom Gift Card", kind: "Gift card", vendor: "Lumen & Loom", price: 2500, gift: true,
		text:    "Sent by e-mail within minutes, valid for everything in the shop, never expires.",
		alt:     "Gift card with the Lumen & Loom mark",
		options: []Option{{Name: "Amount", Values: []string{"$25", "$50", "$100"}}}, extra: []int64{0, 2500, 7500}, tags: []string{"gift"}, related: []string{"arc-table-lamp"}},
}
