package mail_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

// spoken fails the test for a phrase, or a hole in one, that nothing fills.
func spoken(t testing.TB) mail.Phrases {
	return func(tag locale.Tag, key string, args map[string]any) string {
		s, err := locale.SpokenText(tag, key, args)
		if err != nil {
			t.Error(err)
		}
		return s
	}
}

func styled(t testing.TB, tag locale.Tag, style, tone string) *mail.Rendered {
	t.Helper()
	letter := mail.StyledConfirmation(tag, "full", style, tone)
	letter.Words = map[string]string{"signature": "{{ shop.name }} ✶"}
	renderer := mail.NewRenderer(spoken(t))
	out, err := renderer.Render(context.Background(), confirmation, &letter, mail.Brand{Second: "#b4532a"})
	for tries := 0; errors.Is(err, mail.ErrTemplateSlow) && tries < 3; tries++ { // a busy machine; the job tries again, too
		out, err = renderer.Render(context.Background(), confirmation, &letter, mail.Brand{Second: "#b4532a"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every style in every tone and language reads as it did when somebody last read
// it; how a style looks does not depend on its tone, so it is kept once.
func TestStylesGolden(t *testing.T) {
	for _, style := range mail.ConfirmationStyles {
		for _, tag := range locale.Supported {
			for _, tone := range locale.Tones {
				name := strings.Join([]string{"style", style, tone, string(tag)}, ".")
				t.Run(name, func(t *testing.T) {
					out := styled(t, tag, style, tone)
					if len(out.HTML) > 100<<10 {
						t.Errorf("%d bytes", len(out.HTML))
					}
					compare(t, name+".txt", out.Subject+"\n\n"+out.Text)
					if tone == "friendly" && style != "plain" {
						compare(t, name+".html", out.HTML)
					}
				})
			}
		}
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; if it is meant, run make golden and look at the change", file)
	}
}

// A mail addresses its reader in one way from the subject to the footer.
func TestATonesFormOfAddressIsKept(t *testing.T) {
	polite := map[locale.Tag]string{"de": `(?:^|[^.:!?\n]\s)(?:Sie|Ihr(?:e[nmrs]?)?|Ihnen)\b|\bIhr(?:e[nmrs]?)? `, "fr": `(?i)(?:^|[^\pL-])(?:vous|votre|vos)(?:[^\pL]|$)`,
		"ru": `(?i)(?:^|[^\pL])(?:вы|вас|вам|вами|ваш\pL*)(?:[^\pL]|$)`}
	familiar := map[locale.Tag]string{"de": `(?i)(?:^|[^\pL])(?:du|dir|dich|dein\pL*)(?:[^\pL]|$)`, "fr": `(?i)(?:^|[^\pL-])(?:tu|ton|ta|tes|toi)(?:[^\pL]|$)`,
		"es": `(?i)(?:^|[^\pL])(?:tú|tu|tus|te|ti)(?:[^\pL]|$)`, "ru": `(?i)(?:^|[^\pL])(?:ты|тебя|тебе|тво\pL*)(?:[^\pL]|$)`}
	for _, style := range mail.ConfirmationStyles {
		for _, tone := range locale.Tones {
			banned := polite
			if tone == "formal" {
				banned = familiar
			}
			for tag, pattern := range banned {
				out := styled(t, tag, style, tone)
				for _, line := range strings.Split(out.Subject+"\n"+out.Text, "\n") {
					if found := regexp.MustCompile(pattern).FindString(line); found != "" {
						t.Errorf("%s %s %s says %q: %s", tag, style, tone, found, line)
					}
				}
			}
		}
	}
}

// Each style shows what a confirmation owes its reader, in its own order.
func TestStylesSayWhatTheyOwe(t *testing.T) {
	for _, style := range mail.ConfirmationStyles {
		out := styled(t, "en", style, "friendly")
		for _, want := range []string{"#1042", "Ardent table lamp", "$195.36", "214 Maple Street", "lumen-and-loom.example/l/o/sample", "January 5, 2027", "Maya Lindqvist"} {
			if !strings.Contains(out.Text, want) {
				t.Errorf("%s lacks %q", style, want)
			}
		}
		for _, b := range mail.ConfirmationLayout(style) {
			if !slices.Contains(mail.ConfirmationBlocks, b) {
				t.Errorf("%s lays out %s, which is no block", style, b)
			}
		}
	}
	status := styled(t, "en", "reassuring", "").Text
	if strings.Index(status, "Your order is confirmed") > strings.Index(status, "#1042\n") && strings.Contains(status, "#1042\n") {
		t.Error("the reassuring style does not begin with how things stand")
	}
}

// What the merchant wrote is text: it is filled in, and can hold no markup.
func TestMerchantsWordsAreText(t *testing.T) {
	letter := mail.StyledConfirmation("en", "full", "warm", "")
	letter.Subject = "For {{ customer.first_name }}\r\nBcc: x@example.com"
	letter.Words = map[string]string{"intro": "Hello <script>alert(1)</script> {{ order.name }}\nsecond line", "heading": "", "footer": "{{ shop.email }}"}
	out, err := mail.NewRenderer(spoken(t)).Render(context.Background(), confirmation, &letter, mail.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.HTML, "<script") || !strings.Contains(out.HTML, "alert(1)&lt;/script&gt; #1042<br") {
		t.Error("the intro is not shown as text")
	}
	if out.Subject != "For Olivia Bcc: x@example.com" {
		t.Errorf("subject %q", out.Subject)
	}
	if !strings.Contains(out.Text, "Welcome to Lumen & Loom") || !strings.Contains(out.Text, "hello@lumen-and-loom.example") {
		t.Error("an empty heading must leave ours, and the footer must be filled in")
	}
	letter.Words["intro"] = "{% for i in (1..100000) %}x{% endfor %}"
	if _, err := mail.NewRenderer(spoken(t)).Render(context.Background(), confirmation, &letter, mail.Brand{}); err == nil {
		t.Error("a loop without end was filled in")
	}
}
