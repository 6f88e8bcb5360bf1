package mail

import (
	"fmt"
	"strconv"
)

// The size of a letter's data. An order of several hundred lines fits.
const (
	maxDataDepth  = 8
	maxDataValues = 50_000
	maxDataBytes  = 1 << 20
)

// checkData lets only plain values through to a template.
func checkData(data map[string]any) error {
	c := dataChecker{}
	return c.check(data, "", 0)
}

type dataChecker struct{ values, bytes int }

// check walks the value. path is only put together when something is wrong.
func (c *dataChecker) check(v any, at string, depth int) error {
	if c.values++; c.values > maxDataValues || depth > maxDataDepth {
		return ErrData.Detailf("The data of a mail is too large or too deep.")
	}
	switch v := v.(type) {
	case nil, bool, int, int64:
	case string:
		if c.bytes += len(v); c.bytes > maxDataBytes {
			return ErrData.Detailf("The data of a mail is larger than %d KiB.", maxDataBytes>>10)
		}
	case map[string]any:
		for k, e := range v {
			if err := c.check(e, k, depth+1); err != nil {
				return inside(at, err)
			}
		}
	case []any:
		for i, e := range v {
			if err := c.check(e, strconv.Itoa(i), depth+1); err != nil {
				return inside(at, err)
			}
		}
	case []map[string]any:
		for i, e := range v {
			if err := c.check(e, strconv.Itoa(i), depth+1); err != nil {
				return inside(at, err)
			}
		}
	case []string:
		for _, e := range v {
			c.bytes += len(e)
		}
	default:
		return ErrData.With(fmt.Errorf("%s is a %T", at, v))
	}
	return nil
}

func inside(at string, err error) error {
	if at == "" {
		return err
	}
	return fmt.Errorf("%s: %w", at, err)
}
