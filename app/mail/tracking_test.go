package mail_test

import (
	"context"
	"strings"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

// Every mail about a parcel reads, in each language, as it did when somebody last
// read it; how it looks is kept for one language of each direction.
func TestTrackingGolden(t *testing.T) {
	for _, stage := range mail.TrackingStages {
		for _, tag := range locale.Supported {
			t.Run(stage+"."+string(tag), func(t *testing.T) {
				letter := mail.SampleTracking(tag, stage)
				kind := mail.Kind{Name: "tracking." + stage, Template: mail.TrackingTemplate, Subject: mail.TrackingSubject(stage)}
				out, err := mail.NewRenderer(strict(t)).Render(context.Background(), kind, &letter, mail.Brand{})
				if err != nil {
					t.Fatal(err)
				}
				name := "tracking." + stage + "." + string(tag)
				compare(t, name+".txt", out.Subject+"\n\n"+out.Text)
				if tag == "en" || tag == "fa" {
					compare(t, name+".html", out.HTML)
				}
				if len(out.HTML) > 60<<10 {
					t.Errorf("%d bytes", len(out.HTML))
				}
				for _, rest := range []string{"{{", "{%", "map[", "<nil>", "%!", "tracking.mail", "tracking.state"} {
					if strings.Contains(out.HTML+out.Text+out.Subject, rest) {
						t.Errorf("%q is left over", rest)
					}
				}
				for _, link := range linkPattern.FindAllStringSubmatch(out.HTML, -1) {
					if !strings.HasPrefix(link[1], "https://") {
						t.Errorf("link %q", link[1])
					}
				}
				for _, want := range []string{"#1042", "00340434292135100124", "https://www.dhl.de/track", "DHL Paket"} {
					if !strings.Contains(out.Subject+out.Text, want) {
						t.Errorf("the text lacks %q", want)
					}
				}
			})
		}
	}
}
