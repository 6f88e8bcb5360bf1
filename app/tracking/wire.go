package tracking

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"afterglow/app/problem"
)

// ErrPayload parks an event that is not what its topic promises.
var ErrPayload = problem.New(problem.Invalid, "tracking.payload", "The payload is not what this topic carries.")

const longest = 500 // characters of a text that a carrier or a merchant wrote

// text is a string; numbers keep their digits, anything else is absent.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0:
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(clean(s))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
	}
	return nil
}

// clean drops what a database refuses and what nobody can read.
func clean(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest])
	}
	return s
}

// whole is an integer, also inside quotes.
type whole int64

func (w *whole) UnmarshalJSON(b []byte) error {
	if n, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64); err == nil {
		*w = whole(n)
	}
	return nil
}

// instant is a time with its offset; what is none is absent.
type instant struct{ time.Time }

func (i *instant) UnmarshalJSON(b []byte) error {
	if t, err := time.Parse(time.RFC3339Nano, string(bytes.Trim(b, `"`))); err == nil && t.Year() >= 1990 && t.Year() < 2200 {
		i.Time = t.UTC().Truncate(time.Microsecond)
	}
	return nil
}

func (i instant) pointer() *time.Time {
	if i.IsZero() {
		return nil
	}
	return &i.Time
}

// place is an address as far as this room wants to know it.
type place struct {
	Country     text `json:"country"`
	CountryCode text `json:"country_code"`
	Province    text `json:"province"`
	Region      text `json:"province_code"`
}

func (p place) country() string {
	if code := countryCode(string(p.CountryCode)); code != "" {
		return code
	}
	return countryCode(string(p.Country))
}

func (p place) region() string {
	if p.Region != "" {
		return string(p.Region)
	}
	return string(p.Province)
}

type payloadItem struct {
	ID       whole `json:"id"`
	Quantity whole `json:"quantity"`
}

// payloadParcel is what fulfillments/create and fulfillments/update carry.
type payloadParcel struct {
	ID             whole         `json:"id"`
	OrderID        whole         `json:"order_id"`
	Name           text          `json:"name"`
	Status         text          `json:"status"`
	ShipmentStatus text          `json:"shipment_status"`
	CreatedAt      instant       `json:"created_at"`
	UpdatedAt      instant       `json:"updated_at"`
	Company        text          `json:"tracking_company"`
	Number         text          `json:"tracking_number"`
	URL            text          `json:"tracking_url"`
	Numbers        []text        `json:"tracking_numbers"`
	URLs           []text        `json:"tracking_urls"`
	Items          []payloadItem `json:"line_items"`
	Destination    *place        `json:"destination"`
	Origin         *place        `json:"origin_address"`
}

// payloadScan is what fulfillment_events/create and delete carry.
type payloadScan struct {
	ID          whole   `json:"id"`
	ParcelID    whole   `json:"fulfillment_id"`
	OrderID     whole   `json:"order_id"`
	Status      text    `json:"status"`
	Message     text    `json:"message"`
	City        text    `json:"city"`
	Province    text    `json:"province"`
	Country     text    `json:"country"`
	Zip         text    `json:"zip"`
	HappenedAt  instant `json:"happened_at"`
	EstimatedAt instant `json:"estimated_delivery_at"`
	CreatedAt   instant `json:"created_at"`
	UpdatedAt   instant `json:"updated_at"`
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return ErrPayload.Detailf("The payload is no JSON object of this topic.")
	}
	return nil
}
