package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"afterglow/app/clock"
	"afterglow/app/store"
	"afterglow/app/store/storetest"
)

// What was erased is not in the files of a running SQLite any more, the
// write-ahead log among them.
func TestErasedIsNotLeftInTheFiles(t *testing.T) {
	folder := t.TempDir()
	db := storetest.OpenURL(t, "sqlite:"+filepath.Join(folder, "test.db"), clock.NewFixed(storetest.Noon))
	ctx := context.Background()
	const canary = "zora-quixano-canary"
	held := func() (files []string) {
		all, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		for _, f := range all {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(raw, []byte(canary)) {
				files = append(files, filepath.Base(f))
			}
		}
		return files
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		return tx.Exec("INSERT INTO messages_suppressions (shop_id, address, reason, created_at) VALUES (?, ?, '', ?)", tx.Shop, canary, tx.Now).Error
	}))
	if len(held()) == 0 {
		t.Fatal("the canary is nowhere: this test would see nothing")
	}
	must(db.InTx(ctx, storetest.Shop, func(tx *store.Tx) error {
		tx.Forget()
		return tx.Exec("DELETE FROM messages_suppressions WHERE shop_id = ?", tx.Shop).Error
	}))
	if files := held(); len(files) > 0 {
		t.Errorf("still in %v", files)
	}
}
