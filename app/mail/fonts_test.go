package mail_test

import (
	"context"
	"strings"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

// Each font has a row for each script: nothing falls through to what a program
// takes when it knows none, and nothing is fetched.
func TestFontsHaveARowForEachScript(t *testing.T) {
	first := map[locale.Tag]string{}
	for _, font := range append([]string{"", "none of ours"}, mail.Fonts...) {
		for _, tag := range locale.Supported {
			letter := mail.SampleConfirmation(tag, "full")
			letter.Data["brand"].(map[string]any)["font"] = font
			out, err := mail.NewRenderer(strict(t)).Render(context.Background(), confirmation, &letter, mail.Brand{})
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(out.HTML, "font-family:")
			stack, _, _ := strings.Cut(rest, ";")
			if !strings.HasSuffix(stack, "serif") || strings.ContainsAny(stack, "{}&'\"") || strings.Contains(out.HTML, "@font-face") {
				t.Errorf("%s in %s is %q", font, tag, stack)
			}
			if font == "" {
				first[tag] = stack
			} else if own := font != mail.FontSystem && font != "none of ours"; own == (stack == first[tag]) {
				t.Errorf("%s in %s is %q, which the system's is %q", font, tag, stack, first[tag])
			}
		}
	}
}
