// Package photo takes pictures from strangers and keeps only their pixels.
package photo

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"afterglow/app/problem"
)

// What a shopper may send.
const (
	Most      = 4
	BytesMost = 8 << 20 // each

	side    = 1600     // the longest of what we keep
	quality = 82       //
	memory  = 40 << 20 // what decoding one may take
	widest  = 20_000   // a side
)

// Formats are named the same in every language.
const Formats = "JPEG, PNG, WebP"

// Problems with a photo.
var (
	ErrKind  = problem.New(problem.Invalid, "photo.kind", "Only JPEG, PNG and WebP pictures can be sent.")
	ErrSize  = problem.New(problem.Invalid, "photo.size", "A photo is larger than 8 MB.")
	ErrLarge = problem.New(problem.Invalid, "photo.large", "A photo has more pixels than can be read here.")
	ErrCount = problem.New(problem.Invalid, "photo.count", "At most four photos can be sent.")
)

// Photo is a picture that we drew ourselves from what a shopper sent.
type Photo struct {
	JPEG          []byte
	Width, Height int
}

// decoding holds one: of several photos at a time only one is in memory.
var decoding = make(chan struct{}, 1)

// Redraw makes a JPEG of ours out of a file that claims to be a picture. What is
// no pixel is lost: where and when it was taken, and whatever was hidden in the
// file. Its format is what its first bytes say, its dimensions are checked before
// it is decoded, and it never takes more memory than memory and the result.
func Redraw(file io.ReadSeeker) (Photo, error) {
	what, err := inspect(file)
	if err != nil {
		return Photo{}, err
	}
	decoding <- struct{}{}
	defer func() { <-decoding }()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Photo{}, err
	}
	picture, err := what.decode(bufio.NewReader(file))
	if err != nil {
		return Photo{}, ErrKind.With(err)
	}
	if b := picture.Bounds(); b.Dx() != what.width || b.Dy() != what.height {
		return Photo{}, ErrKind.With(errors.New("the picture is not as large as it said"))
	}
	drawn := turn(shrink(picture, side), what.orientation)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, drawn, &jpeg.Options{Quality: quality}); err != nil {
		return Photo{}, err
	}
	return Photo{JPEG: out.Bytes(), Width: drawn.Rect.Dx(), Height: drawn.Rect.Dy()}, nil
}

// inspected is what a file says about itself before it is decoded.
type inspected struct {
	decode        func(io.Reader) (image.Image, error)
	width, height int
	orientation   int // as EXIF counts, 1 to 8
}

func inspect(file io.ReadSeeker) (inspected, error) {
	head := make([]byte, 12)
	if _, err := io.ReadFull(file, head); err != nil {
		return inspected{}, ErrKind.With(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return inspected{}, err
	}
	what := inspected{orientation: 1}
	perPixel := 0.0
	var config image.Config
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		frame, scanErr := scanJPEG(bufio.NewReader(file))
		if scanErr != nil {
			return what, ErrKind.With(scanErr)
		}
		what.decode, what.orientation, perPixel = jpeg.Decode, frame.orientation, frame.perPixel
		config = image.Config{Width: frame.width, Height: frame.height}
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		what.decode = png.Decode
		config, err = png.DecodeConfig(file)
		perPixel = 4
		if config.ColorModel == color.NRGBA64Model || config.ColorModel == color.RGBA64Model || config.ColorModel == color.Gray16Model {
			perPixel = 8
		}
	case bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:]) == "WEBP":
		what.decode = webp.Decode
		config, err = webp.DecodeConfig(file)
		perPixel = 6 // with transparency and the decoder's own work
	default:
		return what, ErrKind
	}
	if err != nil {
		return what, ErrKind.With(err)
	}
	what.width, what.height = config.Width, config.Height
	switch {
	case what.width <= 0 || what.height <= 0:
		return what, ErrKind
	case what.width > widest || what.height > widest, float64(what.width)*float64(what.height)*perPixel > memory:
		return what, ErrLarge
	}
	return what, nil
}

// shrink draws the picture on white, its longest side at most so long. Every
// pixel of the result is the mean of those it stands for; a strip of the original
// is looked at at a time, so that no second copy of it is needed.
func shrink(src image.Image, most int) *image.RGBA {
	b := src.Bounds()
	width, height := b.Dx(), b.Dy()
	if long := max(width, height); long > most {
		width, height = max(1, width*most/long), max(1, height*most/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	tallest := (b.Dy()+height-1)/height + 1
	strip := image.NewRGBA(image.Rect(0, 0, b.Dx(), tallest))
	for y := range height {
		top, bottom := y*b.Dy()/height, (y+1)*b.Dy()/height
		area := image.Rect(0, 0, b.Dx(), bottom-top)
		draw.Draw(strip, area, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, area, src, image.Pt(b.Min.X, b.Min.Y+top), draw.Over)
		for x := range width {
			left, right := x*b.Dx()/width, (x+1)*b.Dx()/width
			out.SetRGBA(x, y, mean(strip, image.Rect(left, 0, right, bottom-top)))
		}
	}
	return out
}

func mean(m *image.RGBA, area image.Rectangle) color.RGBA {
	var red, green, blue, count uint32
	for y := area.Min.Y; y < area.Max.Y; y++ {
		row := m.Pix[y*m.Stride+area.Min.X*4 : y*m.Stride+area.Max.X*4]
		for i := 0; i+3 < len(row); i += 4 {
			red, green, blue = red+uint32(row[i]), green+uint32(row[i+1]), blue+uint32(row[i+2])
			count++
		}
	}
	half := count / 2
	return color.RGBA{uint8((red + half) / count), uint8((green + half) / count), uint8((blue + half) / count), 255}
}

// turn puts a picture upright that its camera held otherwise.
func turn(m *image.RGBA, orientation int) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if orientation < 2 || orientation > 8 {
		return m
	}
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			to := [...]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[orientation]
			out.SetRGBA(to.X, to.Y, m.RGBAAt(x, y))
		}
	}
	return out
}
