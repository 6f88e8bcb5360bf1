package mail_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") != "", "rewrite the golden files")

var confirmation = mail.Kind{
	Name: "orders.confirmation", Class: mail.Transactional,
	Template: mail.ConfirmationTemplate, Subject: mail.ConfirmationSubject,
}

// strict fails the test for a phrase that a language lacks.
func strict(t testing.TB) mail.Phrases {
	return func(tag locale.Tag, key string, args map[string]any) string {
		s, err := locale.Shopper.Text(tag, key, args)
		if err != nil {
			t.Error(err)
		}
		return s
	}
}

func rendered(t testing.TB, tag locale.Tag, name string) *mail.Rendered {
	t.Helper()
	letter := mail.SampleConfirmation(tag, name)
	out, err := mail.NewRenderer(strict(t)).Render(context.Background(), confirmation, &letter, mail.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every case in every language looks as it was when somebody last looked at it.
func TestConfirmationGolden(t *testing.T) {
	for _, name := range mail.ConfirmationCases {
		for _, tag := range locale.Supported {
			t.Run(name+"."+string(tag), func(t *testing.T) {
				out := rendered(t, tag, name)
				golden(t, name, tag, "subject", out.Subject+"\n")
				golden(t, name, tag, "html", out.HTML)
				golden(t, name, tag, "txt", out.Text)
			})
		}
	}
}

func golden(t *testing.T, name string, tag locale.Tag, part, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", "confirmation."+name+"."+string(tag)+"."+part)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
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

// An order of any length stays below the size at which mail programs cut a mail
// off, says that there is more, and still says what it costs.
func TestConfirmationOfManyItems(t *testing.T) {
	letter := mail.SampleConfirmation("fa", "full")
	first := letter.Data["items"].([]any)[0]
	var items []any
	for range 250 {
		items = append(items, first)
	}
	letter.Data["items"] = items
	out, err := mail.NewRenderer(strict(t)).Render(context.Background(), confirmation, &letter, mail.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(out.HTML); n > 100<<10 {
		t.Errorf("%d bytes", n)
	}
	total := letter.Data["totals"].([]any)[5].(map[string]any)["amount"].(string)
	if !strings.Contains(out.Text, "\n… ") || !strings.Contains(out.Text, total) {
		t.Errorf("want %q in\n%s", total, out.Text)
	}
}

var (
	linkPattern  = regexp.MustCompile(`href="([^"]*)"`)
	imagePattern = regexp.MustCompile(`<img[^>]*>`)
	altPattern   = regexp.MustCompile(` alt="[^"]+"`)
	keyPattern   = regexp.MustCompile(`\b(confirmation|order|mail)\.[a-z_]+\b(\.[a-z]|[^.a-z/])`)
)

func TestConfirmationIsWellMade(t *testing.T) {
	for _, name := range mail.ConfirmationCases {
		for _, tag := range locale.Supported {
			t.Run(name+"."+string(tag), func(t *testing.T) {
				out := rendered(t, tag, name)
				letter := mail.SampleConfirmation(tag, name)
				if n := len(out.HTML); n > 100<<10 {
					t.Errorf("%d bytes: mail programs cut off after 100 KiB", n)
				}
				if !strings.Contains(out.HTML, `<html lang="`+string(tag)+`" dir="`+tag.Dir()+`"`) {
					t.Error("language or direction missing")
				}
				if n := strings.Count(out.HTML, `dir="`+tag.Dir()+`"`); n < 2 {
					t.Error("direction must also be on the body: some programs drop <html>")
				}
				for _, rest := range []string{"{{", "{%", "map[", "<nil>", "%!"} {
					if strings.Contains(out.HTML+out.Text+out.Subject, rest) {
						t.Errorf("%q is left over", rest)
					}
				}
				if key := keyPattern.FindString(out.Text + out.Subject); key != "" {
					t.Errorf("key %s is shown", key)
				}
				for _, link := range linkPattern.FindAllStringSubmatch(out.HTML, -1) {
					if !strings.HasPrefix(link[1], "https://") {
						t.Errorf("link %q", link[1])
					}
				}
				for _, image := range imagePattern.FindAllString(out.HTML, -1) {
					if !altPattern.MatchString(image) {
						t.Errorf("no alternative text: %s", image)
					}
					if strings.Contains(image, `width="1"`) || strings.Contains(image, `height="1"`) {
						t.Errorf("a tracking pixel: %s", image)
					}
				}
				order := letter.Data["order"].(map[string]any)
				returns := letter.Data["returns"].(map[string]any)
				wanted := []string{order["name"].(string), order["url"].(string)}
				if returns["allowed"].(bool) {
					wanted = append(wanted, returns["last_day"].(string))
				}
				for _, row := range letter.Data["totals"].([]any) {
					wanted = append(wanted, row.(map[string]any)["amount"].(string))
				}
				for _, want := range wanted {
					if !strings.Contains(out.Text, want) {
						t.Errorf("plain text lacks %q", want)
					}
				}
				if strings.Contains(out.Text, "<table") || strings.Contains(out.Text, "\n\n\n") {
					t.Error("plain text is not plain")
				}
			})
		}
	}
}
