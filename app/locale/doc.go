// Package locale speaks the shopper's language: it chooses one of the languages
// we have, writes money, numbers and dates the way its readers expect, and
// keeps every sentence a shopper can meet, in mails and on pages.
//
// # Words
//
// A Tag names a language. A Catalogue maps a key ("order.total.tip") and a Tag to
// a message, a text with holes: "{count, plural, one {# item} other {# items}}".
// To isolate a piece of text is to keep its writing direction from leaking into
// its neighbours: without it "#1042" becomes "1042#" in a Persian sentence.
//
// # Formats
//
// Formats come from the Unicode CLDR, extracted by cldr.mjs into cldr.json, and
// are tested against the answers of ICU that the same script records. What a
// reader may wonder about:
//
//   - ar is Arabic without a country. CLDR gives it Western digits (1,234.50) and
//     Gregorian months by their Latin names (يناير), which readers from Morocco to
//     the Gulf understand; the Arabic-Indic digits of ar-EG would be foreign in
//     half of the Arab world.
//   - fa uses Persian digits and the solar Hijri calendar (۱۵ دی ۱۴۰۵), in long and
//     short dates alike. That is the civil calendar of Iran and Afghanistan, so no
//     Gregorian date stands beside it; one would raise the question which counts.
//   - Money shows the currency's decimals. Where CLDR shows fewer than the currency
//     has (the rial), the rest is left out only if it is zero: a mail whose rows
//     do not add up is worse than an unusual decimal.
//   - French writes the first of the month "1er", which CLDR patterns cannot say.
//   - DateShort is CLDR's medium style. Its short style ("1/5/27") means different
//     days to different readers.
//   - T isolates the arguments of a message where directions can mix. Money, codes
//     or names that a template places beside a text itself need Isolate, IsolateLTR
//     or, in HTML, BDI.
//
// # Voice
//
// Warm and plain, and the polite form throughout: German says Sie, French vous,
// Persian شما, Russian вы (small, as shops write it to everybody), Japanese
// です・ます. Spanish says tú: that is how shops from Madrid to Mexico City write to
// customers, and usted reads like a bank. Arabic addresses the reader with forms
// that leave the gender open where the language allows it (يمكنك, طلبك).
//
// # Matching
//
// Match accepts what Shopify sends as customer_locale ("fa-IR", "zh-TW"), and
// Accept-Language headers. A language we do not have becomes English, never a
// neighbour: CLDR would give Russian to a reader of Ukrainian.
//
// # Failure
//
// Messages and CLDR data are compiled in; a broken one stops the program as it
// starts, and a test before that. A key or argument that is missing at run time
// falls back to English, or to nothing, is counted and told to the hook of
// OnMiss. Nothing here returns an error to a shopper.
package locale
