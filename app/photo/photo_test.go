package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"afterglow/app/photo/phototest"
)

func TestPhotosAreDrawnAnew(t *testing.T) {
	hidden := "GPS 35.6892N 51.3890E <script>alert(1)</script>"
	file := append(phototest.WithExif(phototest.JPEG(t, 2000, 1000), 6, hidden), "<html><script>alert(2)</script>PK\x03\x04"...)
	p, err := Redraw(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 800 || p.Height != 1600 {
		t.Errorf("%dx%d, want it upright and at most %d", p.Width, p.Height, side)
	}
	for _, word := range []string{"GPS", "Exif", "script", "PK\x03\x04"} {
		if bytes.Contains(p.JPEG, []byte(word)) {
			t.Errorf("%q is still there", word)
		}
	}
	m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	// Turned a quarter to the right, the left of the original is at the top: without red.
	red := func(x, y int) uint32 { r, _, _, _ := m.At(x, y).RGBA(); return r >> 8 }
	if red(400, 20) > 40 || red(400, 1580) < 200 {
		t.Errorf("it does not stand upright: %d above, %d below", red(400, 20), red(400, 1580))
	}
}

func TestTransparentPicturesGetAWhiteGround(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	p, err := Redraw(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := jpeg.Decode(bytes.NewReader(p.JPEG))
	if r, _, _, _ := m.At(20, 15).RGBA(); r>>8 < 250 || p.Width != 40 || p.Height != 30 {
		t.Errorf("%v %dx%d", r>>8, p.Width, p.Height)
	}
}

func TestWebPIsRead(t *testing.T) {
	// One green pixel, lossless.
	raw := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
	if p, err := Redraw(bytes.NewReader(raw)); err != nil || p.Width != 1 {
		t.Errorf("%v %+v", err, p)
	}
}

// S11: what is no picture is refused, and so is one that would not fit.
func TestFilesThatAreNoPhotosAreRefused(t *testing.T) {
	plain := phototest.JPEG(t, 60, 40)
	wide := bytes.Clone(plain)
	if at := bytes.Index(wide, []byte("\xff\xc0")); at > 0 {
		binary.BigEndian.PutUint16(wide[at+5:], 50_000)
		binary.BigEndian.PutUint16(wide[at+7:], 50_000)
	}
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":           {nil, ErrKind},
		"SVG":               {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), ErrKind},
		"HTML":              {[]byte("<!doctype html><script>alert(1)</script>"), ErrKind},
		"GIF":               {[]byte("GIF89a/*\x01\x00\x01\x00*/=1;alert(1)"), ErrKind},
		"PDF":               {[]byte("%PDF-1.7 and more of it"), ErrKind},
		"a JPEG in name":    {[]byte("\xff\xd8\xff\xe0<script>alert(1)</script>"), ErrKind},
		"half a JPEG":       {plain[:len(plain)/3], ErrKind},
		"PNG of 50,000":     {phototest.BombPNG(50_000, 50_000), ErrLarge},
		"PNG of 2 x 10^9":   {phototest.BombPNG(1, 2_000_000_000), ErrLarge},
		"PNG of 0":          {phototest.BombPNG(0, 10), ErrKind},
		"JPEG of 50,000":    {wide, ErrLarge},
		"many small pixels": {phototest.BombPNG(4000, 4000), ErrLarge},
		"WebP in name":      {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00"), ErrKind},
	} {
		before := allocated()
		_, err := Redraw(bytes.NewReader(c.file))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if used := allocated() - before; used > 1<<20 {
			t.Errorf("%s took %d KB to refuse", name, used>>10)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A large photo of a telephone fits into the 64 MiB that it may take.
func TestALargePhotoStaysWithinItsMemory(t *testing.T) {
	file := phototest.JPEG(t, 4032, 3024)
	runtime.GC()
	before := allocated()
	p, err := Redraw(bytes.NewReader(file))
	if err != nil || max(p.Width, p.Height) != side {
		t.Fatalf("%v %dx%d", err, p.Width, p.Height)
	}
	if used := allocated() - before; used > 64<<20 {
		t.Errorf("it took %d MiB in all", used>>20)
	}
}

func FuzzRedraw(f *testing.F) {
	f.Add(phototest.JPEG(f, 8, 8))
	f.Add(phototest.WithExif(phototest.JPEG(f, 8, 8), 3, strings.Repeat("x", 20)))
	f.Add(phototest.BombPNG(9, 9))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Redraw(bytes.NewReader(raw))
		if err == nil && (len(p.JPEG) == 0 || p.Width < 1 || p.Height < 1 || max(p.Width, p.Height) > side) {
			t.Errorf("%dx%d, %d bytes", p.Width, p.Height, len(p.JPEG))
		}
	})
}
