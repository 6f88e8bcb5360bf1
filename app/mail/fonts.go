package mail

import (
	"afterglow/app/locale"
)

// Fonts are the looks that letters can have. Each is a row of fonts that are on
// people's devices already: a mail that fetches one tells somebody that it is
// read, and most programs don't let it.
var Fonts = []string{FontSystem, FontClassic, FontFriendly, FontClear}

// The fonts. "" is the system's as well.
const (
	FontSystem   = "system"   // what the device itself uses
	FontClassic  = "classic"  // with serifs
	FontFriendly = "friendly" // round
	FontClear    = "clear"    // wide
)

const systemFonts = "-apple-system, BlinkMacSystemFont, Segoe UI, Roboto, Helvetica Neue, Arial, Noto Sans, Hiragino Sans, Yu Gothic, Tahoma, sans-serif"

// What comes first is for Latin and Cyrillic letters. The scripts that a font
// lacks follow, so that a name in another script looks related too.
var fontStacks = map[string]map[string]string{
	FontClassic: {
		"":     "Georgia, Cambria, Times New Roman, Noto Serif, Hiragino Mincho ProN, Yu Mincho, Noto Naskh Arabic, serif",
		"Arab": "Noto Naskh Arabic, Geeza Pro, Traditional Arabic, Times New Roman, Georgia, serif",
		"Jpan": "Hiragino Mincho ProN, Yu Mincho, MS PMincho, Noto Serif JP, Georgia, Times New Roman, serif",
	},
	FontFriendly: {
		"":     "Trebuchet MS, Lucida Grande, Lucida Sans Unicode, Segoe UI, Roboto, Hiragino Maru Gothic ProN, Yu Gothic, Tahoma, sans-serif",
		"Arab": "Segoe UI, Geeza Pro, Noto Sans Arabic, Tahoma, Trebuchet MS, sans-serif",
		"Jpan": "Hiragino Maru Gothic ProN, Yu Gothic UI, Meiryo, Noto Sans JP, Trebuchet MS, sans-serif",
	},
	FontClear: {
		"":     "Verdana, DejaVu Sans, Geneva, Segoe UI, Noto Sans, Hiragino Sans, Meiryo, Tahoma, sans-serif",
		"Arab": "Tahoma, DejaVu Sans, Geeza Pro, Noto Sans Arabic, Verdana, sans-serif",
		"Jpan": "Meiryo, Hiragino Sans, Yu Gothic, Noto Sans JP, Verdana, sans-serif",
	},
}

// fontStack is the CSS of a font in a language. Names stand without quotes, which
// CSS allows and an attribute likes.
func fontStack(font string, tag locale.Tag) string {
	stacks, ok := fontStacks[font]
	if !ok {
		return systemFonts
	}
	switch {
	case tag == "ja":
		return stacks["Jpan"]
	case tag.Dir() == "rtl":
		return stacks["Arab"]
	}
	return stacks[""]
}
