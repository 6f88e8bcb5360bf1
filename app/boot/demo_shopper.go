package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"afterglow/app/shopsim"
)

var (
	orderLink = regexp.MustCompile(`https?://[^"'\s<>]+/l/o/[^"'\s<>?]+`)
	formField = regexp.MustCompile(`name="([a-z]+)" value="([^"]*)"`)
)

// page is the address of an order's page, from the mail that confirmed it.
func (s *story) page(ctx context.Context, email, order string) (string, error) {
	var mails []struct {
		Subject string `json:"subject"`
		Text    string `json:"text"`
	}
	raw, err := s.send(ctx, http.MethodGet, s.app+"/mailbox/api/messages?to="+url.QueryEscape(email), "", nil)
	if err == nil {
		err = json.Unmarshal(raw, &mails)
	}
	if err != nil {
		return "", err
	}
	for _, m := range mails {
		if link := orderLink.FindString(m.Text); link != "" && strings.Contains(m.Subject+m.Text, order) {
			return link, nil
		}
	}
	return "", fmt.Errorf("no mail to %s leads to order %s", email, order)
}

// send makes a request and returns the page it leads to.
func (s *story) send(ctx context.Context, method, address, kind string, body io.Reader) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if strings.HasPrefix(address, s.app+"/api/") {
		r.Header.Set("Authorization", "Bearer "+s.sim.SessionToken(s.shop))
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err == nil && res.StatusCode >= 400 {
		return nil, fmt.Errorf("%s %s answered %d", method, r.URL.Path, res.StatusCode)
	}
	return raw, err
}

// look opens a page and returns the hidden fields of its form.
func (s *story) look(ctx context.Context, address string) (url.Values, error) {
	raw, err := s.send(ctx, http.MethodGet, address, "", nil)
	fields := hidden(raw)
	if err == nil && fields.Get("once") == "" {
		err = errNoForm
	}
	return fields, err
}

var errNoForm = errors.New("there is no form on the page")

func hidden(page []byte) url.Values {
	fields := url.Values{}
	for _, f := range formField.FindAllSubmatch(page, -1) {
		if name := string(f[1]); !fields.Has(name) {
			fields.Set(name, string(f[2]))
		}
	}
	return fields
}

// fill sends a form with what was typed into it, and returns the next one's fields.
func (s *story) fill(ctx context.Context, address string, fields url.Values, typed ...string) (url.Values, error) {
	for i := 0; i+1 < len(typed); i += 2 {
		fields.Set(typed[i], typed[i+1])
	}
	raw, err := s.send(ctx, http.MethodPost, address, "application/x-www-form-urlencoded", strings.NewReader(fields.Encode()))
	return hidden(raw), err
}

// confirm sends what was typed once more, with the key of the page that showed it.
func (s *story) confirm(ctx context.Context, address string, typed, review url.Values) error {
	if review.Get("once") == "" {
		return errNoForm
	}
	_, err := s.fill(ctx, address, typed, "step", "confirm", "once", review.Get("once"))
	return err
}

// cancels gives up the whole order.
func (s *story) cancels(ctx context.Context, page string, _ *shopsim.Order) error {
	fields, err := s.look(ctx, page+"/change/cancel")
	if err != nil {
		return err
	}
	_, err = s.fill(ctx, page+"/change/cancel", fields)
	return err
}

// moves has the order sent to another address of the same country.
func (s *story) moves(address1, zip, city string) func(context.Context, string, *shopsim.Order) error {
	return func(ctx context.Context, page string, o *shopsim.Order) error {
		at := page + "/change/address"
		to := url.Values{"first_name": {o.ShipTo.FirstName}, "last_name": {o.ShipTo.LastName}, "address1": {address1}, "zip": {zip}, "city": {city}, "phone": {o.ShipTo.Phone}}
		review, err := s.fill(ctx, at, to)
		if err != nil {
			return err
		}
		return s.confirm(ctx, at, to, review)
	}
}

// swaps takes another variant of the first line's product.
func (s *story) swaps(variant int) func(context.Context, string, *shopsim.Order) error {
	return func(ctx context.Context, page string, o *shopsim.Order) error {
		p, _ := s.sim.VariantByID(s.shop.ID, o.Lines[0].VariantID)
		wish := url.Values{"line": {strconv.FormatInt(o.Lines[0].ID, 10)}, "do": {"swap"}, "variant": {strconv.FormatInt(p.Variants[variant].ID, 10)}}
		review, err := s.fill(ctx, page+"/change/items/review", wish)
		if err != nil {
			return err
		}
		return s.confirm(ctx, page+"/change/items", review, review)
	}
}

// chooses takes one of the things that are offered for a late parcel.
func (s *story) chooses(choice string) func(context.Context, string, *shopsim.Order) error {
	return func(ctx context.Context, page string, _ *shopsim.Order) error {
		fields, err := s.look(ctx, page)
		if err == nil && !strings.HasPrefix(fields.Get("once"), "mg_") {
			err = fmt.Errorf("there is no offer on the page")
		}
		if err != nil {
			return err
		}
		_, err = s.fill(ctx, page+"/offer", url.Values{"once": {fields.Get("once")}, "choice": {choice}})
		return err
	}
}

// withdraws declares the withdrawal from the contract, in two steps.
func (s *story) withdraws(ctx context.Context, page string, o *shopsim.Order) error {
	at := page + "/withdraw"
	typed := url.Values{"name": {o.ShipTo.FirstName + " " + o.ShipTo.LastName}, "email": {o.Email}, "line": {strconv.FormatInt(o.Lines[0].ID, 10)}, "lang": {o.Locale}}
	review, err := s.fill(ctx, at, typed, "step", "review")
	if err != nil {
		return err
	}
	return s.confirm(ctx, at, typed, review)
}

// misses says that a parcel was delivered and is not there, and where it was looked for.
func (s *story) misses(parcel, text string, places ...string) func(context.Context, string, *shopsim.Order) error {
	return func(ctx context.Context, page string, o *shopsim.Order) error {
		said := [][2]string{{"lang", o.Locale}, {"text", text}, {"sure", "yes"}}
		for _, place := range places {
			said = append(said, [2]string{"checked", place})
		}
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for _, f := range said {
			if err := form.WriteField(f[0], f[1]); err != nil {
				return err
			}
		}
		if err := form.Close(); err != nil {
			return err
		}
		_, err := s.send(ctx, http.MethodPost, page+"/claim/"+strconv.FormatInt(s.parcels[parcel], 10), form.FormDataContentType(), &body)
		return err
	}
}

// reports tells that something arrived damaged, with a photo of it.
func (s *story) reports(text string) func(context.Context, string, *shopsim.Order) error {
	return func(ctx context.Context, page string, o *shopsim.Order) error {
		fields, err := s.look(ctx, page+"/problem")
		if err != nil {
			return err
		}
		p, _ := s.sim.VariantByID(s.shop.ID, o.Lines[0].VariantID)
		photo, err := s.send(ctx, http.MethodGet, s.sim.PictureURL(p.Handle), "", nil)
		if err != nil {
			return err
		}
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range map[string]string{"once": fields.Get("once"), "lang": o.Locale, "kind": "damaged", "text": text, "q" + strconv.FormatInt(o.Lines[0].ID, 10): "1"} {
			if err := form.WriteField(name, value); err != nil {
				return err
			}
		}
		part, err := form.CreateFormFile("photo", "photo.png")
		if err != nil {
			return err
		}
		if _, err := part.Write(photo); err != nil {
			return err
		}
		if err := form.Close(); err != nil {
			return err
		}
		_, err = s.send(ctx, http.MethodPost, page+"/problem", form.FormDataContentType(), &body)
		return err
	}
}

// merchant reads something of the admin's, changes it and saves it.
func (s *story) merchant(ctx context.Context, read, method, write string, change func(map[string]any) any) error {
	raw, err := s.send(ctx, http.MethodGet, s.app+"/api/v1"+read, "", nil)
	if err != nil {
		return err
	}
	was := map[string]any{}
	if err := json.Unmarshal(raw, &was); err != nil {
		return err
	}
	body, err := json.Marshal(change(was))
	if err != nil {
		return err
	}
	_, err = s.send(ctx, method, s.app+"/api/v1"+write, "application/json", bytes.NewReader(body))
	return err
}
