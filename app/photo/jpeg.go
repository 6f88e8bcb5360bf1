package photo

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// jpegFrame is what the head of a JPEG says.
type jpegFrame struct {
	width, height int
	perPixel      float64 // bytes that decoding takes
	orientation   int
}

var errJPEG = errors.New("the head of the JPEG cannot be read")

// scanJPEG reads the head up to the frame. Decoding a progressive picture takes
// several times the memory of a plain one, which only the frame tells.
func scanJPEG(r *bufio.Reader) (jpegFrame, error) {
	f := jpegFrame{orientation: 1}
	if _, err := r.Discard(2); err != nil {
		return f, err
	}
	for {
		marker, err := nextMarker(r)
		if err != nil {
			return f, err
		}
		var size [2]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return f, err
		}
		length := int(binary.BigEndian.Uint16(size[:])) - 2
		if length < 0 {
			return f, errJPEG
		}
		segment := make([]byte, length)
		if _, err := io.ReadFull(r, segment); err != nil {
			return f, err
		}
		switch {
		case marker == 0xe1:
			if o := exifOrientation(segment); o != 0 {
				f.orientation = o
			}
		case marker >= 0xc0 && marker <= 0xc2:
			return f, f.read(segment, marker == 0xc2)
		case marker == 0xda, marker == 0xd9, marker > 0xc2 && marker < 0xd0 && marker != 0xc4 && marker != 0xcc:
			return f, errJPEG
		}
	}
}

func nextMarker(r *bufio.Reader) (byte, error) {
	b, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	if b != 0xff {
		return 0, errJPEG
	}
	for b == 0xff { // fill bytes
		if b, err = r.ReadByte(); err != nil {
			return 0, err
		}
	}
	return b, nil
}

// progressiveCost is how often a sample is held while a progressive picture is
// decoded: once as a byte, once as a coefficient of four.
const progressiveCost = 5

func (f *jpegFrame) read(segment []byte, progressive bool) error {
	if len(segment) < 6 || len(segment) < 6+3*int(segment[5]) {
		return errJPEG
	}
	f.height, f.width = int(binary.BigEndian.Uint16(segment[1:])), int(binary.BigEndian.Uint16(segment[3:]))
	most, samples := 0, 0
	for i := range int(segment[5]) {
		factors := segment[6+3*i+1]
		n := int(factors>>4) * int(factors&15)
		most, samples = max(most, n), samples+n
	}
	if most == 0 {
		return errJPEG
	}
	f.perPixel = float64(samples) / float64(most)
	if progressive {
		f.perPixel *= progressiveCost
	}
	return nil
}

// exifOrientation finds how the camera was held; 0 when the segment does not say.
func exifOrientation(segment []byte) int {
	if len(segment) < 14 || string(segment[:6]) != "Exif\x00\x00" {
		return 0
	}
	tiff := segment[6:]
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 0
	}
	entries := int(order.Uint16(tiff[at:]))
	for i := range entries {
		entry := at + 2 + 12*i
		if entry+12 > len(tiff) {
			return 0
		}
		if order.Uint16(tiff[entry:]) != 0x0112 {
			continue
		}
		if o := int(order.Uint16(tiff[entry+8:])); o >= 1 && o <= 8 {
			return o
		}
		return 0
	}
	return 0
}
