package store

import "fmt"

// Once reads something at most once in a transaction that only reads, where it
// cannot change meanwhile: several callers share it, and none may alter it. In a
// transaction that writes it is read each time. The key's type belongs to the
// caller, so that two rooms never mean the same one.
func Once[T any](tx *Tx, key any, read func() (T, error)) (T, error) {
	if tx.once == nil {
		return read()
	}
	if v, ok := tx.once[key]; ok {
		had, ok := v.(T)
		if !ok {
			return had, fmt.Errorf("key %T stands for %T and %T", key, v, had)
		}
		return had, nil
	}
	v, err := read()
	if err == nil {
		tx.once[key] = v
	}
	return v, err
}
