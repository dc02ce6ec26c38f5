package aggregate

import (
	"math"
	"slices"

	"github.com/virgadb/virga/document"
)

// A rounding rounds to the numbers of a series, each times a power of ten; without
// a series, to powers of two.
type rounding struct{ series []float64 }

// roundings holds the series of preferred numbers: those of Renard (ISO 3), 1-2-5,
// and the E series (IEC 60063).
var roundings = map[string]rounding{
	"POWERSOF2": {},
	"1-2-5":     {[]float64{10, 20, 50}},
	"R5":        {[]float64{10, 16, 25, 40, 63}},
	"R10":       {[]float64{10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80}},
	"R20":       {[]float64{10, 11.2, 12.5, 14, 16, 18, 20, 22.4, 25, 28, 31.5, 35.5, 40, 45, 50, 56, 63, 71, 80, 90}},
	"R40": {[]float64{100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300, 315, 335, 355, 375,
		400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950}},
	"R80": {[]float64{103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258, 272, 290, 307, 325, 345, 365, 387,
		412, 437, 462, 487, 515, 545, 575, 615, 650, 690, 730, 775, 825, 875, 925, 975}},
	"E6":  {[]float64{10, 15, 22, 33, 47, 68}},
	"E12": {[]float64{10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82}},
	"E24": {[]float64{10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91}},
	"E48": {[]float64{100, 105, 110, 115, 121, 127, 133, 140, 147, 154, 162, 169, 178, 187, 196, 205, 215, 226, 237, 249, 261, 274, 287, 301,
		316, 332, 348, 365, 383, 402, 422, 442, 464, 487, 511, 536, 562, 590, 619, 649, 681, 715, 750, 787, 825, 866, 909, 953}},
	"E96": {[]float64{100, 102, 105, 107, 110, 113, 115, 118, 121, 124, 127, 130, 133, 137, 140, 143, 147, 150, 154, 158, 162, 165, 169, 174,
		178, 182, 187, 191, 196, 200, 205, 210, 215, 221, 226, 232, 237, 243, 249, 255, 261, 267, 274, 280, 287, 294, 301, 309, 316, 324, 332,
		340, 348, 357, 365, 374, 383, 392, 402, 412, 422, 432, 442, 453, 464, 475, 487, 499, 511, 523, 536, 549, 562, 576, 590, 604, 619, 634,
		649, 665, 681, 698, 715, 732, 750, 768, 787, 806, 825, 845, 866, 887, 909, 931, 953, 976}},
	"E192": {[]float64{100, 101, 102, 104, 105, 106, 107, 109, 110, 111, 113, 114, 115, 117, 118, 120, 121, 123, 124, 126, 127, 129, 130, 132,
		133, 135, 137, 138, 140, 142, 143, 145, 147, 149, 150, 152, 154, 156, 158, 160, 162, 164, 165, 167, 169, 172, 174, 176, 178, 180, 182,
		184, 187, 189, 191, 193, 196, 198, 200, 203, 205, 208, 210, 213, 215, 218, 221, 223, 226, 229, 232, 234, 237, 240, 243, 246, 249, 252,
		255, 258, 261, 264, 267, 271, 274, 277, 280, 284, 287, 291, 294, 298, 301, 305, 309, 312, 316, 320, 324, 328, 332, 336, 340, 344, 348,
		352, 357, 361, 365, 370, 374, 379, 383, 388, 392, 397, 402, 407, 412, 417, 422, 427, 432, 437, 442, 448, 453, 459, 464, 470, 475, 481,
		487, 493, 499, 505, 511, 517, 523, 530, 536, 542, 549, 556, 562, 569, 576, 583, 590, 597, 604, 612, 619, 626, 634, 642, 649, 657, 665,
		673, 681, 690, 698, 706, 715, 723, 732, 741, 750, 759, 768, 777, 787, 796, 806, 816, 825, 835, 845, 856, 866, 876, 887, 898, 909, 920,
		931, 942, 953, 965, 976, 988}},
}

// up returns the smallest number of the series that is greater than v; zero stays.
func (r *rounding) up(v document.Value) document.Value {
	f, _ := v.Float64()
	if f == 0 || math.IsInf(f, 1) {
		return v
	}
	if r.series == nil {
		return number(math.Exp2(math.Floor(math.Log2(f)) + 1))
	}
	scale := r.scale(f)
	for _, n := range r.series {
		if n*scale > f {
			return number(n * scale)
		}
	}
	return number(r.series[0] * (scale * 10))
}

// down returns the greatest number of the series that is less than v; zero stays.
func (r *rounding) down(v document.Value) document.Value {
	f, _ := v.Float64()
	if f == 0 || math.IsInf(f, 1) {
		return v
	}
	if r.series == nil {
		return number(math.Exp2(math.Ceil(math.Log2(f)) - 1))
	}
	scale := r.scale(f)
	for _, n := range slices.Backward(r.series) {
		if n*scale < f {
			return number(n * scale)
		}
	}
	return number(r.series[len(r.series)-1] * (scale / 10)) // rounded once
}

// scale returns the power of ten that the series, which spans less than a decade,
// is multiplied by to reach the decade of f.
func (r *rounding) scale(f float64) float64 {
	first := r.series[0]
	scale := 1.0
	for f >= first*scale*10 {
		scale *= 10
	}
	for f < first*scale {
		scale /= 10
	}
	return scale
}

// number returns f as an integer where it is one.
func number(f float64) document.Value {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return document.Int(int64(f))
	}
	return document.Float(f)
}
