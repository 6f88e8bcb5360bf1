package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// assets are the built files of the front end, in memory, with their compressed
// form made once, when it is first asked for. Their names hold a hash of their
// content, so a browser may keep them for ever.
type assets struct{ files map[string]asset }

type asset struct {
	plain      []byte
	zipped     func() []byte // nil: not smaller
	media, tag string
}

func loadAssets(files fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || !strings.HasPrefix(name, "assets/") {
			return nil
		}
		plain, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		one := asset{plain: plain, media: mediaOf(name)}
		one.zipped = sync.OnceValue(func() []byte { return zip(one.plain, one.media) })
		sum := sha256.Sum256(plain)
		one.tag = `"` + hex.EncodeToString(sum[:8]) + `"`
		a.files[strings.TrimPrefix(name, "assets")] = one
		return nil
	})
	return a, err
}

func mediaOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".map", ".json":
		return "application/json"
	}
	if m := mime.TypeByExtension(path.Ext(name)); m != "" {
		return m
	}
	return "application/octet-stream"
}

// zip returns nil for what compression does not make smaller.
func zip(plain []byte, media string) []byte {
	if !strings.HasPrefix(media, "text/") && media != "application/json" && media != "image/svg+xml" {
		return nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err != nil || w.Close() != nil || b.Len() >= len(plain) {
		return nil
	}
	return b.Bytes()
}

func (a *assets) serve(c *Ctx) error {
	file, ok := a.files[c.Param("path")]
	if !ok {
		return errNoRoute
	}
	h := c.Writer.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", file.tag)
	h.Set("Vary", "Accept-Encoding")
	if c.GetHeader("If-None-Match") == file.tag {
		c.Status(http.StatusNotModified)
		return nil
	}
	body := file.plain
	if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		if zipped := file.zipped(); zipped != nil {
			h.Set("Content-Encoding", "gzip")
			body = zipped
		}
	}
	c.Data(http.StatusOK, file.media, body)
	return nil
}
