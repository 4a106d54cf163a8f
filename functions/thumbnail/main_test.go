package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

func encoded(t *testing.T, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRecords(t *testing.T) {
	one := `{"awsRegion":"eu-west-1","s3":{"bucket":{"name":"b"},"object":{"key":"in/a+%C3%BC.png"}}}`
	for _, text := range []string{one, `{"Records":[` + one + `]}`} {
		all, err := records([]byte(text))
		if err != nil || len(all) != 1 || all[0].S3.Object.Key != "in/a ü.png" || all[0].Region != "eu-west-1" {
			t.Errorf("%s: %v %v", text, all, err)
		}
	}
	for _, text := range []string{"", "[]", "{}", `{"s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}}`} {
		if all, err := records([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, all)
		}
	}
}

func TestShrinkKeepsProportionsAndMeanColour(t *testing.T) {
	picture := image.NewNRGBA(image.Rect(0, 0, 400, 200))
	for y := range 200 {
		for x := range 400 {
			if (x+y)%2 == 0 { // the others are transparent: white
				picture.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 255})
			}
		}
	}
	out, size, err := shrink(encoded(t, picture), 100)
	if err != nil || size != image.Pt(100, 50) {
		t.Fatal(size, err)
	}
	small, kind, err := image.Decode(bytes.NewReader(out))
	if err != nil || kind != "jpeg" || small.Bounds().Size() != size {
		t.Fatal(kind, err)
	}
	if grey, _, _, _ := small.At(50, 25).RGBA(); grey>>8 < 125 || grey>>8 > 130 {
		t.Errorf("the mean of black and white is %d", grey>>8)
	}
}

func TestShrinkLeavesSmallPicturesTheirSize(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {100, 3}, {1, 100}} {
		_, got, err := shrink(encoded(t, image.NewGray(image.Rectangle{Max: size})), 100)
		if err != nil || got != size {
			t.Errorf("%v became %v (%v)", size, got, err)
		}
	}
	if _, got, err := shrink(encoded(t, image.NewGray(image.Rect(0, 0, 1000, 1))), 100); err != nil || got != image.Pt(100, 1) {
		t.Error(got, err)
	}
}

func TestShrinkRefusesWhatIsNoPictureOrClaimsTooMuch(t *testing.T) {
	if _, _, err := shrink([]byte("no picture"), 100); err == nil {
		t.Error("text is a picture")
	}
	bomb := encoded(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(bomb[16:], 30_000) // its header's width; the checksum is mended below
	binary.BigEndian.PutUint32(bomb[20:], 30_000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	if _, _, err := shrink(bomb, 100); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}
