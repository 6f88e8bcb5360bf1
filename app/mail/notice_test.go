package mail_test

import (
	"context"
	"testing"

	"afterglow/app/locale"
	"afterglow/app/mail"
)

// A notice looks as it did when somebody last looked at it, from left to right
// and from right to left.
func TestNoticeGolden(t *testing.T) {
	kind := mail.Kind{Name: "mail.notice", Class: mail.Transactional, Template: mail.NoticeTemplate, Subject: mail.NoticeSubject}
	for tag, notice := range map[locale.Tag]mail.Notice{
		"en": {Subject: "Your parcel is on its way", Preheader: "Order #1042 left us today.", Heading: "Your parcel is on its way",
			Paragraphs:  []string{"Hello Olivia,", "your order left us today.\nIt arrives between Tuesday and Thursday."},
			Rows:        []mail.NoticeRow{{Label: "Order", Value: "#1042"}, {Label: "Parcel", Value: "1Z 999 AA1 01 2345 6784"}},
			ButtonLabel: "Follow the parcel", ButtonURL: "https://lumen-and-loom.example/l/o/sample", Small: "The carrier may say more."},
		"fa": {Subject: "بسته شما در راه است", Preheader: "سفارش #1042 امروز ارسال شد.", Heading: "بسته شما در راه است",
			Paragraphs:  []string{"نگار عزیز،", "سفارش شما امروز ارسال شد."},
			Rows:        []mail.NoticeRow{{Label: "سفارش", Value: "#1042"}, {Label: "بسته", Value: "1Z 999 AA1 01 2345 6784"}},
			ButtonLabel: "پیگیری بسته", ButtonURL: "https://lumen-and-loom.example/l/o/sample", Small: "شاید شرکت حمل توضیح بیشتری بدهد."},
	} {
		letter := mail.SampleConfirmation(tag, "full")
		letter.Data["notice"] = notice.Data()
		out, err := mail.NewRenderer(strict(t)).Render(context.Background(), kind, &letter, mail.Brand{})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, "notice."+string(tag)+".html", out.HTML)
		compare(t, "notice."+string(tag)+".txt", out.Subject+"\n\n"+out.Text)
	}
}
