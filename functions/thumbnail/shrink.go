package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	"image/jpeg"
	_ "image/png"
)

// mostPixels bounds what a picture unpacks to: a small file may claim any size.
const mostPixels = 24 << 20

// shrink returns a JPEG whose longer side has at most `longest` pixels, and its size.
func shrink(picture []byte, longest int) ([]byte, image.Point, error) {
	head, kind, err := image.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return nil, image.Point{}, err
	}
	if head.Width <= 0 || head.Height <= 0 || head.Width > mostPixels/head.Height {
		return nil, image.Point{}, fmt.Errorf("a %s of %d×%d pixels is too large", kind, head.Width, head.Height)
	}
	from, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, image.Point{}, err
	}
	to := scale(from, fit(from.Bounds().Size(), longest))
	var out bytes.Buffer
	err = jpeg.Encode(&out, to, &jpeg.Options{Quality: 80})
	return out.Bytes(), to.Bounds().Size(), err
}

// fit keeps the proportions; what is small enough keeps its size.
func fit(size image.Point, longest int) image.Point {
	most := max(size.X, size.Y)
	if most <= longest {
		return size
	}
	return image.Pt(max(1, size.X*longest/most), max(1, size.Y*longest/most))
}

// scale makes each pixel the mean of those it stands for, on white where they are transparent.
func scale(from image.Image, size image.Point) *image.RGBA {
	bounds := from.Bounds()
	to := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		top, bottom := bounds.Min.Y+y*bounds.Dy()/size.Y, bounds.Min.Y+(y+1)*bounds.Dy()/size.Y
		for x := range size.X {
			left, right := bounds.Min.X+x*bounds.Dx()/size.X, bounds.Min.X+(x+1)*bounds.Dx()/size.X
			var sum [3]uint64
			for v := top; v < bottom; v++ {
				for u := left; u < right; u++ {
					r, g, b, a := from.At(u, v).RGBA()
					white := uint64(0xffff - a)
					sum[0], sum[1], sum[2] = sum[0]+uint64(r)+white, sum[1]+uint64(g)+white, sum[2]+uint64(b)+white
				}
			}
			count := uint64((bottom-top)*(right-left)) * 257 // of 16 bits to 8
			to.SetRGBA(x, y, color.RGBA{uint8(sum[0] / count), uint8(sum[1] / count), uint8(sum[2] / count), 0xff})
		}
	}
	return to
}
