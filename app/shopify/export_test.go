package shopify

import "time"

// Throttled is what a call returns that Shopify did not let in.
func Throttled(wait time.Duration) error { return ErrThrottled.With(&retryAfter{wait, nil}) }

// WatchChanges is what tells an attempt that changed nothing from one that may have.
var WatchChanges = watchChanges
