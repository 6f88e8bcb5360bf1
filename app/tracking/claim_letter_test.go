package tracking

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"afterglow/app/clock"
	"afterglow/app/locale"
	"afterglow/app/mail"
	"afterglow/app/messages"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// Letters that wait for their mail server: of two questions the first is not asked
// any more, and the receipt says how the claim stands by then.
func TestALetterAboutAClaimSaysHowItStands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fixed) {
		d := openDesk(t, db, clk)
		d.arrive(50 * time.Hour)
		d.in(storetest.Shop, func(tx *store.Tx) error {
			c, err := d.s.Claim(tx, order, Said{Parcel: 901, Sure: true, Tag: locale.English})
			if err != nil {
				return err
			}
			if err := d.s.askClaim(tx, c.ID, "Which floor is it?", "42"); err != nil {
				return err
			}
			if _, err := d.s.replyClaim(tx, order, c.ID, "The third.", nil); err != nil {
				return err
			}
			return d.s.askClaim(tx, c.ID, "Which door is it?", "42")
		})
		var letters []messages.Message
		d.in(storetest.Shop, func(tx *store.Tx) error {
			return tx.Scoped(&messages.Message{}).Where("kind LIKE 'tracking.claim%'").Order("id").Find(&letters).Error
		})
		said := []string{}
		for _, m := range letters {
			d.in(storetest.Shop, func(tx *store.Tx) error {
				l, err := d.s.composeClaim(m.Kind)(ctx, tx, m.Ref)
				if _, stopped := mail.StopReason(err); stopped {
					said = append(said, "nothing")
					return nil
				}
				raw, _ := json.Marshal(l)
				said = append(said, string(raw))
				return err
			})
		}
		if len(said) != 3 || !strings.Contains(said[0], "door") || said[1] != "nothing" || !strings.Contains(said[2], "door") {
			t.Errorf("%q", said)
		}
	})
}
