package shops

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"afterglow/app/ids"
	"afterglow/app/problem"
	"afterglow/app/store"
)

type redactionRow struct {
	ShopID     ids.Shop `gorm:"primaryKey;autoIncrement:false"`
	ID         string   `gorm:"primaryKey"`
	CustomerID int64
	OrderIDs   string
	Hashes     string
	ErasedAt   time.Time
}

func (redactionRow) TableName() string { return "shops_redactions" }

var errNoRedaction = problem.New(problem.NotFound, "shops.no_redaction", "There is no such erasure to repeat.")

func (r redactionRow) redaction() Redaction {
	out := Redaction{ID: r.ID, Shop: r.ShopID, Customer: r.CustomerID, ErasedAt: r.ErasedAt.UTC()}
	// Written by us; a row that cannot be read names no orders.
	_ = json.Unmarshal([]byte(r.OrderIDs), &out.Orders)
	if r.Hashes != "" {
		out.Hashes = strings.Split(r.Hashes, ",")
	}
	return out
}

func insertRedaction(tx *store.Tx, r Redaction) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&redactionRow{ShopID: tx.Shop, ID: r.ID, CustomerID: r.Customer,
		OrderIDs: orderList(r.Orders), Hashes: strings.Join(r.Hashes, ","), ErasedAt: r.ErasedAt}).Error
}

func findRedaction(tx *store.Tx, id string) (row redactionRow, err error) {
	return row, store.One(tx.Scoped(&row).Where("id = ?", id).Take(&row), errNoRedaction)
}

// knownRedactions lists what the database knows to be erased, of all shops.
func (s *Service) knownRedactions(ctx context.Context) (map[string]Redaction, error) {
	var people []redactionRow
	var shops []erasureRow
	err := s.db.Peek(ctx, func(tx *store.Tx) error {
		if err := tx.Model(&redactionRow{}).Find(&people).Error; err != nil {
			return err
		}
		return tx.Model(&erasureRow{}).Find(&shops).Error
	})
	known := make(map[string]Redaction, len(people)+len(shops))
	for _, r := range people {
		known[r.ID] = r.redaction()
	}
	for _, r := range shops {
		known[r.ID] = Redaction{ID: r.ID, DomainHash: r.DomainHash, ErasedAt: r.ErasedAt.UTC()}
	}
	return known, err
}

// shopByHash finds the shop whose domain has the hash; none has the id zero.
func (s *Service) shopByHash(ctx context.Context, hash string) (found shopRow, err error) {
	var rows []shopRow
	err = s.db.Peek(ctx, func(tx *store.Tx) error { return tx.Model(&shopRow{}).Find(&rows).Error })
	for _, r := range rows {
		if hashDomain(r.Domain) == hash {
			found = r
		}
	}
	return found, err
}

// deleteOldRedactions runs over all shops.
func deleteOldRedactions(tx *store.Tx, before time.Time) error {
	return tx.Exec(`DELETE FROM shops_redactions WHERE erased_at < ?`, before).Error
}
