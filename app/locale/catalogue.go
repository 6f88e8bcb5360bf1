package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"sort"
	"strings"
	"sync/atomic"
)

//go:embed messages/*.json
var messages embed.FS

// Shopper holds every sentence that a shopper can read, whichever room shows it.
var Shopper = func() *Catalogue {
	sub, err := fs.Sub(messages, "messages")
	if err == nil {
		var c *Catalogue
		if c, err = Load(sub); err == nil {
			return c
		}
	}
	panic(fmt.Sprintf("locale: %v", err))
}()

// A Catalogue holds messages by language and key. It never changes once loaded
// and may be used from many goroutines.
type Catalogue struct {
	messages map[Tag]map[string]message
	misses   atomic.Int64
	hook     atomic.Pointer[func(Miss)]
}

// A Miss is a text that could not be written as it should have been.
type Miss struct {
	Tag    Tag
	Key    string
	Reason string // without any argument's value: those are personal
}

func (m Miss) Error() string { return fmt.Sprintf("locale: %s in %s: %s", m.Key, m.Tag, m.Reason) }

// Load reads one <tag>.json for each language that is there; en.json must be. It
// fails for a message that cannot be parsed and for a language we do not support.
func Load(dir fs.FS) (*Catalogue, error) {
	files, err := fs.Glob(dir, "*.json")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{messages: map[Tag]map[string]message{}}
	for _, file := range files {
		tag := Tag(strings.TrimSuffix(file, ".json"))
		if !tag.known() {
			return nil, fmt.Errorf("%s: %s is not a language we support", file, tag)
		}
		if c.messages[tag], err = readMessages(dir, file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	if c.messages[English] == nil {
		return nil, fmt.Errorf("%s.json is missing", English)
	}
	return c, nil
}

func readMessages(dir fs.FS, file string) (map[string]message, error) {
	b, err := fs.ReadFile(dir, file)
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, err
	}
	out := make(map[string]message, len(texts))
	for key, text := range texts {
		if out[key], err = parseMessage(text); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return out, nil
}

// T writes the message of that key in language t. Strings among args are put in
// as they are, isolated where the directions of writing could mix; whole numbers,
// money.Amount and clock.Date are formatted for the language.
//
// What is missing is taken from English, and what is not there either leaves a
// gap; both are counted and told to the hook of OnMiss.
func (c *Catalogue) T(t Tag, key string, args map[string]any) string {
	s, err := c.Text(t, key, args)
	if err == nil {
		return s
	}
	c.misses.Add(1)
	if hook := c.hook.Load(); hook != nil {
		(*hook)(err.(Miss))
	}
	return s
}

// Text is T for callers that want to know: it returns a Miss beside the best
// text there is.
func (c *Catalogue) Text(t Tag, key string, args map[string]any) (string, error) {
	reason := ""
	in := t.orEnglish()
	m, ok := c.messages[in][key]
	if !ok {
		reason = "no such message"
		in = English
		m = c.messages[in][key]
	}
	w := writer{tag: in, args: args}
	w.message(m, "")
	if reason == "" && len(w.missing) > 0 {
		reason = "no usable argument " + strings.Join(w.missing, ", ")
	}
	if reason != "" {
		return w.String(), Miss{t, key, reason}
	}
	return w.String(), nil
}

// Has tells whether there is a message of that key in English, and so anywhere.
func (c *Catalogue) Has(key string) bool { _, ok := c.messages[English][key]; return ok }

// Misses tells how many texts could not be written as they should have been.
func (c *Catalogue) Misses() int64 { return c.misses.Load() }

// OnMiss sets what happens on each Miss: a log line in production, a failure in a
// test. It may be called from many goroutines.
func (c *Catalogue) OnMiss(f func(Miss)) { c.hook.Store(&f) }

// Keys lists the keys of a language in order.
func (c *Catalogue) Keys(t Tag) []string {
	keys := make([]string, 0, len(c.messages[t]))
	for k := range c.messages[t] {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
