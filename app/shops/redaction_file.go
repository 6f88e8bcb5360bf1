package shops

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// RedactionLog is a file beside the database with one erasure a line, each signed
// so that nobody can have us erase people by adding a line. A database that is
// restored knows nothing of what was erased since; the file does.
type RedactionLog struct {
	path string
	keys [][]byte // the first signs; empty path: there is no file
	mu   sync.Mutex
}

// NewRedactionLog returns the log in the folder. keys sign it, the first new lines.
func NewRedactionLog(folder string, keys [][]byte) *RedactionLog {
	l := &RedactionLog{keys: keys}
	if folder != "" {
		l.path = filepath.Join(folder, "redactions.log")
	}
	return l
}

func (l *RedactionLog) line(r Redaction) ([]byte, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write redaction: %w", err)
	}
	return fmt.Appendf(nil, "%s %s\n", sign(l.keys[0], raw), raw), nil
}

func sign(key, raw []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write(append([]byte("line "), raw...))
	return hex.EncodeToString(m.Sum(nil))
}

// append adds a line and waits until the disk has it.
func (l *RedactionLog) append(r Redaction) error {
	if l.path == "" {
		return nil
	}
	line, err := l.line(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Sync(), f.Close())
}

// read returns the lines that bear a signature of ours, and how many do not.
func (l *RedactionLog) read() (list []Redaction, refused int, err error) {
	if l.path == "" {
		return nil, 0, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	raw, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("redaction log: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var r Redaction
		signature, body, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		if !l.genuine(string(signature), body) || json.Unmarshal(body, &r) != nil {
			refused++ // half a line of a crash, or somebody else's
			continue
		}
		list = append(list, r)
	}
	return list, refused, lines.Err()
}

func (l *RedactionLog) genuine(signature string, body []byte) bool {
	for _, key := range l.keys {
		if hmac.Equal([]byte(signature), []byte(sign(key, body))) {
			return true
		}
	}
	return false
}

// rewrite replaces the file as a whole.
func (l *RedactionLog) rewrite(list []Redaction) error {
	if l.path == "" {
		return nil
	}
	var all []byte
	for _, r := range list {
		line, err := l.line(r)
		if err != nil {
			return err
		}
		all = append(all, line...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(l.path+".new", all, 0o600); err != nil {
		return err
	}
	return os.Rename(l.path+".new", l.path)
}
